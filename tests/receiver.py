"""Receivers of webhooks, in place of the network: what they were sent, and what they answer.

Whatever else is asked, as the carrier, is asked as ever.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest

from linkwright import egress
from linkwright.egress import Answer, EgressError, Refused
from tests import sites
from tests.factories import HOOK

URL = "https://hooks.example.com/in"
# Whoever is not one of them is no receiver.
_HOSTS = ("example.com", str(urlsplit(HOOK).hostname))


@dataclass(frozen=True)
class Received:
    url: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def json(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.body)
        return told


class InTurn(Executor):
    """In place of threads, whose order nobody can repeat."""

    def submit(self, do: Callable[..., Any], /, *given: Any, **named: Any) -> Future[Any]:
        done: Future[Any] = Future()
        done.set_result(do(*given, **named))
        return done


# What a receiver does with a message: a status, an answer, or a failure on the way.
Does = Callable[[Received], int | Answer | EgressError]


@dataclass
class Receivers:
    """All of them, by URL; one that nobody told what to do takes everything."""

    received: list[Received] = field(default_factory=list)
    does: dict[str, Does] = field(default_factory=dict)

    elsewhere: Callable[..., Answer] = egress.fetch

    def fetch(
        self, url: str, *, headers: Mapping[str, str], body: bytes = b"", **how: Any
    ) -> Answer:
        if sites.is_asked({"headers": headers}):
            return sites.fetch(url)
        if not str(urlsplit(url).hostname).endswith(_HOSTS):
            return self.elsewhere(url, headers=headers, body=body, **how)
        message = Received(url, {name.lower(): value for name, value in headers.items()}, body)
        self.received.append(message)
        done = self.does.get(url, lambda _: 204)(message)
        if isinstance(done, EgressError):
            raise done
        return Answer(done, {}, b"", url) if isinstance(done, int) else done

    def judge(self, url: str, **_: Any) -> None:
        if not url.startswith("https://") or "169.254" in url:
            raise Refused("the host has an address that is not public")

    def at(self, url: str = URL) -> list[Received]:
        return [message for message in self.received if message.url == url]

    def types(self, url: str = URL) -> list[str]:
        return [message.json["type"] for message in self.at(url)]


def answers(status: int, **headers: str) -> Does:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda message: Answer(status, named, b"", message.url)


@contextmanager
def receivers(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receivers]:
    made = Receivers(elsewhere=egress.fetch)
    monkeypatch.setattr(egress, "fetch", made.fetch)
    monkeypatch.setattr(egress, "judge", made.judge)
    yield made
