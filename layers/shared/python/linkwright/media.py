"""What is too large for a table's item: objects in the media bucket, which is private.

An object is written before the item that names it, and always under the same key: one that no item
names does no harm.
"""

from datetime import timedelta
from urllib.parse import quote

from linkwright import aws, clock
from linkwright.errors import Unavailable
from linkwright.settings import settings

# For how many days an object may be kept: template.yaml has a lifecycle rule for each, by the first
# two parts of its key, which deletes it at some time after that.
RETENTION_DAYS = (30, 90, 365)
LINK_S = 900


def key(folder: str, days: int, name: str) -> str:
    """The key of what is kept for so many days."""
    return f"{folder}/{days}-days/{name}"


def put(key: str, body: bytes, content_type: str) -> None:
    """Write an object, over whatever was there. Raises `Unavailable`."""
    answer = aws.run(
        lambda: aws.s3().put_object(
            Bucket=settings().media_bucket, Key=key, Body=body, ContentType=content_type
        )
    )
    # S3 always names what it has stored. Without that it is not S3's answer.
    if "ETag" not in answer:
        raise Unavailable


def get(key: str) -> bytes:
    """Read an object. Raises `Unavailable`."""
    return aws.run(
        lambda: aws.s3().get_object(Bucket=settings().media_bucket, Key=key)["Body"].read()
    )


def delete(key: str) -> None:
    """Delete an object, if there is one. Raises `Unavailable`."""
    answer = aws.run(lambda: aws.s3().delete_object(Bucket=settings().media_bucket, Key=key))
    if answer["ResponseMetadata"]["HTTPStatusCode"] != 204:
        raise Unavailable


def link(key: str) -> tuple[str, str]:
    """An address that shows the object to whoever has it, and until when."""
    bucket, path = settings().media_bucket, quote(key)
    endpoint = settings().s3_endpoint
    # An emulator has one host for all buckets.
    base = f"{endpoint}/{bucket}" if endpoint else _host(bucket)
    # Before it is signed: it may hold a moment longer than we say, and never shorter.
    until = clock.timestamp(clock.now() + timedelta(seconds=LINK_S))
    return aws.presigned(f"{base}/{path}", "s3", LINK_S), until


def _host(bucket: str) -> str:
    return f"https://{bucket}.s3.{settings().aws_region}.amazonaws.com"
