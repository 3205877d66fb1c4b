"""Leads: pushed one by one, read, changed, researched again and deleted."""

import json
from typing import Any

import pytest

from linkwright import jobs, plans, usage
from linkwright.mailer import items
from linkwright.table import Item, Table, get, query, update
from linkwright.webhooks.logs import bodies, event_log
from tests import pump
from tests.client import Answer
from tests.factories import Workspace, make_workspace
from tests.stack import Stack

RICHARD = {
    "email": "richard@avishealth.com",
    "first_name": "Richard",
    "last_name": "Avis",
    "company": "Avis Health",
    "title": "Executive Chairman",
    "metadata": {"source": "import_2026_05"},
}


def _push(workspace: Workspace, campaign: str, **lead: Any) -> Answer:
    return workspace.client.post(f"/v1/mailer/campaigns/{campaign}/leads", json=lead)


def _counts(workspace: Workspace, campaign: str) -> dict[str, int]:
    shown = workspace.client.get(f"/v1/mailer/campaigns/{campaign}").json["lead_counts"]
    return {status: number for status, number in shown.items() if number}


def _events(workspace: Workspace, lead: str) -> list[Item]:
    return list(reversed(workspace.client.get(f"/v1/events?object={lead}").json["data"]))


def _reserved(workspace: Workspace) -> int:
    period = plans.period(workspace.item["anchor_day"]).label
    where = usage.key(workspace.partition, period, items.RESEARCHED)
    return int((get(Table.CORE, where) or {}).get("committed", 0))


def _stored(workspace: Workspace, lead: str) -> Item:
    return get(Table.CORE, items.lead_key(workspace.partition, lead)) or {}


def _is(workspace: Workspace, lead: str, **view: Any) -> None:
    """Let a lead be otherwise, as its research or a mail would have it."""
    where = items.lead_key(workspace.partition, lead)
    changed = _stored(workspace, lead)["view"] | view
    update(Table.CORE, where, "SET #view = :view", values={"view": changed})


def test_201_takes_the_sample_of_the_reference(workspace: Workspace) -> None:
    campaign = workspace.mailer_campaign()
    made = _push(workspace, campaign, **RICHARD)
    assert made.status == 201
    assert made.headers["Location"].endswith(f"/v1/mailer/leads/{made.json['id']}")
    assert {**made.json, **RICHARD} == made.json
    assert (made.json["status"], made.json["research"]["status"]) == ("pending", "queued")
    assert (made.json["emails"], made.json["reply"], made.json["flags"]) == ([], None, [])
    assert workspace.client.get(f"/v1/mailer/leads/{made.json['id']}").json == made.json
    assert _counts(workspace, campaign) == {"pending": 1}
    assert jobs.is_due(_stored(workspace, made.json["id"]))
    assert _reserved(workspace) == 1


def test_200_the_lead_that_there_is_for_one_pushed_again(workspace: Workspace) -> None:
    """In whatever spelling: letters' size says nothing, what is after a plus does."""
    campaign = workspace.mailer_campaign()
    made = _push(workspace, campaign, email="Noa@Example.com", first_name="Noa").json
    again = _push(workspace, campaign, email="noa@example.COM", first_name="Other")
    assert again.status == 200
    assert again.json == made | {"duplicate": True}
    assert "Location" not in again.headers
    assert _push(workspace, campaign, email="noa+1@example.com").status == 201
    assert len(_events(workspace, made["id"])) == 1
    assert _reserved(workspace) == 2


@pytest.mark.parametrize(
    ("email", "kept"),
    [
        ("Noa@BÜCHER.example", "Noa@xn--bcher-kva.example"),
        ("noa@bu\u0308cher.example", "noa@xn--bcher-kva.example"),
        ("noa@XN--bcher-kva.example", "noa@xn--bcher-kva.example"),
    ],
)
def test_201_kept_as_dns_has_its_domain(workspace: Workspace, email: str, kept: str) -> None:
    made = _push(workspace, workspace.mailer_campaign(), email=email)
    assert (made.status, made.json["email"]) == (201, kept)


@pytest.mark.parametrize(
    "email",
    ["noa@straße.example", "noa@ｅxample.com", "noa@exａmple.com", "noa@example².com"],
)
def test_400_for_a_domain_that_would_be_mailed_to_by_another_name(
    workspace: Workspace, email: str
) -> None:
    answer = _push(workspace, workspace.mailer_campaign(), email=email)
    assert (answer.status, answer.error["field"]) == (400, "email")
    listed = workspace.client.post("/v1/mailer/suppressions", json={"email": email})
    assert listed.status == 400


def test_200_one_lead_however_its_domain_is_spelt(workspace: Workspace) -> None:
    campaign = workspace.mailer_campaign()
    made = _push(workspace, campaign, email="noa@bücher.example").json
    spelt = [{"email": "NOA@Bücher.example"}, {"email": "noa@xn--bcher-kva.example"}]
    told = workspace.client.post(f"/v1/mailer/campaigns/{campaign}/leads", json={"leads": spelt})
    assert {one["lead_id"] for one in told.json["results"]} == {made["id"]}
    assert told.json["duplicates"] == len(spelt)


def test_201_the_same_address_in_another_campaign_unless_that_is_not_wanted(
    workspace: Workspace,
) -> None:
    first, second = workspace.mailer_campaign(), workspace.mailer_campaign()
    made = _push(workspace, first, email="noa@example.com").json
    skipped = _push(workspace, second, email="noa@example.com", skip_if_in_workspace=True)
    assert (skipped.status, skipped.json["id"]) == (200, made["id"])
    assert _push(workspace, second, email="noa@example.com").status == 201
    other = make_workspace()
    assert _push(other, other.mailer_campaign(), email="noa@example.com").status == 201


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"email": "no address"}, "email"),
        ({"email": "a@b"}, "email"),
        ({"email": "a@@example.com"}, "email"),
        ({"email": ".a@example.com"}, "email"),
        ({"email": "a..b@example.com"}, "email"),
        ({"email": "a@example.com\nBcc: x@example.com"}, "email"),
        ({"email": "a@example.com, b@example.com"}, "email"),
        ({"email": "Noa <noa@example.com>"}, "email"),
        ({"email": "a@-example.com"}, "email"),
        ({"email": "a@127.0.0.1"}, "email"),
        ({"email": "\u202ea@example.com"}, "email"),
        ({"email": f"{'a' * 65}@example.com"}, "email"),
        ({"first_name": "a\r\nBcc: x@example.com"}, "first_name"),
        ({"company": "a\tb"}, "company"),
        ({"website": "javascript:alert(1)"}, "website"),
        ({"website": "https://user@example.com"}, "website"),
        ({"country": "Israel"}, "country"),
        ({"time_zone": "Here"}, "time_zone"),
        ({"metadata": {"a": 1}}, "metadata.a"),
        ({"status": "ready"}, "status"),
        ({"leads": [{"email": "b@example.com"}]}, "leads"),
    ],
)
def test_400_for_what_no_lead_is(workspace: Workspace, fields: Item, field: str) -> None:
    campaign = workspace.mailer_campaign()
    answer = _push(workspace, campaign, **{"email": "noa@example.com"} | fields)
    assert (answer.status, answer.error["field"]) == (400, field)
    assert _counts(workspace, campaign) == {}


def test_400_for_no_lead_at_all(workspace: Workspace) -> None:
    answer = _push(workspace, workspace.mailer_campaign())
    assert (answer.status, answer.error["field"]) == (400, "email")


def test_201_in_any_script(workspace: Workspace) -> None:
    campaign = workspace.mailer_campaign()
    people = [
        {"email": "noa@example.com", "first_name": "נועה", "company": "מאפייה בע״מ"},
        {"email": "yusuf@example.com", "first_name": "يوسف", "language": "ar"},
        {"email": "josé@xn--exmple-cua.com", "metadata": {"שם": "ערך \n שני"}},
    ]
    for person in people:
        made = _push(workspace, campaign, **person)
        assert (made.status, {**made.json, **person}) == (201, made.json)


# As exports of CRMs and spreadsheets have them.
@pytest.mark.parametrize(
    ("cells", "shown"),
    [
        ({"website": "avishealth.com/about"}, {"website": "https://avishealth.com/about"}),
        ({"website": " HTTPS://WWW.Acme.com \n"}, {"website": "https://WWW.Acme.com"}),
        ({"website": "http://acme.com:8080/a?b"}, {"website": "http://acme.com:8080/a?b"}),
        ({"website": "\u00a0דוגמה.co.il/"}, {"website": "https://דוגמה.co.il/"}),
        ({"country": " il", "language": "EN"}, {"country": "IL", "language": "en"}),
        ({"language": "pt_br", "first_name": " Ann "}, {"language": "pt-BR", "first_name": "Ann"}),
        (
            dict.fromkeys(("first_name", "last_name", "company", "title", "website"), ""),
            dict.fromkeys(("first_name", "last_name", "company", "title", "website")),
        ),
        (
            dict.fromkeys(("language", "country", "time_zone", "source", "legal_basis"), " \u00a0"),
            dict.fromkeys(("language", "country", "time_zone", "source", "legal_basis")),
        ),
    ],
)
def test_201_a_cell_without_what_carries_no_meaning(
    workspace: Workspace, cells: Item, shown: Item
) -> None:
    campaign = workspace.mailer_campaign()
    made = _push(workspace, campaign, email="a@example.com", **cells)
    assert (made.status, {**made.json, **shown}) == (201, made.json)
    row = {"email": "b@example.com", **cells}
    listed = _push(workspace, campaign, leads=[row]).json
    assert listed["created"] == 1, listed


def test_200_an_empty_text_takes_a_field_away(workspace: Workspace) -> None:
    lead = workspace.lead(title="CEO", website="example.com")
    path = f"/v1/mailer/leads/{lead}"
    changed = workspace.client.request("PATCH", path, json={"title": " ", "website": ""})
    assert (changed.status, changed.json["title"], changed.json["website"]) == (200, None, None)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"website": "acme"}, "the address of a site, as 'example.com/about'"),
        ({"website": "N/A"}, "the address of a site, as 'example.com/about'"),
        ({"website": "https://acme.com/a b"}, "the address of a site, as 'example.com/about'"),
        ({"website": "//acme.com"}, "the address of a site, as 'example.com/about'"),
        ({"website": "https://[abc.example/"}, "the address of a site, as 'example.com/about'"),
        ({"website": "https://a[b].example/"}, "the address of a site, as 'example.com/about'"),
        ({"website": "https://ex\u2100mple.com/"}, "the address of a site, as 'example.com/about'"),
        ({"website": "https://acme.com:99999/"}, "the address of a site, as 'example.com/about'"),
        ({"website": "https://a..com/"}, "the address of a site, as 'example.com/about'"),
        ({"country": "Israel"}, "the ISO 3166 code of a country, as 'IL'"),
        ({"language": "English"}, "the code of a language, as 'en' or 'pt-BR'"),
    ],
)
def test_400_says_in_words_what_is_wanted(workspace: Workspace, fields: Item, words: str) -> None:
    answer = _push(workspace, workspace.mailer_campaign(), email="a@example.com", **fields)
    (field,) = fields
    assert (answer.status, answer.error["field"]) == (400, field)
    assert answer.error["message"] == f"Field '{field}' must be {words}."


@pytest.mark.parametrize(
    ("email", "flags"),
    [
        ("noa@example.com", []),
        ("Info@example.com", ["role"]),
        ("sales+it@example.com", ["role"]),
        ("noa@mailinator.com", ["disposable"]),
        ("abuse@example.com", ["role", "risky"]),
    ],
)
def test_201_flags_whom_better_not_to_write_to(
    workspace: Workspace, email: str, flags: list[str]
) -> None:
    assert _push(workspace, workspace.mailer_campaign(), email=email).json["flags"] == flags


def test_402_beyond_the_plan_and_nothing_else_happens(workspace: Workspace) -> None:
    campaign = workspace.mailer_campaign()
    period = plans.period(workspace.item["anchor_day"]).label
    where = usage.key(workspace.partition, period, items.RESEARCHED)
    update(Table.CORE, where, "SET #committed = :most", values={"most": 9_999})
    lead = _push(workspace, campaign, email="a@example.com")
    assert lead.status == 201
    answer = _push(workspace, campaign, email="b@example.com")
    assert (answer.status, answer.error["code"]) == (402, "plan_limit_exceeded")
    facts = {name: answer.error[name] for name in ("dimension", "limit", "used", "upgrade_to")}
    assert facts == {
        "dimension": "leads",
        "limit": 10_000,
        "used": 10_000,
        "upgrade_to": "business",
    }
    assert _counts(workspace, campaign) == {"pending": 1}
    again = workspace.client.post(f"/v1/mailer/leads/{lead.json['id']}/research")
    assert again.status == 202  # as it is researched already
    _is(workspace, lead.json["id"], research={"status": "failed", "sources": []}, status="failed")
    assert workspace.client.post(f"/v1/mailer/leads/{lead.json['id']}/research").status == 402


def test_200_lists_the_newest_first_and_by_status(workspace: Workspace) -> None:
    campaign = workspace.mailer_campaign()
    made = [workspace.lead(campaign) for _ in range(3)]
    workspace.lead()
    path = f"/v1/mailer/campaigns/{campaign}/leads"
    rows = workspace.client.get(path).json["data"]
    assert [row["id"] for row in rows] == made[::-1]
    assert "emails" not in rows[0]
    pending = workspace.client.get(f"{path}?status=pending").json["data"]
    assert pending == rows
    assert workspace.client.get(f"{path}?status=ready").json["data"] == []
    assert workspace.client.get("/v1/mailer/campaigns/cmp_none/leads").status == 404


def test_200_changes_what_is_known_and_tells_it_from_then_on(
    stack: Stack, workspace: Workspace
) -> None:
    lead = workspace.lead(first_name="Noa", metadata={"a": "1"})
    path = f"/v1/mailer/leads/{lead}"
    changed = {"title": "CEO", "first_name": None, "metadata": {"b": "2"}}
    answer = workspace.client.request("PATCH", f"/v1/mailer/leads/{lead}", json=changed)
    after = answer.json
    assert {**after, **changed} == after
    assert (after["version"], workspace.client.get(path).json) == (2, after)
    assert workspace.client.request("PATCH", path, json={"title": "CEO"}).json == after
    assert workspace.client.request("PATCH", path, json={"email": "x@example.com"}).status == 400


def test_202_researches_again_and_takes_of_the_plan(workspace: Workspace) -> None:
    campaign = workspace.mailer_campaign()
    lead = workspace.lead(campaign)
    running = workspace.client.post(f"/v1/mailer/leads/{lead}/research")
    first = running.json["research"]
    assert (running.status, first["status"], _reserved(workspace)) == (202, "queued", 1)
    ended = {"status": "failed", "reason": "unreachable", "run": first["run"], "sources": []}
    _is(workspace, lead, research=ended)
    again = workspace.client.post(f"/v1/mailer/leads/{lead}/research", json={})
    research = again.json["research"]
    assert (again.status, research["status"], research["reason"]) == (202, "queued", None)
    assert research["run"] != first["run"]
    assert jobs.is_due(_stored(workspace, lead))
    assert _reserved(workspace) == 2


@pytest.mark.parametrize("status", ["replied", "unsubscribed", "bounced", "suppressed"])
def test_409_for_researching_who_hears_no_more_of_us(workspace: Workspace, status: str) -> None:
    lead = workspace.lead()
    _is(workspace, lead, status=status, research={"status": "succeeded", "sources": []})
    answer = workspace.client.post(f"/v1/mailer/leads/{lead}/research")
    assert (answer.status, answer.error["reason"]) == (409, "lead_ended")


def test_204_deletes_all_that_is_known_of_a_person(stack: Stack, workspace: Workspace) -> None:
    campaign = workspace.mailer_campaign()
    lead = _push(workspace, campaign, **RICHARD).json["id"]
    partition = workspace.partition
    stack.put(
        "CoreTable",
        {**items.email_key(partition, lead, 1).attributes(), "view": {"body": "Dear Richard"}},
    )
    [told] = _events(workspace, lead)
    path = f"/v1/events/{told['id']}"
    person = workspace.client.get(path).json["data"]["object"]
    assert {**person, **RICHARD} == person
    assert workspace.client.request("DELETE", f"/v1/mailer/leads/{lead}").status == 204
    assert workspace.client.get(f"/v1/mailer/leads/{lead}").status == 404
    erased = workspace.client.get(path).json
    nobody = dict.fromkeys(RICHARD) | {"metadata": {}}
    assert {**erased["data"]["object"], **nobody} == erased["data"]["object"]
    assert (erased["metadata"], erased["data"]["object"]["metadata"]) == ({}, {})
    rows = [str(row) for row in stack.rows("CoreTable", workspace.id)]
    assert not any("avis" in row.lower() for row in rows)
    assert (_counts(workspace, campaign), _reserved(workspace)) == ({}, 0)
    done = workspace.client.get(f"/v1/workspace/audit?object={lead}").json["data"]
    assert [row["action"] for row in done] == ["lead.deleted"]
    # Who was deleted may be pushed again, as somebody new.
    again = _push(workspace, campaign, **RICHARD)
    assert (again.status, again.json["id"] != lead) == (201, True)


def test_204_no_event_of_a_deleted_lead_tells_its_metadata(
    stack: Stack, workspace: Workspace
) -> None:
    campaign = workspace.mailer_campaign()
    gone, stays = (
        _push(workspace, campaign, email=f"{name}@gmail.com", metadata={"badge": name}).json["id"]
        for name in ("was_gone", "stays")
    )
    pump.settle(stack, workspace.id, jobs.LEAD)
    of = {row["type"] for row in _listed(workspace) if row["metadata"] == {"badge": "was_gone"}}
    assert {"lead.created", "lead.researched", "email.generated"} <= of
    assert workspace.client.request("DELETE", f"/v1/mailer/leads/{gone}").status == 204
    rows = _listed(workspace)
    assert {row["type"] for row in rows if row["metadata"] == {"badge": "stays"}} >= of
    assert [row["metadata"] for row in _events(workspace, gone)] == [{}, {}]
    told = str(rows)
    for row in rows:
        told += workspace.client.get(f"/v1/events/{row['id']}").raw
        stored = event_log.stored(workspace.partition, row["id"])
        assert stored is not None
        for payload in ("thin", "full"):
            told += bodies.message(stored, payload).decode()
    assert stays in told
    assert "was_gone" not in told


def _listed(workspace: Workspace) -> list[Item]:
    return list(workspace.client.get("/v1/events?limit=100").json["data"])


def test_events_keep_nothing_that_names_a_person(stack: Stack, workspace: Workspace) -> None:
    lead = _push(workspace, workspace.mailer_campaign(), **RICHARD).json["id"]
    rows, _ = query(Table.CORE, f"W#{workspace.partition}#EVT", limit=50)
    [event] = [row for row in rows if row["type"] == "lead.created"]
    assert event["object"]["id"] == lead
    assert "avis" not in str(event).lower()
    assert "import_2026_05" not in str(event)


def test_events_tell_the_metadata_of_a_lead_as_it_is_when_they_are_read(
    stack: Stack, workspace: Workspace
) -> None:
    lead = workspace.lead(metadata={"deal": "before"})
    pump.settle(stack, workspace.id, jobs.LEAD)
    newest = {"deal": "after", "שם": "ערך"}
    path = f"/v1/mailer/leads/{lead}"
    assert workspace.client.request("PATCH", path, json={"metadata": newest}).status == 200
    rows = _listed(workspace)
    assert {"lead.created", "email.generated"} <= {row["type"] for row in rows}
    for row in rows:
        stored = event_log.stored(workspace.partition, row["id"])
        assert stored is not None
        assert "deal" not in str(stored)
        told = [row, workspace.client.get(f"/v1/events/{row['id']}").json]
        told += [json.loads(bodies.message(stored, payload)) for payload in ("thin", "full")]
        assert [one["metadata"] for one in told] == [newest] * 4
