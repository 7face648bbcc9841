"""The only importers of PyQGIS and GDAL."""
