"""A ShakeMap has arrived."""
