"""What each user of our own MinIO may do: the least that its part needs."""

from collections.abc import Sequence

from siaga import keys

_MANIFEST = f"{keys.ANALYSIS_DATA}/{keys.MANIFEST}"
_SINGLE_FILES = {
    "gateway": (_MANIFEST,),  # to know which runs were made with other data
    "web": (
        _MANIFEST,
        f"{keys.ANALYSIS_DATA}/{keys.TILES}*",
        f"{keys.FLOODMAPS}/{keys.HOURS}*",
        f"{keys.FLOODMAPS}/{keys.OUTAGES}*",
        *(f"{bucket}/*/{keys.GRID}" for bucket in keys.SHAKEMAP_BUCKETS),  # that they are there: see inputs.listing
    ),
    "ash": (_MANIFEST, f"{keys.ANALYSIS_DATA}/places/*"),
    "operators": (_MANIFEST, f"{keys.ANALYSIS_DATA}/{keys.DATA_VERSIONS}*", f"{keys.ANALYSIS_DATA}/{keys.MAP_TILES}"),
}
_WRITTEN_FILES = {"operators": (_MANIFEST,)}  # which version of the analysis data counts
_OF_BUCKETS = ("s3:ListBucket", "s3:GetBucketLocation", "s3:ListBucketVersions")  # and not of what lies in them


def of(role: str) -> dict[str, object]:
    """The policy of a role: the least it needs."""
    shakemaps = (keys.SHAKEMAPS, keys.SHAKEMAPS_CORRECTED)
    shown = (keys.RESULTS, keys.LEDGER, keys.ANNOUNCEMENTS, keys.DECISIONS, keys.TEXTS)
    asked_for = (keys.ANNOUNCEMENTS, keys.TEXTS, keys.DECISIONS, *keys.ALERTS)  # that functions look at besides
    listing, versions, own = _OF_BUCKETS[:2], _OF_BUCKETS[2:], (keys.ACCOUNTS, keys.AUDIT)
    reading = ("s3:GetObject", "s3:GetObjectVersion")
    allowed: dict[str, list[tuple[tuple[str, ...], tuple[str, ...]]]] = {
        # clients look at what they have sent (HEAD), and some read it back: rclone, s3cmd sync, mc, boto3's waiters
        "bmkg": [(("s3:PutObject", "s3:GetObject"), shakemaps), (listing, shakemaps)],
        "door": [(("s3:PutObject", "s3:GetObject"), keys.INPUTS), (listing, keys.INPUTS)],
        "functions": [
            (reading, (*keys.INPUTS, keys.CANARY, keys.ANALYSIS_DATA, keys.RESULTS, *asked_for)),
            (("s3:PutObject",), (keys.FLOODMAPS, keys.RESULTS, keys.ANNOUNCEMENTS, keys.NOTIFICATIONS)),
            (("s3:DeleteObject",), (keys.NOTIFICATIONS,)),  # marks of what was held
            (listing, (*keys.INPUTS, keys.CANARY, keys.ANALYSIS_DATA, keys.RESULTS, *asked_for)),
        ],
        "ash": [(("s3:PutObject", "s3:GetObject"), (keys.ASHMAPS,)), (listing, (keys.ASHMAPS,))],
        "accounts": [(("s3:GetObject", "s3:PutObject"), own), (listing, own)],
        "operators": [
            (("s3:PutObject",), shakemaps),  # exercises, and maps that a program sends
            (("s3:GetObject", "s3:PutObject"), (keys.DECISIONS, keys.TEXTS, *keys.ALERTS)),
            (("s3:DeleteObject",), (keys.SUBSCRIPTIONS,)),
            (listing, (keys.DECISIONS, keys.TEXTS, keys.ANALYSIS_DATA, *keys.ALERTS)),  # else the absent is forbidden
        ],
        "gateway": [
            (reading, (*keys.INPUTS, keys.CANARY, keys.RESULTS, keys.LEDGER)),
            (("s3:PutObject", "s3:DeleteObject"), (keys.LEDGER, keys.CANARY)),
            (("s3:DeleteObject",), (f"{keys.RESULTS}/{keys.CANARY}", f"{keys.RESULTS}/{keys.canary_runs('*')}*")),
            ((*listing, *versions), (*keys.INPUTS, keys.CANARY, keys.RESULTS, keys.LEDGER)),
            (("s3:GetObject",), (keys.TEXTS, keys.DECISIONS)),  # which reports carry other lines than today's
            (listing, (keys.TEXTS, keys.DECISIONS, keys.NOTIFICATIONS)),  # the sweep looks for what wakes notify
            (("s3:PutObject",), (f"{keys.NOTIFICATIONS}/{keys.ASKED.rstrip('/')}",)),  # what operators are to hear
        ],
        "web": [
            (("s3:GetObject",), (keys.FLOODMAPS, *shown)),
            ((*listing, *versions), (*keys.INPUTS, *shown)),
        ],
    }
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": list(actions), "Resource": [_resource(actions, one) for one in into]}
            for actions, into in allowed[role]
        ]
        + [
            {"Effect": "Allow", "Action": [action], "Resource": [f"arn:aws:s3:::{path}"]}
            for action, files in (("s3:GetObject", _SINGLE_FILES), ("s3:PutObject", _WRITTEN_FILES))
            for path in files.get(role, ())
        ]
        + [_of_notices(role)],
    }


def _resource(actions: Sequence[str], bucket: str) -> str:
    """What actions are of: the bucket itself, or what lies in it."""
    return f"arn:aws:s3:::{bucket}" + ("" if set(actions) <= set(_OF_BUCKETS) else "/*")


def _of_notices(role: str) -> dict[str, object]:
    """That nobody but the gateway speaks to senders in its name."""
    return {
        "Effect": "Allow" if role == "gateway" else "Deny",
        "Action": ["s3:PutObject", "s3:DeleteObject"],
        "Resource": [f"arn:aws:s3:::{bucket}/*{kind}" for bucket in keys.SHAKEMAP_BUCKETS for kind in keys.NOTICES],
    }
