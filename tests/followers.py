"""Visitors who follow short links by the thousand, and know by themselves what they did."""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from linkwright import clock
from linkwright.table import Item
from tests import processes, shortlinks
from tests.clicks import AGENTS
from tests.factories import Workspace

_SECONDS = 30 * 3600
_BOT, _PREVIEW = "Googlebot/2.1", "Twitterbot/1.0"
_PEOPLE = [agent for agent in AGENTS if agent.startswith("Mozilla/")]


def follow(
    tenants: Sequence[Workspace],
    begin: datetime,
    number: int,
    chance: random.Random,
    monkeypatch: pytest.MonkeyPatch,
) -> list[Item]:
    """So many redirects within 30 hours; what is to be counted of them, as clicks are stored."""
    processes.forget()
    facts: tuple[Item, ...] = ({}, {"campaign": "lcmp_1"})
    links = [
        (tenant, known, *shortlinks.stored(tenant, **known))
        for tenant in tenants
        for known in facts
    ]
    counted: set[object] = set()
    seen: list[Item] = []
    for moment in sorted(chance.randrange(_SECONDS) for _ in range(number)):
        at = begin + timedelta(seconds=moment)
        monkeypatch.setattr(clock, "now", lambda at=at: at)
        tenant, of_link, alias, link = chance.choice(links)
        address = f"198.51.100.{chance.randrange(250)}"
        agent = chance.choice([*_PEOPLE * 3, _BOT, _PREVIEW])
        referrer = chance.choice(["", "news.example", "social.example"])
        is_scan = chance.random() < 0.2
        answer = shortlinks.ask(
            f"/{alias}?qr=1" if is_scan else f"/{alias}",
            agent=agent,
            address=address,
            headers={"Referer": f"https://{referrer}/a"} if referrer else {},
        )
        assert answer.status == 302, answer.raw
        visit = (link, address, agent, at.replace(minute=0, second=0, microsecond=0))
        is_person = agent in _PEOPLE
        if is_person and visit in counted:
            continue
        counted.add(visit)
        seen.append(
            {
                "partition": tenant.partition,
                "link": link,
                "at": clock.timestamp(at),
                "ua": agent,
                **of_link,
                **({"referrer": referrer} if referrer else {}),
                **({"qr": True} if is_scan else {}),
                **({} if is_person else {"bot": "known_agent"}),
                **({"kind": "preview"} if agent == _PREVIEW else {}),
            }
        )
    processes.forget()
    return seen
