"""Analysis data in a real store: installed whole, fetched once, checked by hash."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256

import pytest
from fixtures import exposure

from siaga import keys
from siaga.data import analysis_data
from siaga.data.analysis_data import DataFile
from siaga.errors import NotFound, SiagaError, Unavailable
from siaga.store import Store


class Counting(Store):
    """A store that remembers what was sent and fetched."""

    def __init__(self, other):
        self.__dict__ = dict(other.__dict__)
        self.fetched, self.sent = [], []

    def download(self, bucket, key, path):
        self.fetched.append(key)
        super().download(bucket, key, path)

    def put(self, bucket, key, *args, **kwargs):
        self.sent.append(key)
        return super().put(bucket, key, *args, **kwargs)


def data_file(folder, role="places", text="name,longitude,latitude\n", name="places.csv"):
    path = folder / name
    path.write_text(text)
    return DataFile(role, path, "Towns", "a list of towns", "CC BY 4.0", 2020, demonstration=True)


@pytest.fixture
def installed(store, tmp_path):
    exposure.install(store, [data_file(tmp_path)], "Demonstration exposure")
    return store


def test_an_empty_bucket_is_answered_with_what_to_do(store, tmp_path):
    with pytest.raises(NotFound, match="run `siaga data demo`"):
        analysis_data.open(store, tmp_path)
    with pytest.raises(NotFound, match="run `siaga data demo`"):
        analysis_data.manifest_of(store)


def test_what_was_installed_is_opened_with_its_provenance(installed, tmp_path):
    data = analysis_data.open(installed, tmp_path / "cache")
    assert data.path("places").read_text() == "name,longitude,latitude\n"
    assert data.path("zones") is None
    assert data.title == "Demonstration exposure"
    (entry,) = data.files
    assert set(entry) == {"role", "path", "sha256", "title", "year", "source", "demonstration"}
    assert entry["year"] == 2020
    assert entry["sha256"] == sha256(b"name,longitude,latitude\n").hexdigest()


def test_a_file_lies_under_its_hash_and_keeps_its_name(installed, tmp_path):
    data = analysis_data.open(installed, tmp_path / "cache")
    sha256 = data.files[0]["sha256"]
    assert data.path("places").parent == tmp_path / "cache" / "analysis-data" / sha256
    assert data.path("places").suffix == ".csv"


def test_files_are_fetched_once(installed, tmp_path):
    counting = Counting(installed)
    first = analysis_data.open(counting, tmp_path / "cache")
    second = analysis_data.open(counting, tmp_path / "cache")
    assert len(counting.fetched) == 1
    assert first == second


def test_a_warm_process_sees_a_new_manifest(installed, tmp_path):
    old = analysis_data.open(installed, tmp_path / "cache")
    exposure.install(installed, [data_file(tmp_path, text="new\n")], "National data")
    new = analysis_data.open(installed, tmp_path / "cache")
    assert new.path("places").read_text() == "new\n"
    assert new.title == "National data"
    assert new.manifest_sha256 != old.manifest_sha256
    assert old.path("places").read_text() == "name,longitude,latitude\n"


def test_a_file_damaged_on_disk_is_fetched_again(installed, tmp_path):
    path = analysis_data.open(installed, tmp_path / "cache").path("places")
    path.write_text("cut o")
    assert analysis_data.open(installed, tmp_path / "cache").path("places").read_text() == "name,longitude,latitude\n"


def test_a_file_that_is_not_what_the_manifest_says_is_not_kept(installed, tmp_path):
    key = analysis_data.manifest_of(installed)["files"][0]["path"]
    installed.put(keys.ANALYSIS_DATA, key, b"something else")
    with pytest.raises(Unavailable, match="is not what the manifest says"):
        analysis_data.open(installed, tmp_path / "cache")
    assert [path.name for path in (tmp_path / "cache" / "analysis-data").iterdir() if path.name != ".lock"] == [
        "manifests"
    ]


def test_the_same_files_are_not_sent_twice(installed, tmp_path):
    counting = Counting(installed)
    exposure.install(counting, [data_file(tmp_path)], "Demonstration exposure")
    assert counting.sent == []


def test_the_manifest_is_written_after_the_files_that_it_names(store, tmp_path):
    counting = Counting(store)
    files = [data_file(tmp_path), data_file(tmp_path, "zones", "{}", "zones.fgb")]
    exposure.install(counting, files, "Demonstration exposure")
    assert len(counting.sent) == 3
    assert counting.sent[-1] == "manifest.json"


def test_of_operators_who_import_at_the_same_moment_nobody_loses_anything(installed, tmp_path):
    roles = [role for role in analysis_data.ROLES if role != "places"][:6]
    files = [data_file(tmp_path, role, role, f"{role}.csv") for role in roles]
    together = threading.Barrier(len(files))

    class Slow(Store):
        """A store whose readers of the manifest all go on at once, the first time."""

        def __init__(self):
            self.__dict__ = dict(installed.__dict__)
            self.read = False

        def get(self, bucket, key, **more):
            found = super().get(bucket, key, **more)
            if key == keys.MANIFEST and not self.read:
                self.read = True
                together.wait(20)
            return found

    with ThreadPoolExecutor(len(files)) as operators:
        list(operators.map(lambda file: exposure.add(Slow(), file), files))
    there = [entry["role"] for entry in analysis_data.manifest_of(installed)["files"]]
    assert there == sorted(["places", *roles])


def test_an_import_that_dies_half_way_leaves_the_former_data_in_force(installed, tmp_path):
    before = analysis_data.manifest_of(installed)

    class Dying(Store):
        def __init__(self):
            self.__dict__ = dict(installed.__dict__)

        def put(self, bucket, key, *arguments, **more):
            if key == keys.MANIFEST:
                raise Unavailable("the power is out")
            return super().put(bucket, key, *arguments, **more)

    with pytest.raises(Unavailable):
        exposure.add(Dying(), data_file(tmp_path, "places", "name,longitude,latitude\nX,1,2\n"))
    assert analysis_data.manifest_of(installed) == before
    assert analysis_data.open(installed, tmp_path / "cache").path("places").read_text() == "name,longitude,latitude\n"


def test_a_manifest_of_another_kind_is_refused(store, tmp_path):
    store.put(keys.ANALYSIS_DATA, keys.MANIFEST, json.dumps({"schema": "siaga/analysis-data/9"}).encode())
    with pytest.raises(SiagaError, match="siaga/analysis-data/1"):
        analysis_data.open(store, tmp_path)


def test_functions_may_read_it_all_and_the_web_its_manifest(installed, minio, tmp_path):
    assert analysis_data.open(Store.connect(minio, "functions"), tmp_path / "cache").path("places").exists()
    assert analysis_data.manifest_of(Store.connect(minio, "web"))["title"] == "Demonstration exposure"
