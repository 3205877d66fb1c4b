"""What a function's process is like before its first event, and after it.

No endpoint loads boto3: its import alone takes longer than answering. Those who need the secret, as
callbacks to judge a signature, have read it by then.
"""

from collections.abc import Iterator

import pytest

from tests import stack as stacks
from tests.client import load, named
from tests.integration import imports
from tests.integration.cold_starts import ColdStarts, Start, cold_starts
from tests.integration.sample_events import sample
from tests.stack import EmulatedStack, Stack
from tests.template.rules_functions import is_http
from tools.template import Function, functions

# What was imported stays, so nobody looks through it for what can go.
READY = {"collects": True, "frozen": True}

CALLBACKS = [function for function in functions() if function.folder == "callbacks"]
CHANGE_WEBHOOKS = [
    function
    for function in functions()
    if function.file in {"create_webhook", "update_webhook", "rotate_secret"}
]
WITH_PACKAGES = [
    function
    for function in functions()
    if function.file in {"create_domain", "verify_domain", "check_mailbox"}
]
FOLLOW, UNLOCK = named("follow_link"), named("unlock_link")
WELL_KNOWN = named("get_well_known")
DRAW = named("get_qr")
OF_MAILS = {
    "get_weekly_summary": imports.EXPLAINS,
    "send_weekly_digest": imports.DIGESTS,
    "show_unsubscribing": imports.UNSUBSCRIBES,
    "unsubscribe_member": imports.UNSUBSCRIBES,
    "show_opt_out": imports.WRITES | imports.OPTS_OUT,
    "unsubscribe_lead": imports.WRITES | imports.OPTS_OUT,
}
OF_MAILBOXES = {
    **dict.fromkeys(("list_mailboxes", "delete_mailbox"), imports.MAILBOXES),
    "get_mailbox": imports.MAILBOXES | imports.RATES,
    "create_mailbox": imports.MAILBOXES | imports.CONNECTS_MAILBOXES,
    "update_mailbox": imports.MAILBOXES | imports.CONNECTS_MAILBOXES,
    "check_mailbox": imports.MAILBOXES | imports.CHECKS_MAILBOXES,
}
OF_AI = {"set_own_key": imports.SETS_OWN_KEYS, "get_agent_run": imports.SHOWS_RUNS}
ENDPOINTS = [one for one in functions() if is_http(one) and one not in CALLBACKS]
OTHERS = [one for one in functions() if one not in (*ENDPOINTS, *CALLBACKS)]


@pytest.fixture(scope="module")
def starts(stack: Stack, emulator: EmulatedStack) -> Iterator[ColdStarts]:
    """Another process sees nothing of what is in the memory of this one."""
    with stacks.in_place_of(stack, emulator) as used, cold_starts(used) as starts:
        yield starts


def listed(function: Function) -> frozenset[str]:
    """What it may load before it is ready: who reads needs less than who writes."""
    if function in (FOLLOW, UNLOCK):
        return imports.FOLLOWS | (imports.UNLOCKS if function == UNLOCK else frozenset())
    if function == WELL_KNOWN:
        return imports.FOLLOWS | imports.WELL_KNOWN
    names = imports.EVERY | imports.READS
    if function == DRAW:
        return names | imports.DRAWS
    if function in CALLBACKS:
        return names | imports.WRITES | imports.CALLBACKS
    if function in CHANGE_WEBHOOKS:
        return names | imports.WRITES | imports.CHANGES_WEBHOOKS
    if function in WITH_PACKAGES:
        names |= imports.WITH_PACKAGES
    names |= OF_MAILBOXES.get(function.file, frozenset())
    if function.file.startswith(("explain_", "run_agent")) or function.file in OF_MAILS:
        return names | OF_MAILS.get(function.file, imports.EXPLAINS)
    if function.folder == "ai":
        names |= OF_AI.get(function.file, frozenset())
        names |= imports.CHARGES if load(function).handler.contract.charge else imports.CREDITS
    if load(function).handler.contract.has_secret:
        names |= imports.SEALS
    return names if only_reads(function) else names | imports.WRITES


def only_reads(function: Function) -> bool:
    return {method for method, _ in function.routes} == {"GET"}


def loaded_later(start: Start, function: Function) -> set[str]:
    later = imports.LATER
    if function.file in imports.SHOW_EVENTS:
        later = (*later, imports.OF_EVENTS)
    return {name for name in start.later if not name.startswith(later)}


LISTED = [one for one in (*ENDPOINTS, *CALLBACKS) if one.folder != "console"]


@pytest.mark.parametrize("function", LISTED, ids=lambda function: function.file)
def test_all_that_is_loaded_is_listed(function: Function, starts: ColdStarts) -> None:
    loaded = imports.shown(starts.of(function).loaded) - listed(function)
    if function in WITH_PACKAGES:
        loaded = {name for name in loaded if name.startswith("linkwright")}
    assert loaded == set()


def test_nothing_is_listed_in_vain(starts: ColdStarts) -> None:
    readers = [one for one in LISTED if only_reads(one)]
    apart = (*readers, *CALLBACKS, *CHANGE_WEBHOOKS, FOLLOW, UNLOCK, WELL_KNOWN)
    writers = [one for one in LISTED if one not in apart]
    lists = {
        imports.EVERY | imports.READS: readers,
        imports.WRITES: writers,
        imports.CALLBACKS: CALLBACKS,
        imports.DRAWS: [DRAW],
        imports.FOLLOWS: [FOLLOW],
        imports.UNLOCKS: [UNLOCK],
        imports.WELL_KNOWN: [WELL_KNOWN],
        imports.SEALS: writers,
        imports.WITH_PACKAGES: WITH_PACKAGES,
        imports.CHANGES_WEBHOOKS: CHANGE_WEBHOOKS,
    }
    for names, those in lists.items():
        loaded = (imports.shown(starts.of(one).loaded) for one in those)
        assert names - set[str]().union(*loaded) == set()


@pytest.mark.parametrize("function", functions(), ids=lambda function: function.file)
def test_it_is_ready(function: Function, starts: ColdStarts) -> None:
    assert starts.of(function).ready == READY


@pytest.mark.parametrize("function", ENDPOINTS, ids=lambda function: function.file)
def test_an_endpoint_answers_and_loads_nothing_for_it(
    function: Function, starts: ColdStarts
) -> None:
    start = starts.of(function)
    assert start.answer["statusCode"] < 500
    assert (loaded_later(start, function), start.has_secret) == (set(), False)


@pytest.mark.parametrize("function", CALLBACKS, ids=lambda function: function.file)
def test_a_callback_answers_by_the_secret_that_it_has(
    function: Function, starts: ColdStarts
) -> None:
    start = starts.of(function)
    assert start.answer["statusCode"] in {200, 204}
    assert (loaded_later(start, function), start.has_secret) == (set(), True)


def test_a_secret_that_cannot_be_read_keeps_nothing_from_starting(starts: ColdStarts) -> None:
    callback, nobody = CALLBACKS[0], "http://127.0.0.1:1"
    away = {"AWS_ENDPOINT_URL_SECRETS_MANAGER": nobody}
    start = starts.start(callback, sample(callback), **away)
    assert (start.answer["statusCode"], start.has_secret) == (503, False)


@pytest.mark.parametrize("function", OTHERS, ids=lambda function: function.file)
def test_any_other_function_has_the_secret_if_it_needs_one(
    function: Function, starts: ColdStarts
) -> None:
    start = starts.of(function)
    assert start.has_secret == (function.file in {"dial_call", "follow_up_call"})
    if function.file == "relay_outbox":
        assert start.answer == {"batchItemFailures": []}
        assert "linkwright.aws_http" in start.loaded
        assert not {"boto3", "botocore"} & (start.loaded | start.later)
