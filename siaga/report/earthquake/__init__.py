"""The report of an earthquake: its paper, its picture, and all that is printed of it."""
