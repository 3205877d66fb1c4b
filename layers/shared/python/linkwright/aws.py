"""Clients for all but DynamoDB, made when first used: boto3's, but where we make one call only."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from linkwright import deadline
from linkwright.errors import Unavailable
from linkwright.settings import settings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CONNECT_TIMEOUT_S = 1
READ_TIMEOUT_S = 3
ATTEMPTS = 2
# A call that might outlast the function is not begun.
CALL_BUDGET_S = ATTEMPTS * (CONNECT_TIMEOUT_S + READ_TIMEOUT_S) + 1

# What no retry can mend; as `table.py` has it.
_PERMANENT = {"AccessDenied", "NoSuchBucket", "NoSuchKey"}

Result = TypeVar("Result")


@cache
def s3() -> "S3Client":
    # An emulator has one host for all buckets.
    style = "path" if settings().s3_endpoint else "virtual"
    client: S3Client = _client("s3", s3={"addressing_style": style})
    return client


# KMS did not seal this, or not so.
_NOT_SEALED = ("InvalidCiphertextException", "IncorrectKeyException")
# SES will never take this mail.
# Of a tenant that is not there, lacks the identity, or that we may not use.
NO_TENANT = ("NotFoundException", "BadRequestException", "AccessDeniedException")
_IS_THERE = ("AlreadyExistsException",)
_NEVER_MAILED = ("MessageRejected", "MailFromDomainNotVerifiedException", "BadRequestException")


class SecretsManager:
    """The one call of it that is made, as boto3's client has it; boto3 would cost a callback half
    of its cold start.
    """

    def get_secret_value(self, *, SecretId: str) -> dict[str, Any]:  # noqa: N803 -- as boto3
        # Imported here, as boto3 is: HTTP is an eighth of an endpoint's cold start.
        from linkwright import aws_http

        at = _address("secretsmanager", settings().secrets_endpoint)
        wanted = {"SecretId": SecretId}
        target, missing = "secretsmanager.GetSecretValue", ("ResourceNotFoundException",)
        return aws_http.call(at, "secretsmanager", target, wanted, answers=missing)


@cache
def secrets_manager() -> SecretsManager:
    return SecretsManager()


class SQS:
    """As above; boto3's took a quarter of the CPU of a call's life."""

    def __init__(self) -> None:
        from linkwright import aws_http

        aws_http.prepare(_address("sqs", settings().sqs_endpoint))

    def send_message_batch(
        self,
        *,
        QueueUrl: str,  # noqa: N803
        Entries: Sequence[Mapping[str, object]],  # noqa: N803
    ) -> dict[str, Any]:
        from linkwright import aws_http

        at = _address("sqs", settings().sqs_endpoint)
        batch = {"QueueUrl": QueueUrl, "Entries": Entries}
        return aws_http.call(at, "sqs", "AmazonSQS.SendMessageBatch", batch, version="1.0")

    def send_message(self, **message: object) -> dict[str, Any]:
        from linkwright import aws_http

        at = _address("sqs", settings().sqs_endpoint)
        return aws_http.call(at, "sqs", "AmazonSQS.SendMessage", message, version="1.0")


class EventBridge:
    """As above; of one entry at a time."""

    def put_event(self, bus: str, source: str, event_type: str, detail: str) -> dict[str, Any]:
        """`bus` by its ARN. That the entry was not taken is an answer, by its `ErrorCode`.

        What is put on a bus that was deleted is taken too, and dropped.
        """
        from linkwright import aws_http

        at = _address("events", settings().events_endpoint)
        entry = {"EventBusName": bus, "Source": source, "DetailType": event_type, "Detail": detail}
        answer = aws_http.call(at, "events", "AWSEvents.PutEvents", {"Entries": [entry]})
        match answer:
            case {"Entries": [dict() as entry]}:
                return entry
        raise Unavailable


@cache
def event_bridge() -> EventBridge:
    return EventBridge()


@cache
def sqs() -> SQS:
    return SQS()


class KMS:
    """As above; keys and what is sealed are text here, in base64."""

    def __init__(self) -> None:
        from linkwright import aws_http

        aws_http.prepare(_address("kms", settings().kms_endpoint))

    def generate_data_key(self, **wanted: object) -> dict[str, Any]:
        return self._asked("GenerateDataKey", wanted)

    def decrypt(self, **wanted: object) -> dict[str, Any]:
        """What KMS did not seal so is an answer, by its `__type`."""
        return self._asked("Decrypt", wanted)

    def _asked(self, operation: str, wanted: Mapping[str, object]) -> dict[str, Any]:
        from linkwright import aws_http

        at = _address("kms", settings().kms_endpoint)
        return aws_http.call(at, "kms", f"TrentService.{operation}", wanted, answers=_NOT_SEALED)


@cache
def kms() -> KMS:
    return KMS()


class SES:
    """As above, its second version, which speaks REST."""

    def __init__(self) -> None:
        from linkwright import aws_http

        aws_http.prepare(_address("email", settings().ses_endpoint))

    def send_email(self, **wanted: object) -> dict[str, Any]:
        """That it takes no such mail is an answer, by its `__type`; of a tenant's, too, that this
        is not ready.
        """
        answers = _NEVER_MAILED + (NO_TENANT if "TenantName" in wanted else ())
        return self._posted("outbound-emails", wanted, answers)

    def create_tenant(self, **wanted: object) -> dict[str, Any]:
        return self._posted("tenants", wanted, _IS_THERE)

    def create_tenant_resource_association(self, **wanted: object) -> dict[str, Any]:
        return self._posted("tenants/resources", wanted, _IS_THERE)

    def _posted(
        self, what: str, wanted: dict[str, object], answers: tuple[str, ...]
    ) -> dict[str, Any]:
        from linkwright import aws_http

        at = _address("email", settings().ses_endpoint)
        return aws_http.post(at, "ses", f"/v2/email/{what}", wanted, answers)


@cache
def ses() -> SES:
    return SES()


def run(operation: Callable[[], Result]) -> Result:
    """Make one call of a client. Raises `Unavailable` for a fault that may pass."""
    if deadline.seconds_left() < CALL_BUDGET_S:
        raise Unavailable
    try:
        return operation()
    except Unavailable:
        raise
    except Exception as fault:
        if _may_pass(fault):
            raise Unavailable from fault
        raise


def _may_pass(fault: Exception) -> bool:
    # Imported here: the secret is asked for without it.
    from botocore.exceptions import BotoCoreError, ClientError

    if isinstance(fault, ClientError):
        return fault.response["Error"]["Code"] not in _PERMANENT
    return isinstance(fault, BotoCoreError)


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


def _address(service: str, endpoint: str | None) -> str:
    return endpoint or f"https://{service}.{settings().aws_region}.amazonaws.com"


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
