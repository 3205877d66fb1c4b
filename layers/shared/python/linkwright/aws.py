"""boto3 clients for all but DynamoDB, made when first used. HTTP endpoints hardly ever need one."""

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from linkwright import deadline
from linkwright.errors import Unavailable
from linkwright.settings import settings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient

CONNECT_TIMEOUT_S = 1
READ_TIMEOUT_S = 3
ATTEMPTS = 2
# A call that might outlast the function is not begun.
CALL_BUDGET_S = ATTEMPTS * (CONNECT_TIMEOUT_S + READ_TIMEOUT_S) + 1

# What no retry can mend; as `table.py` has it.
_PERMANENT = {"AccessDenied", "NoSuchBucket", "NoSuchKey"}

Result = TypeVar("Result")


@cache
def sqs() -> "SQSClient":
    client: SQSClient = _client("sqs")
    return client


@cache
def s3() -> "S3Client":
    # An emulator has one host for all buckets.
    style = "path" if settings().s3_endpoint else "virtual"
    client: S3Client = _client("s3", s3={"addressing_style": style})
    return client


@cache
def secrets_manager() -> "SecretsManagerClient":
    client: SecretsManagerClient = _client("secretsmanager")
    return client


def run(operation: Callable[[], Result]) -> Result:
    """Make one call of a client. Raises `Unavailable` for a fault that may pass."""
    from botocore.exceptions import BotoCoreError, ClientError

    if deadline.seconds_left() < CALL_BUDGET_S:
        raise Unavailable
    try:
        return operation()
    except ClientError as fault:
        if fault.response["Error"]["Code"] in _PERMANENT:
            raise
        raise Unavailable from fault
    except BotoCoreError as fault:
        raise Unavailable from fault


def presigned(url: str, service: str, expires_s: int) -> str:
    """The address with a signature in it, by which whoever has it may GET it for a while.

    botocore's signer alone: no client, whose service model is two thirds of what making one costs.
    """
    from botocore.auth import S3SigV4QueryAuth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import EnvProvider

    # Lambda gives a function its role's credentials in the environment.
    credentials = EnvProvider().load()
    if credentials is None:
        raise LookupError("no credentials in the environment")
    request = AWSRequest("GET", url)
    S3SigV4QueryAuth(credentials, service, settings().aws_region, expires_s).add_auth(request)
    return str(request.prepare().url)


def _client(service: str, **options: Any) -> Any:  # noqa: ANN401 -- boto3 makes its clients at run time
    # Imported here: boto3 is the dearest import there is, and most functions never need it.
    import boto3
    from botocore.config import Config

    return boto3.client(
        service,  # type: ignore[call-overload]
        config=Config(
            connect_timeout=CONNECT_TIMEOUT_S,
            read_timeout=READ_TIMEOUT_S,
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
            **options,
        ),
    )
