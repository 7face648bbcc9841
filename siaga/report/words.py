"""Names that several hazards print, in English; each is a message of the catalogues."""

from siaga.impact import needs
from siaga.language import Language
from siaga.report import figures

WINDS = {
    "N": "north",
    "NNE": "north-northeast",
    "NE": "northeast",
    "ENE": "east-northeast",
    "E": "east",
    "ESE": "east-southeast",
    "SE": "southeast",
    "SSE": "south-southeast",
    "S": "south",
    "SSW": "south-southwest",
    "SW": "southwest",
    "WSW": "west-southwest",
    "W": "west",
    "WNW": "west-northwest",
    "NW": "northwest",
    "NNW": "north-northwest",
}
LEVELS = {"green": "GREEN", "yellow": "YELLOW", "orange": "ORANGE", "red": "RED"}
LAYERS = {"structures": "Structures", "roads": "Roads, km", "land_cover": "Land, ha"}  # by the role of their data
STRUCTURES = {
    "residential": "homes",
    "education": "schools",
    "health": "health",
    "transport": "transport",
    "worship": "places of worship",
    "government": "government",
    "commercial": "commerce",
    "recreation": "recreation",
    "public facility": "public facilities",
    "evacuation centre": "evacuation centres",
    "bridge": "bridges",
    "other": "other kinds",
}
ROADS = {
    "motorway": "motorways",
    "primary": "primary roads",
    "secondary": "secondary roads",
    "local": "local roads",
    "path": "paths",
    "other": "other kinds",
}
LAND = {
    "settlement": "settlements",
    "commercial": "commerce",
    "industrial": "industry",
    "rice field": "rice fields",
    "farm": "fields",
    "plantation": "plantations",
    "forest": "forest",
    "grassland": "grassland",
    "water": "water",
    "other": "other kinds",
}
NEED_NAMES = {
    "rice_kg_week": ("Rice", "{amount} kg/person", "kg"),
    "drinking_water_l_week": ("Drinking water", "{amount} l/person", "l"),
    "clean_water_l_week": ("Clean water", "{amount} l/person", "l"),
    "family_kits_week": ("Family kits", "{amount}/person", ""),
    "hygiene_packs_week": ("Hygiene packs", "{amount}/person", ""),
    "toilets": ("Toilets (once)", "{amount}/person", ""),
}
GROUP_NAMES = (
    ("infant", "children under 5"),
    ("elderly", "elderly (65+)"),
    ("pregnant", "pregnant"),
    ("lactating", "breastfeeding"),
    ("disabled", "disabled"),
)
ASH_CLASSES = {"very_low": "Very low", "low": "Low", "medium": "Medium", "high": "High", "very_high": "Very high"}

ASH_TOPICS = {
    "health": "Health",
    "roofs": "Roofs",
    "roads": "Roads",
    "air": "Air traffic",
    "crops": "Crops and livestock",
    "water": "Water and power",
}

# Ours, for what is commonly observed (IVHHN and USGS, "Volcanic ash impacts & mitigation"); no forecast for a place.
ASH_EFFECTS = {
    "very_low": {
        "health": "Eyes, nose and throat may itch; people with asthma should stay indoors.",
        "roofs": "No damage; ash collects in gutters.",
        "roads": "Markings grow faint and dust is stirred up; drive slowly.",
        "air": "Airports may close; engines must not meet ash.",
        "crops": "Leaves are dusted; wash vegetables, give livestock clean feed.",
        "water": "Open water may turn cloudy; cover tanks and wells.",
    },
    "low": {
        "health": "Breathing is irritated; masks, goggles and closed windows are needed.",
        "roofs": "Rarely damaged; gutters clog, and wet ash weighs more.",
        "roads": "Roads are slippery, markings are hidden, sight is poor; traffic slows down.",
        "air": "Airports close until runways are swept.",
        "crops": "Leaves and blossoms are damaged; pasture is covered and livestock needs other feed.",
        "water": "Tanks and filters clog; wet ash may cause flashovers on power lines.",
    },
    "medium": {
        "health": "Many cannot stay outdoors without a mask; lung and eye complaints rise.",
        "roofs": "Weak and flat roofs may sag; ash should be swept off before rain.",
        "roads": "Many roads cannot be used by ordinary cars; ash must be cleared.",
        "air": "Airports stay closed for days.",
        "crops": "Most standing crops of the season are lost; pasture cannot be grazed.",
        "water": "Supply and treatment fail in places; power cuts are likely.",
    },
    "high": {
        "health": "Staying outdoors is dangerous; the old, the sick and small children should leave.",
        "roofs": "Weak roofs collapse, above all when the ash is wet.",
        "roads": "Roads are blocked until they are cleared with machines.",
        "air": "Airports stay closed for a long time.",
        "crops": "Crops are buried, branches break, livestock dies of hunger or thirst.",
        "water": "Supply, drains and power fail over wide areas.",
    },
    "very_high": {
        "health": "Life is at risk from collapsing buildings and thick ash; people should leave in time.",
        "roofs": "Many roofs collapse, sound ones too when the ash is wet.",
        "roads": "Impassable; help comes on foot or with heavy machines.",
        "air": "Airports stay closed for weeks; helicopters stir up the ash.",
        "crops": "Fields are destroyed for years; trees fall.",
        "water": "No supply; rain brings lahars along the rivers.",
    },
}


def short(zone_name: str) -> str:
    """A regency without its kind; a city keeps it.

    >>> short("Kabupaten Lombok Utara"), short("Kota Mataram")
    ('Lombok Utara', 'Kota Mataram')
    """
    return zone_name.removeprefix("Kabupaten ").removeprefix("Administrasi ")


def standard(key: str, _: Language) -> str:
    """What one displaced person needs of it, by BNPB's standard."""
    return _(NEED_NAMES[key][1], amount=figures.shortest(round(needs.needs(1.0)[key], 2), _.code))


def need(number: float, unit: str, _: Language) -> str:
    """An amount with its unit; from a thousand kilograms on in tons."""
    if unit == "kg" and number >= 1000:
        return f"{figures.amount(number / 1000, _.code)}\u00a0{_('t')}"
    return figures.amount(number, _.code) + (f"\u00a0{unit}" if unit else "")
