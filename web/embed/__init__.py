"""What other hosts may show in a frame."""
