"""The places around an epicentre: nearest and most shaken, with distance and bearing."""

import numpy as np

from siaga.exposure.places import Places
from siaga.foreign import Array
from siaga.gis import geodesy
from siaga.hazard.shakemap import ShakeMap
from siaga.impact import landmark
from siaga.impact.stored.earthquake import PlaceRecord, PlacesRecord

NEAREST = 5
MOST_SHAKEN = 15
_CANDIDATES = 60


def describe(shakemap: ShakeMap, places: Places) -> PlacesRecord:
    """impact.json's places: landmark, nearest ≤ 5 by distance, most shaken ≤ 15, worst class first, then larger."""
    mmi = shakemap.at(places.longitude, places.latitude)
    east = (places.longitude - shakemap.longitude + 180) % 360 - 180
    flat = np.hypot(east * np.cos(np.radians(shakemap.latitude)), places.latitude - shakemap.latitude)
    # Degrees on a sphere order the candidates; the ellipsoid then orders those few.
    candidates = np.argsort(flat, kind="stable")[:_CANDIDATES]
    near = [_place(shakemap, places, mmi, index) for index in candidates]
    towns = [
        place
        for place, index in zip(near, candidates, strict=True)
        if landmark.well_known(place["population"], str(places.kind[index]))
    ]
    near.sort(key=lambda place: (place["distance_km"], place["name"]))
    people = np.nan_to_num(places.population, nan=0.0)
    on_map = np.flatnonzero(~np.isnan(mmi))
    level = np.ceil(np.round(mmi[on_map], 6) - 0.5)
    order = on_map[np.lexsort((flat[on_map], -people[on_map], -level))]
    shaken = [_place(shakemap, places, mmi, index) for index in order[:MOST_SHAKEN]]
    nearest = near[:NEAREST]
    return {"landmark": landmark.choose(near[0] if near else None, towns), "nearest": nearest, "most_shaken": shaken}


def _place(shakemap: ShakeMap, places: Places, mmi: Array, index: int) -> PlaceRecord:
    longitude, latitude = float(places.longitude[index]), float(places.latitude[index])
    km, bearing = geodesy.distance_bearing(shakemap.longitude, shakemap.latitude, longitude, latitude)
    _, back = geodesy.distance_bearing(longitude, latitude, shakemap.longitude, shakemap.latitude)
    population, intensity = float(places.population[index]), float(mmi[index])
    return {
        "name": str(places.name[index]),
        "zone": str(places.zone[index]),
        "population": None if np.isnan(population) else population,
        "longitude": longitude,
        "latitude": latitude,
        "mmi": None if np.isnan(intensity) else intensity,
        "distance_km": km,
        "bearing_deg": bearing,
        "direction": geodesy.wind(bearing),
        "from_place_deg": back,
        "from_place": geodesy.wind(back),
    }
