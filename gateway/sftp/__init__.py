"""The SFTP door: a partner's files become whole objects in buckets, or nothing."""
