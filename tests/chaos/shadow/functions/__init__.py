"""The project's functions and one more, for slots that find this folder on their path first."""

from pathlib import Path

__path__.append(str(Path(__file__).parents[4] / "functions"))
