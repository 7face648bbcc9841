"""What other systems subscribe to: Atom, CAP, STAC, OGC API Features; made when asked for, from what is stored."""
