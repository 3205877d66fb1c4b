"""What the tests plant is found wherever it leaks: each of these leaks is one."""

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest

from linkwright import audit, auth, exchange
from linkwright.errors import Conflict
from linkwright.jobs import Work
from linkwright.links.redirect import clicks, visitors
from linkwright.links.redirect.visitors import Visitor
from linkwright.table import Key
from linkwright.voice.compliance import rules
from tests import planted, pump, shortlinks, webhooks
from tests.client import Context, invoke, stream_event
from tests.clocks import Hand
from tests.factories import CALLEE, Workspace
from tests.integration.logs import logged
from tests.planted import ADDRESS, KEY, NUMBER, SECRET, SESSION, VISITOR
from tests.stack import Stack

TOKEN = f"lk_live_{'a' * 49}"
JWT = f"eyJ{'a' * 20}.eyJ{'b' * 40}.{'c' * 40}"
# From each network that is for documentation: what who follows a link is given as an address.
VISITORS = ["192.0.2.44", "198.51.100.44", "203.0.113.44", "2001:db8:1::44", "2001:0db8::1"]
Found = Callable[[], list[str]]


@pytest.fixture
def found() -> Iterator[Found]:
    """What was found; the test that asked for it is not judged by it."""

    def taken() -> list[str]:
        texts = list(planted.FOUND)
        planted.FOUND.clear()
        return texts

    assert taken() == []
    yield taken
    taken()


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (KEY, TOKEN),
        (SECRET, webhooks.secret_of(webhooks.BILLING)),
        (SECRET, "token-of-the-carrier-account"),
        (SESSION, JWT),
        (NUMBER, CALLEE),
        (NUMBER, CALLEE.replace("+", "%2B")),
        (ADDRESS, "dana@example.com"),
        *((VISITOR, one) for one in VISITORS),
    ],
)
def test_each_kind_is_found_and_not_said_again(kind: str, text: str) -> None:
    (leak,) = set(planted.leaks(f"calling {text}, at once"))
    assert leak == f"{kind}, after 'calling '"
    assert text not in leak
    assert list(planted.leaks(f"calling {text}, at once", frozenset({kind}))) == []


@pytest.mark.parametrize("text", [f"sip:{CALLEE}@pbx", f"to{CALLEE}", f"{CALLEE}@pbx"])
def test_a_number_is_found_in_whatever_it_stands(text: str) -> None:
    (leak,) = planted.leaks(text)
    assert leak.startswith(NUMBER)


@pytest.mark.parametrize(
    "text",
    [
        *("+972…4567", "2026-11-28T10:00:00+00:00", "lk_live_…", "CA" + "1" * 32, "a@b", "1e+10"),
        *("bounce+87654321@localhost", "bounce%2B87654321%40localhost"),
    ],
)
def test_what_is_masked_or_something_else_is_none(text: str) -> None:
    assert list(planted.leaks(text)) == []


def test_a_log_line_with_the_credential_is_found(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, found: Found
) -> None:
    tell = exchange.tell
    said = {"token": workspace.client.token}
    monkeypatch.setattr(exchange, "tell", lambda text, facts: tell(text, {**facts, **said}))
    with logged():
        workspace.client.get("/v1/whoami")
    (leak,) = found()
    assert leak.startswith(f"the log holds {KEY}, after ")


def test_a_key_that_is_kept_as_it_is_is_found(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, found: Found
) -> None:
    monkeypatch.setattr(auth, "api_key", lambda token: Key(f"KEY#{token}", "META"))
    workspace.key()
    assert any(leak.startswith("an item KEY of ") and KEY in leak for leak in found())


def test_an_error_that_says_the_number_is_found(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, found: Found
) -> None:
    refusal = Conflict(f"{CALLEE} is listed.", reason="do_not_call")
    monkeypatch.setattr(rules, "error", lambda _: refusal)
    workspace.never_call(CALLEE)
    assert workspace.place(workspace.agent(), to=CALLEE).status == 409
    (leak,) = found()
    assert leak.startswith(f"the answer 409 to POST /v1/voice/calls holds {NUMBER}, after ")


def test_a_message_with_a_number_is_found(
    stack: Stack, workspace: Workspace, monkeypatch: pytest.MonkeyPatch, found: Found
) -> None:
    message = Work.message
    told = f', "to": "{CALLEE}"}}'
    monkeypatch.setattr(Work, "message", lambda work: message(work).replace("}", told))
    workspace.placed()
    pump.relay(stack, workspace.id)
    assert stack.received("DialQueue", workspace.id)
    assert any(leak.startswith(f"a message holds {NUMBER}") for leak in found())


def _in_a_click(patch: pytest.MonkeyPatch) -> str:
    item = clicks._item
    patch.setattr(clicks, "_item", lambda *of: item(*of) | {"from": of[0].visitor.address})
    return "an item LNK of "


def _beside_the_hash(patch: pytest.MonkeyPatch, name: str) -> None:
    hashed = getattr(Visitor, name)
    patch.setattr(Visitor, name, lambda visitor, salt: f"{hashed(visitor, salt)} {visitor.address}")


def _in_a_visit(patch: pytest.MonkeyPatch) -> str:
    _beside_the_hash(patch, "hashed")
    return "an item VIS of "


def _in_a_try(patch: pytest.MonkeyPatch) -> str:
    _beside_the_hash(patch, "network_hashed")
    return "an item VIS of "


def _in_a_log_line(patch: pytest.MonkeyPatch) -> str:
    tell, of = exchange.tell, visitors.of
    known: list[str] = []

    def seen(*asked: Any, **how: Any) -> Visitor:
        known.append(of(*asked, **how).address)
        return of(*asked, **how)

    patch.setattr(visitors, "of", seen)
    patch.setattr(exchange, "tell", lambda text, facts: tell(text, {**facts, "from": known[-1]}))
    return "the log holds "


@pytest.mark.parametrize("address", VISITORS)
@pytest.mark.parametrize("leak", [_in_a_click, _in_a_visit, _in_a_try, _in_a_log_line])
def test_a_visitors_address_is_found_and_nowhere_without_a_leak(
    workspace: Workspace,
    stack: Stack,
    monkeypatch: pytest.MonkeyPatch,
    found: Found,
    leak: Callable[[pytest.MonkeyPatch], str],
    address: str,
) -> None:
    alias, link = shortlinks.stored(workspace, password="secret")

    def follow() -> None:
        for password in ("wrong", "secret"):
            with logged():
                shortlinks.ask(f"/{alias}", "POST", body=f"password={password}", address=address)

    follow()
    for click in shortlinks.clicks_of(stack, link):
        with logged():
            invoke("count_clicks", stream_event((None, click)), Context())
    assert found() == []
    tables = [name for name in stack.names if name.endswith("Table")]
    rows = [f"{row}" for name in tables for row in stack.rows(name)]
    about = [row for row in rows if link in row]
    # The alias, the click, the visit, what was tried, and what was counted.
    assert len(about) >= 6
    assert not [row for row in about if address in row]
    where = leak(monkeypatch)
    Hand(monkeypatch).move(3600)
    follow()
    assert any(one.startswith(where) and VISITOR in one for one in found())


def test_an_entry_of_the_audit_log_with_a_number_is_found(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, found: Found
) -> None:
    entry = audit.entry
    monkeypatch.setattr(audit, "entry", lambda *facts: entry(*facts) | {"to": CALLEE})
    body = {"name": "Reporting", "scopes": ["calls:read"], "mode": "live"}
    assert workspace.client.post("/v1/keys", json=body).status == 201
    (leak,) = found()
    assert leak.startswith("an item AUD of ")
    assert NUMBER in leak


def test_an_event_may_hold_the_number_and_no_credential(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, found: Found
) -> None:
    workspace.placed(metadata={"mail": "dana@example.com"})
    assert found() == []
    workspace.placed(metadata={"mail": JWT})
    assert {leak.partition(" of ")[0] for leak in found()} >= {"an item EVT", "an item CALL"}


def test_what_was_printed_fails_the_test_that_printed_it(found: Found) -> None:
    report = pytest.TestReport(
        "test_x",
        ("test_x.py", 1, "test_x"),
        {},
        "passed",
        None,
        "teardown",
        sections=[("Captured stdout call", f'{{"to": "{CALLEE}"}}')],
    )
    for fixtures, outcome in ((["stack"], "failed"), ([], "passed")):
        report.outcome = "passed"
        item = cast(pytest.Item, SimpleNamespace(fixturenames=fixtures))
        call = cast("pytest.CallInfo[None]", SimpleNamespace(when="teardown"))
        judged = planted.Plugin().pytest_runtest_makereport(item, call)
        next(judged)
        with pytest.raises(StopIteration):
            judged.send(report)
        assert report.outcome == outcome


def test_what_is_sealed_may_read_like_a_number() -> None:
    sealed = f"{'Ab9/' * 30}{CALLEE}{'cD7+' * 30}"
    assert list(planted.leaks(f"{{'sealed': '{sealed}'}}")) == []
    assert len(list(planted.leaks(f"{{'sealed': '{sealed}', 'to': '{CALLEE}'}}"))) == 1
