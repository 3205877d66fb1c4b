"""A mail of ours, through the emulator's SES, to the mail host of this machine."""

import json
import time
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
from botocore.exceptions import ClientError

from linkwright import aws, settings
from linkwright.providers import mail
from linkwright.providers.mail import Mail, MailHeldUp
from linkwright.table import Table
from tests.stack import REGION
from tools import demo_mailbox
from tools.local_cloud import mail as local_mail
from tools.local_cloud.deployment import session
from tools.local_cloud.emulator import Emulator, start_ministack
from tools.mail_host import MailHost

PATIENCE_S = 30.0
TO = "owner@example.com"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}}],
}


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mail")


@pytest.fixture(scope="module")
def host(directory: Path) -> Iterator[MailHost]:
    with local_mail.start(directory) as host:
        yield host


@pytest.fixture(scope="module")
def ministack(directory: Path, host: MailHost) -> Iterator[Emulator]:
    with start_ministack(directory, enforce_roles=True, smtp=host.smtp) as ministack:
        # As each start does, the first or not.
        for _ in range(2):
            local_mail.verify(ministack.endpoint_url)
        yield ministack


@pytest.fixture
def layer(ministack: Emulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """The layer, as a function of the local cloud has it."""
    for name in (*(f"{table.upper()}_TABLE" for table in Table), "DOCS_URL", "STAGE"):
        monkeypatch.setenv(name, "local")
    monkeypatch.setenv("AWS_ENDPOINT_URL", ministack.endpoint_url)
    monkeypatch.setenv("MAIL_FROM", local_mail.MAIL_FROM)
    settings.settings.cache_clear()
    aws.ses.cache_clear()
    yield monkeypatch
    settings.settings.cache_clear()
    aws.ses.cache_clear()


def test_a_mailbox_of_the_demos_domain_mails_by_ses(ministack: Emulator) -> None:
    ses = session().client("sesv2", endpoint_url=ministack.endpoint_url)
    content = {"Raw": {"Data": f"From: news@{demo_mailbox.DOMAIN}\nTo: {TO}\n\nHi".encode()}}
    ses.send_email(FromEmailAddress=f"news@{demo_mailbox.DOMAIN}", Content=content)


def _arrived(host: MailHost, to: str = TO) -> dict[str, Any]:
    give_up_at = time.monotonic() + PATIENCE_S
    while time.monotonic() < give_up_at:
        found = httpx.get(f"{host.url}/messages", params={"to": to}).json()["messages"]
        if found:
            newest: dict[str, Any] = found[0]
            return newest
        time.sleep(0.05)
    raise AssertionError(f"nothing arrived within {PATIENCE_S} s")


def test_a_mail_arrives_whole(layer: pytest.MonkeyPatch, host: MailHost) -> None:
    said = Mail(
        TO,
        "ה-webhook שלך נכשל 👋",
        "שלום,\n.\nזה נכשל.\n",
        "<p>זה נכשל.</p>\n",
        headers={
            "X-Linkwright-Event": "webhook.failing",
            "List-Unsubscribe": "<https://a.example>",
        },
        tags={"kind": "webhook_failing"},
    )
    assert mail.send(said)
    arrived = _arrived(host)
    assert arrived["to"] == [TO]
    assert arrived["from"] == local_mail.MAIL_FROM
    assert (arrived["subject"], arrived["text"], arrived["html"]) == (
        said.subject,
        said.text,
        said.html,
    )
    headers = arrived["headers"]
    assert said.headers.items() <= headers.items()
    assert headers["Auto-Submitted"] == "auto-generated"
    assert headers["Message-ID"].endswith(f"@{local_mail.DOMAIN}>")


def test_a_sender_that_is_not_verified_holds_the_mail_up(layer: pytest.MonkeyPatch) -> None:
    layer.setenv("MAIL_FROM", "notices@stranger.example")
    settings.settings.cache_clear()
    with pytest.raises(MailHeldUp) as refused:
        mail.send(Mail(TO, "s", "t"))
    assert refused.value.reason == "sender_not_verified"


def test_what_is_no_raw_mail_arrives_as_the_emulator_makes_it(
    ministack: Emulator, host: MailHost
) -> None:
    to = "simple@example.com"
    _ses(ministack).send_email(
        FromEmailAddress=local_mail.MAIL_FROM,
        Destination={"ToAddresses": [to]},
        Content={"Simple": {"Subject": {"Data": "שלום"}, "Body": {"Text": {"Data": "טקסט"}}}},
    )
    assert _arrived(host, to)["subject"] == "שלום"


@pytest.mark.parametrize(
    ("action", "resource", "may"),
    [
        ("ses:SendRawEmail", "identity/*", True),
        ("ses:SendRawEmail", f"identity/{local_mail.DOMAIN}", True),
        ("ses:SendRawEmail", "identity/other.example", False),
        ("ses:SendEmail", "identity/*", False),
    ],
)
def test_a_raw_mail_is_a_right_of_its_own_on_the_sender(
    ministack: Emulator, action: str, resource: str, may: bool
) -> None:
    raw = EmailMessage()
    raw["From"], raw["To"], raw["Subject"] = local_mail.MAIL_FROM, TO, "s"
    raw.set_content("t")
    arn = f"arn:aws:ses:{REGION}:000000000000:{resource}"
    ses = _ses(ministack, {"Effect": "Allow", "Action": action, "Resource": arn})

    def send() -> None:
        ses.send_email(
            FromEmailAddress=local_mail.MAIL_FROM,
            Destination={"ToAddresses": ["rights@example.com"]},
            Content={"Raw": {"Data": raw.as_bytes()}},
        )

    if may:
        send()
    else:
        with pytest.raises(ClientError, match="AccessDenied"):
            send()


def _ses(ministack: Emulator, allowed: dict[str, str] | None = None) -> Any:
    """By somebody with this right, or with all."""
    at = {"region_name": REGION, "endpoint_url": ministack.endpoint_url}
    if allowed is None:
        return session().client("sesv2", **at)
    name = f"mailer-{time.monotonic_ns()}"
    iam = session().client("iam", **at)
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    policy = {"Version": "2012-10-17", "Statement": [allowed]}
    iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=json.dumps(policy))
    sts = session().client("sts", **at)
    taken = sts.assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
    return boto3.client(
        "sesv2",
        aws_access_key_id=taken["AccessKeyId"],
        aws_secret_access_key=taken["SecretAccessKey"],
        aws_session_token=taken["SessionToken"],
        **at,
    )
