"""Siaga: a hazard comes in, an impact report goes out.

errors      kinds of failure, each by what the caller should do; the reason of a warning
settings    every path, port and secret, read once at an entry point
hazards     a row per hazard: its function, its buckets, its pages
keys        names of buckets and objects: built and parsed here, nowhere else
events      what a notification says: one object in one bucket
store       the object store (S3); all that reads or writes an object goes through it
stack       stack.yml: the functions, what wakes them, how many of each
standing    how the parts on one machine stand
catalog     one small object per version of an event: what lists show
product     one file of a result
dates       days and clocks as they are printed
moment      one clock: the present, times as they are stored, the zones of Indonesia
palette     the colours of every class of every hazard
conventions how each language writes numbers, days and directions: a row per language
language    gettext catalogues: Indonesian first, English second
software    which software makes a run: release and content
edition     which edition of the report is printed: a hash over all that shapes it
modes       who may read what is written on this machine
timing, filehash   where the time of a call goes; the sha256 of large files
diskcache   what a machine keeps so as not to make or fetch it twice

hazard/     bytes -> frozen value                                            (pure)
exposure/   zones, places, past quakes, vocabularies: what can be hit        (pure)
impact/     hazard x exposure -> estimates                                   (pure)
gis/        the only importers of PyQGIS and GDAL: people/, assets/, map/
data/       the analysis data: bucket, imports, demonstration
inputs/     what comes in besides ShakeMaps: PetaBencana's hours, ash uploads
analysis/   one input and the exposure -> impact.json and its products
report/     estimates -> printed numbers, pages, products: earthquake/, classed/
alerts/     who is to hear of an event, when, in which words
function/   the frame around every function, and the way of an input through it
inspection/ whether buckets, ledger, catalogue and results agree; how what does not is mended
machine/    all parts on one machine: supervisor, MinIO server, operator's account
cli/        siaga up | demo | ingest | analyse | forecast | invoke | reprocess | status | ledger | data | operator

Imports go down, never up and never aside; from the ground:

    commands, conventions, errors, foreign, hazards, listener, moment, nightly, others, printable, roles
    dates, environment, openid, outlets
    answers, diskcache, edition, events, filehash, gaps, keys, language, palette, product, standing, timing, vitals
    outgoing, receipt, settings, understood
    archived, modes, software, stack, store
    accounts, exposure, generation, hazard, ignored
    impact
    catalog, gis, inputs
    gis.people, neighbours
    gis.assets
    gis.map
    data, machine
    analysis, report
    report.classed, report.earthquake
    report.assembly
    alerts, function
    inspection, keeping, watch
    cli

docs/layout.md says why, and has a line for each module.
"""

__version__ = "0.1.0"  # the release; siaga.software says which code of it
