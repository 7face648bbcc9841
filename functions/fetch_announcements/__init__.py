"""A minute has passed."""
