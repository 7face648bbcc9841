"""Golden cases: inputs of InaSAFE's own tests, its results, and the truth about them, for tests and a page of docs."""
