"""Which band of a raster holds the ash, and in which unit: by what the file itself names.

GDAL keeps a GeoTIFF's unit type per band; what was netCDF before has attributes such as units, long_name and
NETCDF_VARNAME in the band's metadata, or <variable>#units in the file's.
"""

from siaga.errors import BadInput, Reason, reason
from siaga.foreign import Band, Source
from siaga.hazard import ashunit

_THICK = ("thick", "tebal", "tephra", "ash", "abu", "deposit", "load")
_UNIT_KEYS = ("units", "unit", "unittype", "unit_type")
_LONGEST = 200  # characters of a description that are read
_NAME_KEYS = ("netcdf_varname", "long_name", "standard_name", "name", "description")


def chosen(source: Source) -> tuple[int, list[Reason]]:
    """The number of the band with the ash, and what readers should know of the choice.

    Raises BadInput when there are several and not one of them alone is named as ash.
    """
    count = source.RasterCount
    if count == 1:
        return 1, []
    names = [_names(source.GetRasterBand(number)) for number in range(1, count + 1)] if count <= 100 else []
    likely = [number for number, name in enumerate(names, 1) if any(word in part for part in name for word in _THICK)]
    if len(likely) != 1:
        raise BadInput("The raster has {count} bands; send one band, the thickness in cm", count=count)
    said = reason(
        "Of the raster's {count} bands the one that is named {name} was taken",
        count=count,
        name=names[likely[0] - 1][0][:40],
    )
    return likely[0], [said]


def unit(source: Source, number: int) -> str:
    """The unit that the file names for a band, "" when it names none.

    Raises BadInput when it is unknown, or when the file names two.
    """
    band = source.GetRasterBand(number)
    reference = source.GetSpatialRef()
    of_heights = reference is not None and reference.IsCompound()  # then GDAL tells the unit of its heights
    written = ["" if of_heights else band.GetUnitType() or "", *_of_band(band.GetMetadata() or {})]
    written += _of_file(source, band)
    written = [text.strip() for text in written if text.strip()]
    units = {ashunit.named(text): text for text in written}
    if "" in units:
        raise BadInput(
            "The raster's unit is {unit}, which is none of cm, mm, m and kg/m2; send the thickness in cm",
            unit=ascii(units[""])[1:-1][:40],
        )
    if not units:
        units = {ashunit.named(text): text for text in _in_descriptions(source, band) if ashunit.named(text)}
    if len(units) > 1:
        one, other = sorted(units)[:2]
        raise BadInput("The raster names two units, {one} and {other}; name one", one=one, other=other)
    return next(iter(units), "")


def agreed(of_raster: str, of_request: str) -> str:
    """The unit of the thickness: that of the raster or the request, cm where neither names one.

    Raises BadInput when they name two.
    """
    if of_raster and of_request and of_raster != of_request:
        raise BadInput(
            "The raster's unit is {raster} and the request's unit is {request}; name the right one",
            raster=of_raster,
            request=of_request,
        )
    return of_raster or of_request or "cm"


def _of_band(metadata: dict[str, str]) -> list[str]:
    return [text for key, text in metadata.items() if key.lower() in _UNIT_KEYS]


def _of_file(source: Source, band: Band) -> list[str]:
    """<variable>#units of the band's variable, or of the only variable that is no axis; units of the whole file."""
    metadata = source.GetMetadata() or {}
    own = (band.GetMetadata() or {}).get("NETCDF_VARNAME", "")
    found = [text for key, text in metadata.items() if key.lower() in _UNIT_KEYS]
    pairs = [(key.rpartition("#")[0], text) for key, text in metadata.items() if key.lower().endswith("#units")]
    named = [text for name, text in pairs if name == own]
    if not own:
        ash = [text for name, text in pairs if any(word in name.lower() for word in _THICK)]
        named = ash or [text for name, text in pairs if name == f"Band{band.GetBand()}"]
    return found + named


def _in_descriptions(source: Source, band: Band) -> list[str]:
    """Words that may be a unit, of what the band is named and of a description of the whole file that tells of ash."""
    whole = (source.GetMetadataItem("TIFFTAG_IMAGEDESCRIPTION") or "")[:_LONGEST]
    told = _names(band) + [whole] * any(word in whole.lower() for word in _THICK)
    return [word for text in told for word in _in_description(text[:_LONGEST])]


def _in_description(text: str) -> list[str]:
    """Words of a description that may be its unit: in brackets, or the last one unless it is of a number.

    >>> [_in_description(text) for text in ("Ash (mm)", "ash thickness, mm", "tephra_cm", "ash above 100 m")]
    [['mm'], ['mm'], ['cm'], []]
    """
    bracketed = [part.partition(close)[0] for open_, close in ("()", "[]") for part in text.split(open_)[1:]]
    words = text.replace(",", " ").replace("_", " ").rstrip(" .").split()
    of_number = len(words) > 1 and words[-2][-1].isdigit()
    return bracketed or ([] if of_number else words[-1:])


def _names(band: Band) -> list[str]:
    metadata = {key.lower(): text for key, text in (band.GetMetadata() or {}).items()}
    written = [band.GetDescription() or "", *(metadata.get(key, "") for key in _NAME_KEYS)]
    return [text.strip().lower() for text in written if text.strip()]
