"""`make cluster-test` says in a sentence what is missing, before anything is made."""

import pytest
from chaos import cluster
from support.cluster import Cluster, Missing, images


@pytest.fixture(autouse=True)
def _nothing_is_named(monkeypatch, tmp_path):
    for name in ("CLUSTER_UP", "CLUSTER_DOWN", "CLUSTER_ENTER", "CLUSTER_VALUES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CLUSTER_IMAGES", "registry.example.id/siaga-team:0.1.0-a1b2c3")
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))


def test_the_images_have_the_names_that_the_chart_asks_for(monkeypatch):
    assert images()[0] == "registry.example.id/siaga-team/siaga/core:0.1.0-a1b2c3"
    monkeypatch.setenv("CLUSTER_IMAGES", "localhost:5000:latest")
    assert images()[2] == "localhost:5000/siaga/store:latest"
    monkeypatch.setenv("CLUSTER_IMAGES", ":latest")
    assert images()[1] == "siaga/function:latest"


@pytest.mark.parametrize("told", ["", "registry.example.id", "registry.example.id:5000/siaga", "localhost:"])
def test_images_without_a_tag_are_asked_for(told, monkeypatch):
    monkeypatch.setenv("CLUSTER_IMAGES", told)
    with pytest.raises(Missing, match="CLUSTER_IMAGES=registry:tag"):
        images()


def test_no_kubectl(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Missing, match="kubectl is not here"):
        Cluster(tmp_path).check()


def program(folder, monkeypatch, text):
    """A kubectl that says this and fails."""
    (kubectl := folder / "kubectl").write_text(f"#!/bin/sh\n{text}\n")
    kubectl.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def test_no_cluster_that_answers(monkeypatch, tmp_path):
    program(tmp_path, monkeypatch, "echo connection refused >&2; exit 1")
    with pytest.raises(Missing, match="no cluster answers: connection refused; see KUBECONFIG"):
        Cluster(tmp_path).check()


def test_a_namespace_of_somebody_is_not_touched(monkeypatch, tmp_path):
    program(tmp_path, monkeypatch, "echo True")
    with pytest.raises(Missing, match="has a namespace siaga already"):
        Cluster(tmp_path).check()


def test_a_cluster_that_does_not_start_is_ended_all_the_same(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("CLUSTER_UP", "exit 3")
    monkeypatch.setenv("CLUSTER_DOWN", f'echo "$IMAGES" >{tmp_path}/down')
    monkeypatch.setattr("sys.argv", ["cluster", "1"])
    assert cluster.main() == 2
    assert "CLUSTER_UP failed: exit 3" in capsys.readouterr().out
    assert (tmp_path / "down").read_text().split() == images()


def test_what_is_found_within_is_the_status(monkeypatch, tmp_path):
    monkeypatch.setenv("CLUSTER_ENTER", "sh -c exit\\ 1")
    monkeypatch.setattr("sys.argv", ["cluster", "1"])
    assert cluster.main() == 1
