"""What the fragment of a URL tells Twilio of trying again, as the pretend carriers heed it.

The bounds and defaults are those of
https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides.
"""

import pytest

from linkwright.providers.telephony import OVERRIDES
from tools.carrier.overrides import Overrides, bare, failure, overrides

URL = "https://api.example.com/a?b=c"
DEFAULTS = Overrides(5, 15, 15, 1, frozenset({"ct"}))


def test_without_a_fragment_only_what_was_not_connected_is_tried_again_once() -> None:
    rules = overrides(URL)
    assert rules == DEFAULTS
    assert rules.asks_again("ct", 1, 5)
    assert not rules.asks_again("ct", 2, 10)
    assert not any(rules.asks_again(wrong, 1, 0) for wrong in ("rt", "4xx", "5xx", None))


def test_ours_are_within_the_bounds_and_try_again_on_any_failure() -> None:
    rules = overrides(f"{URL}#{OVERRIDES}")
    assert rules == Overrides(2, 10, 15, 3, frozenset({"all"}))
    for wrong in ("ct", "rt", "4xx", "5xx"):
        assert [rules.asks_again(wrong, tries, 0) for tries in range(1, 6)] == [True] * 3 + [
            False,
            False,
        ]
        assert not rules.asks_again(wrong, 1, 15)
    assert not rules.asks_again(None, 1, 0)


@pytest.mark.parametrize(
    "fragment",
    [
        "top",
        "rc=6",
        "rc=-1",
        "rc=x",
        "rp=3xx",
        "rp=5xx,any",
        "ct=99",
        "ct=10001",
        "rt=15001",
        "tt=0",
    ],
)
def test_what_twilio_would_not_take_leaves_its_default(fragment: str) -> None:
    assert overrides(f"{URL}#{fragment}") == DEFAULTS


def test_a_policy_has_several_failures() -> None:
    rules = overrides(f"{URL}#rc=5&rp=5xx,rt")
    assert rules.asks_again("5xx", 5, 0)
    assert rules.asks_again("rt", 1, 0)
    assert not rules.asks_again("ct", 1, 0)
    assert not rules.asks_again("4xx", 1, 0)


@pytest.mark.parametrize(
    ("status", "wrong"),
    [(200, None), (204, None), (302, None), (404, "4xx"), (429, "4xx"), (503, "5xx"), (None, "rt")],
)
def test_an_answer_is_a_failure_by_its_status(status: int | None, wrong: str | None) -> None:
    assert failure(status) == wrong


def test_the_fragment_is_no_part_of_what_is_asked() -> None:
    assert bare(f"{URL}#{OVERRIDES}") == URL
