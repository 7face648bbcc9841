"""Whether buckets, ledger, catalogue and results agree: what does not, what is history, and how it is mended."""
