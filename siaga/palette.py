"""The colours of every class of every hazard: the same on map, swatch, bar, page and in the GIS project.

Keys: an MMI class 1 to 10; a state of PetaBencana, "1" to "4"; a class of ash. Values: #rrggbb.
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

# Ours, from pale to dark; told apart by those who see no red or green.
ASH = {
    "very_low": "#fef0d9",
    "low": "#fdcc8a",
    "medium": "#fc8d59",
    "high": "#d7301f",
    "very_high": "#7f0000",
}
