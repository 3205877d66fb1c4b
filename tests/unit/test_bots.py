"""Who is taken for a person; the oracle is a list of crawlers that others maintain."""

import pytest
from crawleruseragents import CRAWLER_USER_AGENTS_DATA, is_crawler

from linkwright.links.redirect import bots
from tests.agents import BOTS, BROWSERS, IN_APPS, PREVIEWS

# What of the list's own examples must be known. The rest, 8 of 2123, are browsers to us as well:
# an editor's, an app's, a phone whose number alone gives it away.
KNOWN = 0.99
EXAMPLES = sorted({one for kind in CRAWLER_USER_AGENTS_DATA for one in kind.get("instances", [])})


def _bot(agent: str, method: str = "GET", **headers: str) -> str | None:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return bots.judge(method, {"user-agent": agent, **named}).bot


@pytest.mark.parametrize("agent", IN_APPS + BROWSERS)
def test_a_browser_is_a_persons_also_within_an_app(agent: str) -> None:
    assert bots.judge("GET", {"user-agent": agent}) == (None, False)


@pytest.mark.parametrize("agent", BOTS + PREVIEWS)
def test_a_known_agent_is_none(agent: str) -> None:
    assert bots.judge("GET", {"user-agent": agent}) == (bots.KNOWN_AGENT, agent in PREVIEWS)


def test_there_are_twenty_of_each() -> None:
    assert len(set(IN_APPS)) >= 20
    assert len(set(BOTS + PREVIEWS)) >= 20


def test_the_maintained_list_is_known() -> None:
    assert len(EXAMPLES) > 2000
    missed = [agent for agent in EXAMPLES if _bot(agent) is None]
    assert len(missed) <= (1 - KNOWN) * len(EXAMPLES), missed


def test_the_maintained_list_takes_none_of_our_people_for_a_crawler() -> None:
    """Else it would be no oracle for them. To it an app's preview and its browser are the same."""
    taken = [agent for agent in IN_APPS + BROWSERS if is_crawler(agent)]
    assert [agent for agent in taken if " Viber/" not in agent] == []


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"sec_purpose": "prefetch;prerender"}, bots.PREFETCH),
        ({"sec_purpose": "prefetch"}, bots.PREFETCH),
        ({"purpose": "Prefetch"}, bots.PREFETCH),
        ({"x_moz": "prefetch"}, bots.PREFETCH),
        ({"sec_purpose": ""}, None),
        ({"sec_fetch_mode": "navigate"}, None),
    ],
)
def test_what_is_fetched_before_anybody_asks_is_none(
    said: dict[str, str], reason: str | None
) -> None:
    assert _bot(BROWSERS[0], **said) == reason


def test_the_first_reason_holds() -> None:
    assert _bot("", "HEAD", purpose="prefetch") == bots.HEAD
    assert _bot("", purpose="prefetch") == bots.PREFETCH
    assert _bot("") == _bot("  ") == bots.judge("GET", {}).bot == bots.NO_AGENT
    assert _bot(BOTS[0]) == bots.KNOWN_AGENT
