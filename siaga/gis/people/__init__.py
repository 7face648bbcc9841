"""People and zones under a hazard: counts, shares by exact area, and what is not known of either."""
