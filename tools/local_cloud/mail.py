"""The local cloud's mail: what its SES takes arrives at a host on this machine."""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mypy_boto3_sesv2 import SESV2Client

from tools import demo_mailbox
from tools.local_cloud.deployment import session
from tools.local_cloud.processes import is_free
from tools.mail_host import MailHost, start_mail_host

FOLDER = "mail"
DOMAIN = "linkwright.invalid"
MAIL_FROM = f"notices@{DOMAIN}"


def parameters(host: MailHost) -> dict[str, str]:
    return {"MailFrom": MAIL_FROM, "MailOauthUrl": f"{host.url}/token"}


def demo(host: MailHost) -> dict[str, str]:
    """The account that the demo workspace's mailbox is."""
    return {
        demo_mailbox.EMAIL_NAME: demo_mailbox.EMAIL,
        demo_mailbox.PASSWORD_NAME: host.accounts.add(demo_mailbox.EMAIL),
        demo_mailbox.SMTP_NAME: str(host.submission),
        demo_mailbox.IMAP_NAME: str(host.imap),
    }


@contextmanager
def start(directory: Path) -> Iterator[MailHost]:
    """A host with the letters of the runs before, on the ports of the first if they are free."""
    file = directory / "mail.json"
    kept: list[int] = json.loads(file.read_text()) if file.exists() else []
    with start_mail_host(directory / FOLDER, [one if is_free(one) else 0 for one in kept]) as host:
        if len(kept) < len(host.ports):
            file.write_text(json.dumps([*kept, *host.ports[len(kept) :]]))
        yield host


def verify(endpoint: str) -> None:
    """Have SES know who we are, as an operator does once."""
    client: SESV2Client = session().client("sesv2", endpoint_url=endpoint)
    for domain in (DOMAIN, demo_mailbox.DOMAIN):
        with suppress(client.exceptions.AlreadyExistsException):
            client.create_email_identity(EmailIdentity=domain)
