"""The do-not-call list: added to, listed in the order of its numbers, and taken off."""

from typing import Any
from urllib.parse import quote

import pytest

from linkwright.table import Table, get
from linkwright.transaction import Transaction
from linkwright.voice.compliance import do_not_call
from tests.client import Answer
from tests.factories import CALLEE, Workspace, make_workspace
from tests.integration.test_paging import walk
from tests.stack import Stack

PATH = "/v1/voice/do-not-call"


def _add(workspace: Workspace, number: object, key: str | None = None, **body: Any) -> Answer:
    headers = {"Idempotency-Key": key} if key else {}
    return workspace.client.post(
        "/v1/voice/do-not-call", json={"number": number, **body}, headers=headers
    )


def _remove(workspace: Workspace, number: str) -> Answer:
    return workspace.client.request("DELETE", f"/v1/voice/do-not-call/{number}")


def _numbers(workspace: Workspace, query: str = "") -> list[str]:
    answer = workspace.client.get(f"/v1/voice/do-not-call?{query}")
    assert answer.status == 200
    return [entry["number"] for entry in answer.json["data"]]


def test_201_puts_a_number_on_the_list(workspace: Workspace) -> None:
    answer = _add(workspace, CALLEE, reason=" ביקש שלא יתקשרו ")
    assert answer.status == 201
    assert answer.headers["Location"] == f"{PATH}/{CALLEE}"
    assert answer.json.pop("created_at")
    assert {name: answer.json[name] for name in answer.json if name != "created_at"} == {
        "number": CALLEE,
        "reason": "ביקש שלא יתקשרו",
        "source": "api",
        "call_id": None,
    }
    assert workspace.client.get(PATH).json == {"data": [answer.json], "next_cursor": None}
    assert get(Table.CORE, do_not_call.key(workspace.partition, CALLEE))


def test_201_again_with_what_was_said_last(workspace: Workspace) -> None:
    assert _add(workspace, CALLEE, reason="first").status == 201
    again = _add(workspace, CALLEE, reason="second")
    assert (again.status, again.json["reason"]) == (201, "second")
    assert workspace.client.get(PATH).json["data"] == [again.json]


def test_201_once_under_one_key_and_not_again_after_it_was_removed(workspace: Workspace) -> None:
    first = _add(workspace, CALLEE, key="k")
    assert _remove(workspace, CALLEE).status == 204
    again = _add(workspace, CALLEE, key="k")
    assert (again.status, again.raw) == (201, first.raw)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.headers["Location"] == first.headers["Location"]
    assert _numbers(workspace) == []
    assert _add(workspace, CALLEE, key="k", reason="other").status == 409


@pytest.mark.parametrize("number", ["+19005550123", "+870773111632", "+448431234567"])
def test_201_for_a_number_that_may_not_be_dialled_anyway(workspace: Workspace, number: str) -> None:
    assert _add(workspace, number).status == 201
    assert _numbers(workspace) == [number]


@pytest.mark.parametrize(
    "number", ["", "972541234567", "+972 54 123 4567", "+0123456", "+97", "+9725412345678901", "שש"]
)
def test_400_for_what_is_no_number(workspace: Workspace, number: str) -> None:
    text = "Field 'number' must be an E.164 phone number."
    for answer in (
        _add(workspace, number),
        workspace.client.get(f"{PATH}?number={quote(number)}"),
    ):
        assert (answer.status, answer.error["field"]) == (400, "number")
        assert answer.error["message"] == text


@pytest.mark.parametrize(
    ("field", "body"),
    [
        ("number", {}),
        ("number", {"number": None}),
        ("number", {"number": 972541234567}),
        ("reason", {"number": CALLEE, "reason": "r" * 201}),
        ("reason", {"number": CALLEE, "reason": "two\nlines"}),
        ("source", {"number": CALLEE, "source": "call"}),
        ("call_id", {"number": CALLEE, "call_id": "call_1"}),
    ],
)
def test_400_names_the_field(workspace: Workspace, field: str, body: object) -> None:
    answer = workspace.client.post(PATH, json=body)
    assert (answer.status, answer.error["field"]) == (400, field)
    assert _numbers(workspace) == []


@pytest.mark.parametrize(
    "spelt",
    [
        *(CALLEE, quote(CALLEE, safe=""), "%2b972541234567"),
        # A gateway that reads the plus as a blank, and one that leaves it encoded.
        *("%20972541234567", "%252B972541234567", "%252b972541234567"),
    ],
)
def test_204_takes_a_number_off_however_its_plus_is_spelt(workspace: Workspace, spelt: str) -> None:
    kept = workspace.never_call()
    workspace.never_call(CALLEE)
    answer = _remove(workspace, spelt)
    assert (answer.status, answer.raw) == (204, "")
    assert "Content-Type" not in answer.headers
    assert _numbers(workspace) == [kept]
    gone = _remove(workspace, spelt)
    assert (gone.status, gone.error["code"]) == (404, "resource_not_found")


@pytest.mark.parametrize(
    "number", ["972541234567", "%20%20972541234567", "%2B%20972541234567", f"{CALLEE}0", "call_1"]
)
def test_404_for_a_number_that_is_not_listed(workspace: Workspace, number: str) -> None:
    workspace.never_call(CALLEE)
    assert _remove(workspace, number).status == 404
    assert _numbers(workspace) == [CALLEE]


def test_404_for_a_number_of_another_workspace_or_mode(
    workspace: Workspace, other_workspace: Workspace
) -> None:
    test_mode = Workspace(workspace.item, "test")
    workspace.never_call(CALLEE)
    for stranger in (other_workspace, test_mode):
        assert _numbers(stranger) == _numbers(stranger, f"number={quote(CALLEE)}") == []
        assert _remove(stranger, CALLEE).status == 404
    assert _numbers(workspace) == [CALLEE]


def test_200_in_the_order_of_the_numbers_page_by_page(stack: Stack) -> None:
    workspace = make_workspace("enterprise")
    made = [f"+1212555{at * 37 % 100:04}" for at in range(23)]
    for number in made:
        workspace.never_call(number)
    for limit, pages in ((5, 5), (23, 1), (100, 1)):
        rows, walked = walk(workspace.client, PATH, limit)
        assert ([row["number"] for row in rows], walked) == (sorted(made), pages)


def test_200_goes_on_after_the_number_of_the_cursor_was_removed(workspace: Workspace) -> None:
    made = sorted(workspace.never_call() for _ in range(4))
    page = workspace.client.get(f"{PATH}?limit=2").json
    assert _remove(workspace, made[1]).status == 204
    assert _numbers(workspace, f"limit=2&cursor={page['next_cursor']}") == made[2:]


@pytest.mark.parametrize("plus", ["%2B", "+"])
def test_200_one_number_by_the_filter(workspace: Workspace, plus: str) -> None:
    for number in (CALLEE, f"{CALLEE[:-1]}6", f"{CALLEE[:-1]}8"):
        workspace.never_call(number)
    assert _numbers(workspace, f"number={plus}{CALLEE[1:]}") == [CALLEE]
    assert _numbers(workspace, f"number={plus}15005550001") == []


def test_what_a_call_adds_names_the_call(workspace: Workspace) -> None:
    tx = Transaction(workspace.partition, "req_test")
    do_not_call.add(CALLEE, tx, source="call", reason="asked on the call", call_id="call_1")
    tx.commit()
    (entry,) = workspace.client.get(PATH).json["data"]
    assert (entry["source"], entry["call_id"]) == ("call", "call_1")
