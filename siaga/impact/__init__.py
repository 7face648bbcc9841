"""Impact: hazard x exposure -> figures. Pure."""
