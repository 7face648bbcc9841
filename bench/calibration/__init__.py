"""The calibration of the forecast of deaths, and how far it can be trusted: docs/calibration.md."""
