"""The host: SMTP by aiosmtpd and IMAP by pymap, on a loop in a thread, and the page on a server of
its own.
"""

import asyncio
import logging
import ssl
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from tools.mail_host import certificate, page
from tools.mail_host.accounts import Accounts, Manners
from tools.mail_host.delivery import Delivery
from tools.mail_host.imap import Imap, Mailboxes
from tools.mail_host.letters import Letters
from tools.mail_host.submission import Submission
from tools.serving import serve

HOST = "127.0.0.1"
LETTER_BYTES = 40 * 1024 * 1024
# Of HTTP, of SMTP for SES's letters, of submission over TLS and by STARTTLS, of IMAP.
PORTS = 5
_POLL_S = 0.02
# It warns of what its own next version will do.
logging.getLogger("mail.log").setLevel(logging.ERROR)
_WAIT_S = 10


@dataclass(frozen=True)
class MailHost:
    """`url` shows what came to `smtp`, a host and a port. Accounts send by `submission`, which is
    over TLS, or by `starttls`, and read by `imap`; a program trusts it by `authorities`.
    """

    url: str
    smtp: str
    ports: tuple[int, ...]
    letters: Letters
    accounts: Accounts
    manners: Manners
    authorities: Path
    loop: asyncio.AbstractEventLoop = field(repr=False)
    mailboxes: Mailboxes = field(repr=False)

    @property
    def submission(self) -> int:
        return self.ports[2]

    @property
    def starttls(self) -> int:
        return self.ports[3]

    @property
    def imap(self) -> int:
        return self.ports[4]

    def reset(self, address: str) -> None:
        """Number an account's inbox anew."""
        _run(self.loop, self.mailboxes.reset(address))


@contextmanager
def start_mail_host(folder: Path, ports: Sequence[int] = ()) -> Iterator[MailHost]:
    """A host on loopback, until the end of the block; of its ports 0 is a free one."""
    wanted = [*ports, *[0] * PORTS][:PORTS]
    letters = Letters(folder)
    accounts, manners = Accounts(folder / "accounts"), Manners()
    tls = certificate.context(folder)
    mailboxes = Mailboxes(accounts)
    delivery = Delivery(letters, accounts, manners, mailboxes)
    with _loop() as loop:

        def post(said: dict[str, Any]) -> str:
            answer: str = _run(loop, delivery.post(said))
            return answer

        shown = page.handler(letters, accounts, post)
        with page.Server((HOST, wanted[0]), shown) as server:
            _run(loop, delivery.recall())
            submission = Submission(accounts, manners, delivery.deliver)
            listening = _run(loop, _listen(letters, submission, tls, wanted[1:4]))
            imap = Imap(accounts, mailboxes)
            listening.append(_run(loop, imap.listen(HOST, wanted[4], tls)))
            thread = Thread(target=serve, args=(server, _POLL_S), daemon=True)
            thread.start()
            try:
                url = f"http://{HOST}:{server.server_port}"
                opened = [one.sockets[0].getsockname()[1] for one in listening]
                yield MailHost(
                    url=url,
                    smtp=f"{HOST}:{opened[0]}",
                    ports=(server.server_port, *opened),
                    letters=letters,
                    accounts=accounts,
                    manners=manners,
                    authorities=certificate.bundle(folder),
                    loop=loop,
                    mailboxes=mailboxes,
                )
            finally:
                server.shutdown()
                thread.join()
                for one in listening:
                    loop.call_soon_threadsafe(one.close)


class _Taking:
    """What aiosmtpd asks of whoever takes letters."""

    def __init__(self, letters: Letters) -> None:
        self._letters = letters

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content
        assert isinstance(content, bytes)  # noqa: S101 -- as long as nothing is decoded
        self._letters.add(envelope.mail_from or "", envelope.rcpt_tos, content)
        return "250 OK"


async def _listen(
    letters: Letters, submission: Submission, tls: ssl.SSLContext, ports: Sequence[int]
) -> list[asyncio.Server]:
    # Not by its Controller, which has a thread for each listener. No host name: that asks DNS.
    def taking() -> SMTP:
        return SMTP(_Taking(letters), **_SMTP)

    def sending() -> SMTP:
        # Of a port that is TLS from its first byte it does not know that it is.
        return SMTP(
            submission,
            authenticator=submission.authenticator,
            auth_require_tls=False,
            **_SMTP,
        )

    def upgrading() -> SMTP:
        return SMTP(
            submission,
            authenticator=submission.authenticator,
            tls_context=tls,
            require_starttls=True,
            **_SMTP,
        )

    serve = asyncio.get_running_loop().create_server
    return [
        await serve(taking, HOST, ports[0]),
        await serve(sending, HOST, ports[1], ssl=tls),
        await serve(upgrading, HOST, ports[2]),
    ]


_SMTP: dict[str, Any] = {
    "hostname": "localhost",
    "data_size_limit": LETTER_BYTES,
    "enable_SMTPUTF8": True,
}


def _run(loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, Any]) -> Any:  # noqa: ANN401
    return asyncio.run_coroutine_threadsafe(work, loop).result(_WAIT_S)


@contextmanager
def _loop() -> Iterator[asyncio.AbstractEventLoop]:
    """One that runs in a thread; at its end, nothing of it is left."""
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield loop
    finally:
        asyncio.run_coroutine_threadsafe(_end_all(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _end_all() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
