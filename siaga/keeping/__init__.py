"""Keeping: what outlives a machine. Backup, restore, a second site, an old server's archive, what may be forgotten."""
