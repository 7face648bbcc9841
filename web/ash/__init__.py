"""Ash falls: the list, one fall's page, and the operator's upload."""
