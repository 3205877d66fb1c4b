"""Rules on docs/security.md: it tells of all that keeps something, and tells it as it is."""

import re
from collections.abc import Callable, Iterator

from tests.template.checkout import Checkout, Json
from tests.template.rules_queues import DEFAULT_RETENTION_S

PAGE = "docs/security.md"
HEAD = "| where | what | encrypted by | kept for | read by |"
_DAY_S = 24 * 3600
_COLUMNS = 5


def _key_of_a_table(table: Json) -> str:
    return "a key of yours" if "SSESpecification" in table else "DynamoDB's key"


def _key_of_a_queue(queue: Json) -> str:
    if "KmsMasterKeyId" in queue:
        return "a key of yours"
    return "SQS's key" if queue.get("SqsManagedSseEnabled") is True else "nothing"


def _key_of_a_bucket(bucket: Json) -> str:
    is_aes = "'AES256'" in str(bucket.get("BucketEncryption"))
    return "S3's key" if is_aes else "a key of yours"


def _key_of_a_secret(secret: Json) -> str:
    return "a key of yours" if "KmsKeyId" in secret else "Secrets Manager's key"


def _key_of_a_key(key: Json) -> str:
    return "KMS itself" if key.get("EnableKeyRotation") is True else "KMS itself, always the same"


def _key_of_a_log(group: Json) -> str:
    return "a key of yours" if "KmsKeyId" in group else "CloudWatch's key"


def _key_of_a_topic(topic: Json) -> str:
    return "a key of yours" if "KmsMasterKeyId" in topic else "nothing"


# By what each type that keeps something is encrypted.
STORES: dict[str, Callable[[Json], str]] = {
    "AWS::DynamoDB::Table": _key_of_a_table,
    "AWS::SQS::Queue": _key_of_a_queue,
    "AWS::S3::Bucket": _key_of_a_bucket,
    "AWS::SecretsManager::Secret": _key_of_a_secret,
    "AWS::KMS::Key": _key_of_a_key,
    "AWS::Logs::LogGroup": _key_of_a_log,
    "AWS::SNS::Topic": _key_of_a_topic,
}


def what_is_stored_is_told(checkout: Checkout) -> Iterator[str]:
    told = rows(checkout)
    for kind in STORES:
        for name in sorted(set(checkout.of_type(kind)) - set(told)):
            yield f"{name}: {PAGE} has no row that tells what it keeps, and who may read it"
    for name, cells in told.items():
        if len(cells) != _COLUMNS or not all(cells):
            yield f"{name}: its row of {PAGE} has not {_COLUMNS} cells that say something"


def untrue(checkout: Checkout) -> Iterator[str]:
    """No rule: the things that break it break the rules of their types."""
    told = rows(checkout)
    for name in sorted(set(told) - {name for kind in STORES for name in checkout.of_type(kind)}):
        yield f"{name}: {PAGE} has a row for it, and the template has it not"
    for kind, key_of in STORES.items():
        for name, properties in checkout.of_type(kind).items():
            if len(told.get(name, [])) != _COLUMNS:
                continue
            _, _, encrypted, kept, _ = told[name]
            if encrypted != key_of(properties):
                yield f"{name}: is encrypted by {key_of(properties)}, {PAGE} says by {encrypted}"
            for word in _kept(kind, properties):
                if not re.search(rf"\b{word}\b", kept):
                    yield f"{name}: is kept for {word}, {PAGE} says for {kept}"


def _kept(kind: str, properties: Json) -> Iterator[str]:
    """What the time that something is kept for must speak of."""
    match kind:
        case "AWS::SQS::Queue":
            seconds = int(properties.get("MessageRetentionPeriod", DEFAULT_RETENTION_S))
            yield f"{seconds // _DAY_S} days"
        case "AWS::Logs::LogGroup":
            yield str(properties.get("RetentionInDays", {}).get("Ref"))
        case "AWS::S3::Bucket":
            for rule in properties.get("LifecycleConfiguration", {}).get("Rules", []):
                yield f"{rule['ExpirationInDays']}"
        case "AWS::DynamoDB::Table":
            recovery = properties.get("PointInTimeRecoverySpecification", {})
            is_on = recovery.get("PointInTimeRecoveryEnabled") is True
            yield "backups 35 days" if is_on else "no backups"


def rows(checkout: Checkout) -> dict[str, list[str]]:
    """The cells of each row of the table, by the resource that it is about."""
    _, _, table = checkout.read(PAGE).partition(f"{HEAD}\n")
    found = {}
    for line in table.split("\n\n")[0].splitlines()[1:]:
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        found[cells[0].strip("`")] = cells
    return found


RULES = (what_is_stored_is_told,)
