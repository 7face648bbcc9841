"""rsync's receiving side at the SFTP door: which arguments are taken, and that it sees nothing but its folder."""

import os
import re
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.door_process import can_confine

from gateway.sftp import receiving, rsync, spool
from siaga import keys
from siaga.errors import BadInput

FOLDERS = {"shakemaps": keys.SHAKEMAPS, "corrected": keys.SHAKEMAPS_CORRECTED}
USUAL = "-vlogDtprze.iLsfxCIvu"
TAKEN = {
    ". shakemaps/20180805194635/": ("/shakemaps/20180805194635", True),
    ". shakemaps/20180805194635": ("/shakemaps/20180805194635", False),
    ". shakemaps": ("/shakemaps", True),
    ". .": ("/", True),
    ". /": ("/", True),
    ". corrected/../shakemaps/a": ("/shakemaps/a", False),
}
REFUSED = [
    "",
    ". shakemaps/",
    "--daemon .",
    "--server --daemon . shakemaps/",
    "--server --sender -vlogDtpre.iLsfxCIvu . shakemaps/",
    f"--server {USUAL} . ledger/",
    f"--server {USUAL} . ../../etc/",
    f"--server {USUAL} . shakemaps/ corrected/",
    f"--server {USUAL} shakemaps/",
    f"--server {USUAL} / shakemaps/",
    f"--server {USUAL} . --log-file=x",
    f"--server {USUAL} . shakemaps/ --log-file=x",
    f"--server {USUAL} --log-file=/tmp/x . shakemaps/",
    f"--server {USUAL} --log-file . shakemaps/",
    f"--server {USUAL} --log-format=../../x . shakemaps/",
    "--server -se.LsfxCIvu",
    "--server -vbe.iLsfxCIvu . shakemaps/",
    "--server -vKe.iLsfxCIvu . shakemaps/",
    "--server -vlHogDtpAXre.iLsfxCIvu . shakemaps/",
    "--server -e.iLsfxCIvu/../x . shakemaps/",
    *(
        f"--server {USUAL} {option} . shakemaps/"
        for option in (
            *("--inplace", "--append", "--remove-source-files", "--backup-dir=/tmp", "--temp-dir=/tmp", "-T/tmp"),
            *(
                "--partial-dir=/tmp",
                "--link-dest=/etc",
                "--copy-dest=/etc",
                "--compare-dest=/etc",
                "--files-from=/etc/x",
            ),
            *("--config=/etc/x", "--password-file=/etc/x", "--write-batch=x", "--read-batch=x", "--rsync-path=x"),
            *("--fake-super", "--super", "--write-devices", "--copy-devices", "--chmod=u+s", "--usermap=0:1", "-M--x"),
            *("--no-munge-links", "--trust-sender", "--iconv=.", "--early-input=x", "--stop-at=x", "--debug=/x", "--"),
        )
    ),
]


@pytest.fixture
def confines(tmp_path):
    if not can_confine(tmp_path):
        pytest.skip("this machine confines no programs")


@pytest.mark.parametrize("places", TAKEN)
def test_where_to(places):
    asked = rsync.read(["--server", USUAL, *places.split()], FOLDERS)
    assert (asked.into, asked.as_folder) == TAKEN[places]


@pytest.mark.parametrize("line", REFUSED)
def test_all_else_is_refused_in_a_sentence(line):
    with pytest.raises(BadInput, match="rsync"):
        rsync.read(line.split(), FOLDERS)


WORDS = st.one_of(
    st.sampled_from([word for line in (*REFUSED, *TAKEN, f"--server {USUAL}") for word in line.split()]),
    st.text(st.sampled_from("-./=~*?[]{}|;&$`'\"\\ aehlorstvz0\n\0é"), max_size=12),
)


@given(st.lists(WORDS, max_size=6), st.booleans())
def test_whatever_is_asked_only_harmless_options_and_own_folders_pass(words, begun):
    try:
        asked = rsync.read([*(["--server", USUAL] if begun else []), *words], FOLDERS)
    except BadInput:
        return
    assert asked.into == "/" or asked.into.split("/")[1] in FOLDERS
    assert ".." not in asked.into.split("/")
    place = receiving._place(asked)
    assert place.startswith(".")
    assert not place.startswith("..")
    for option in asked.options:
        assert option.startswith("-")
        assert not {"/", "\n", "\0", " "} & set(option)
        assert option not in ("-s", "--sender", "--daemon", "--inplace", "--append", "--partial")


def test_what_is_not_whole_gets_no_final_name_and_nobody_stays_for_ever():
    options = ["--server", USUAL, "--partial", "--delete-during", "--log-format=%i"]
    asked = rsync.read([*options, ".", "shakemaps/"], FOLDERS)
    assert asked.options == (USUAL, "--delete-during", "--log-format=%i", "--timeout=300")
    assert asked.deletes
    assert rsync.read([*options, "--timeout=9", ".", "shakemaps/"], FOLDERS).options[-1] == "--timeout=9"


@pytest.mark.usefixtures("confines")
def test_it_sees_its_folder_the_programs_and_no_network(tmp_path):
    (tmp_path / "tree" / "mine").touch()

    def confined(*command):
        whole = [*receiving._confined(tmp_path), *command]
        return subprocess.run(whole, capture_output=True, text=True, timeout=20, check=False)

    assert set(confined("/usr/bin/ls", "/").stdout.split()) == {"in", "lib", "lib64", "usr"}
    assert confined("/usr/bin/ls").stdout.split() == ["mine"]
    assert confined("/usr/bin/touch", "/usr/x").returncode != 0
    assert confined("/usr/bin/id", "-u").stdout.strip() == "65534"
    assert confined("/usr/bin/cat", "/proc/net/dev").returncode != 0
    assert confined("/usr/bin/truncate", "-s", "257M", "big").returncode != 0
    assert confined("/usr/bin/bash", "-c", "echo > /dev/tcp/127.0.0.1/22").returncode != 0


def rsync_to(door, *words, user="bmkg"):
    """Run the real client towards the door."""
    shell = ["ssh", *door.options(user, "-p")]
    command = ["rsync", "-e", " ".join(shell), *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def source(tmp_path):
    """Two maps with a neighbour each, from long ago."""
    for name in ("1", "2"):
        (tmp_path / name / "output").mkdir(parents=True)
        for file in ("grid.xml", "output/a.txt"):
            (tmp_path / name / file).write_text(f"{name} {file}")
            os.utime(tmp_path / name / file, (1_500_000_000, 1_500_000_000))
    return tmp_path


@pytest.mark.usefixtures("confines")
def test_links_and_odd_places_are_told_and_all_else_is_stored(door, source):
    (source / "1" / "link").symlink_to("/etc/passwd")
    (source / "1" / "folder").symlink_to("/etc")
    done = rsync_to(door, "-a", f"{source}/", "bmkg@127.0.0.1:shakemaps/odd/")
    assert done.returncode == 23
    for name in ("link", "folder"):
        assert f"shakemaps/odd/1/{name}: only files are taken, no links" in done.stderr
    assert door.objects(prefix="odd/") == [f"odd/{n}/{file}" for n in (1, 2) for file in ("grid.xml", "output/a.txt")]
    above = rsync_to(door, f"{source}/1/grid.xml", "bmkg@127.0.0.1:")
    assert above.returncode == 23
    assert "Put files below one of these folders" in above.stderr
    told = rsync_to(door, "-aH", f"{source}/", "bmkg@127.0.0.1:shakemaps/odd/")
    assert told.returncode != 0
    assert "siaga: rsync's option -H is not taken here: leave it out" in told.stderr
    assert '"command": "rsync --server' in door.log.read_text()


@pytest.mark.usefixtures("confines")
def test_what_another_way_brought_is_not_sent_again_and_what_changed_is(door, source):
    assert door.sftp(f"put -pR {source}/1 shakemaps/mixed-ways\n").returncode == 0
    for name, changed in (("grid.xml", False), ("output/a.txt", True)):
        if changed:
            (source / "1" / name).write_text("changed")
    sent = rsync_to(door, "-ai", f"{source}/1/", "bmkg@127.0.0.1:shakemaps/mixed-ways/")
    changed = [line for line in sent.stdout.splitlines() if line.startswith("<f")]
    assert len(changed) == 1, sent.stdout
    assert re.fullmatch(
        r"<f\.st[.p]\.{5} output/a\.txt", changed[0]
    )  # p: what it may be read by means nothing in a bucket
    assert door.store().get(keys.SHAKEMAPS, "mixed-ways/output/a.txt")[0] == b"changed"
    assert len(list(door.store().versions(keys.SHAKEMAPS, "mixed-ways/grid.xml"))) == 1


def test_it_is_told_where_it_cannot_be_confined(tmp_path, monkeypatch):
    monkeypatch.setattr(rsync, "PROGRAM", "/usr/bin/no-such-program")
    (tmp_path / "tree").mkdir()
    with pytest.raises(BadInput, match="use sftp"):
        receiving._check_sandbox(tmp_path)


def test_of_many_folders_the_newest_are_shown(door, monkeypatch):
    store = door.store()
    for name in ("20180101/a", "20180102/a", "20180103/a", "20180103/b", "20180103/c"):
        store.put(keys.SHAKEMAPS_CORRECTED, f"history/{name}", b"x")
    monkeypatch.setattr(receiving, "MOST_FOLDERS", 2)
    monkeypatch.setattr(receiving, "MOST_SHOWN", 3)
    shown = receiving._listed(store, keys.SHAKEMAPS_CORRECTED, "history")
    assert [head.key for head in shown] == [f"history/20180103/{name}" for name in "abc"]
    monkeypatch.setattr(receiving, "MOST_SHOWN", 9)
    shown = receiving._listed(store, keys.SHAKEMAPS_CORRECTED, "history")
    assert [head.key for head in shown] == [
        f"history/{name}" for name in ("20180102/a", *(f"20180103/{n}" for n in "abc"))
    ]
    assert [head.key for head in receiving._listed(store, keys.SHAKEMAPS_CORRECTED, "history/20180101/a")] == [
        "history/20180101/a"
    ]


def test_trees_are_bounded_and_those_of_a_killed_door_go(tmp_path):
    kept = spool.Spool(tmp_path)
    made = [kept.staging(2) for _ in range(2)]
    with pytest.raises(BadInput, match="Too much"):
        kept.staging(2)
    kept.clean(starting=True)
    assert not any(folder.exists() for folder in made)
    assert kept.staging(2).is_dir()
