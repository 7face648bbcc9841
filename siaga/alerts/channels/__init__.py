"""The channels by which messages go out, one module each."""
