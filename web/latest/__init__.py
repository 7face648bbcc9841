"""Addresses that stay while what they lead to changes."""
