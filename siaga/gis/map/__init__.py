"""Maps: the sheet of a report, the package for QGIS Desktop, and the look at a raster of ash."""
