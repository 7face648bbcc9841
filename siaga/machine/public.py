"""What anybody may read of the store by plain HTTP where its operator allows it: catalogue and products, nothing else.

A reader needs neither key nor web app, so the products are there while no web runs. Nobody may list or write by it.
"""

import json

from siaga import keys
from siaga.hazards import HAZARDS
from siaga.store import S3Client

_READ = (keys.CATALOG, *(f"{hazard}/" for hazard in HAZARDS))  # prefixes in bucket results


def allow(client: S3Client, allowed: bool) -> None:
    """Set or take away that right of everybody. client: boto3's, with the rights of root. Raises ClientError."""
    if not allowed:
        client.delete_bucket_policy(Bucket=keys.RESULTS)
        return
    readable = [f"arn:aws:s3:::{keys.RESULTS}/{prefix}*" for prefix in _READ]
    statement = {"Effect": "Allow", "Principal": {"AWS": ["*"]}, "Action": ["s3:GetObject"], "Resource": readable}
    client.put_bucket_policy(
        Bucket=keys.RESULTS, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    )
