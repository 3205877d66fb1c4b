"""Stopping a stack and letting it go on, at functions that are made up."""

from typing import Any

import pytest

from linkwright import clock
from tests.clocks import Hand
from tools import pause

FUNCTIONS = {"TakeTurn": "stack-TakeTurn-1", "GetCall": "stack-GetCall-1"}
MAPPINGS = {"DialCallQueue": "uuid-1", "RelayOutboxStream": "uuid-2"}


class Functions:
    """What Lambda knows of them; a source takes two looks to change."""

    def __init__(self) -> None:
        self.most: dict[str, int] = {}
        self.states = dict.fromkeys(MAPPINGS.values(), "Enabled")
        self.variables = {name: {"STAGE": "prod"} for name in FUNCTIONS.values()}
        self.done: list[str] = []

    def put_function_concurrency(self, **asked: Any) -> None:
        self.done.append("concurrency")
        self.most[asked["FunctionName"]] = asked["ReservedConcurrentExecutions"]

    def delete_function_concurrency(self, **asked: Any) -> None:
        self.done.append("concurrency")
        self.most.pop(asked["FunctionName"], None)

    def update_event_source_mapping(self, **asked: Any) -> None:
        self.done.append("source")
        self.states[asked["UUID"]] = "Enabling" if asked["Enabled"] else "Disabling"

    def get_event_source_mapping(self, **asked: Any) -> dict[str, str]:
        known = self.states[asked["UUID"]]
        self.states[asked["UUID"]] = {"Enabling": "Enabled", "Disabling": "Disabled"}.get(
            known, known
        )
        return {"State": known}

    def get_function_configuration(self, **asked: Any) -> dict[str, Any]:
        return {"Environment": {"Variables": dict(self.variables[asked["FunctionName"]])}}

    def update_function_configuration(self, **asked: Any) -> None:
        self.variables[asked["FunctionName"]] = asked["Environment"]["Variables"]


@pytest.fixture(autouse=True)
def hand(monkeypatch: pytest.MonkeyPatch) -> Hand:
    made = Hand(monkeypatch)
    monkeypatch.setattr(clock, "sleep", made.move)
    return made


@pytest.fixture
def there() -> Functions:
    return Functions()


def test_nothing_runs_and_nothing_is_handed_out_while_it_is_stopped(there: Functions) -> None:
    pause.pause(there, FUNCTIONS, MAPPINGS)
    assert there.most == dict.fromkeys(FUNCTIONS.values(), 0)
    assert set(there.states.values()) == {"Disabled"}
    # A message that finds its function stopped would count a try.
    assert there.done.index("concurrency") > max(
        at for at, what in enumerate(there.done) if what == "source"
    )


def test_it_goes_on_as_it_was(there: Functions) -> None:
    pause.pause(there, FUNCTIONS, MAPPINGS)
    pause.resume(there, FUNCTIONS, MAPPINGS, kept_free=0)
    assert (there.most, set(there.states.values())) == ({}, {"Enabled"})


def test_callbacks_have_their_room_again(there: Functions) -> None:
    pause.pause(there, FUNCTIONS, MAPPINGS)
    pause.resume(there, FUNCTIONS, MAPPINGS, kept_free=7)
    assert there.most == {"stack-TakeTurn-1": 7}


def test_renewing_changes_one_variable_of_each(there: Functions) -> None:
    pause.renew(there, FUNCTIONS, "2026-11-28T12:00:00Z")
    wanted = {"STAGE": "prod", pause.RENEWED: "2026-11-28T12:00:00Z"}
    assert there.variables == dict.fromkeys(FUNCTIONS.values(), wanted)
    assert there.most == {}
