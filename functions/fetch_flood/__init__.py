"""The hour has struck."""
