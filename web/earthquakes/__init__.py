"""Earthquakes: the list, one event's page, its versions and its timeline."""
