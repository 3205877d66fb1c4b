"""What the template tells a function through its environment."""

import os
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple


class Settings(NamedTuple):
    stage: str
    core_table: str
    access_table: str
    idem_table: str
    clicks_table: str
    metrics_table: str
    ledger_table: str
    dial_queue_url: str
    event_queue_url: str
    follow_up_queue_url: str
    workspace_queue_url: str
    webhook_queue_url: str
    digest_queue_url: str
    mailbox_queue_url: str
    research_queue_url: str
    mail_queue_url: str
    run_queue_url: str
    webhook_arns: frozenset[str]
    media_bucket: str
    cors_origins: frozenset[str]
    docs_url: str
    clerk_issuer: str
    clerk_public_key: str
    clerk_key_id: str
    clerk_jwks_url: str
    clerk_authorized_parties: frozenset[str]
    clerk_allow_missing_azp: bool
    egress_allows_loopback: bool
    public_url: str
    api_url: str
    domain_name: str
    # Where domains of workspaces are to lead, names and addresses.
    domain_targets: tuple[str, ...]
    # As "127.0.0.1:5353"; those of the machine, if there are none.
    dns_servers: tuple[str, ...]
    behind_cloudfront: bool
    geo_file: str
    abuse_contact: str
    secret_arn: str
    kms_key_arn: str
    mail_from: str
    # The identity that tenants of SES send as; empty where there are none.
    mail_identity_arn: str
    # By which SES tells what becomes of a mail; of the worker alone that sends campaigns.
    mail_configuration_set: str
    # Where it tells that; of the worker alone that hears it.
    feedback_topic_arn: str
    dials_per_second: int
    model: str
    # In place of all vendors of models, of keys that are workspaces' own; in the local cloud alone.
    vendors_url: str
    # Of the local cloud's host of mail, which is a provider there alone.
    mail_oauth_url: str
    default_country: str
    aws_region: str
    dynamodb_endpoint: str | None
    s3_endpoint: str | None
    secrets_endpoint: str | None
    sqs_endpoint: str | None
    events_endpoint: str | None
    kms_endpoint: str | None
    ses_endpoint: str | None

    @property
    def base_path(self) -> str:
        """What stands before every path of ours at the public address; empty, or `/so`."""
        _, _, path = self.public_url.partition("://")[2].rstrip("/").partition("/")
        return path and f"/{path}"


@cache
def settings() -> Settings:
    """Read once per process, at first use."""
    env = os.environ
    return Settings(
        stage=env["STAGE"],
        core_table=env["CORE_TABLE"],
        access_table=env["ACCESS_TABLE"],
        idem_table=env["IDEM_TABLE"],
        clicks_table=env["CLICKS_TABLE"],
        metrics_table=env["METRICS_TABLE"],
        ledger_table=env["LEDGER_TABLE"],
        dial_queue_url=env.get("DIAL_QUEUE_URL", ""),
        event_queue_url=env.get("EVENT_QUEUE_URL", ""),
        follow_up_queue_url=env.get("FOLLOW_UP_QUEUE_URL", ""),
        workspace_queue_url=env.get("WORKSPACE_QUEUE_URL", ""),
        webhook_queue_url=env.get("WEBHOOK_QUEUE_URL", ""),
        webhook_arns=_list(env.get("WEBHOOK_ARNS", "")),
        media_bucket=env.get("MEDIA_BUCKET", ""),
        cors_origins=_list(env.get("CORS_ORIGINS", "")),
        docs_url=env["DOCS_URL"],
        clerk_issuer=env.get("CLERK_ISSUER", ""),
        clerk_public_key=env.get("CLERK_PUBLIC_KEY", ""),
        clerk_key_id=env.get("CLERK_KEY_ID", ""),
        clerk_jwks_url=env.get("CLERK_JWKS_URL", ""),
        clerk_authorized_parties=_list(env.get("CLERK_AUTHORIZED_PARTIES", "")),
        clerk_allow_missing_azp=env.get("CLERK_ALLOW_MISSING_AZP") == "true",
        egress_allows_loopback=env.get("EGRESS_ALLOW_LOOPBACK") == "true",
        public_url=env.get("PUBLIC_URL", ""),
        api_url=env.get("API_URL", ""),
        domain_name=env.get("DOMAIN_NAME", ""),
        domain_targets=tuple(filter(None, env.get("DOMAIN_TARGETS", "").split(","))),
        dns_servers=tuple(filter(None, env.get("DNS_SERVERS", "").split(","))),
        behind_cloudfront=env.get("BEHIND_CLOUDFRONT") == "true",
        geo_file=env.get("GEO_FILE", ""),
        abuse_contact=env.get("ABUSE_EMAIL") or env.get("MAIL_FROM", ""),
        secret_arn=env.get("SECRET_ARN", ""),
        kms_key_arn=env.get("KMS_KEY_ARN", ""),
        dials_per_second=int(env.get("DIALS_PER_SECOND", "1")),
        model=env.get("MODEL", "deterministic"),
        vendors_url=env.get("VENDORS_URL", "") if env["STAGE"] == "local" else "",
        mail_oauth_url=env.get("MAIL_OAUTH_URL", "") if env["STAGE"] == "local" else "",
        default_country=env.get("DEFAULT_COUNTRY", "US"),
        aws_region=env["AWS_REGION"],
        **_mail(env),
        **_slow_queues(env),
        **_endpoints(env),
    )


def _slow_queues(env: Mapping[str, str]) -> dict[str, Any]:
    """Of what takes its time: the mailer's work, digests, and runs of the agent."""
    return {
        "digest_queue_url": env.get("DIGEST_QUEUE_URL", ""),
        "mailbox_queue_url": env.get("MAILBOX_QUEUE_URL", ""),
        "research_queue_url": env.get("RESEARCH_QUEUE_URL", ""),
        "mail_queue_url": env.get("MAIL_QUEUE_URL", ""),
        "run_queue_url": env.get("RUN_QUEUE_URL", ""),
    }


def _mail(env: Mapping[str, str]) -> dict[str, Any]:
    return {
        "mail_from": env.get("MAIL_FROM", ""),
        "mail_identity_arn": env.get("MAIL_IDENTITY_ARN", ""),
        "mail_configuration_set": env.get("MAIL_CONFIGURATION_SET", ""),
        "feedback_topic_arn": env.get("FEEDBACK_TOPIC_ARN", ""),
    }


def _endpoints(env: Mapping[str, str]) -> dict[str, Any]:
    """Where AWS is, if it is not where it usually is."""
    every = env.get("AWS_ENDPOINT_URL")
    return {
        "dynamodb_endpoint": env.get("AWS_ENDPOINT_URL_DYNAMODB") or every,
        "s3_endpoint": env.get("AWS_ENDPOINT_URL_S3") or every,
        "secrets_endpoint": env.get("AWS_ENDPOINT_URL_SECRETS_MANAGER") or every,
        "sqs_endpoint": env.get("AWS_ENDPOINT_URL_SQS") or every,
        "events_endpoint": env.get("AWS_ENDPOINT_URL_EVENTBRIDGE") or every,
        "kms_endpoint": env.get("AWS_ENDPOINT_URL_KMS") or every,
        "ses_endpoint": env.get("AWS_ENDPOINT_URL_SESV2") or every,
    }


class Credentials(NamedTuple):
    access_key: str
    secret_key: str
    session_token: str | None

    def __repr__(self) -> str:
        return f"Credentials({self.access_key})"


def credentials() -> Credentials:
    """Those of the function's role, which Lambda gives it in the environment."""
    env = os.environ
    return Credentials(
        env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"], env.get("AWS_SESSION_TOKEN")
    )


def is_on_lambda() -> bool:
    """Or in the local cloud, which is as good as it."""
    return "AWS_LAMBDA_FUNCTION_NAME" in os.environ


def trace_header() -> str | None:
    """Of the event that is under way: Lambda sets it anew for each."""
    return os.environ.get("_X_AMZN_TRACE_ID")


def trace_id() -> str | None:
    header = trace_header()
    return header.partition(";")[0].replace("Root=", "") if header else None


def _list(text: str) -> frozenset[str]:
    return frozenset(filter(None, text.split(",")))
