"""Units in which models give an ash fall: lengths, and loads that a density makes lengths.

Names are compared without case, blanks and marks between their parts: "kg m-2", "kg/m^2" and "kg/m²" are one.
"""

from siaga.errors import BadInput

DENSITIES_KG_M3 = (100.0, 3000.0)  # of ash as it lies: from pumice to wet, packed ash

_CENTIMETRES = {"cm": 1.0, "mm": 0.1, "m": 100.0, "dm": 10.0, "um": 1e-4, "in": 2.54, "ft": 30.48}
_KG_PER_M2 = {"kg/m2": 1.0, "g/m2": 1e-3, "g/cm2": 10.0, "mg/m2": 1e-6, "mg/cm2": 1e-2, "kg/cm2": 1e4, "t/m2": 1e3}
_WORDS = {"cm": "centimetre centimeter sentimeter", "mm": "millimetre millimeter milimetre milimeter milimetres mms"}
_WORDS |= {"m": "metre meter", "dm": "decimetre decimeter desimeter", "in": "inch inches", "ft": "foot feet"}
_WORDS |= {"um": "µm μm micron micrometre micrometer mikrometer", "t/m2": "tonne/m2 ton/m2 tonnes/m2"}
_BY_NAME = {word + ending: unit for unit, words in _WORDS.items() for word in words.split() for ending in ("", "s")}
_BY_NAME |= {unit: unit for unit in (*_CENTIMETRES, *_KG_PER_M2)}
_BY_NAME |= {f"{mass}{area}-2": f"{mass}/{area}2" for mass in ("kg", "g", "mg", "t") for area in ("m", "cm")}
_SPELT = str.maketrans({"²": "2", "⁻": "-", "−": "-"} | dict.fromkeys(" \t*^._·()[]{}"))


def named(text: str) -> str:
    """The unit of that name, such as "mm" or "kg/m2"; "" when it is none that is known.

    >>> [named(text) for text in ("Millimetres", "CM", " kg m-2 ", "kg m**-2", "g/cm²", "mg/m3", "1")]
    ['mm', 'cm', 'kg/m2', 'kg/m2', 'g/cm2', '', '']
    """
    plain = text[:40].lower().translate(_SPELT)
    unit = _BY_NAME.get(plain, "")
    return unit if unit in _CENTIMETRES or unit in _KG_PER_M2 else ""


def is_load(unit: str) -> bool:
    """Whether it is a mass per area."""
    return unit in _KG_PER_M2


def centimetres(unit: str, density_kg_m3: float | None) -> float:
    """Centimetres in one of that unit; a load lies as thick as its density, kg/m³, makes it.

    Raises BadInput when a load comes without a density.
    """
    if not is_load(unit):
        return _CENTIMETRES[unit]
    if density_kg_m3 is None:
        raise BadInput(
            "The raster gives a load in {unit} and no thickness; send the thickness in cm, or state density_kg_m3 in "
            "the request",
            unit=unit,
        )
    return 100 * _KG_PER_M2[unit] / density_kg_m3
