"""Broken buckets, and rights to what is in them."""

from tests.template import rules_access as access
from tests.template import rules_buckets as buckets
from tests.template.broken import block, breaks, drop, statements_of
from tests.template.checkout import Checkout


@breaks(buckets.buckets_are_private)
def a_bucket_that_may_become_public(checkout: Checkout) -> None:
    block(checkout, "MediaBucket")["PublicAccessBlockConfiguration"]["BlockPublicPolicy"] = False


@breaks(buckets.buckets_are_private)
def objects_that_are_their_writers(checkout: Checkout) -> None:
    del block(checkout, "MediaBucket")["OwnershipControls"]


@breaks(buckets.buckets_are_private)
def a_bucket_with_an_acl(checkout: Checkout) -> None:
    block(checkout, "MediaBucket")["AccessControl"] = "PublicRead"


@breaks(buckets.buckets_are_private)
def a_bucket_that_others_may_read(checkout: Checkout) -> None:
    denied = block(checkout, "MediaBucketPolicy")["PolicyDocument"]["Statement"]
    denied.append({**denied[0], "Effect": "Allow", "Action": "s3:GetObject"})


@breaks(buckets.buckets_are_encrypted)
def a_bucket_in_the_clear(checkout: Checkout) -> None:
    del block(checkout, "MediaBucket")["BucketEncryption"]


@breaks(buckets.buckets_ask_for_tls)
def a_bucket_without_a_policy(checkout: Checkout) -> None:
    drop(checkout, "MediaBucketPolicy")


@breaks(buckets.buckets_ask_for_tls)
def a_policy_on_the_bucket_alone(checkout: Checkout) -> None:
    (denied,) = block(checkout, "MediaBucketPolicy")["PolicyDocument"]["Statement"]
    denied["Resource"] = denied["Resource"][:1]


@breaks(buckets.buckets_ask_for_tls)
def a_policy_that_denies_tls(checkout: Checkout) -> None:
    (denied,) = block(checkout, "MediaBucketPolicy")["PolicyDocument"]["Statement"]
    denied["Condition"] = {"Bool": {"aws:SecureTransport": "true"}}


@breaks(buckets.buckets_forget)
def a_bucket_that_keeps_everything(checkout: Checkout) -> None:
    del block(checkout, "MediaBucket")["LifecycleConfiguration"]


@breaks(buckets.buckets_forget)
def a_bucket_that_forgets_a_part(checkout: Checkout) -> None:
    *_, rule = block(checkout, "MediaBucket")["LifecycleConfiguration"]["Rules"]
    rule["Prefix"] = "recordings/"


@breaks(buckets.buckets_forget)
def a_bucket_that_forgets_too_late(checkout: Checkout) -> None:
    rule, *_ = block(checkout, "MediaBucket")["LifecycleConfiguration"]["Rules"]
    rule["ExpirationInDays"] = 90


@breaks(buckets.buckets_forget)
def a_bucket_that_keeps_half_an_upload(checkout: Checkout) -> None:
    *_, rule = block(checkout, "MediaBucket")["LifecycleConfiguration"]["Rules"]
    del rule["AbortIncompleteMultipartUpload"]


@breaks(buckets.buckets_outlive_the_stack)
def a_bucket_deleted_with_its_stack(checkout: Checkout) -> None:
    checkout.raw["Resources"]["MediaBucket"]["DeletionPolicy"] = "Delete"


@breaks(access.resources_are_named)
def a_right_to_the_whole_bucket(checkout: Checkout) -> None:
    statements_of(checkout, "FollowUpCall")[2]["Resource"] = {"Fn::Sub": "${MediaBucket.Arn}/*"}
