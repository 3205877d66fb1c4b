"""What logs in to a mailbox: sealed with the mailbox's id, opened here alone, tried at its host."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from linkwright import sealing
from linkwright.egress_limits import Deadline
from linkwright.mailer.mailboxes import simulation
from linkwright.mailer.mailboxes.items import MailboxView
from linkwright.mailer.mailboxes.models import MailboxSmtp
from linkwright.providers.mailbox import imap, smtp, xoauth2
from linkwright.providers.mailbox.types import (
    Bearer,
    Failure,
    Login,
    MailboxFailed,
    Password,
    Server,
)
from linkwright.providers.mailbox.xoauth2 import Grant
from linkwright.table import ConditionFailed, Item, Key, Table, update

# Where TLS is begun by a word; everywhere else it is there from the first byte.
_STARTTLS_PORT = 587


class Outdated(Exception):
    """What logs in was changed since it was read."""


class Secrets(NamedTuple):
    """A password, or the secret and the refresh token of a grant."""

    password: str | None = None
    client_secret: str | None = None
    refresh_token: str | None = None

    def __repr__(self) -> str:
        return "Secrets()"


def secrets_of(wanted: MailboxSmtp) -> Secrets:
    if wanted.oauth is None:
        return Secrets(wanted.password.get_secret_value() if wanted.password else None)
    secret = wanted.oauth.client_secret
    return Secrets(
        client_secret=secret.get_secret_value() if secret else None,
        refresh_token=wanted.oauth.refresh_token.get_secret_value(),
    )


def seal(secrets: Secrets, partition: str, mailbox_id: str) -> str:
    """Raises `Unavailable`."""
    return sealing.seal(json.dumps(secrets._asdict()), partition, mailbox_id)


def reseal(sealed: str, secrets: Secrets, partition: str, mailbox_id: str) -> str:
    """Raises as `unseal` does."""
    return sealing.reseal(sealed, json.dumps(secrets._asdict()), partition, mailbox_id)


def unseal(sealed: str, partition: str, mailbox_id: str) -> Secrets:
    """Raises `Unavailable`, and `Unsealable`; in test mode always, as nobody is let in anywhere."""
    if simulation.is_simulated(partition):
        raise sealing.Unsealable
    return Secrets(**json.loads(sealing.unseal(sealed, partition, mailbox_id)))


def login(view: MailboxView, secrets: Secrets, within: Deadline) -> tuple[Login, Secrets]:
    """By which to log in, and the secrets as they are from now on. Raises `MailboxFailed`."""
    connection = view["smtp"]
    username = connection["username"]
    if connection["auth"] == "password":
        return Password(username, secrets.password or ""), secrets
    oauth = connection["oauth"]
    grant = Grant(
        oauth["provider"],
        oauth["client_id"],
        secrets.client_secret,
        secrets.refresh_token or "",
    )
    if not xoauth2.is_known(grant.provider):
        raise MailboxFailed(Failure.TOKEN_REFUSED)
    access = xoauth2.access(grant, within.left())
    onward = access.refresh_token or secrets.refresh_token
    return Bearer(username, access.token), secrets._replace(refresh_token=onward)


def log_in(partition: str, row: Item, within: Deadline) -> Login:
    """By which to log in to a mailbox as it is stored. A refresh token that the provider gives in
    place of the one before is kept before anything else is done: that one may be taken no more.

    Raises `MailboxFailed`, `Unsealable`, `Unavailable`, and `Outdated`.
    """
    secrets = unseal(row["sealed"], partition, row["sk"])
    by, onward = login(row["view"], secrets, within)
    if onward != secrets:
        sealed = reseal(row["sealed"], onward, partition, row["sk"])
        try:
            update(
                Table.CORE,
                Key(row["pk"], row["sk"]),
                "SET #sealed = :new",
                condition="#sealed = :seen",
                values={"new": sealed, "seen": row["sealed"]},
            )
        except ConditionFailed:
            raise Outdated from None
    return by


@contextmanager
def sending(view: MailboxView, by: Login, within: Deadline) -> Iterator[smtp.Session]:
    """Raises `MailboxFailed`."""
    host, port = view["smtp"]["host"], int(view["smtp"]["port"])
    server = Server(host, port, starts_plain=port == _STARTTLS_PORT)
    with smtp.logged_in(server, by, within) as session:
        yield session


@contextmanager
def reading(view: MailboxView, by: Login, within: Deadline) -> Iterator[imap.Session]:
    """Raises `MailboxFailed`."""
    server = Server(view["imap"]["host"], int(view["imap"]["port"]))
    with imap.logged_in(server, by, within) as session:
        yield session
