"""Siaga: a hazard comes in, an impact report goes out.

errors     kinds of failure, each by what the caller should do
settings   every path, port and secret, read once at an entry point
keys       names of buckets and objects: built and parsed here, nowhere else
events     what a notification says: one object in one bucket
store      the object store (S3); all that reads or writes an object goes through it
forgery    whether a store takes what nobody signed: tried before it is trusted
modes      who may read what is written on this machine
stack      stack.yml: the functions, what wakes them, how many of each
faas       one object in, one answer out: the frame around every function
moment     times as they are stored
language   gettext catalogues: Indonesian first, English second
hazard/    bytes -> frozen value                        (pure)
exposure/  zones, places, past quakes, vocabularies: what can be hit  (pure)
impact/    hazard x exposure -> figures                 (pure)
data/      the analysis data: bucket, imports, demonstration
gis/       the only importers of PyQGIS and GDAL
analysis/  one input and the exposure -> impact.json and its products
road       the way of an input through the function of any hazard
catalog    one small object per version of an event: what lists show
product    one file of a result
report/    figures -> printed numbers, pages, products
cli        siaga up | demo | ingest | analyse | forecast | reprocess | status | data | operator
"""

from importlib.metadata import version

__version__ = version("siaga")
