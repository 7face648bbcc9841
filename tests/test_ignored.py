"""Files that wake nothing are accounted for without swamping anybody: a row for each folder, near misses by name."""

from datetime import UTC, datetime, timedelta

from siaga import keys
from siaga.ignored import Folder
from siaga.store import Head

START = datetime(2026, 11, 1, tzinfo=UTC)


def folded(bucket, names):
    folders = Folder(bucket)
    heads = [Head(name, "e", 1, START + timedelta(hours=number)) for number, name in enumerate(sorted(names))]
    rows = [one for head in heads for one in folders.take(head)] + list(folders.rest())
    return {(one.shown, one.count) for one in rows}


def test_a_folder_is_one_row_and_a_near_miss_another():
    names = [
        "a/grid.xml",
        "a/grid.xml.bak",
        "a/intensity.jpg",
        "a/output/products.zip",
        "a/stationlist.xml",
        "b/Grid.7z",
    ]
    names += ["b/Grid.7z", "b/other.txt", "readme.txt", "zz.txt", "c/grid.xml.refused.txt", "c/GRID.XML", "d/"]
    assert folded(keys.SHAKEMAPS, names) == {
        ("a/grid.xml.bak", 1),
        ("a/", 3),
        ("b/Grid.7z", 1),
        ("b/other.txt", 1),
        ("", 2),
    }
    assert folded(keys.FLOODMAPS, ["2017022105-6-rw/flood_data.json.part", "2017022105-6-rw/x", "hours/x.json"]) == {
        ("2017022105-6-rw/flood_data.json.part", 1),
        ("2017022105-6-rw/x", 1),
    }


def test_a_hundred_thousand_companions_are_a_row_for_each_folder():
    names = [f"20{number:012d}/{name}" for number in range(1000) for name in ("a.jpg", "b.zip", "grid.xml", "z.kml")]
    assert folded(keys.SHAKEMAPS, names) == {(f"20{number:012d}/", 3) for number in range(1000)}


def test_no_file_is_counted_twice_or_left_out():
    names = [f"{folder}/{name}" for folder in "abc" for name in ("1.txt", "2.txt", "grid.xml.old")] + ["1.txt", "2.txt"]
    assert sum(count for _name, count in folded(keys.SHAKEMAPS, names)) == len(names)
