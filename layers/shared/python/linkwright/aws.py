"""boto3 clients for all but DynamoDB, made when first used. HTTP endpoints never need one."""

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

CONNECT_TIMEOUT_S = 1
READ_TIMEOUT_S = 3
ATTEMPTS = 2


@cache
def sqs() -> "SQSClient":
    # Imported here: boto3 is the dearest import there is, and most functions never need it.
    import boto3
    from botocore.config import Config

    return boto3.client(
        "sqs",
        config=Config(
            connect_timeout=CONNECT_TIMEOUT_S,
            read_timeout=READ_TIMEOUT_S,
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
        ),
    )
