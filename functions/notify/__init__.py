"""Somebody is to hear of an event."""
