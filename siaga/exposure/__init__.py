"""Exposure: who or what could be hit, and how it is opened."""
