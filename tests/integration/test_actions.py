"""Actions on links: what they change, and what undoes them exactly."""

import base64
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from linkwright import jobs, pagination
from linkwright.ai.actions.models import UTM
from linkwright.auth import authenticate
from linkwright.jobs import Work
from linkwright.links import aliases, items
from linkwright.pagination import ListQuery, Place
from linkwright.table import Item, Table, get, update
from linkwright.workspace import facts
from tests import insight, pages, pump, shortlinks, webhooks
from tests.client import Answer, Context, invoke, queue_event
from tests.factories import Workspace, make_workspace
from tests.integration.every_route import assert_error, nothing_written
from tests.integration.test_concurrency import at_once
from tests.stack import Stack

APPLY = "/api/ai/actions/apply"
TRACKING = ("enable_conversion_tracking", "disable_conversion_tracking")
# Before and after: with what JSON, a URL and a signature may trip on.
VALUES = [
    (None, "letter"),
    ("mail", "letter"),
    ("mail", None),
    ("שלום, עולם", "a&b=c d"),
    ('"quoted"\\', "<b>é</b>"),
]


@pytest.fixture
def workspace(stack: Stack) -> Workspace:
    return make_workspace("enterprise")


def post(workspace: Workspace, action: Item, **more: Any) -> Answer:
    return workspace.client.post(APPLY, json=action | more)


def done(workspace: Workspace, action: Item, **more: Any) -> Item:
    answer = post(workspace, action, **more)
    assert answer.status == 200, answer.raw
    assert list(answer.json) == ["ok", "message", "undo"]
    assert answer.json["ok"] is True
    return dict(answer.json)


def undo_of(workspace: Workspace, action: Item) -> Item:
    found = done(workspace, action)["undo"]
    assert found is not None
    return dict(found)


def set_utm(link: Item, **params: str | None) -> Item:
    return {"type": "set_utm", "link_id": link["id"], "params": params}


def track(link: Item, kind: str = TRACKING[0]) -> Item:
    return {"type": kind, "link_id": link["id"], "params": {}}


def changed(workspace: Workspace, link: Item, **fields: Any) -> None:
    path = f"/api/links/{link['id']}"
    at = {"If-Match": str(workspace.client.get(path).json["version"])}
    assert workspace.client.request("PATCH", path, json=fields, headers=at).status == 200


def kept(workspace: Workspace, link: Item) -> tuple[Item, Item]:
    """The link and its alias as they are stored, but for version and time."""
    found = dict(get(Table.CORE, items.link_key(workspace.partition, link["id"])) or {})
    del found["v"]
    found["view"] = {
        name: value
        for name, value in found["view"].items()
        if name not in {"version", "updated_at"}
    }
    return found, get(Table.CORE, items.alias_key(items.OWN_HOST, link["alias"])) or {}


def version(workspace: Workspace, link: Item) -> int:
    return int(workspace.client.get(f"/api/links/{link['id']}").json["version"])


def events(stack: Stack, workspace: Workspace, kind: str = "action.applied") -> list[Item]:
    rows = [row for row in stack.rows("CoreTable", workspace.id) if row.get("type") == kind]
    return sorted(rows, key=lambda row: str(row["sk"]))


@contextmanager
def left_alone(workspace: Workspace, *links: Item) -> Iterator[None]:
    before = [(kept(workspace, link), version(workspace, link)) for link in links]
    yield
    assert [(kept(workspace, link), version(workspace, link)) for link in links] == before


# ---- each field, there and back ------------------------------------------------------------------


def _there_and_back(workspace: Workspace, link: Item, action: Item) -> None:
    before = kept(workspace, link)
    undo = undo_of(workspace, action)
    after = kept(workspace, link)
    assert after != before
    redo = undo_of(workspace, undo)
    assert kept(workspace, link) == before
    again = undo_of(workspace, redo)
    assert kept(workspace, link) == after
    undo_of(workspace, again)
    assert kept(workspace, link) == before
    assert version(workspace, link) == link["version"] + 4


@pytest.mark.parametrize("field", UTM)
@pytest.mark.parametrize(("old", "new"), VALUES)
def test_200_an_undo_and_its_undo_restore_each_field_exactly(
    workspace: Workspace, field: str, old: str | None, new: str | None
) -> None:
    others = {name: f"other {name}" for name in UTM[::2] if name != field}
    link = workspace.link(**others, **{field: old}, title="Sale", tags=["a"], click_cap=9)
    _there_and_back(workspace, link, set_utm(link, **{field: new}))


def test_200_all_fields_at_once(workspace: Workspace) -> None:
    link = workspace.link(utm_source="mail", utm_term="shoes", geo={"IL": "https://example.com/he"})
    new = {"utm_source": None, "utm_medium": "b", "utm_campaign": "c", "utm_term": "d"}
    _there_and_back(workspace, link, set_utm(link, **new, utm_content="e"))


@pytest.mark.parametrize("on", [False, True])
def test_200_tracking_there_and_back(workspace: Workspace, on: bool) -> None:  # noqa: FBT001
    link = workspace.link(track_conversion=on)
    _there_and_back(workspace, link, track(link, TRACKING[on]))


@pytest.mark.parametrize("state", [{"archived": True}, {"password": "open sesame"}])
def test_200_of_a_link_whatever_it_is(workspace: Workspace, state: Item) -> None:
    link = workspace.link(**state)
    _there_and_back(workspace, link, set_utm(link, utm_source="letter"))
    _there_and_back(workspace, link | {"version": link["version"] + 4}, track(link))


def test_200_only_what_is_named_is_changed_and_comes_back(workspace: Workspace) -> None:
    link = workspace.link(utm_source="mail", utm_medium="letter")
    undo = undo_of(workspace, set_utm(link, utm_source="mail", utm_campaign="spring"))
    assert undo["params"] == {"snapshot": {"utm_campaign": None}, "version": 2}
    changed(workspace, link, title="Another", utm_medium="other", url="https://example.com/new")
    done(workspace, undo)
    shown = workspace.client.get(f"/api/links/{link['id']}").json
    assert (shown["utm_source"], shown["utm_medium"]) == ("mail", "other")
    assert (shown["utm_campaign"], shown["title"]) == (None, "Another")
    assert shown["url"] == "https://example.com/new"


def test_200_is_what_a_patch_would_be(stack: Stack, workspace: Workspace) -> None:
    one, other = (workspace.link(title="Sale", expires_at="2027-06-01T00:00:00Z") for _ in "ab")
    done(workspace, set_utm(one, utm_source="letter"))
    done(workspace, track(one))
    changed(workspace, other, utm_source="letter")
    changed(workspace, other, track_conversion=True)
    own = {"id", "alias", "short_url", "created_at", "updated_at"}
    told = [
        [
            (row["sequence"], {name: row["object"][name] for name in row["object"].keys() - own})
            for row in events(stack, workspace, "link.updated")
            if row["object"]["id"] == link["id"]
        ]
        for link in (one, other)
    ]
    assert told[0] == told[1]
    assert [sequence for sequence, _ in told[0]] == [2, 3]


# ---- nothing to do -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "changes"),
    [
        ({}, {"utm_source": "letter"}),
        ({"utm_source": "mail"}, {"utm_source": "letter", "utm_term": "x", "utm_content": "y"}),
        ({"utm_source": "mail", "utm_medium": "b"}, {"utm_source": None, "utm_medium": "c"}),
        ({}, {f"utm_{name}": "x" for name in ("source", "medium", "campaign", "term", "content")}),
    ],
)
@pytest.mark.parametrize("how", ["without nulls", "without what is empty"])
def test_200_an_undo_whose_nulls_a_client_left_out(
    workspace: Workspace, before: Item, changes: Item, how: str
) -> None:
    link = workspace.link(**before)
    was = kept(workspace, link)
    undo = undo_of(workspace, set_utm(link, **changes))
    given = undo["params"]["snapshot"]
    snapshot = {name: value for name, value in given.items() if value is not None}
    params = undo["params"] | {"snapshot": snapshot}
    if how == "without what is empty" and not snapshot:
        del params["snapshot"]
    redo = undo_of(workspace, undo | {"params": params})
    assert kept(workspace, link) == was
    undo_of(workspace, redo)


def test_400_an_undo_that_lost_what_was_no_null(workspace: Workspace) -> None:
    link = workspace.link(utm_source="mail", utm_medium="b")
    undo = undo_of(workspace, set_utm(link, utm_source="letter", utm_medium=None, utm_term="x"))
    for snapshot in (
        {"utm_source": "mail"},
        {"utm_medium": "b"},
        {},
        {"utm_source": None, "utm_medium": "b", "utm_term": None},
        {"utm_source": "mail", "utm_medium": "b", "utm_term": "x"},
    ):
        forged = undo | {"params": undo["params"] | {"snapshot": snapshot}}
        with left_alone(workspace, link):
            assert_error(post(workspace, forged), 400, "validation_failed", "undo_of")


@pytest.mark.parametrize(
    "action",
    [
        lambda link: track(link, TRACKING[1]),
        lambda link: set_utm(link, utm_source="mail"),
        lambda link: set_utm(link, utm_source="mail", utm_term=None),
        lambda link: set_utm(link, utm_content=None),
    ],
)
def test_200_twice_changes_nothing_and_has_no_undo(
    stack: Stack, workspace: Workspace, action: Callable[[Item], Item]
) -> None:
    link = workspace.link(utm_source="mail")
    before = stack.rows("CoreTable", workspace.id)
    answer = done(workspace, action(link))
    assert answer["undo"] is None
    assert answer["message"]
    assert stack.rows("CoreTable", workspace.id) == before


def test_200_an_undo_twice_is_done_once(workspace: Workspace) -> None:
    link = workspace.link(utm_source="mail")
    for action in (set_utm(link, utm_source="letter"), track(link)):
        undo = undo_of(workspace, action)
        assert done(workspace, undo)["undo"] is not None
        assert done(workspace, undo)["undo"] is None


def test_200_the_same_answer_under_one_key(workspace: Workspace) -> None:
    link, key = workspace.link(), {"Idempotency-Key": "once"}
    first = workspace.client.post(APPLY, json=track(link), headers=key)
    again = workspace.client.post(APPLY, json=track(link), headers=key)
    assert again.json == first.json
    assert again.json["undo"] is not None
    assert again.headers["Idempotent-Replayed"] == "true"


# ---- what was changed since ----------------------------------------------------------------------


def _conflict(answer: Answer, reason: str) -> None:
    assert_error(answer, 409, "conflict")
    assert answer.error["reason"] == reason


@pytest.mark.parametrize("later", ["by hand", None])
def test_409_what_somebody_has_changed_since_is_not_written_over(
    workspace: Workspace, later: str | None
) -> None:
    link = workspace.link(utm_source="mail", utm_medium="x")
    undo = undo_of(workspace, set_utm(link, utm_source="letter", utm_medium="y"))
    changed(workspace, link, utm_source=later)
    with left_alone(workspace, link):
        _conflict(post(workspace, undo), "changed_since")
    # As the action left it.
    changed(workspace, link, utm_source="letter")
    done(workspace, undo)
    assert kept(workspace, link)[0]["view"]["utm_medium"] == "x"


def test_409_an_undo_of_a_version_that_the_link_has_not_reached(workspace: Workspace) -> None:
    """As it is of a link that was restored from a backup."""
    link = workspace.link(utm_source="mail")
    done(workspace, set_utm(link, utm_source="letter"))
    done(workspace, set_utm(link, utm_source="mail"))
    late = undo_of(workspace, set_utm(link, utm_source="letter"))
    where = items.link_key(workspace.partition, link["id"])
    update(Table.CORE, where, "SET #v = :two", values={"two": 2})
    _conflict(post(workspace, late), "changed_since")


def test_409_another_version_than_was_expected(workspace: Workspace) -> None:
    link = workspace.link()
    changed(workspace, link, title="Another")
    for action in (track(link), track(link, TRACKING[1]), set_utm(link, utm_source="letter")):
        with left_alone(workspace, link):
            _conflict(post(workspace, action, expected_version=1), "version_mismatch")
    undo = undo_of(workspace, track(link) | {"expected_version": 2})
    _conflict(post(workspace, undo, expected_version=2), "version_mismatch")
    assert done(workspace, undo, expected_version=3)["undo"] is not None


def test_409_for_a_link_whose_domain_was_anothers_for_a_while(
    workspace: Workspace, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    domain = workspace.proven(name)
    link = workspace.link(domain=domain, alias="spring")
    shortlinks.change("spring", name, link="lnk_01HF0000000000000000000000")
    for action in (track(link), set_utm(link, utm_source="letter")):
        with left_alone(workspace, link):
            _conflict(post(workspace, action), "alias_taken")
    # Once it was asked whose the name is.
    where = items.domain_name_key(name)
    update(Table.CORE, where, "SET #domain = :other", values={"other": "dom_other"})
    monkeypatch.setattr(aliases, "place", lambda _: aliases.Place(is_own=False, owner=domain))
    with left_alone(workspace, link):
        _conflict(post(workspace, track(link)), "domain_not_verified")


def test_each_reason_for_a_409_is_on_the_page() -> None:
    rows = pages.tables("docs/actions.md")["answer / was it done"]
    assert {row[0] for row in rows if row[0].startswith("409")} == {
        *("409 `alias_taken`", "409 `changed_since`", "409 `domain_not_verified`"),
        *("409 `idempotency_key_reused`", "409 `version_mismatch`"),
    }


# ---- what is none of ours ------------------------------------------------------------------------


def _forged(undo: Item, **params: Any) -> Item:
    return undo | {"params": undo["params"] | params}


@pytest.mark.slow
def test_400_for_whatever_of_an_undo_is_not_as_it_was_given(workspace: Workspace) -> None:
    link, other = workspace.link(utm_source="mail"), workspace.link(utm_source="letter")
    undo = undo_of(workspace, set_utm(link, utm_source="letter"))
    tracked = undo_of(workspace, track(link))
    seal = undo["undo_of"]
    altered = [f"{seal[:at]}{'A' if seal[at] != 'A' else 'B'}{seal[at + 1 :]}" for at in range(43)]
    forged = [
        _forged(undo, snapshot={"utm_source": "evil"}),
        _forged(undo, snapshot={"utm_source": None}),
        _forged(undo, snapshot={"utm_medium": "mail"}),
        _forged(undo, snapshot=undo["params"]["snapshot"] | {"utm_medium": None}),
        _forged(undo, version=1),
        _forged(undo, version=3),
        undo | {"link_id": other["id"]},
        undo | {"undo_of": tracked["undo_of"]},
        tracked | {"undo_of": seal},
        tracked | {"type": "enable_conversion_tracking"},
        tracked | {"link_id": other["id"]},
        *(undo | {"undo_of": one} for one in altered),
    ]
    for one in forged:
        with left_alone(workspace, link, other):
            assert_error(post(workspace, one), 400, "validation_failed", "undo_of")
    assert done(workspace, undo)["undo"] is not None


def test_400_a_url_is_nothing_that_an_undo_could_have(workspace: Workspace) -> None:
    link = workspace.link(utm_source="mail")
    undo = undo_of(workspace, set_utm(link, utm_source="letter"))
    for field in ("url", "expired_url", "ios", "geo", "alias", "track_conversion"):
        for params in (
            undo["params"] | {"snapshot": {"utm_source": "mail", field: "https://evil.example"}},
            undo["params"] | {field: "https://evil.example"},
        ):
            with nothing_written():
                answer = post(workspace, undo | {"params": params})
            assert (answer.status, answer.error["error"]) == (400, "validation_failed")


@pytest.mark.parametrize("mode", ["live", "test"])
def test_400_an_undo_is_of_its_workspace_and_mode(workspace: Workspace, mode: str) -> None:
    """Though it names a link that is there under the same id."""
    other = (
        make_workspace("enterprise", mode) if mode == "live" else Workspace(workspace.item, mode)
    )
    link = workspace.link(utm_source="mail")
    undo = undo_of(workspace, set_utm(link, utm_source="letter"))
    assert_error(post(other, undo), 400, "validation_failed", "undo_of")
    assert_error(post(other, track(link)), 404, "resource_not_found", "link_id")


def test_400_what_a_cursor_is_signed_by_signs_no_undo(workspace: Workspace) -> None:
    link = workspace.link(utm_source="mail")
    undo = undo_of(workspace, set_utm(link, utm_source="letter"))
    account, _ = authenticate({"authorization": f"Bearer {workspace.client.token}"})
    payload = base64.urlsafe_b64decode(undo["undo_of"] + "=")[:16]
    mac = pagination._mac(account, "links", ListQuery(), payload)
    sealed = base64.urlsafe_b64encode(payload + mac).rstrip(b"=").decode()
    assert len(sealed) == len(undo["undo_of"])
    assert pagination._cursor(account, "links", ListQuery(), Place("a", "a"))
    assert_error(post(workspace, undo | {"undo_of": sealed}), 400, "validation_failed", "undo_of")


def test_404_for_a_link_that_was_deleted_since(workspace: Workspace) -> None:
    link = workspace.link(utm_source="mail")
    undos = [undo_of(workspace, set_utm(link, utm_source="x")), undo_of(workspace, track(link))]
    assert workspace.client.request("DELETE", f"/api/links/{link['id']}").status == 204
    for undo in undos:
        assert_error(post(workspace, undo), 404, "resource_not_found", "link_id")


@pytest.mark.parametrize(
    "wrong",
    [
        {"type": "delete_link"},
        {"type": "set_utm", "params": {}},
        {"type": "set_utm", "params": {"utm_source": ""}},
        {"type": "set_utm", "params": {"utm_source": "a\nb"}},
        {"type": "set_utm", "params": {"utm_source": "a" * 201}},
        {"type": "set_utm", "params": {"utm_source": "a", "utm_id": "b"}},
        {"type": "set_utm", "params": {"utm_source": "a", "version": 1}},
        {"type": "set_utm", "params": {"url": "https://evil.example"}},
        {"type": TRACKING[0], "params": {"utm_source": "a"}},
        {"type": TRACKING[1], "params": {"version": 1}},
        {"type": "restore_link"},
        {"type": "restore_link", "params": {"snapshot": {"utm_source": "a"}, "version": 1}},
        {"type": "restore_link", "undo_of": "A" * 43},
        {"type": "restore_link", "undo_of": "A" * 43, "params": {"version": 1}},
        {"type": "restore_link", "undo_of": "A" * 43, "params": {"snapshot": {}, "version": 1}},
        {"type": TRACKING[0], "undo_of": ""},
        {"type": TRACKING[0], "expected_version": 0},
    ],
)
def test_400_for_what_its_type_does_not_take(workspace: Workspace, wrong: Item) -> None:
    link = workspace.link()
    with nothing_written():
        answer = post(workspace, {"link_id": link["id"], "params": {}} | wrong)
    assert (answer.status, answer.error["error"]) == (400, "validation_failed")


@pytest.mark.parametrize(
    ("action", "told"),
    [
        ({"type": "set_utm"}, "must have one at least of utm_campaign, utm_content,"),
        ({"type": "set_utm", "params": {"version": 1}}, "must have only utm_campaign,"),
        ({"type": TRACKING[0], "params": {"version": 1}}, "must be empty for this type."),
    ],
)
def test_400_names_the_params_that_are_wrong(workspace: Workspace, action: Item, told: str) -> None:
    answer = post(workspace, {"link_id": workspace.link()["id"]} | action)
    assert_error(answer, 400, "validation_failed", "params")
    assert answer.error["message"].startswith(f"Field 'params' {told}")


# ---- who may, and what it costs ------------------------------------------------------------------


def test_402_on_a_plan_without_ai_but_for_an_undo_that_we_gave(workspace: Workspace) -> None:
    link = workspace.link(utm_source="mail")
    undo, tracked = (
        undo_of(workspace, set_utm(link, utm_source="x")),
        undo_of(workspace, track(link)),
    )
    told = {"workspace_id": workspace.id, "plan": "free", "version": 1}
    assert webhooks.send(webhooks.BILLING, told).status == 200
    work = Work(jobs.PLAN, *facts.key(workspace.id))
    invoke("update_workspace", queue_event([work.message()]), Context(60_000))
    assert workspace.client.get("/v1/whoami").json["plan"] == "free"
    refused = {"error": "ai_requires_paid_plan", "dimension": "ai_credits", "upgrade_to": "pro"}
    for body in (
        track(link, TRACKING[1]),
        set_utm(link, utm_source="y"),
        {},
        {"type": "x"},
        track(link, TRACKING[1]) | {"undo_of": None},
        track(link, TRACKING[1]) | {"undo_of": ""},
    ):
        answer = workspace.client.post(APPLY, json=body)
        assert (answer.status, answer.json) == (402, refused)
    for forged in (tracked | {"undo_of": "A" * 43}, undo | {"undo_of": tracked["undo_of"]}):
        assert post(workspace, forged).status == 400
    for one in (undo, tracked):
        assert done(workspace, done(workspace, one)["undo"])["undo"] is not None
    assert done(workspace, undo)["undo"] is not None
    assert kept(workspace, link)[0]["view"]["utm_source"] == "mail"


def test_200_for_no_credits_whatever_is_left(stack: Stack, workspace: Workspace) -> None:
    answer = post(workspace, track(workspace.link()))
    assert answer.status == 200
    assert not [name for name in answer.headers if name.startswith("X-AI")]
    assert stack.rows("LedgerTable", workspace.id) == []


def test_401_without_the_scope_for_actions(workspace: Workspace) -> None:
    action = track(workspace.link())
    refused = workspace.client_with(["links:write", "ai:generate"]).post(APPLY, json=action)
    assert_error(refused, 401, "missing_scope")
    member = workspace.client_with(["ai:actions"], role="member")
    assert member.post(APPLY, json=action).status == 200


# ---- what is told of it --------------------------------------------------------------------------


def test_200_an_event_and_an_entry_tell_of_each(stack: Stack, workspace: Workspace) -> None:
    link = workspace.link(utm_source="mail")
    undo = undo_of(workspace, set_utm(link, utm_source="letter", utm_term="shoes"))
    done(workspace, undo)
    first, second = (row["object"] for row in events(stack, workspace))
    assert first["before"] == second["after"] == {"utm_source": "mail", "utm_term": None}
    assert first["after"] == second["before"] == {"utm_source": "letter", "utm_term": "shoes"}
    assert [(one["type"], one["is_undo"], one["link_version"]) for one in (first, second)] == [
        ("set_utm", False, 2),
        ("restore_link", True, 3),
    ]
    log = workspace.client.get(f"/v1/workspace/audit?object={link['id']}").json["data"]
    assert [entry["action"] for entry in log] == ["action.applied"] * 2
    assert log[1]["details"] == {
        name: first[name] for name in ("id", "type", "is_undo", "before", "after", "link_version")
    }
    assert log[0]["actor"]["type"] == "api_key"
    pump.settle(stack, workspace.id)


def test_200_what_an_insight_suggests_may_be_posted_as_it_is(
    stack: Stack, workspace: Workspace
) -> None:
    link = workspace.link()
    insight.put(stack, items.link_rows(workspace.partition, link["id"]), insight.usual(20))
    suggested = insight.told(workspace, f"link/{link['id']}")["actions"]
    assert len(suggested) == 2
    for one in suggested:
        before = workspace.client.get(f"/api/links/{link['id']}").json
        undo = undo_of(workspace, one["action"])
        after = workspace.client.get(f"/api/links/{link['id']}").json
        for name, value in one["preview"]["before"].items():
            assert (before[name], after[name]) == (value, one["preview"]["after"][name])
        done(workspace, undo)
        assert kept(workspace, link)[0]["view"].get("utm_source") is None


# ---- at once -------------------------------------------------------------------------------------


def test_200_one_change_for_ten_that_apply_the_same(stack: Stack, workspace: Workspace) -> None:
    """Judged by MiniStack: in memory one asks after another."""
    link = workspace.link()
    answers = at_once(10, lambda _: post(workspace, track(link)))
    assert {answer.status for answer in answers} == {200}
    assert sum(answer.json["undo"] is not None for answer in answers) == 1
    assert version(workspace, link) == 2
    assert len(events(stack, workspace)) == 1


def test_200_of_ten_undos_one_has_an_effect(stack: Stack, workspace: Workspace) -> None:
    link = workspace.link(utm_source="mail")
    undo = undo_of(workspace, set_utm(link, utm_source="letter"))
    answers = at_once(10, lambda _: post(workspace, undo))
    assert {answer.status for answer in answers} == {200}
    assert sum(answer.json["undo"] is not None for answer in answers) == 1
    assert len(events(stack, workspace)) == 2
