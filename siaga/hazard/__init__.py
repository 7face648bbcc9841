"""Hazards: bytes in, one frozen value out. Pure."""
