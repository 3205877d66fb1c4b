"""What some files of this folder share."""

from collections.abc import Iterator
from itertools import count

import pytest

from linkwright import settings
from linkwright.auth import Window
from linkwright.links.redirect import front
from linkwright.mailer.mailboxes import guessing
from tests import mailhost, nameserver, receiver
from tests.clocks import Hand
from tests.mailhost import Host
from tests.receiver import Receivers
from tests.stack import Stack

_NUMBERS = count(1)
ORIGIN_SECRET = "o" * 40


@pytest.fixture
def hand(monkeypatch: pytest.MonkeyPatch) -> Hand:
    """A clock that goes on only where the test moves it."""
    return Hand(monkeypatch)


@pytest.fixture
def receivers(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Iterator[Receivers]:
    """Whatever URLs webhooks are sent to."""
    with receiver.receivers(monkeypatch) as made:
        yield made


@pytest.fixture
def host(stack: Stack) -> Host:
    """At which all mailboxes are."""
    return mailhost.current()


@pytest.fixture
def trusted(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """A deployment behind CloudFront, and the header by which that is known."""
    monkeypatch.setenv("BEHIND_CLOUDFRONT", "true")
    settings.settings.cache_clear()
    front.forget()
    monkeypatch.setattr(front, "_read", lambda: [ORIGIN_SECRET.encode()])
    yield {front.HEADER: ORIGIN_SECRET}
    front.forget()
    monkeypatch.undo()
    settings.settings.cache_clear()


@pytest.fixture
def name() -> Iterator[str]:
    """A domain's name that no other test has, whose records go with the test."""
    one = f"n{next(_NUMBERS)}.shop.example.com"
    yield one
    nameserver.forget(one)
    nameserver.forget(f"_linkwright.{one}")


@pytest.fixture(autouse=True)
def _as_many_requests_as_it_takes(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who asks all routes by one key asks more often in a minute than a plan allows.

    The limit has `test_every_route_rate.py`.
    """
    name = request.module.__name__.rpartition(".")[2]
    if name != "test_every_route_rate" and name.startswith(("test_every_", "test_hostile_input")):
        monkeypatch.setattr(Window, "require", lambda _: None)


@pytest.fixture(autouse=True)
def _accounts_of_its_own(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """On tables that all tests share, each tries the log-ins of its own accounts."""
    account = guessing._account
    mine = f"{request.node.nodeid}\n"
    monkeypatch.setattr(guessing, "_account", lambda host, name: account(host, mine + name))
