"""The reports of hazards with classes of depth or thickness: floods and ash falls."""
