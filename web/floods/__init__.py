"""Floods: the hours of a source, one hour's page, and how often a neighbourhood is under water."""
