"""What readers see: lists, event pages, status, from the bucket."""
