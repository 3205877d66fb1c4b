"""Rules on buckets: what is in them is the company's alone, and is forgotten in time."""

from collections.abc import Iterator

from linkwright.media import RETENTION_DAYS
from tests.template.checkout import Checkout, Json, listed, target

FOLDERS = ("recordings", "transcripts")
BUCKET = "AWS::S3::Bucket"
PUBLIC_ACCESS = (
    "BlockPublicAcls",
    "BlockPublicPolicy",
    "IgnorePublicAcls",
    "RestrictPublicBuckets",
)
ENCRYPTION = {"AES256", "aws:kms"}


def buckets_are_private(checkout: Checkout) -> Iterator[str]:
    for name, bucket in checkout.of_type(BUCKET).items():
        blocked = bucket.get("PublicAccessBlockConfiguration", {})
        for way in PUBLIC_ACCESS:
            if blocked.get(way) is not True:
                yield f"{name}: {way} is not true"
        owners = [rule.get("ObjectOwnership") for rule in _rules(bucket, "OwnershipControls")]
        if owners != ["BucketOwnerEnforced"]:
            yield f"{name}: ObjectOwnership is not BucketOwnerEnforced"
        if "AccessControl" in bucket:
            yield f"{name}: has an ACL"
        for statement in _statements(checkout, name):
            if statement["Effect"] != "Deny":
                yield f"{name}: its policy allows; rights belong in the blocks of functions"


def buckets_are_encrypted(checkout: Checkout) -> Iterator[str]:
    for name, bucket in checkout.of_type(BUCKET).items():
        configured = bucket.get("BucketEncryption", {}).get("ServerSideEncryptionConfiguration", [])
        found = {rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] for rule in configured}
        if not found or not found <= ENCRYPTION:
            yield f"{name}: is encrypted by {sorted(found)}"


def buckets_ask_for_tls(checkout: Checkout) -> Iterator[str]:
    for name in checkout.of_type(BUCKET):
        if not any(_refuses_plain_http(one, name) for one in _statements(checkout, name)):
            yield f"{name}: no policy denies everything that comes without TLS"


def _refuses_plain_http(statement: Json, bucket: str) -> bool:
    return (
        (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", "s3:*")
        and {target(one) for one in listed(statement["Resource"])} == {bucket, f"{bucket}/*"}
        and statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    )


def buckets_forget(checkout: Checkout) -> Iterator[str]:
    for name, bucket in checkout.of_type(BUCKET).items():
        rules = [rule for rule in _rules(bucket, "LifecycleConfiguration") if _is_for_all(rule)]
        if [rule.get("ExpirationInDays") for rule in rules] != [max(RETENTION_DAYS)]:
            yield f"{name}: what is in it does not expire after {max(RETENTION_DAYS)} days"
        sooner = {
            (rule.get("Prefix"), rule.get("ExpirationInDays"))
            for rule in _rules(bucket, "LifecycleConfiguration")
            if rule["Status"] == "Enabled" and "Prefix" in rule
        }
        for folder in FOLDERS:
            for days in sorted(set(RETENTION_DAYS) - {max(RETENTION_DAYS)}):
                if (f"{folder}/{days}-days/", days) not in sooner:
                    yield f"{name}: {folder} of {days} days do not expire then"
        if not any("AbortIncompleteMultipartUpload" in rule for rule in rules):
            yield f"{name}: keeps the parts of uploads that were cut off"


def _is_for_all(rule: Json) -> bool:
    return rule["Status"] == "Enabled" and not {"Prefix", "TagFilters"} & set(rule)


def buckets_outlive_the_stack(checkout: Checkout) -> Iterator[str]:
    for name in checkout.of_type(BUCKET):
        for policy in ("DeletionPolicy", "UpdateReplacePolicy"):
            if checkout.expanded["Resources"][name].get(policy) != "Retain":
                yield f"{name}: {policy} is not Retain"


def _rules(bucket: Json, of: str) -> list[Json]:
    found: list[Json] = bucket.get(of, {}).get("Rules", [])
    return found


def _statements(checkout: Checkout, bucket: str) -> list[Json]:
    """What the policies of a bucket say."""
    return [
        statement
        for policy in checkout.of_type("AWS::S3::BucketPolicy").values()
        if target(policy["Bucket"]) == bucket
        for statement in listed(policy["PolicyDocument"]["Statement"])
    ]


RULES = (
    buckets_are_private,
    buckets_are_encrypted,
    buckets_ask_for_tls,
    buckets_forget,
    buckets_outlive_the_stack,
)
