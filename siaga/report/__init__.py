"""Reports: figures -> printed numbers, pages, products."""
