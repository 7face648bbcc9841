"""What is thinned: runs that no page shows and no receipt names; never one that is shown, unreadable or young."""

from datetime import timedelta

import pytest
from fixtures import entries, receipts
from support.site import Site

from siaga import keys, moment
from siaga.errors import SiagaError
from siaga.events import Notification
from siaga.keeping import retention

VERSION = "earthquake/20180805194635/initial-v001-aaaaaaaa"
SHOWN, OLD, OF_RECEIPT = "12345678", "00000001", "00000002"
LATER = timedelta(days=1)


@pytest.fixture
def filled(store):
    """One version with the run that is shown, one that was shown before, and one that a receipt names."""
    entries.put(store, entries.entry(run=SHOWN))
    for run in (SHOWN, OLD, OF_RECEIPT):
        for name in (keys.IMPACT, keys.REPORT, "report-id.pdf"):
            store.put(keys.RESULTS, f"{VERSION}/{run}/{name}", b"12345")
    store.put(keys.RESULTS, "earthquake/2/initial-v001-bbbbbbbb/00000003/impact.json", b"no entry names its version")
    content = Notification(keys.SHAKEMAPS, "20180805194635/grid.xml", "e")
    receipts.write(store, receipts.receipt(content, run=f"{VERSION}/{OF_RECEIPT}"))
    return store


def test_only_what_nothing_names_may_go_and_its_end_goes_first(filled):
    (run,) = retention.forgettable(filled, moment.now() + LATER)
    assert (run.folder, run.size) == (f"{VERSION}/{OLD}", 15)
    assert [key.rpartition("/")[2] for key in run.files] == [keys.IMPACT, keys.REPORT, "report-id.pdf"]
    assert list(retention.forgettable(filled, moment.now() - LATER)) == []
    entries.put(filled, entries.entry(run=OLD))  # somebody goes back to it meanwhile
    assert not retention.forget(filled, run)
    assert filled.exists(keys.RESULTS, f"{VERSION}/{OLD}/{keys.IMPACT}")


def test_an_entry_that_cannot_be_read_keeps_all_runs_of_its_version(filled):
    filled.put(keys.RESULTS, entries.put(filled, entries.entry()), b"damaged")
    assert list(retention.forgettable(filled, moment.now() + LATER)) == []


def test_a_receipt_that_cannot_be_read_stops_it(filled):
    key = keys.receipt("on-shakemap", "damaged")
    filled.put(keys.LEDGER, key, b"{")
    with pytest.raises(SiagaError, match=f"ledger/{key} cannot be read, so nothing is thinned"):
        list(retention.forgettable(filled, moment.now() + LATER))


def test_the_command_says_first_and_removes_when_asked(filled, minio, tmp_path):
    site = Site(tmp_path)
    site.environment |= {"SIAGA_STORE_URL": minio.store_url, "SIAGA_SECRETS": str(minio.secrets)}
    said = site.run("thin", "--days", "-1")
    assert f"may go  results/{VERSION}/{OLD}" in said
    assert "nothing was changed" in said
    assert filled.exists(keys.RESULTS, f"{VERSION}/{OLD}/{keys.IMPACT}")
    assert "earthquake: 1 runs" in site.run("thin", "--days", "-1", "--delete")
    left = {head.key.split("/")[3] for head in filled.list(keys.RESULTS, f"{VERSION}/")}
    assert left == {SHOWN, OF_RECEIPT}
    assert "nothing: every result is shown" in site.run("thin", "--days", "-1")
