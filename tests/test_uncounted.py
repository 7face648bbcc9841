"""Numbers in population rasters that are no people, though the file does not say so; files in any encoding."""

import numpy as np
import pytest
from osgeo import gdal, ogr, osr

from siaga.data import features
from siaga.data.features import ZoneOptions
from siaga.errors import BadInput
from siaga.exposure import texts
from siaga.exposure.zones import ZoneFields
from siaga.gis import crs, layers, sources
from siaga.gis.people import intake as people_intake
from siaga.gis.people import population, zones
from siaga.gis.people.population import PopulationGrid
from siaga.gis.people.uncounted import Odd

HALF = np.zeros((40, 40), dtype=bool)
HALF[:, 20:] = True


def raster(path, counts, kind=gdal.GDT_Float32, nodata=None, turned=(116.0, 0.01, 0.0, -8.0, 0.0, -0.01), bands=1):
    rows, columns = counts.shape
    target = gdal.GetDriverByName("GTiff").Create(str(path), columns, rows, bands, kind)
    target.SetGeoTransform(turned)
    wgs84 = osr.SpatialReference()
    wgs84.ImportFromEPSG(4326)
    target.SetProjection(wgs84.ExportToWkt())
    if nodata is not None:
        target.GetRasterBand(1).SetNoDataValue(nodata)
    target.GetRasterBand(1).WriteArray(counts)
    target.FlushCache()
    return path


def read(path):
    """People, cells without a count, and what is said."""
    grid, people, unknown, odd = PopulationGrid.open(path), 0.0, 0, Odd()
    for strip in grid.strips(grid.whole):
        people += strip.people.sum()
        unknown += 0 if strip.unknown is None else int(strip.unknown.sum())
        odd.add(strip.odd)
    return people, unknown, [said["text"] for said in (*grid.warnings, *odd.warnings(path))]


@pytest.mark.parametrize(
    ("kind", "mark", "said"),
    [
        (gdal.GDT_UInt16, 65535, "65535 in 800 cells"),
        (gdal.GDT_Int16, 32767, "32767 in 800 cells"),
        (gdal.GDT_Int32, 2147483647, "2147483647 in 800 cells"),
        (gdal.GDT_UInt32, 4294967295, "4294967295 in 800 cells"),
        (gdal.GDT_Byte, 255, "255 in 800 cells"),
        (gdal.GDT_Float32, 65535, "65535 in 800 cells"),
        (gdal.GDT_Float32, 9999, "9999 in 800 cells"),
        (gdal.GDT_Int32, 99999, "99999 in 800 cells"),
        (gdal.GDT_Float32, 50_000, "50000 in 800 cells"),  # 40,000 on each km² of half the map, beside 10
        (gdal.GDT_Float32, 3.4028234663852886e38, "3.40282e+38 in 800 cells"),
        (gdal.GDT_Float64, 1.7976931348623157e308, "1.79769e+308 in 800 cells"),
        (gdal.GDT_Float32, 1e20, "1e+20 in 800 cells"),
        (gdal.GDT_Float32, 9.96921e36, "9.96921e+36 in 800 cells"),
        (gdal.GDT_Float32, 1e9, "1000000000 in 800 cells"),
    ],
)
def test_missing_data_that_nothing_declares_are_unknown_aloud(tmp_path, kind, mark, said):
    path = raster(tmp_path / "p.tif", np.where(HALF, mark, 10), kind)
    people, unknown, warnings = read(path)
    assert (people, unknown) == (8000, 800)
    (warning,) = warnings
    assert said in warning
    told = []
    target = tmp_path / "installed.tif"
    assert people_intake.convert(path, target, told.append) == 8000
    assert told == warnings
    assert read(target)[:2] == (8000, 800)


@pytest.mark.parametrize("mark", [np.inf, -np.inf, np.nan])
def test_no_number_is_no_count(tmp_path, mark):
    assert read(raster(tmp_path / "p.tif", np.where(HALF, mark, 10))) == (8000, 800, [])


@pytest.mark.parametrize("mark", [-3.4028234663852886e38, -9999, -2147483648])
def test_negative_marks_are_unknown(tmp_path, mark):
    path = raster(tmp_path / "p.tif", np.where(HALF, mark, 10), gdal.GDT_Float64)
    grid = PopulationGrid.open(path)
    (strip,) = grid.strips(grid.whole)
    assert (strip.people.sum(), strip.negative, strip.unknown.sum()) == (8000, 800, 800)
    told = []
    assert people_intake.convert(path, tmp_path / "installed.tif", told.append) == 8000
    assert told == ["p.tif: 800 cells have a negative count; taken as unknown"]


def test_a_declared_mark_is_not_told_again(tmp_path):
    path = raster(tmp_path / "p.tif", np.where(HALF, 65535, 10), gdal.GDT_UInt16, nodata=65535)
    assert read(path) == (8000, 800, [])


def test_a_byte_s_largest_number_in_many_cells_stands_alone_above_dense_ones(tmp_path):
    counts = np.where(HALF, 255, np.arange(1600).reshape(40, 40) % 180)
    people, unknown, (warning,) = read(raster(tmp_path / "p.tif", counts, gdal.GDT_Byte))
    assert (people, unknown) == (counts[~HALF].sum(), 800)
    assert "255 in 800 cells" in warning


def test_real_counts_stay(tmp_path):
    """Dense cities, bytes that reach their end, a district whose people are spread evenly, noise below nobody."""
    drawn = np.random.default_rng(5).gamma(0.3, 900, (400, 400))
    drawn[7, 8] = 160_000  # on 1.2 km²
    drawn[100:130, 100:130] = 48_000.0
    drawn[300, 300] = -1e-9
    people, unknown, warnings = read(raster(tmp_path / "p.tif", drawn, gdal.GDT_Float64))
    assert (unknown, warnings) == (0, [])
    assert people == pytest.approx(drawn.sum(), rel=1e-12)
    bytes_ = np.minimum(np.random.default_rng(5).gamma(1, 90, (400, 400)), 255).astype(np.uint8)
    assert read(raster(tmp_path / "b.tif", bytes_, gdal.GDT_Byte)) == (bytes_.sum(), 0, [])
    one = np.full((40, 40), 9999.0)
    one[3, 4] = 99_999
    people, _, warnings = read(raster(tmp_path / "o.tif", np.where(HALF, one, 1), gdal.GDT_Int32))
    assert "99999" not in "".join(warnings)  # one cell may hold that many


def test_one_cell_with_more_people_than_can_stand_there_is_unknown(tmp_path):
    counts = np.full((40, 40), 10.0)
    counts[1, 2] = 2e6
    assert read(raster(tmp_path / "p.tif", counts)) == (
        15990,
        1,
        ["p.tif: 1 cells hold more people than can be there (up to 2e+06); taken as unknown"],
    )


def test_a_large_raster_is_surveyed_in_part_and_its_mark_found(tmp_path, monkeypatch):
    monkeypatch.setattr(population, "_CELLS_SURVEYED", 1 << 14)
    counts = np.full((300, 400), 10.0)
    counts[:, 200:] = 99_999
    people, unknown, (warning,) = read(raster(tmp_path / "p.tif", counts))
    assert (people, unknown) == (600_000, 60_000)
    assert "99999 in 60,000 cells" in warning


@pytest.mark.parametrize("scale", [0.0, -1.0, float("nan")])
def test_a_scale_that_is_none_is_told(tmp_path, scale):
    path = raster(tmp_path / "p.tif", np.full((4, 4), 10.0))
    source = gdal.Open(str(path), gdal.GA_Update)
    source.GetRasterBand(1).SetScale(scale)
    del source
    with pytest.raises(BadInput, match="has a scale that is none"):
        read(path)


def test_more_people_than_live_on_earth_are_refused(tmp_path):
    path = raster(tmp_path / "p.tif", np.random.default_rng(3).uniform(1e7, 2e7, (40, 40)), turned=(0, 1, 0, 20, 0, -1))
    with pytest.raises(BadInput, match="counts more people than live on Earth"):
        read(path)
    with pytest.raises(BadInput, match="counts more people than live on Earth"):
        people_intake.convert(path, tmp_path / "out.tif")


@pytest.mark.parametrize("skew", [1e-17, -3e-9, 1e-6])
def test_a_skew_of_noise_moves_no_cell(tmp_path, skew):
    path = raster(tmp_path / "p.tif", np.full((40, 40), 10.0), turned=(116.0, 0.01, skew, -8.0, -skew, -0.01))
    assert read(path) == (16000, 0, [])


@pytest.mark.parametrize("skew", [1e-5, 0.001])
def test_a_rotation_is_refused(tmp_path, skew):
    path = raster(tmp_path / "p.tif", np.full((40, 40), 10.0), turned=(116.0, 0.01, skew, -8.0, 0.0, -0.01))
    with pytest.raises(BadInput, match="is rotated"):
        read(path)


def test_a_second_band_is_passed_over_aloud_and_an_alpha_band_hides(tmp_path):
    path = raster(tmp_path / "p.tif", np.full((40, 40), 10.0), bands=2)
    assert read(path) == (16000, 0, ["p.tif: the first of its 2 bands is taken"])
    masked = raster(tmp_path / "m.tif", np.full((40, 40), 10.0), gdal.GDT_Byte, bands=2)
    source = gdal.Open(str(masked), gdal.GA_Update)
    source.GetRasterBand(2).SetColorInterpretation(gdal.GCI_AlphaBand)
    source.GetRasterBand(2).WriteArray(np.where(HALF, 0, 255))
    del source
    assert read(masked) == (8000, 800, [])
    people_intake.convert(masked, tmp_path / "installed.tif")
    assert read(tmp_path / "installed.tif")[:2] == (8000, 800)


def test_a_mask_beside_the_file_hides(tmp_path):
    path = raster(tmp_path / "p.tif", np.full((40, 40), 10.0))
    gdal.SetConfigOption("GDAL_TIFF_INTERNAL_MASK", "NO")
    source = gdal.Open(str(path))
    source.CreateMaskBand(gdal.GMF_PER_DATASET)
    source.GetRasterBand(1).GetMaskBand().WriteArray(np.where(HALF, 0, 255))
    del source
    gdal.SetConfigOption("GDAL_TIFF_INTERNAL_MASK", None)
    assert path.with_name("p.tif.msk").exists()
    assert read(path) == (8000, 800, [])
    people_intake.convert(path, tmp_path / "installed.tif")
    assert read(tmp_path / "installed.tif")[:2] == (8000, 800)


def test_a_raster_that_is_cut_off_is_told_in_a_sentence(tmp_path):
    whole = raster(tmp_path / "p.tif", np.random.default_rng(1).uniform(0, 9, (400, 400)))
    cut = tmp_path / "cut.tif"
    cut.write_bytes(whole.read_bytes()[:200_000])
    with pytest.raises(BadInput, match=r"cut.tif is (cut off or damaged|no raster that GDAL can open)"):
        read(cut)


def test_an_archive_is_to_be_unpacked(tmp_path):
    (tmp_path / "p.zip").write_bytes(b"PK")
    with pytest.raises(BadInput, match="is packed; unpack it"):
        sources.vector(tmp_path / "p.zip")


def shapefile(path, name, cpg=None):
    """One zone whose name stands in the table byte by byte."""
    source = ogr.GetDriverByName("ESRI Shapefile").CreateDataSource(str(path))
    wgs84 = osr.SpatialReference()
    wgs84.ImportFromEPSG(4326)
    layer = source.CreateLayer("z", wgs84, ogr.wkbPolygon, options=["ENCODING="])
    field = ogr.FieldDefn("name", ogr.OFTString)
    field.SetWidth(len(name))
    layer.CreateField(field)
    feature = ogr.Feature(layer.GetLayerDefn())
    feature["name"] = "X" * len(name)
    feature.SetGeometry(ogr.CreateGeometryFromWkt("POLYGON ((116 -8, 117 -8, 117 -9, 116 -8))"))
    layer.CreateFeature(feature)
    del feature, layer
    source.FlushCache()
    del source
    table = path.with_suffix(".dbf")
    table.write_bytes(table.read_bytes().replace(b"X" * len(name), name))
    path.with_suffix(".cpg").unlink(missing_ok=True)
    if cpg:
        path.with_suffix(".cpg").write_text(cpg)
    return path


@pytest.mark.parametrize(
    ("encoding", "cpg"),
    [
        ("utf-8", None),
        ("latin-1", None),
        ("cp1252", "1252"),
        ("latin-1", "UTF-8"),
        ("utf-8", "ISO-8859-1"),
        ("latin-1", "no such thing"),
        ("utf-8", "no such thing"),
    ],
)
def test_a_shapefiles_names_are_read_whatever_it_says_of_them(tmp_path, encoding, cpg):
    """Used once by an analysis, and installed; what was guessed is said."""
    path = shapefile(tmp_path / "z.shp", "São Tomé".encode(encoding), cpg)
    gdal.SetConfigOption("SHAPE_ENCODING", "")  # as QGIS leaves it
    (level,), warnings = zones.read(path, ZoneFields("name", "name", None, None), crs.wgs84().ExportToWkt())
    told = []
    features.zones(path, tmp_path / "z.fgb", ZoneOptions(code="name"), tell=told.append)
    _, (row,) = layers.read(tmp_path / "z.fgb")
    assert (level.names, row["name"], row["code"]) == (["São Tomé"], "São Tomé", "São Tomé")
    assert [said["text"] for said in warnings] == told
    assert all("the encoding of 1 texts was guessed, São Tomé for one" in said for said in told)
    assert bool(told) == ((encoding, cpg) not in {("utf-8", None), ("cp1252", "1252"), ("utf-8", "no such thing")})


@pytest.mark.parametrize(
    ("stored", "meant"),
    [
        ("S\udce3o Tom\udce9", "São Tomé"),
        ("SÃ£o TomÃ©", "São Tomé"),
        ("São Tom\udcc3", "São Tom"),  # a field ended within the letter
        ("नेपाल", "नेपाल"),
        ("Müller Ã", "Müller Ã"),
        ("a\x00b \t c", "a b c"),
        ("   ", ""),
    ],
)
def test_names_as_people_write_them(stored, meant):
    assert texts.of_field(stored).value.startswith(meant)


def test_letters_that_are_lost_are_told():
    with pytest.raises(BadInput, match=r"z.shp: letters of 'S.o Tom.' were lost"):
        texts.of_field("S\ufffdo Tom\ufffd", "z.shp")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "cp1252", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_text_file_in_any_encoding(encoding):
    text = "name,longitude,latitude\nSão Tomé,116.5,-8.5\n"
    assert texts.of_file(text.encode(encoding)) == text
