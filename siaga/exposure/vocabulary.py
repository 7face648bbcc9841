"""Vocabularies: which type of structure, road or land cover an attribute names, in the words that data use."""

import re
from collections.abc import Mapping, Sequence

OTHER = "other"
# Fields that are looked for when none is named: the more telling first, OpenStreetMap's among them.
TYPE_FIELDS = {
    "structures": (
        *("type", "amenity", "healthcare", "emergency", "office", "shop", "leisure", "tourism", "man_made", "bridge"),
        *("building", "fclass", "use", "class"),
    ),
    "roads": ("highway", "type", "osm_type", "fclass", "class"),
    "land_cover": ("landuse", "natural", "type", "class", "fclass", "fcode"),
}
OVERLAYS = tuple(TYPE_FIELDS)  # the roles of analysis data that a hazard is laid upon besides people

# What data in Indonesia say, in OpenStreetMap's words, InaSAFE's and Indonesian: type -> values.
_STRUCTURES = {
    "residential": "residential house detached apartments apartment dormitory terrace bungalow hut cabin housing rumah"
    " perumahan|rumah tinggal|semidetached house|rumah toko|permukiman",
    "education": "education school kindergarten college university library sekolah sd smp sma smk madrasah pesantren"
    " kampus universitas tk|place of education",
    "health": "health hospital clinic doctors doctor healthcare puskesmas pharmacy medical klinik posyandu|rumah sakit"
    "|health centre|health center",
    "transport": "transport transportation station airport terminal aerodrome ferry_terminal port harbour bandara"
    " stasiun pelabuhan garage parking|train station|bus station|ferry terminal",
    "worship": "church mosque temple chapel cathedral monastery shrine masjid mushola musholla gereja pura vihara"
    " kelenteng|place of worship|places of worship",
    "government": "government townhall police courthouse prison embassy civic military kantor balai"
    "|fire station|public building|kantor desa|balai desa",
    "commercial": "commercial retail shop office industrial warehouse supermarket kiosk marketplace market bank hotel"
    " restaurant cafe factory fuel mall toko pasar ruko gudang pabrik business roku",
    "recreation": "recreation stadium sports cinema theatre museum leisure tourism lapangan stadion|sports centre"
    "|sports hall|swimming pool",
    "public facility": "toilets|public facility|public facilities|water tower|power substation|substation|power plant"
    "|community centre|utility",
    "evacuation centre": "shelter|evacuation centre|evacuation center|assembly point|emergency shelter|tes|pengungsian",
    "bridge": "bridge jembatan viaduct",
}
_ROADS = {
    "motorway": "motorway tol|motorway link|motorway or highway|toll road|jalan tol|highway",
    "primary": "primary trunk arteri national nasional|primary link|trunk link|primary road|jalan nasional",
    "secondary": "secondary kolektor provincial provinsi|secondary link",
    "local": "local tertiary residential unclassified road service lokal kabupaten living_street|tertiary link"
    "|living street|jalan lokal|jalan kabupaten",
    "path": "path track footway cycleway footpath steps pedestrian bridleway setapak",
}
_LAND = {
    "settlement": "settlement residential population permukiman urban village built pemukiman|built up"
    "|permukiman dan tempat kegiatan",
    "commercial": "commercial retail",
    "industrial": "industrial industry industri quarry mining pertambangan",
    "rice field": "sawah paddy|rice field|rice fields|sawah irigasi|sawah tadah hujan",
    "farm": "farm farmland farmyard agriculture cropland crops tegalan ladang pertanian",
    "plantation": "plantation orchard vineyard perkebunan kebun",
    "forest": "forest wood trees hutan mangrove woodland",
    "grassland": "grass grassland meadow scrub heath shrub savanna semak belukar rumput",
    "water": "water reservoir lake basin river wetland danau sungai tambak rawa air|water supply",
}
STRUCTURE_TYPES = (*_STRUCTURES, OTHER)
ROAD_CLASSES = (*_ROADS, OTHER)
LAND_CLASSES = (*_LAND, OTHER)


class Vocabulary:
    """Finds the type of a thing by what its attributes say."""

    def __init__(self, words: Mapping[str, str]) -> None:
        self._type: dict[str, str] = {}
        for name, listed in words.items():
            first, *phrases = listed.split("|")
            for phrase in (name, *first.split(), *phrases):
                self._type.setdefault(phrase.replace("_", " "), name)
        longest = sorted(self._type, key=lambda phrase: (-len(phrase), phrase))
        self._within = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest))})(?!\w)")

    def type_of(self, values: Sequence[str]) -> str:
        """The type of the first value that is known; `other` when none is.

        >>> STRUCTURES.type_of(["yes", "Place of Worship - Islam"])
        'worship'
        >>> ROADS.type_of(["Road, residential, living street, etc."])
        'local'
        """
        for value in values:
            said = value.strip().lower().replace("_", " ")
            if said in self._type:
                return self._type[said]
        for value in values:
            found = self._within.search(value.lower().replace("_", " "))
            if found:
                return self._type[found.group()]
        return OTHER


STRUCTURES, ROADS, LAND = Vocabulary(_STRUCTURES), Vocabulary(_ROADS), Vocabulary(_LAND)
