"""The rules hold for this repository, and each of them can fail."""

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.template import (
    broken_alarms,
    broken_buckets,
    broken_carrier,
    broken_code,
    broken_dashboard,
    broken_data,
    broken_functions,
    broken_keys,
    broken_stores,
    rules_access,
    rules_alarms,
    rules_buckets,
    rules_carrier,
    rules_code,
    rules_dashboard,
    rules_functions,
    rules_keys,
    rules_lock,
    rules_queues,
    rules_routes,
    rules_settings,
    rules_stores,
    rules_tables,
)
from tests.template.broken import BROKEN, Broken, rewrite
from tests.template.checkout import Checkout, real
from tests.template.rules_routes import event_file
from tools import routes

Rule = Callable[[Checkout], Iterator[str]]

RULES: list[Rule] = [
    *rules_functions.RULES,
    *rules_access.RULES,
    *rules_queues.RULES,
    *rules_alarms.RULES,
    *rules_dashboard.RULES,
    *rules_tables.RULES,
    *rules_buckets.RULES,
    *rules_stores.RULES,
    *rules_keys.RULES,
    *rules_carrier.RULES,
    *rules_settings.RULES,
    *rules_routes.RULES,
    *rules_code.RULES,
    *rules_lock.RULES,
]
# Importing them is what registers the broken checkouts.
assert broken_functions, broken_data
assert broken_code, broken_buckets
assert broken_alarms, broken_dashboard
assert broken_stores, broken_keys
assert broken_carrier
# A broken checkout is made of these and what is theirs: some of each kind, however many there are.
KEPT = {
    *("AnswerUnmatched", "GetWhoami", "GetAgent", "GetSettings", "GetCall", "ListCalls"),
    *("PlaceCall", "NoteStatus", "TakeTurn", "SuggestAlias"),
    *("DialCall", "FollowUpCall", "UpdateWorkspace", "DeliverWebhook", "RelayOutbox"),
    *("CountClicks", "SweepOverdue", "ForgetVisits"),
}


@cache
def pruned() -> Checkout:
    few = real().copy()
    resources = few.raw["Resources"]
    for function in real().functions:
        if function.logical_id not in KEPT:
            del resources[function.logical_id]
            del few.files[few.source(function)]
            del few.files[event_file(function)]
    for role in real().roles_of_functions() - few.roles_of_functions():
        del resources[role]
    # What it knows of itself is of before.
    return few.copy()


@cache
def at_first() -> dict[str, list[str]]:
    """What a part of the repository lacks of the whole."""
    return {rule.__name__: list(rule(pruned())) for rule in RULES}


def findings(checkout: Checkout) -> dict[str, list[str]]:
    """What each rule finds in a changed checkout that it did not at first; nothing if nothing."""
    said = {rule.__name__: list(rule(checkout)) for rule in RULES}
    new = {
        name: [one for one in found if one not in at_first()[name]] for name, found in said.items()
    }
    return {name: found for name, found in new.items() if found}


@pytest.fixture
def checkout() -> Checkout:
    """One that may be broken."""
    return pruned().copy()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_repository_follows(rule: Rule) -> None:
    found = [*rule(real())]
    assert not found, "\n".join(["", *found])


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.name)
def test_only_the_rule_for_it_finds(broken: Broken, checkout: Checkout) -> None:
    broken.change(checkout)
    assert set(findings(checkout)) == {broken.rule}


def test_every_rule_has_something_broken_to_find() -> None:
    names = [rule.__name__ for rule in RULES]
    assert len(set(names)) == len(names)
    assert {broken.rule for broken in BROKEN} == set(names)


def test_every_module_of_rules_is_used() -> None:
    modules = {path.stem for path in Path(__file__).parent.glob("rules_*.py")}
    assert {rule.__module__.rpartition(".")[2] for rule in RULES} == modules


def test_routes_json_is_what_its_tool_writes() -> None:
    assert routes.TARGET.read_text() == routes.rendered(), "run `make generate`"


def test_a_change_that_changes_nothing_is_no_fixture(checkout: Checkout) -> None:
    with pytest.raises(AssertionError, match="is not in"):
        rewrite(checkout, "uv.lock", "not in any lock", "")
