"""Who connects a mailbox names its host, and guesses no passwords of others' accounts by it."""

from typing import Any

import pytest

from linkwright import pace
from linkwright.mailer.mailboxes import guessing
from tests import mailhost, processes
from tests.client import Answer
from tests.clocks import Hand
from tests.factories import Workspace, make_workspace
from tests.mailhost import Host

PATH = "/v1/mailer/mailboxes"
AT_A_HOST, OF_A_WORKSPACE = guessing.AT_A_HOST, guessing.OF_A_WORKSPACE


@pytest.fixture(autouse=True)
def hand(monkeypatch: pytest.MonkeyPatch) -> Hand:
    monkeypatch.setattr(guessing, "AT_A_HOST", AT_A_HOST)
    monkeypatch.setattr(guessing, "OF_A_WORKSPACE", OF_A_WORKSPACE)
    return Hand(monkeypatch)


def _guess(workspace: Workspace, email: str, password: str = "guess", **smtp: Any) -> Answer:
    said = {"host": mailhost.HOST, "port": 465, "password": password} | smtp
    return workspace.client.post(PATH, json=mailhost.wanted(email, smtp=said))


def _is_refused(answer: Answer) -> bool:
    return (answer.status, answer.json["error"].get("reason")) == (429, "log_ins_tried")


def test_429_for_who_guesses_at_one_account_from_any_workspace(host: Host, hand: Hand) -> None:
    attackers = [make_workspace(), make_workspace()]
    spelled = ["Noa.One@example.com", "noa.one@example.com"]
    for number in range(AT_A_HOST):
        answer = _guess(attackers[number % 2], spelled[number % 2])
        assert (answer.status, answer.error["reason"]) == (400, "login_refused")
    asked = len(host.told)
    for attacker in attackers:
        answer = _guess(attacker, "noa.one@example.com", mailhost.PASSWORD)
        assert _is_refused(answer)
        assert 300 < int(answer.headers["Retry-After"]) <= 360
        assert answer.json["error"]["code"] == "rate_limited"
    # Of an address of one's own too, where that account is named.
    named = _guess(attackers[0], "mine@example.com", username="noa.one@example.com")
    assert _is_refused(named)
    assert len(host.told) == asked
    assert _guess(attackers[0], "other@example.com", mailhost.PASSWORD).status == 201
    hand.move(int(answer.headers["Retry-After"]))
    assert _guess(attackers[1], "noa.one@example.com", mailhost.PASSWORD).status == 201
    assert _is_refused(_guess(attackers[0], "noa.one@example.com"))


def test_429_for_who_guesses_by_imap_behind_a_host_of_their_own(
    workspace: Workspace, host: Host
) -> None:
    def ask(number: int) -> Answer:
        said = {"host": f"mine{number}.example.com", "port": 465, "password": "guess"}
        return workspace.client.post(PATH, json=mailhost.wanted("noa.two@example.com", smtp=said))

    assert {ask(number).status for number in range(AT_A_HOST)} == {400}
    assert _is_refused(ask(AT_A_HOST))


def test_429_for_a_workspace_that_goes_from_account_to_account(
    workspace: Workspace, host: Host
) -> None:
    for number in range(OF_A_WORKSPACE):
        assert _guess(workspace, f"victim{number}@example.com").status == 400
    answer = _guess(workspace, "victim@example.com")
    assert _is_refused(answer)
    assert int(answer.headers["Retry-After"]) <= 60
    assert _guess(make_workspace(), "victim@example.com").status == 400


def test_429_for_a_change_as_for_a_new_mailbox(workspace: Workspace, host: Host) -> None:
    mailbox = workspace.own_mailbox("noa.three@example.com")
    password = {"smtp": {"host": mailhost.HOST, "port": 465, "password": "guess"}}
    answers = [
        workspace.client.request(
            "PATCH", f"{PATH}/{mailbox}", json=password, headers={"If-Match": "1"}
        )
        for _ in range(AT_A_HOST)
    ]
    assert [answer.status for answer in answers[:-1]] == [400] * (AT_A_HOST - 1)
    assert _is_refused(answers[-1])
    shown = workspace.client.get(f"{PATH}/{mailbox}").json
    assert (shown["version"], shown["status"]) == (1, "verifying")


def test_429_also_where_another_process_was_asked(workspace: Workspace, host: Host) -> None:
    for _ in range(AT_A_HOST):
        processes.forget()
        assert _guess(workspace, "noa.four@example.com").status == 400
    processes.forget()
    assert _is_refused(_guess(workspace, "noa.four@example.com"))


def test_201_again_for_a_repetition_though_no_log_in_is_left(
    workspace: Workspace, host: Host
) -> None:
    headers = {"Idempotency-Key": "once"}
    wanted = mailhost.wanted("noa.five@example.com")
    made = workspace.client.post(PATH, json=wanted, headers=headers)
    for _ in range(AT_A_HOST - 1):
        _guess(workspace, "noa.five@example.com")
    asked = len(host.told)
    again = workspace.client.post(PATH, json=wanted, headers=headers)
    assert (made.status, again.status, again.json) == (201, 201, made.json)
    assert len(host.told) == asked


def test_nothing_is_counted_in_test_mode(host: Host) -> None:
    pace.known.cache_clear()
    test = make_workspace(mode="test")
    answers = [_guess(test, f"noa+login_refused{number}@example.com") for number in range(70)]
    assert not any(answer.status == 429 for answer in answers)
    assert not [key for key in pace.known() if key.startswith("login")]
