"""The mail of alerts as who gets it sees it, and how they end it."""

import pytest

from linkwright import jobs
from linkwright.ai.scan import letters
from linkwright.providers.mail import Mail, once
from linkwright.table import Item
from tests.client import Client
from tests.factories import Workspace
from tests.integration.test_scan import near, run, scan
from tests.stack import Stack

OWNER = "owner@example.com"


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[Mail]:
    found: list[Mail] = []
    monkeypatch.setattr(once, "send", lambda letter: found.append(letter))
    return found


def _mailed(stack: Stack, workspace: Workspace) -> None:
    """Something is found, and whoever wants it is mailed."""
    near(stack, workspace)
    assert scan(workspace) == 1
    for row in stack.rows("CoreTable", workspace.id):
        if row["pk"].endswith("#ALM"):
            run(jobs.at(letters.key(workspace.partition, row["sk"])))


def _path(letter: Mail) -> str:
    assert letter.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    url = letter.headers["List-Unsubscribe"].strip("<>")
    assert url in letter.text
    return "/v1/unsubscribe/" + url.rpartition("/v1/unsubscribe/")[2]


def _wants(workspace: Workspace) -> list[tuple[str, str]]:
    rows: list[Item] = workspace.client.get("/v1/workspace/members").json["data"]
    return [(one["alerts"], one["weekly_digest"]) for one in rows]


def test_200_one_click_ends_alerts_for_that_member_and_nothing_else(
    stack: Stack, workspace: Workspace, sent: list[Mail]
) -> None:
    member = workspace.mailed(OWNER)
    _mailed(stack, workspace)
    (letter,) = sent
    assert (letter.to, workspace.item["name"] in letter.text) == (OWNER, True)
    assert (workspace.id in letter.text.partition("Unsubscribe")[0], "PATCH" in letter.text) == (
        *(False, False),
    )
    path = _path(letter)
    page = Client().request("GET", path)
    assert (page.status, "alerts" in page.raw, '<form method="post">' in page.raw) == (
        *(200, True, True),
    )
    assert _wants(workspace) == [("on", "on")]
    for _ in range(2):
        answer = Client().request(
            *("POST", path),
            body="List-Unsubscribe=One-Click",
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )
        assert (answer.status, "unsubscribed" in answer.raw) == (200, True)
    assert _wants(workspace) == [("off", "on")]
    (told,) = workspace.client.get("/v1/workspace/audit?action=member.changed").json["data"]
    assert (told["object"], told["details"]) == (member, {"alerts": "off"})
    _mailed(stack, workspace)
    assert len(sent) == 1


def test_404_an_address_ends_the_mail_alone_that_it_is_of(
    stack: Stack, workspace: Workspace, sent: list[Mail]
) -> None:
    workspace.mailed(OWNER)
    _mailed(stack, workspace)
    path = _path(sent[0])
    forged = [path.replace(".alerts.", "."), path.replace(".alerts.", ".weekly_digest.")]
    forged += [path.replace(".alerts.", ".alerts.alerts."), path[:-1]]
    for one in forged:
        assert Client().request("POST", one).status == 404, one
    assert _wants(workspace) == [("on", "on")]


def test_a_name_that_somebody_gave_their_workspace_is_no_line_of_the_mail(
    stack: Stack, workspace: Workspace, sent: list[Mail], monkeypatch: pytest.MonkeyPatch
) -> None:
    named = workspace.item | {"name": "Noa\n\nPay at <https://evil.example>"}
    monkeypatch.setattr("linkwright.workspace.workspaces.existing", lambda _: named)
    workspace.mailed(OWNER)
    _mailed(stack, workspace)
    assert "Noa" in sent[0].text
    assert "Noa\n" not in sent[0].text
