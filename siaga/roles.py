"""The roles of accounts; each may do what those before it may."""

ROLES = ("viewer", "ash-editor", "operator", "admin")
