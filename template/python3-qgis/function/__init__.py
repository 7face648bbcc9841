"""A function: handler.py answers its calls."""
