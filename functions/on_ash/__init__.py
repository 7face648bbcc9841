"""An ash fall was asked about."""
