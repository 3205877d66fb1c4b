"""The host: SMTP by aiosmtpd, on a loop in a thread, and the page on a server of its own."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

from aiosmtpd.smtp import SMTP, Envelope, Session

from tools.mail_host import page
from tools.mail_host.letters import Letters

HOST = "127.0.0.1"
LETTER_BYTES = 40 * 1024 * 1024
_POLL_S = 0.02


@dataclass(frozen=True)
class MailHost:
    """`url` shows what came to `smtp`, a host and a port."""

    url: str
    smtp: str
    letters: Letters

    @property
    def ports(self) -> tuple[int, int]:
        return int(self.url.rpartition(":")[2]), int(self.smtp.rpartition(":")[2])


@contextmanager
def start_mail_host(folder: Path, ports: tuple[int, int] = (0, 0)) -> Iterator[MailHost]:
    """A host on loopback, until the end of the block; ports of HTTP and SMTP, 0 for a free one."""
    letters = Letters(folder)
    with page.Server((HOST, ports[0]), page.handler(letters)) as server, _loop() as loop:
        taking = asyncio.run_coroutine_threadsafe(_listen(letters, ports[1]), loop).result()
        smtp_port = taking.sockets[0].getsockname()[1]
        thread = Thread(target=server.serve_forever, args=(_POLL_S,), daemon=True)
        thread.start()
        try:
            url = f"http://{HOST}:{server.server_port}"
            yield MailHost(url, f"{HOST}:{smtp_port}", letters)
        finally:
            server.shutdown()
            thread.join()
            loop.call_soon_threadsafe(taking.close)


class _Taking:
    """What aiosmtpd asks of whoever takes letters."""

    def __init__(self, letters: Letters) -> None:
        self._letters = letters

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content
        assert isinstance(content, bytes)  # noqa: S101 -- as long as nothing is decoded
        self._letters.add(envelope.mail_from or "", envelope.rcpt_tos, content)
        return "250 OK"


async def _listen(letters: Letters, port: int) -> asyncio.Server:
    # Not by its Controller, which has a thread for each listener. No host name: that asks DNS.
    def protocol() -> SMTP:
        return SMTP(
            _Taking(letters),
            hostname="localhost",
            data_size_limit=LETTER_BYTES,
            enable_SMTPUTF8=True,
        )

    return await asyncio.get_running_loop().create_server(protocol, HOST, port)


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
