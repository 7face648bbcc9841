"""Maps that a browser draws itself: the style, the tiles, and the code that draws them, all from here."""
