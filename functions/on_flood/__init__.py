"""A flood map has arrived."""
