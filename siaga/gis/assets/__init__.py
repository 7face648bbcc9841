"""What stands and lies under a hazard besides people: structures, roads, land cover, places."""
