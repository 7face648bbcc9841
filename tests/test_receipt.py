"""A notification is one value in job and receipt; what lies in ledger and job database stays readable."""

import json

import pytest
from fixtures import receipts

from gateway.job import Job, Progress
from siaga.errors import BadInput, reason
from siaga.events import Notification
from siaga.receipt import Receipt

CONTENT = Notification("shakemaps", "a b/grid.xml", "0123", "v1")
STORED = """{
 "attempts": 2,
 "bucket": "shakemaps",
 "etag": "0123",
 "event_id": "Lombok – exercise",
 "finished": "2018-08-05T12:01:02Z",
 "function": "on-shakemap",
 "key": "a b/grid.xml",
 "reason": null,
 "received": "2018-08-05T12:01:00Z",
 "run": "earthquake/x/initial-v001-aaaaaaaa/12345678",
 "schema": "siaga/receipt/1",
 "seconds": 0.5,
 "started": "2018-08-05T12:01:01Z",
 "state": "done",
 "version_id": "v1",
 "warnings": [
  {
   "template": "{n} cells",
   "text": "3 cells",
   "values": {
    "n": 3
   }
  }
 ]
}"""
JOB = {  # as the job database has held it since the second form of its rows
    "id": f"on-shakemap|{CONTENT.receipt_id}",
    "function": "on-shakemap",
    "priority": 7,
    "received": "2018-08-05T12:01:00Z",
    "bucket": "shakemaps",
    "key": "a b/grid.xml",
    "etag": "0123",
    "version_id": "v1",
    "method": "POST",
    "path": "/",
    "query": "",
    "headers": (),
    "body": b"",
    "callback": "",
    "asked": True,
}


def receipt(notification=CONTENT):
    return receipts.receipt(
        notification,
        run="earthquake/x/initial-v001-aaaaaaaa/12345678",
        event_id="Lombok – exercise",
        warnings=(reason("{n} cells", n=3),),
        attempts=2,
        started="2018-08-05T12:01:01Z",
        finished="2018-08-05T12:01:02Z",
        seconds=0.5,
    )


def test_the_ledger_holds_the_same_bytes_as_ever():
    assert receipt().encode().decode() == STORED
    assert receipt(Notification(**CONTENT.content(), asked=True)).encode().decode() == STORED
    assert Receipt.decode(STORED) == receipt()
    assert receipt().name == f"on-shakemap/{CONTENT.receipt_id}.json"


@pytest.mark.parametrize("lost", ["schema", "bucket", "etag", "warnings", "run"])
def test_what_is_no_receipt_is_said(lost):
    stored = json.loads(STORED)
    del stored[lost]
    for body in (json.dumps(stored), json.dumps([stored]), json.dumps(stored)[:-1]):
        with pytest.raises(BadInput, match="Not a receipt"):
            Receipt.decode(body)


def test_a_row_of_the_job_database_holds_the_same_values_as_ever():
    job = Job.of_stored(JOB)
    assert job.notification == Notification(**CONTENT.content(), asked=True)
    assert job.asked
    assert job.stored() == JOB
    assert Job.of_object("on-shakemap", job.notification, 7, JOB["received"]) == job


def test_a_plain_call_is_about_no_object():
    call = Job("call|f|1", "f", body=b"x")
    assert call.notification is None
    assert call.stored() == JOB | {
        "id": "call|f|1",
        "function": "f",
        "priority": call.priority,
        "received": call.received,
        "bucket": "",
        "key": "",
        "etag": "",
        "version_id": "",
        "body": b"x",
        "asked": False,
    }
    assert Job.of_stored(call.stored()) == call
    assert set(call.content.values()) == {""}
    assert Progress(**Progress().stored()) == Progress()
