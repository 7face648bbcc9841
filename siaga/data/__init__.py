"""The analysis data: what a hazard meets, checked, brought to one form and kept in its bucket; and a demonstration."""
