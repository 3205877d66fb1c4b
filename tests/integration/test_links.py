"""Short links: making, changing, finding and deleting them, and who has which alias."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from linkwright import clock, ids, pagination
from linkwright.links import aliases, bulk, items, passwords
from linkwright.table import Item, Key, Table, get
from tests.client import HOST, Answer
from tests.factories import TARGET, Workspace, make_workspace
from tests.integration.every_route import assert_error
from tests.integration.test_paging import walk
from tests.stack import Stack

LINKS = "/api/links"
START = datetime(2027, 3, 4, 5, 6, 7, tzinfo=UTC)
# All that a link may have, but for what it refers to.
EVERYTHING = {
    "url": TARGET,
    "alias": "Everything_1",
    "title": "The spring sale",
    "tags": ["sale", "spring", "sale"],
    "utm_source": "mail",
    "utm_medium": "letter",
    "utm_campaign": "spring",
    "utm_term": "shoes",
    "utm_content": "top",
    "expires_at": "2027-06-01T02:00:00+02:00",
    "expired_url": "https://example.com/over",
    "click_cap": 100,
    "password": "open sesame",
    "geo": {"IL": "https://example.com/he"},
    "ios": "https://apps.apple.com/app/id1",
    "android": "https://play.google.com/store/apps/details?id=1",
    "forward_query": False,
    "og_title": "A sale",
    "og_description": "All shoes.",
    "og_image": "https://example.com/shoes.png",
    "track_conversion": True,
    "archived": True,
    "external_id": "order-1",
    "metadata": {"shop": "12"},
}


@pytest.fixture
def workspace(stack: Stack) -> Workspace:
    return make_workspace("business")


def _alias(alias: str, host: str = items.OWN_HOST) -> Item | None:
    return get(Table.CORE, items.alias_key(host, alias))


def _change(workspace: Workspace, link: Item, **fields: Any) -> Answer:
    at = {"If-Match": str(link["version"])}
    return workspace.client.request("PATCH", f"{LINKS}/{link['id']}", json=fields, headers=at)


def _delete(workspace: Workspace, link: Item) -> None:
    assert workspace.client.request("DELETE", f"{LINKS}/{link['id']}").status == 204


def _upsert(workspace: Workspace, **fields: Any) -> Answer:
    return workspace.client.request("PUT", f"{LINKS}/upsert", json={"url": TARGET} | fields)


def _shown(workspace: Workspace, query: str = "") -> list[str]:
    answer = workspace.client.get(f"{LINKS}{query}")
    assert answer.status == 200, answer.raw
    return [row["id"] for row in answer.json["data"]]


def _told(stack: Stack, workspace: Workspace, link: Item) -> list[tuple[str, int]]:
    rows = stack.rows("CoreTable", workspace.id)
    events = [row for row in rows if "sequence" in row and row["object"]["id"] == link["id"]]
    return [(row["type"], int(row["sequence"])) for row in sorted(events, key=lambda e: e["sk"])]


def test_201_a_link_with_nothing_but_a_target(workspace: Workspace) -> None:
    answer = workspace.client.post(LINKS, json={"url": TARGET})
    link = answer.json
    assert answer.headers["Location"] == f"{LINKS}/{link['id']}"
    assert len(link["alias"]) == aliases.CHARS
    assert set(link["alias"]) <= set(aliases.ALPHABET)
    assert link["short_url"] == f"https://{HOST}/{link['alias']}"
    assert (link["version"], link["tags"], link["has_password"]) == (1, [], False)
    assert workspace.client.get(f"{LINKS}/{link['id']}").json == link
    assert workspace.client.get("/api/links").json == {"data": [link], "next_cursor": None}


def test_201_a_link_with_everything(stack: Stack, workspace: Workspace) -> None:
    link = workspace.link(**EVERYTHING)
    shown = {
        **{name: value for name, value in EVERYTHING.items() if name != "password"},
        "alias": "everything_1",
        "tags": ["sale", "spring"],
        "expires_at": "2027-06-01T00:00:00Z",
        "has_password": True,
        "blocked": False,
    }
    assert {name: link[name] for name in shown} == shown
    told = _alias("everything_1") or {}
    assert passwords.matches("open sesame", told.pop("password"))
    assert told == {
        **items.alias_key(items.OWN_HOST, "everything_1").attributes(),
        "partition": workspace.partition,
        "link": link["id"],
        "url": TARGET,
        "utm": {name: link[name] for name in link if name.startswith("utm_")},
        "geo": link["geo"],
        "devices": {"ios": link["ios"], "android": link["android"]},
        "forward_query": False,
        "expires_at": "2027-06-01T00:00:00Z",
        "expired_url": "https://example.com/over",
        "click_cap": 100,
        "og_title": "A sale",
        "og_description": "All shoes.",
        "og_image": "https://example.com/shoes.png",
        "track_conversion": True,
        "archived": True,
    }
    assert "open sesame" not in str(stack.rows("CoreTable") + stack.rows("IdemTable"))
    assert _told(stack, workspace, link) == [("link.created", 1)]
    _delete(workspace, link)


def test_409_an_alias_that_is_taken_whoever_has_it_and_however_it_is_spelt(
    workspace: Workspace,
) -> None:
    alias = workspace.link()["alias"]
    others = (workspace, make_workspace(), Workspace(workspace.item, "test"))
    for one in others:
        for spelt in (alias, alias.upper()):
            answer = one.client.post(LINKS, json={"url": TARGET, "alias": spelt})
            assert_error(answer, 409, "conflict")
            assert answer.error["reason"] == "alias_taken"


@pytest.mark.parametrize("alias", ["api", "V1", "docs", "a", "-a", "a.b", "a b", "é", "a" * 65])
def test_400_an_alias_that_is_none(workspace: Workspace, alias: str) -> None:
    answer = workspace.client.post(LINKS, json={"url": TARGET, "alias": alias})
    assert_error(answer, 400, "validation_failed", "alias")


def test_201_another_alias_where_the_random_one_is_taken(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = workspace.link()["alias"]
    found = iter([taken, taken, "another"])
    monkeypatch.setattr(aliases, "new", lambda: next(found))
    assert workspace.link()["alias"] == "another"
    monkeypatch.setattr(aliases, "new", lambda: taken)
    assert workspace.client.post(LINKS, json={"url": TARGET}).status == 503


def test_404_a_campaign_and_a_domain_that_are_not_there(workspace: Workspace) -> None:
    for field, kind in (("campaign", "lcmp"), ("domain", "dom")):
        for value in (ids.new(kind), ids.new("agt"), "", "..", "#"):
            answer = workspace.client.post(LINKS, json={"url": TARGET, field: value})
            assert_error(answer, 404, "resource_not_found", field)


def test_201_on_a_domain_and_in_a_campaign(stack: Stack, workspace: Workspace) -> None:
    name = "go.shop.example.com"
    domain, campaign = workspace.proven(name), ids.new("lcmp")
    stack.put("CoreTable", items.campaign_key(workspace.partition, campaign).attributes())
    link = workspace.link(domain=domain, campaign=campaign, alias="sale")
    assert link["short_url"] == f"https://{name}/sale"
    told = _alias("sale", name) or {}
    assert (told["domain"], told["campaign"]) == (domain, campaign)
    assert _alias("sale") is None
    assert _shown(workspace, f"?campaign={campaign}") == [link["id"]]
    assert _shown(workspace, f"?alias=sale&domain={domain}") == [link["id"]]
    moved = _change(workspace, link, domain=None, campaign=None).json
    assert moved["short_url"] == f"https://{HOST}/sale"
    assert _shown(workspace, f"?campaign={campaign}") == []
    gone = {"pk", "sk", "gone_at", "free_at", "ttl", "domain", "workspace"}
    assert set(_alias("sale", name) or {}) == gone
    another = workspace.domain()
    answer = workspace.client.post(LINKS, json={"url": TARGET, "domain": another})
    assert (answer.status, answer.error["reason"]) == (409, "domain_not_verified")


def test_400_a_target_that_is_a_domain_of_links(stack: Stack, workspace: Workspace) -> None:
    stack.put("CoreTable", items.domain_name_key("go.shop.example").attributes())
    back = "https://go.shop.example/x"
    link = workspace.link()
    for fields in ({"url": back}, {"ios": back}, {"geo": {"IL": back}}, {"expired_url": back}):
        (name,) = fields
        field = "geo.IL" if name == "geo" else name
        answer = workspace.client.post(LINKS, json={"url": TARGET} | fields)
        assert_error(answer, 400, "validation_failed", field)
        assert_error(_change(workspace, link, **fields), 400, "validation_failed", field)
    answer = workspace.client.post(LINKS, json={"url": f"https://{HOST}/x"})
    assert_error(answer, 400, "validation_failed", "url")


def test_400_more_hosts_than_a_link_leads_to(workspace: Workspace) -> None:
    codes = [f"A{chr(letter)}" for letter in range(65, 85)]
    geo = {code: f"https://{code.lower()}.example.com/" for code in codes}
    answer = workspace.client.post(LINKS, json={"url": TARGET, "geo": geo})
    assert_error(answer, 400, "validation_failed", "geo")
    del geo["AA"]
    assert workspace.client.post(LINKS, json={"url": TARGET, "geo": geo}).status == 201


def test_200_a_change_reaches_the_alias_the_lists_and_an_event(
    stack: Stack, workspace: Workspace
) -> None:
    link = workspace.link(tags=["a", "b"], external_id="one", password="x")
    fields = {"url": "https://example.com/other", "tags": ["b", "c"], "external_id": "two"}
    changed = _change(workspace, link, **fields, archived=True, password=None, title="T").json
    assert (changed["version"], changed["has_password"]) == (2, False)
    told = _alias(link["alias"]) or {}
    assert (told["url"], told["archived"]) == (fields["url"], True)
    assert "password" not in told
    found = {
        query: _shown(workspace, query)
        for query in (
            *("?tag=a", "?tag=b", "?tag=c", "?archived=true", "?archived=false"),
            *("?external_id=one", "?external_id=two", f"?alias={link['alias']}"),
        )
    }
    assert {query for query, rows in found.items() if rows == [link["id"]]} == {
        *("?tag=b", "?tag=c", "?archived=true", "?external_id=two", f"?alias={link['alias']}")
    }
    assert _told(stack, workspace, link) == [("link.created", 1), ("link.updated", 2)]


def test_200_a_change_to_what_it_is_already_writes_nothing(
    stack: Stack, workspace: Workspace
) -> None:
    link = workspace.link(password="x", title="T")
    same = _change(workspace, link, password="x", title="T", alias=link["alias"].upper())
    assert (same.status, same.json) == (200, link)
    assert _told(stack, workspace, link) == [("link.created", 1)]


def test_409_a_change_of_another_version(workspace: Workspace) -> None:
    link = workspace.link()
    assert _change(workspace, link, title="T").status == 200
    answer = _change(workspace, link, title="U")
    assert_error(answer, 409, "conflict")
    assert answer.error["reason"] == "version_mismatch"


def test_409_an_external_id_that_another_link_has(workspace: Workspace) -> None:
    workspace.link(external_id="mine")
    answer = workspace.client.post(LINKS, json={"url": TARGET, "external_id": "mine"})
    assert (answer.status, answer.error["reason"]) == (409, "external_id_taken")
    other = _change(workspace, workspace.link(), external_id="mine")
    assert (other.status, other.error["reason"]) == (409, "external_id_taken")
    # Of the other mode it is another one.
    Workspace(workspace.item, "test").link(external_id="mine")


def test_409_an_alias_is_free_only_30_days_after_its_link_was_deleted(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = START
    monkeypatch.setattr(clock, "now", lambda: moment)
    link = workspace.link()
    _delete(workspace, link)
    gone = _alias(link["alias"]) or {}
    assert set(gone) == {"pk", "sk", "gone_at", "free_at", "ttl"}
    again = {"url": TARGET, "alias": link["alias"]}
    for days, status in ((0, 409), (29, 409), (30, 201)):
        moment = START + timedelta(days=days)
        assert workspace.client.post(LINKS, json=again).status == status, days
    assert (_alias(link["alias"]) or {})["url"] == TARGET


def test_409_an_alias_that_was_changed_is_kept_for_30_days_too(workspace: Workspace) -> None:
    link = workspace.link()
    other = f"{link['alias']}-2"
    changed = _change(workspace, link, alias=other).json
    assert changed["short_url"].endswith(f"/{other}")
    assert "gone_at" in (_alias(link["alias"]) or {})
    assert _change(workspace, changed, alias=link["alias"]).status == 409


def test_204_a_deleted_link_leaves_nothing_but_its_alias_and_its_event(
    stack: Stack, workspace: Workspace
) -> None:
    link = workspace.link(tags=["a"], external_id="one", click_cap=5, archived=True)
    stack.put("ClicksTable", {**items.cap_key(link["id"]).attributes(), "passed": 3})
    _delete(workspace, link)
    left = [row for row in stack.rows("CoreTable", workspace.id) if link["id"] in str(row)]
    assert [row["type"] for row in left] == ["link.created", "link.deleted"]
    assert items.cap_key(link["id"]).pk not in {row["pk"] for row in stack.rows("ClicksTable")}
    for query in ("", "?tag=a", "?external_id=one", "?archived=true", f"?alias={link['alias']}"):
        assert _shown(workspace, query) == []
    again = workspace.client.request("DELETE", f"{LINKS}/{link['id']}")
    assert_error(again, 404, "resource_not_found")


def _tag_lags(monkeypatch: pytest.MonkeyPatch, workspace: Workspace, tag: str) -> None:
    """What tells of links is as it is now, for as long as the test takes."""
    query, of = pagination.query, items.tag_key(workspace.partition, tag, "").pk
    known, _ = query(Table.CORE, of, limit=100)

    def lagging(table: Table, partition: str, **more: Any) -> tuple[list[Item], Item | None]:
        if partition != of:
            return query(table, partition, **more)
        start = more["start_after"]
        left = [row for row in known if start is None or row["sk"] < start["sk"]]
        return left[: more["limit"]], None

    monkeypatch.setattr(pagination, "query", lagging)


def test_200_no_link_of_a_tag_whose_links_were_all_just_deleted(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = workspace.link(tags=["a"])
    _tag_lags(monkeypatch, workspace, "a")
    _delete(workspace, link)
    answer = workspace.client.get(f"{LINKS}?tag=a")
    assert (answer.status, answer.json) == (200, {"data": [], "next_cursor": None})


def test_200_a_list_by_tag_goes_on_behind_what_was_just_deleted(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    links = [workspace.link(tags=["a"]) for _ in range(5)]
    _tag_lags(monkeypatch, workspace, "a")
    _delete(workspace, links[3])
    shown, _ = walk(workspace.client, f"{LINKS}?tag=a", limit=2)
    assert [link["id"] for link in shown] == [links[at]["id"] for at in (4, 2, 1, 0)]


def test_402_flat_for_a_link_more_than_the_plan_has(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = make_workspace("free")
    where = {"pk": f"W#{workspace.partition}#USE", "sk": "NOW#links"}
    stack.put("CoreTable", {**where, "committed": workspace_limit() - 1})
    link = workspace.link()
    for method, path, body in (
        ("POST", LINKS, {"url": TARGET}),
        ("PUT", f"{LINKS}/upsert", {"url": TARGET, "external_id": "new"}),
    ):
        answer = workspace.client.request(method, path, json=body)
        assert (answer.status, answer.json) == (
            402,
            {"error": "plan_limit_exceeded", "dimension": "links", "upgrade_to": "pro"},
        )
    # What is there can be changed, and makes room when it goes.
    assert _change(workspace, link, title="T").status == 200
    _delete(workspace, link)
    workspace.link()


def workspace_limit() -> int:
    from linkwright.plans import PLANS

    return PLANS["free"].links


# ---- upsert --------------------------------------------------------------------------------------


def test_200_makes_the_link_of_an_external_id_and_changes_it(
    stack: Stack, workspace: Workspace
) -> None:
    made = _upsert(workspace, external_id="mine", title="T", password="x").json
    assert _upsert(workspace, external_id="mine", title="T", password="x").json == made
    changed = _upsert(workspace, external_id="mine", url=f"{TARGET}/2").json
    assert (changed["id"], changed["version"], changed["title"]) == (made["id"], 2, "T")
    assert (_alias(made["alias"]) or {})["url"] == f"{TARGET}/2"
    assert _told(stack, workspace, made) == [("link.created", 1), ("link.updated", 2)]
    assert len(_shown(workspace)) == 1


def test_400_an_upsert_that_names_no_external_id(workspace: Workspace) -> None:
    assert_error(_upsert(workspace), 400, "validation_failed", "external_id")


# ---- bulk ----------------------------------------------------------------------------------------


def _bulk(workspace: Workspace, *wanted: Item, key: str | None = None) -> Answer:
    headers = {"Idempotency-Key": key} if key else {}
    links = [{"url": TARGET} | one for one in wanted]
    return workspace.client.post(f"{LINKS}/bulk", json={"links": links}, headers=headers)


def test_200_each_of_100_links_has_a_result(stack: Stack, workspace: Workspace) -> None:
    results = _bulk(workspace, *({"title": str(at)} for at in range(100))).json["results"]
    assert [row["index"] for row in results] == list(range(100))
    assert {row["status"] for row in results} == {201}
    assert [row["link"]["title"] for row in results] == [str(at) for at in range(100)]
    assert set(_shown(workspace, "?limit=100")) == {row["link"]["id"] for row in results}
    told = [row["type"] for row in stack.rows("CoreTable", workspace.id) if "sequence" in row]
    assert told == ["link.created"] * 100


def test_200_what_was_just_given_up_can_be_had(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is refused for good is never so by a read that may be of before."""
    key = items.external_id_key(workspace.partition, "mine")
    link, get_many = workspace.link(external_id="mine"), bulk.get_many
    before = get(Table.CORE, key) or {}
    _delete(workspace, link)

    def lagging(table: Table, keys: Sequence[Key], *, strong: bool = False) -> dict[Key, Item]:
        return get_many(table, keys, strong=strong) | ({} if strong else {key: before})

    monkeypatch.setattr(bulk, "get_many", lagging)
    (one,) = _bulk(workspace, {"external_id": "mine"}).json["results"]
    assert one["status"] == 201


def test_200_what_cannot_be_made_is_told_and_the_rest_is_made(
    stack: Stack, workspace: Workspace
) -> None:
    taken = workspace.link(external_id="known")["alias"]
    stack.put("CoreTable", items.domain_name_key("go.other.example").attributes())
    answer = _bulk(
        workspace,
        {"alias": f"{taken}-1", "external_id": "new"},
        {"alias": taken},
        {"alias": f"{taken}-1"},
        {"external_id": "known"},
        {"external_id": "new"},
        {"url": "http://localhost/"},
        {"url": "https://go.other.example/x"},
        {"campaign": ids.new("lcmp")},
        {"alias": "docs"},
        {},
    )
    results = answer.json["results"]
    told = [(row["status"], (row["error"] or {}).get("reason")) for row in results]
    assert told == [
        (201, None),
        (409, "alias_taken"),
        (409, "alias_taken"),
        (409, "external_id_taken"),
        (409, "external_id_taken"),
        *([(400, None)] * 2),
        (404, None),
        (400, None),
        (201, None),
    ]
    assert [(row["error"] or {}).get("field") for row in results[5:9]] == [
        *("url", "url", "campaign", "alias")
    ]
    assert len(_shown(workspace)) == 3


def test_400_what_is_no_link_is_told_in_words_of_the_api(workspace: Workspace) -> None:
    for wanted in (5, "https://example.com/", None, []):
        answer = workspace.client.post(f"{LINKS}/bulk", json={"links": [wanted]})
        assert_error(answer, 400, "validation_failed", "links.0")
        assert answer.json["message"] == "Field 'links.0' must be an object."


def test_200_as_many_links_as_the_plan_has(stack: Stack) -> None:
    workspace = make_workspace("free")
    where = {"pk": f"W#{workspace.partition}#USE", "sk": "NOW#links"}
    stack.put("CoreTable", {**where, "committed": workspace_limit() - 2})
    results = _bulk(workspace, {}, {}, {}, {"alias": "docs"}).json["results"]
    assert [row["status"] for row in results] == [201, 201, 402, 400]
    assert (results[2]["error"]["dimension"], results[2]["error"]["upgrade_to"]) == ("links", "pro")


@pytest.mark.slow
def test_200_a_run_that_was_cut_off_is_taken_up(
    stack: Stack, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its links are reported as made, by whichever run that was."""
    from linkwright.errors import Unavailable
    from linkwright.transaction import Transaction

    wanted = [{"title": str(at), "tags": ["t"]} for at in range(60)]
    commit, committed = Transaction.commit, list[int]()

    def cut_off(self: Transaction) -> None:
        if len(committed) == 2:
            raise Unavailable
        committed.append(1)
        commit(self)

    with monkeypatch.context() as patch:
        patch.setattr(Transaction, "commit", cut_off)
        assert _bulk(workspace, *wanted, key="push").status == 503
    made = set(_shown(workspace, "?limit=100"))
    assert 0 < len(made) < 60
    other = _bulk(workspace, *wanted[1:], key="push")
    assert (other.status, other.error["reason"]) == (409, "idempotency_key_reused")
    answer = _bulk(workspace, *wanted, key="push")
    assert [row["status"] for row in answer.json["results"]] == [201] * 60
    assert [row["link"]["title"] for row in answer.json["results"]] == [w["title"] for w in wanted]
    assert made < {row["link"]["id"] for row in answer.json["results"]}
    assert len(_shown(workspace, "?limit=100")) == 60
    again = _bulk(workspace, *wanted, key="push")
    assert (again.raw, again.headers["Idempotent-Replayed"]) == (answer.raw, "true")


def test_400_more_passwords_than_one_request_has_time_for(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "hashed", lambda typed: f"hash of {typed}")
    results = _bulk(workspace, *({"password": str(at)} for at in range(12))).json["results"]
    assert [row["status"] for row in results] == [201] * 10 + [400] * 2


def test_200_as_many_links_as_an_answer_holds(workspace: Workspace) -> None:
    metadata = {f"{at}": "x" * 500 for at in range(12)}
    results = _bulk(workspace, *[{"metadata": metadata, "title": "é" * 200}] * 37).json["results"]
    assert {row["status"] for row in results} == {201}
