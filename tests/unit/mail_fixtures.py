"""What tests of the clients of mailboxes trust: an authority of their own, and this machine."""

import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from linkwright import egress_dialling
from tests.unit.egress_network import Authority
from tests.unit.mail_servers import Host, Script, served

Serve = Callable[..., Host]


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture
def serve(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loopback: None
) -> Iterator[Serve]:
    """Starts a host with a script; its certificate is for `name`."""
    context = ssl.create_default_context(cadata=authority.pem())
    monkeypatch.setattr(egress_dialling, "tls", lambda: context)
    with ExitStack() as stack:

        def start(script: Script, *, name: str = "localhost", starts_plain: bool = False) -> Host:
            tls = authority.server(name, tmp_path)
            return stack.enter_context(served(Host(script, tls, starts_plain=starts_plain)))

        yield start
