"""The colours of every class of every hazard: the same on map, swatch, bar, page and in the GIS project.

Keys: an MMI class 1 to 10; a state of PetaBencana, "1" to "4"; a class of ash; an alert level. Values: #rrggbb.
Style sheets know none of them: they name what `custom_properties` writes.
"""

# USGS's ShakeMap hues over white, the tint rising with intensity; the same in map, swatch and bar.
MMI = {
    1: "#ffffff",
    2: "#e2e8ff",
    3: "#d4f4ff",
    4: "#c6ffff",
    5: "#c3ffce",
    6: "#ffff61",
    7: "#ffd438",
    8: "#ff9e1f",
    9: "#ff1919",
    10: "#c80000",
}

# Deeper water is darker, in grey print too. State 1 is hatched on a pale ground: it is no depth.
FLOOD = {"1": "#f1f4f6", "2": "#a5c8e4", "3": "#4a8cc7", "4": "#103a73"}
FLOOD_HATCH = "#3d4846"  # lines over state 1
WATER_EDGE = "#16324f"

# Ours, from pale to dark; told apart by those who see no red or green.
ASH = {
    "very_low": "#fef0d9",
    "low": "#fdcc8a",
    "medium": "#fc8d59",
    "high": "#d7301f",
    "very_high": "#7f0000",
}

LEVEL = {"green": "#cdebd2", "yellow": "#ffcb2e", "orange": "#f0801a", "red": "#a50f1a"}


def custom_properties() -> str:
    """The colours that style sheets use, as CSS: `--flood-1` to `--flood-4`, `--level-green`, …"""
    named = {f"flood-{state}": colour for state, colour in FLOOD.items()}
    named |= {"flood-hatch": FLOOD_HATCH, "water-edge": WATER_EDGE}
    named |= {f"level-{level}": colour for level, colour in LEVEL.items()}
    return ":root{" + "".join(f"--{name}:{colour};" for name, colour in named.items()) + "}"
