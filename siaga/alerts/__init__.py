"""Alerts: who is to hear of an event, when and in which words, and what changed since they last heard of it."""
