"""on-shakemap, and maps that do it harm."""
