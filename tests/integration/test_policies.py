"""What a function does on AWS is exactly what its policy allows.

The scenarios reach each use of AWS that a function can make; a right that none of them needs is a
finding, as is a use without the right.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from itertools import product
from typing import cast
from urllib.parse import urlsplit

import pytest

from linkwright import clock, ids, jobs, plans, sealing, settings, usage
from linkwright.ai import answers
from linkwright.ai.own_key import expiry
from linkwright.ai.scan import letters, looking, scanning
from linkwright.credits.items import balance_key, hold_key, renewal_key
from linkwright.jobs import Work
from linkwright.links import candidates
from linkwright.links.items import cap_key, day_row, domain_key, link_rows, salt_key, visit_key
from linkwright.links.metrics.rows import MOST_NAMES
from linkwright.links.redirect import front, salts
from linkwright.providers import llm, twilio_callbacks
from linkwright.providers.llm_catalogue import MODELS
from linkwright.providers.mail import Mail, MailRefused, once
from linkwright.providers.mailbox.types import Failure, MailboxFailed
from linkwright.table import Item, Key, Table, get, update
from linkwright.transaction import Transaction
from linkwright.voice.calls import follow_ups, items, turn_log
from linkwright.voice.calls.items import CallItem
from linkwright.voice.conversation import decisions
from linkwright.webhooks import catalogue, health
from linkwright.workspace import members
from linkwright.workspace.mailed import digest_job, unsubscribing
from tests import (
    answered,
    carrier,
    clicks,
    credits,
    feedback,
    heard,
    leads,
    mailhost,
    mailing,
    models,
    nameserver,
    old_links,
    processes,
    pump,
    receiver,
    shortlinks,
    sites,
    vendors,
    webhooks,
)
from tests import runs as agent_runs
from tests import stack as stacks
from tests.clerk import clerk_event, membership, organisation, user
from tests.client import Client, Context, invoke, queue_event
from tests.factories import CALLEE, HOOK, TARGET, Workspace, another_number, make_workspace
from tests.integration import signed
from tests.integration.every_route import PRIVATE, make_world
from tests.stack import EmulatedStack, Stack
from tests.switchboard import PlacedCall
from tests.template.broken import statements_of
from tests.template.checkout import Checkout, real
from tests.template.recorder import recording
from tests.template.roles import Use, advice, differences
from tools.carrier.callees import NO_ANSWER, Callee
from tools.demo import demo_agent
from tools.template import Function, functions

Scenario = Callable[[Stack, Workspace], None]
LONG_AGO = "2000-01-01T00:00:00Z"


@pytest.fixture(scope="module")
def stack(stack: Stack, emulator: EmulatedStack) -> Iterator[Stack]:
    """What is used is seen at the clients themselves."""
    with stacks.in_place_of(stack, emulator) as used:
        yield used


def asks_everything_twice(stack: Stack, _: Workspace) -> None:
    """The good request of each endpoint, and a POST again under its key."""
    world = make_world()
    for route in PRIVATE:
        for _ in range(2 if route.method == "POST" else 1):
            answer = route.ask(world.client, world.ids, headers={"Idempotency-Key": str(route)})
            assert answer.status == route.status, route


def changes_a_plan(stack: Stack, workspace: Workspace) -> None:
    told = {"workspace_id": workspace.id, "plan": "business", "version": 1}
    assert webhooks.send(webhooks.BILLING, told).status == 200
    pump.settle(stack, workspace.id)
    assert workspace.client.get("/v1/whoami").json["plan"] == "business"


def listens_to_what_happens(stack: Stack, workspace: Workspace) -> None:
    """One receiver takes what it is told, another one fails, and both are asked about."""
    client = workspace.client
    with pytest.MonkeyPatch.context() as patch, receiver.receivers(patch) as receivers:
        takes = workspace.webhook(url=receiver.URL, events=["*"], headers={"X-Shop": "12"})
        gone = workspace.webhook(events=["*"])
        receivers.does[HOOK] = receiver.answers(400, webhook_delivery="abort-message")
        event = workspace.happen()
        pump.settle(stack, workspace.id)
        assert [message.id for message in receivers.at()] == [event]
        for webhook, status in ((takes, "succeeded"), (gone, "failed")):
            found = client.get(f"/v1/webhooks/{webhook}/deliveries?status={status}").json["data"]
            assert [row["event_id"] for row in found] == [event]
        for only in ("failed", "missing", "all"):
            wanted = {"since": "2020-01-01T00:00:00Z", "only": only}
            assert client.post(f"/v1/webhooks/{gone}/replay", json=wanted).status == 202
            pump.settle(stack, workspace.id)
        receivers.does[receiver.URL] = receiver.answers(503)
        assert client.post(f"/v1/webhooks/{takes}/test").status == 202
        waits = workspace.happen()
        pump.settle(stack, workspace.id)
        for wanted in ({"since": "2020-01-01T00:00:00Z", "only": "all"}, {"event_id": waits}):
            assert client.post(f"/v1/webhooks/{takes}/replay", json=wanted).status == 202
            pump.settle(stack, workspace.id)
    changed = {"headers": {"X-Shop": "13"}, "description": "other"}
    assert client.request("PATCH", f"/v1/webhooks/{takes}", json=changed).status == 200
    queue = workspace.webhook(type="sqs", url=None, arn=workspace.queue())
    paused = {"description": "not any more"}
    assert client.request("PATCH", f"/v1/webhooks/{queue}", json=paused).status == 200
    of_it = catalogue.sample("call.ended")["id"]
    for filters in ("", "?type=call.ended", f"?object={of_it}"):
        found = client.get(f"/v1/events{filters}").json["data"]
        assert event in {row["id"] for row in found}


def comes_to_a_threshold(stack: Stack, workspace: Workspace) -> None:
    period = plans.period(workspace.item["anchor_day"]).label
    for used in (1, 260):
        tx = Transaction(workspace.partition, "req_test")
        where = (workspace.partition, period, usage.CALL_MINUTES)
        usage.settle(*where, reserved=0, used=used, tx=tx)
        tx.commit()
        counter = Work(jobs.USAGE, *usage.key(*where))
        invoke("update_workspace", queue_event([counter.message()]))
        assert not jobs.is_waiting(counter.key)
    wanted, at = {"usage_thresholds": [50]}, {"If-Match": "1"}
    answer = workspace.client.request("PATCH", "/v1/workspace/settings", json=wanted, headers=at)
    assert answer.status == 200
    assert jobs.is_waiting(counter.key)


def tells_an_owner_of_a_webhook(stack: Stack, workspace: Workspace) -> None:
    member = members.row(workspace.id, workspace.member("owner"))
    view = (get(Table.ACCESS, member) or {})["view"] | {"email": "owner@example.com"}
    update(Table.ACCESS, member, "SET #view = :view", values={"view": view})
    tx = Transaction(workspace.partition, "req_test")
    shown = {"id": "wh_1", "url": receiver.URL, "created_at": clock.timestamp()}
    health.request_notice(tx, "webhook.disabled", shown)
    tx.commit()
    pump.settle(stack, workspace.id, jobs.NOTICE)
    assert stack.letters("owner@example.com")


def follows_clerk(stack: Stack, workspace: Workspace) -> None:
    """An organisation comes, is renamed and goes; so does a member who made a key."""
    told = [
        ("organizationMembership.created", membership("org_p", "user_p", "org:admin"), 1),
        ("organization.created", organisation("org_p", "user_p"), 2),
        ("user.updated", user("user_p"), 3),
        ("organization.updated", organisation("org_p", "user_p", "Other"), 4),
        ("organizationMembership.updated", membership("org_p", "user_q"), 5),
        ("organizationMembership.deleted", membership("org_p", "user_q"), 6),
        ("organization.deleted", organisation("org_p"), 7),
    ]
    for kind, data, at in told:
        assert webhooks.send(webhooks.CLERK, clerk_event(kind, data, at)).status == 200


def asks_for_what_is_not_there(stack: Stack, workspace: Workspace) -> None:
    assert workspace.client.get("/v1/nothing").status == 404
    assert workspace.client.post("/v1/whoami").status == 405


def places_more_calls_than_the_plan_has(stack: Stack, workspace: Workspace) -> None:
    free = make_workspace("free")
    agent = free.agent()
    assert {free.place(agent).status for _ in range(11)} == {201, 402}


def lists_calls_by_each_index(stack: Stack, workspace: Workspace) -> None:
    agent_id = workspace.agent()
    agent, call = f"agent_id={agent_id}", workspace.place(agent_id).json["id"]
    assert workspace.client.get(f"/v1/voice/calls/{call}").status == 200
    for filters in ("", *(f"?{agent}", f"?{agent}&status=queued", "?status=queued&status=busy")):
        answer = workspace.client.get(f"/v1/voice/calls{filters}")
        assert call in {row["id"] for row in answer.json["data"]}


def lists_the_audit_log_by_each_index(stack: Stack, workspace: Workspace) -> None:
    key = workspace.key()
    for filters in ("", f"?object={key}", "?actor=operator", "?action=key.created"):
        answer = workspace.client.get(f"/v1/workspace/audit{filters}")
        assert key in {row["object"] for row in answer.json["data"]}


def lists_notifications_that_nobody_read(stack: Stack, workspace: Workspace) -> None:
    told = workspace.notification()
    found = workspace.client.get("/api/notifications?unread=true").json["data"]
    assert [row["id"] for row in found] == [told]


def makes_keys_where_others_have_expired(stack: Stack, workspace: Workspace) -> None:
    """Whoever comes next deletes them."""
    body = {"name": "CI", "scopes": ["calls:read"], "mode": "live"}
    roll = f"/v1/keys/{workspace.key()}/roll", {"overlap": "0"}
    for path, wanted in (roll, ("/v1/keys", body)):
        assert workspace.client.post(path, json=wanted).status == 201
    roll = f"/v1/keys/{workspace.key()}/roll", {"overlap": "0"}
    again = f"/v1/keys/{workspace.key()}/roll", {"overlap": "0"}
    for path, wanted in (roll, again):
        assert workspace.client.post(path, json=wanted).status == 201


def follows_links(stack: Stack, workspace: Workspace) -> None:
    """In a process that begins on a day without a salt, behind CloudFront: of each kind of link."""
    for method, body, link in (
        ("GET", None, {"track_conversion": True, "click_cap": 5}),
        ("POST", "password=open+sesame", {"password": "open sesame", "track_conversion": True}),
    ):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("BEHIND_CLOUDFRONT", "true")
            settings.settings.cache_clear()
            processes.forget()
            stack.delete("ClicksTable", salt_key(salts.day(clock.now())))
            alias, _ = shortlinks.stored(workspace, **link)
            said = {front.HEADER: "x" * 40}
            for agent in (shortlinks.PERSON, shortlinks.PERSON, "curl/8.7.1"):
                asked = shortlinks.ask(f"/{alias}", method, agent=agent, body=body, headers=said)
                assert asked.status in {302, 303}
            if body:
                assert shortlinks.ask(f"/{alias}", method, body="password=x").status == 403
                capped, _ = shortlinks.stored(workspace, click_cap=5, **link)
                for agent in (shortlinks.PERSON, "curl/8.7.1"):
                    assert (
                        shortlinks.ask(f"/{capped}", "POST", agent=agent, body=body).status == 303
                    )
        settings.settings.cache_clear()


def has_a_domain(stack: Stack, workspace: Workspace) -> None:
    """It is proven, has a link that is followed, and is deleted."""
    name, instead = "go.rights.example.com", "https://example.com/"
    domain = workspace.proven(name, not_found_url=instead)
    path = f"/api/domains/{domain}"
    changed = {"not_found_url": f"{instead}gone"}
    version = str(workspace.client.get(path).json["version"])
    answer = workspace.client.request("PATCH", path, json=changed, headers={"If-Match": version})
    assert answer.status == 200
    free = make_workspace("free")
    free.domain()
    assert free.client.post("/api/domains", json={"domain": name}).status == 402
    link = workspace.link(domain=domain, alias="rights")
    for method, status in (("GET", 302), ("POST", 303)):
        assert shortlinks.ask("/rights", method, domain=name).status == status
    for at in ("/nothing", "/"):
        assert shortlinks.ask(at, domain=name).status == 302
    assert workspace.client.get(f"/api/links/{link['id']}/qr").status == 200
    moved = {"domain": None, "url": "https://example.net/"}
    for change, at in ((moved, "1"), ({"domain": domain, "alias": "again"}, "2")):
        path_of_link = f"/api/links/{link['id']}"
        headers = {"If-Match": at}
        changed_link = workspace.client.request("PATCH", path_of_link, json=change, headers=headers)
        assert changed_link.status == 200
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BEHIND_CLOUDFRONT", "true")
        settings.settings.cache_clear()
        processes.forget()
        said = {front.HEADER: "x" * 40}
        asked = shortlinks.ask("/.well-known/assetlinks.json", domain=name, headers=said)
        assert asked.status == 404
    settings.settings.cache_clear()
    # It is looked at again, until it is not proven any more.
    nameserver.forget(f"_linkwright.{name}")
    again, now = jobs.at(domain_key(workspace.partition, domain)), clock.now()
    for later in (timedelta(days=1), timedelta(days=5)):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(clock, "now", lambda later=later: now + later)
            invoke("update_workspace", queue_event([again.message()]), Context(60_000))
    assert workspace.client.get(path).json["status"] == "failed"
    assert workspace.client.request("DELETE", f"/api/links/{link['id']}").status == 204
    assert workspace.client.request("DELETE", path).status == 204


def changes_and_lists_short_links(stack: Stack, workspace: Workspace) -> None:
    """By each index, with all that finds a link taken away and another in its place."""
    client, wanted = workspace.client, {"url": TARGET, "external_id": "mine"}
    link = workspace.link(**wanted, tags=["sale"])
    other = {"url": "https://example.org/", "external_id": "mine", "tags": ["spring"]}
    assert client.request("PUT", "/api/links/upsert", json=other).status == 200
    path, at = f"/api/links/{link['id']}", {"If-Match": "2"}
    changed = {"url": TARGET, "external_id": "yours", "tags": ["sale"]}
    assert client.request("PATCH", path, json=changed, headers=at).status == 200
    for filters in (
        "",
        "?tag=sale",
        "?archived=false",
        "?external_id=yours",
        "?campaign=lcmp_none",
    ):
        assert client.get(f"/api/links{filters}").status == 200
    nowhere = {"url": TARGET, "domain": ids.new("dom")}
    assert client.post("/api/links", json=nowhere).status == 404


def applies_and_undoes_actions(stack: Stack, workspace: Workspace) -> None:
    """What is noted of a link whose conversions nobody tracks goes, and comes back; the
    alias of another is somebody else's by now, with its domain.
    """
    action = {"type": "enable_conversion_tracking", "link_id": workspace.link()["id"], "params": {}}
    path = "/api/ai/actions/apply"
    undo = workspace.client.post(path, json=action).json["undo"]
    assert workspace.client.post(path, json=undo).json["undo"]["type"] == action["type"]
    name, seller = "sold.rights.example.com", make_workspace()
    sold = seller.link(domain=seller.proven(name), alias="sold")
    nameserver.forget(f"_linkwright.{name}")
    workspace.link(domain=workspace.proven(name), alias="sold")
    assert seller.client.post(path, json=action | {"link_id": sold["id"]}).status == 200


def scans_links(stack: Stack, workspace: Workspace) -> None:
    """By the endpoint and by the job: what is found, what is none, and what is over or less."""
    scan, work = "/api/ai/proactive/scan", jobs.at(scanning.key(workspace.partition))
    soon = clock.timestamp(clock.now() + timedelta(hours=2))

    def has_some() -> list[str]:
        found = []
        for cap in (2, 10):
            link = workspace.link(expires_at=soon, click_cap=cap + 1)
            old_links.age(workspace.partition, link["id"])
            stack.put("ClicksTable", {**cap_key(link["id"]).attributes(), "passed": 1})
            path, at = f"/api/links/{link['id']}", {"If-Match": "1"}
            changed = workspace.client.request("PATCH", path, json={"click_cap": cap}, headers=at)
            assert changed.status == 200
            tx = Transaction(workspace.partition, "req_test")
            candidates.note(tx, candidates.UNTRACKED, link["id"])
            tx.commit()
            found.append(path)
        return found

    def changes(paths: list[str]) -> None:
        later = {"expires_at": clock.timestamp(clock.now() + timedelta(days=3))}
        at = {"If-Match": "2"}
        assert workspace.client.request("PATCH", paths[0], json=later, headers=at).status == 200
        assert workspace.client.request("DELETE", paths[1]).status == 204

    def runs() -> None:
        update(Table.CORE, work.key, "SET #next_at = :past", values={"past": LONG_AGO})
        invoke("update_workspace", queue_event([work.message()]), Context(60_000))

    scanning.begin(workspace.partition)
    with pytest.MonkeyPatch.context() as patch:
        # There is never time for all of it.
        patch.setattr(scanning, "_A_PAGE_S", 1_000)
        patch.setattr(looking, "_PAGE", 1)
        assert workspace.client.post(scan).status == 200
        paths = has_some()
        assert workspace.client.post(scan).json == {"new_alerts": 1}
    assert workspace.client.post(scan).json == {"new_alerts": 2}
    changes(paths)
    assert workspace.client.post(scan).json == {"new_alerts": 0}
    paths = has_some()
    runs()
    changes(paths)
    runs()
    (mail, *_) = (row for row in stack.rows("CoreTable", workspace.id) if "lines" in row)
    mailed = jobs.at(letters.key(workspace.partition, mail["sk"]))
    invoke("update_workspace", queue_event([mailed.message()]), Context(60_000))


def counts_clicks(stack: Stack, workspace: Workspace) -> None:
    """Some that are counted, one that is gone, and more referrers than a row has room for; one of a
    cap that is nearly used up.
    """
    hosts = [f"{at}.example" for at in range(MOST_NAMES + 1)]
    written = [clicks.click(workspace, "lnk_0001", referrer=host) for host in hosts]
    stack.put("ClicksTable", *written)
    last = clicks.click(workspace, workspace.link(click_cap=2)["id"], cap=2)
    stack.put("ClicksTable", last, {**cap_key(last["link"]).attributes(), "passed": 1})
    for batch in (written[:1], written, [clicks.click(workspace, "lnk_0001")], [last]):
        assert clicks.count(batch) == {"batchItemFailures": []}


def forgets_who_visited(stack: Stack, workspace: Workspace) -> None:
    day = salts.day(clock.now() - timedelta(days=3))
    salts.make(day)
    stack.put("ClicksTable", {**visits_key(day).attributes(), "click": "clk_1"})
    invoke("forget_visits", {}, Context(600_000))


def visits_key(day: str) -> Key:
    return visit_key(day, 1, "lnk_0001", f"{7:064x}")


def relays_and_dials(stack: Stack, workspace: Workspace) -> None:
    """Each end that the carrier knows, and the usual one."""
    agent = workspace.agent()
    for to in (CALLEE, *(f"+1500555000{digit}" for digit in range(1, 7))):
        assert workspace.place(agent, to=to).status == 201
    pump.settle(stack, workspace.id)
    ended = workspace.client.get("/v1/voice/calls").json["data"]
    assert all(call["ended_at"] for call in ended)


def takes_a_callee_at_their_word(stack: Stack, workspace: Workspace) -> None:
    """They are connected with a person, who is not there, or are never called again."""
    carrier.current().live.callees[str(demo_agent("").escalation_rules[0].to)] = NO_ANSWER
    with pytest.MonkeyPatch.context() as patch:
        models.use(patch, models.Scripted({"say": "Yes.", "action": "escalate", "rule": 0}))
        call = _dialled(stack, workspace)
        carrier.current().finish(call)
        # What a turn did not come to, the answer to the carrier's next question does.
        other = _dialled(stack, workspace)
        _crash_in_a_turn(other)
        carrier.current().finish(other)
    assert {_show(workspace, one)["ended_reason"] for one in (call, other)} == {"agent_ended"}
    _callee_says("אל תתקשרו אליי יותר")
    call = _dialled(stack, workspace)
    pump.settle(stack, workspace.id)
    assert _show(workspace, call)["analysis"]["outcome"] == "opted_out"


def follows_up_a_long_call(stack: Stack, workspace: Workspace) -> None:
    """One that is recorded, whose transcript is too long for its item, with a word at the end."""
    call = _said_too_much(stack, workspace, recording=True, recording_consent=False)
    carrier.current().finish(call)
    turn_log.hear(items.find(workspace.partition, _id(call)) or {}, LINES + 1, LONG)
    pump.settle(stack, workspace.id)
    shown = _show(workspace, call)
    assert (shown["recording_url"] is None, len(shown["transcript"])) == (False, 2 * LINES + 2)


def follows_up_a_long_call_whose_turns_are_gone(stack: Stack, workspace: Workspace) -> None:
    """As days later, when its job is done again: what was kept is read."""
    call = _said_too_much(stack, workspace)
    carrier.current().finish(call)
    turn_log.erase(items.find(workspace.partition, _id(call)) or {})
    pump.settle(stack, workspace.id)
    shown = _show(workspace, call)
    assert (shown["analysis"] is None, len(shown["transcript"])) == (False, 2 * LINES + 1)


def erases_a_long_call(stack: Stack, workspace: Workspace) -> None:
    """What lies in S3, and its turns."""
    call = _said_too_much(stack, workspace, recording=True, recording_consent=False)
    carrier.current().finish(call)
    pump.settle(stack, workspace.id)
    path = f"/v1/voice/calls/{_id(call)}"
    assert workspace.client.request("DELETE", path).status == 204
    pump.settle(stack, workspace.id)
    assert _show(workspace, call)["transcript"] == []


def cancels_a_long_call_twice(stack: Stack, workspace: Workspace) -> None:
    """It leaves its place, and is hung up at the carrier."""
    call = _said_too_much(stack, workspace)
    path = f"/v1/voice/calls/{_id(call)}/cancel"
    shown = [workspace.client.post(path).json for _ in range(2)]
    assert [one["status"] for one in shown] == ["canceled", "canceled"]
    assert len(_show(workspace, call)["transcript"]) == 2 * LINES + 1
    pump.settle(stack, workspace.id)
    assert call.is_over


def lets_calls_wait_in_line(stack: Stack, workspace: Workspace) -> None:
    """One is canceled while it waits, and one begins when there is room."""
    agent = workspace.agent(concurrency=1)
    first, second, third = (workspace.placed(agent) for _ in range(3))
    pump.relay(stack, workspace.id)
    pump.work(stack, workspace.id)
    waiting = {second, third} - set(pump.dialled())
    workspace.client.post(f"/v1/voice/calls/{waiting.pop()}/cancel")
    pump.settle(stack, workspace.id)
    ends = [workspace.end_of(call_id)[0] for call_id in (first, second, third)]
    assert sorted(ends) == ["canceled", "completed", "completed"]


def asks_after_a_long_call(stack: Stack, workspace: Workspace) -> None:
    """Nobody told of its end."""
    call = _said_too_much(stack, workspace)
    with _told_by_nobody():
        carrier.current().finish(call)
    _ask_after(stack, workspace, call)
    assert _show(workspace, call)["status"] == "completed"


def takes_over_a_call(stack: Stack, workspace: Workspace) -> None:
    """A worker died while dialling: the next one looks for the call at the carrier."""
    call = _left_behind(stack, workspace)
    _ask_after(stack, workspace, call)
    pump.settle(stack, workspace.id)
    assert _show(workspace, call)["status"] == "completed"


def hears_of_a_call_before_its_dial_is_known(stack: Stack, workspace: Workspace) -> None:
    """Whatever is told first says which call it is; the recording comes last of all."""
    for kind in ("answer", "turn/1", "transfer", "status", "machine"):
        call = _left_behind(stack, workspace)
        told = signed.about(workspace.partition, _id(call), kind, call.sid)
        assert told.send().status in {200, 204}
        assert (items.find(workspace.partition, _id(call)) or {})["sid"] == call.sid
        pump.settle(stack, workspace.id)


def asks_models(stack: Stack, _: Workspace) -> None:
    """In a turn, after one that failed, and about the whole talk. None of them answers."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "http://127.0.0.1:9")
        for name in MODELS:
            workspace = make_workspace(settings={"model": name})
            numbers = CALLEE, another_number()
            calls = [_dialled(stack, workspace, to, escalation_rules=[]) for to in numbers]
            _crash_in_a_turn(calls[0])
            pump.settle(stack, workspace.id)
            ends = {_show(workspace, call)["ended_reason"] for call in calls}
            assert ends == {"model_failed"}


class _Killed(BaseException):
    """What no handler catches."""


_PAGE = {"url": TARGET, "title": "Spring sale"}
_MADE: dict[str, dict[str, str]] = {
    "/api/ai/suggest-alias": _PAGE,
    "/api/ai/suggest-tags": _PAGE,
    "/api/ai/intent": {"goal": "Sell more", "url": TARGET},
    "/api/ai/bio-generate": {"prompt": "Noa's bakery"},
}


def pays_with_credits(stack: Stack, workspace: Workspace) -> None:
    """For what no model answers, for what is killed and given back, and in another cycle."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "http://127.0.0.1:9")
        for name, path in product(MODELS, _MADE):
            own = make_workspace(settings={"model": name})
            own.link(domain=own.proven())
            answer = own.client.post(path, json=_MADE[path])
            assert answer.headers["X-AI-Credits-Charged"] == "0"
        for name in MODELS:
            own = make_workspace(settings={"model": name})
            link = own.link()["id"]
            day = day_row(link_rows(own.partition, link), f"{clock.now():%Y%m%d}")
            stack.put("MetricsTable", {**day.attributes(), "clicks": 200, "device#mobile": 200})
            answer = own.client.get(f"/api/ai/routing-suggest/{link}")
            assert answer.headers["X-AI-Credits-Charged"] == "0"
            assert answer.json["recommendations"]
            for path in INSIGHTS:
                _explained_by(name, path)
            _looked_at_by(name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(answers, "ask", _die)
        with pytest.raises(_Killed):
            workspace.client.post("/api/ai/suggest-alias", json=_PAGE)
    (hold,) = credits.holds_of(stack, workspace)
    assert [one["id"] for one in workspace.client.get("/api/ai/credits").json["holds"]] == [
        hold["id"]
    ]
    now = clock.now()
    for work, later in (
        (jobs.at(hold_key(workspace.partition, hold["id"])), timedelta(minutes=2)),
        (jobs.at(renewal_key(workspace.partition)), timedelta(days=31)),
    ):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(clock, "now", lambda later=later: now + later)
            invoke("update_workspace", queue_event([work.message()]))
    assert credits.kinds(stack, workspace)["release"] == 1
    assert credits.kinds(stack, workspace)["expire"] == 1
    changes_a_plan(stack, workspace)
    assert credits.kinds(stack, workspace)["adjust"] == 1


INSIGHTS = (
    *("insight/link/{link}", "insight/qr/{link}", "insight/campaign/{campaign}"),
    *("insight/domain/{domain}", "insight/account", "weekly-summary"),
)


def _explained_by(model: str, path: str) -> None:
    """The first thing that a workspace pays for, and then another one of the same."""
    own = make_workspace(settings={"model": model})
    of = {"campaign": own.link_campaign(), "domain": own.domain()}
    of["link"] = own.link(click_cap=10, campaign=of["campaign"])["id"]
    for query in ("", "?force=true"):
        answer = own.client.get(f"/api/ai/{path.format(**of)}{query}")
        assert answer.headers["X-AI-Credits-Charged"] == "0"


def _bounces(_: Mail) -> str:
    raise MailRefused("bad_address")


def mails_digests(stack: Stack, _: Workspace) -> None:
    """Asked for, and each week; where no model words it, where nothing is left, and to one whom
    nothing reaches; and they end it.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "http://127.0.0.1:9")
        for name in MODELS:
            asked, each_week = (_mailed(model=name) for _ in range(2))
            answer = asked.client.post("/api/ai/weekly-digest/send", json={})
            assert answer.headers["X-AI-Credits-Charged"] == "0"
            _comes_to_its_monday(each_week)
            for own in (asked, each_week):
                pump.settle(stack, own.id)
    assert stack.letters("owner@example.com")
    own = _mailed()
    for again in range(2):
        answer = own.client.post(
            "/api/ai/weekly-digest/send", json={}, headers={"Idempotency-Key": "a key"}
        )
        assert (answer.headers.get("Idempotent-Replayed") == "true") is bool(again)
    pump.settle(stack, own.id)
    (member,) = answer.json["sent"]
    path = unsubscribing.path(own.item, member, "weekly_digest")
    for method in ("GET", "POST"):
        assert Client().request(method, path).status == 200
    poor = _mailed()
    poor.client.post("/api/ai/suggest-alias", json=_PAGE)
    spent = balance_key(poor.partition)
    update(Table.LEDGER, spent, "SET #spent = #granted")
    _comes_to_its_monday(poor)
    bad = _mailed("nobody@example.com")
    bad.client.post("/api/ai/weekly-digest/send", json={})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(once, "send", _bounces)
        pump.settle(stack, bad.id)
    assert bad.client.post("/api/ai/weekly-digest/send", json={}).status == 409


def mails_by_campaigns(stack: Stack, own: Workspace) -> None:
    """A campaign mails, has another mailbox, and is archived; its leads are pushed, listed,
    researched, again too, and deleted.
    """
    client, campaigns = own.client, "/v1/mailer/campaigns"
    campaign = own.mailing()
    path = f"{campaigns}/{campaign}"
    for filters in ("", "?state=active"):
        assert client.get(f"{campaigns}{filters}").json["data"]
    lead = own.lead(campaign, email="noa@example.com")
    for filters in ("", "?status=pending"):
        assert client.get(f"{path}/leads{filters}").json["data"]
    wanted = {"email": "noa@example.com", "skip_if_in_workspace": True}
    other = own.mailer_campaign(mailbox_ids=[own.mailbox()])
    assert client.post(f"{campaigns}/{other}/leads", json=wanted).status == 200
    changed, version = {"mailbox_ids": [own.mailbox()]}, {"If-Match": "2"}
    assert client.request("PATCH", path, json=changed, headers=version).status == 200
    assert client.post(f"{path}/pause").status == 200
    archived, version = {"archived": True}, {"If-Match": "4"}
    assert client.request("PATCH", path, json=archived, headers=version).status == 200
    failed = leads.put_lead(own, status="failed", research={"status": "failed", "sources": []})
    assert client.post(f"/v1/mailer/leads/{failed}/research").status == 202
    own.suppression("noa@example.com")
    pump.settle(stack, own.id)
    assert client.request("DELETE", f"/v1/mailer/leads/{lead}").status == 204


def sends_mail(stack: Stack, _: Workspace) -> None:
    """Sent, put off, refused, and paused by what came back; by a mailbox whose token is renewed,
    and by another one than was deleted.
    """
    own = make_workspace()
    with mailhost.there() as host:
        box = mailing.put_mailbox(own, is_by_oauth=True)
        campaign = mailing.put_campaign(own, [box])
        for at in range(4):
            mailing.put_ready(own, campaign, f"lead{at}@example.org")
        mailing.start(own, campaign)
        host.does = mailing.in_turn(
            None,
            MailboxFailed(Failure.DEFERRED, 450),
            MailboxFailed(Failure.RECIPIENT_REFUSED, 550, "5.1.1"),
        )
        pump.settle(stack, own.id, jobs.CAMPAIGN, jobs.MAILBOX_LINE)
        mailing.goes_wrong(own, box, "bounced", 60)
        pump.settle(stack, own.id, jobs.CAMPAIGN, jobs.MAILBOX_LINE)
    # Of the domain that the emulator has verified.
    sender = f"list@{stacks.MAIL_FROM.partition('@')[2]}"
    by_ses = mailing.put_mailbox(own, sender, transport="ses")
    campaign = mailing.put_campaign(own, [by_ses], state="active", opted_in=True)
    listed = mailing.put_ready(own, campaign, of=1)
    mailing.put_in_line(own, listed, by_ses)
    with feedback.told_of():
        pump.settle(stack, own.id, jobs.MAILBOX_LINE)
    of = feedback.tags(own, listed)
    feedback.tell(feedback.delivery(of), feedback.bounce(of), feedback.complaint(of))
    ends = mailing.put_ready(own, campaign, "ends@example.org")
    heard.put_sent(own, ends, by_ses)
    mailing.put_in_line(own, ends, by_ses)
    feedback.tell(feedback.bounce(feedback.tags(own, ends), to="ends@example.org"))
    waits = mailing.put_ready(own, campaign, "waits@example.org", of=1)
    mailing.put_in_line(own, waits, mailing.put_mailbox(own, "other@example.com"))
    moves = {"time_zone": "Asia/Tokyo"}
    assert own.client.request("PATCH", f"/v1/mailer/leads/{waits}", json=moves).status == 200
    for method in ("GET", "POST"):
        assert Client().request(method, own.opt_out(waits)).status == 200
    gone = mailing.put_mailbox(own, "gone@example.com")
    mailing.put_in_line(own, mailing.put_ready(own, campaign, "late@example.org", of=1), gone)
    assert own.client.request("DELETE", f"/v1/mailer/mailboxes/{gone}").status == 204
    pump.settle(stack, own.id, jobs.MAILBOX_LINE)


def hears_of_mails(stack: Stack, _: Workspace) -> None:
    """What comes back and who complains; an absence; and answers, by each model and an own key."""
    with pytest.MonkeyPatch.context() as patch, mailhost.there():
        patch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "http://127.0.0.1:9")
        for model in (*MODELS, llm.DETERMINISTIC):
            own = make_workspace("enterprise", settings={"model": model})
            if model == llm.DETERMINISTIC:
                wanted = {"api_key": vendors.KEY}
                assert own.client.request("PUT", "/api/ai/byok", json=wanted).status == 200
            sealing.forget()
            _is_answered(stack, own)


def answers_leads(stack: Stack, own: Workspace) -> None:
    with mailhost.there():
        lead, last = answered.put_answered(own)
        wanted = {"text": "Gladly.", "last_message_id": last}
        for key in ("a", "a", "b"):
            answer = own.client.post(
                f"/v1/mailer/leads/{lead}/reply", json=wanted, headers={"Idempotency-Key": key}
            )
            assert answer.status == 202
        mine = own.client.get(f"/v1/mailer/leads/{lead}/messages").json["data"][0]["id"]
        wanted = {"text": "Gladly.", "last_message_id": mine}
        assert own.client.post(f"/v1/mailer/leads/{lead}/reply", json=wanted).status == 202
        pump.settle(stack, own.id, jobs.LEAD_ANSWER)


def _is_answered(stack: Stack, own: Workspace) -> None:
    box = mailing.put_mailbox(own, f"{own.id.lower()}@example.com", is_by_oauth=True)
    steps = [{"delay_days": 0, "stop_for_company": True}] * 2
    campaign = mailing.put_campaign(own, [box], state="active", steps=steps)
    address = mailing.put_ready(own, campaign, "none@example.org")
    heard.put_sent(own, address, box)
    away, text = {"Auto_Submitted": "auto-replied"}, "I am back on 15 March."
    told = [heard.answer("none@example.org", None, f"> https://x.example{own.opt_out(address)}")]
    for at in range(5):
        lead = mailing.put_ready(own, campaign, f"noa@company{at}.example.org")
        about = heard.put_sent(own, lead, box)
        mailing.put_in_line(own, lead, box)
        told.append(
            [
                heard.answer(f"noa@company{at}.example.org", about, "Who is it that you are?"),
                heard.bounce(about, f"noa@company{at}.example.org"),
                heard.complaint(about),
                heard.answer(f"noa@company{at}.example.org", about, text, **away),
                heard.bounce(about, f"noa@company{at}.example.org", "4.2.2"),
            ][at]
        )
    heard.comes(*told, to=f"{own.id.lower()}@example.com")
    heard.put_reading(own, box)
    pump.settle(stack, own.id, jobs.MAILBOX_READING, jobs.COMPANY)
    assert heard.reading(own, box)["last_uid"] == len(told)
    assert own.client.request("DELETE", f"/v1/mailer/mailboxes/{box}").status == 204
    heard.read(own, box)


def researches_leads(stack: Stack, _: Workspace) -> None:
    """By each model; and again, in place of what was written for a step that is gone."""
    of = make_workspace()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "http://127.0.0.1:9")
        for model in (*MODELS, llm.DETERMINISTIC):
            of = make_workspace(settings={"model": model})
            campaign = of.mailer_campaign(steps=[{"delay_days": day} for day in range(2)])
            lead = of.lead(campaign, website=sites.URL)
            pump.settle(stack, of.id, jobs.LEAD)
    path, at = f"/v1/mailer/campaigns/{campaign}", {"If-Match": "1"}
    wanted = {"steps": [{"delay_days": 0}]}
    assert of.client.request("PATCH", path, json=wanted, headers=at).status == 200
    of.client.post(f"/v1/mailer/leads/{lead}/research")
    pump.settle(stack, of.id, jobs.LEAD)
    rest, at = f"/v1/mailer/leads/{lead}/emails/1", {"If-Match": "2"}
    assert of.client.request("PATCH", rest, json={"subject": "a"}, headers=at).status == 200
    items = [{"lead_id": lead, "seq": 1, "version": 3}]
    answer = of.client.post(f"{path}/emails/approve", json={"items": items})
    assert answer.json["approved"] == 1


def has_emails_wait_in_line(stack: Stack, own: Workspace) -> None:
    """Once approved, until one is changed, and another one's lead researched anew; and without
    approval.
    """
    campaign = own.mailing()
    for after in ("edited", "researched anew"):
        lead = leads.put_written(own, campaign, email=f"{after[:3]}@example.com")
        path, at = f"/v1/mailer/leads/{lead}", {"If-Match": "1"}
        approved = own.client.request(
            "PATCH", f"{path}/emails/1", json={"action": "approve"}, headers=at
        )
        assert approved.status == 200
        assert "queued" in leads.stored(own, lead)
        edited, at = {"body": "Another text."}, {"If-Match": "2"}
        if after == "edited":
            changed = own.client.request("PATCH", f"{path}/emails/1", json=edited, headers=at)
        else:
            changed = own.client.post(f"{path}/research")
        assert changed.status in {200, 202}
        assert "queued" not in leads.stored(own, lead)
    lead = own.lead(own.mailer_campaign(require_approval=False), website=sites.URL)
    pump.settle(stack, own.id, jobs.LEAD)
    assert leads.stored(own, lead)["view"]["status"] == "ready"


def proves_mailboxes(stack: Stack, own: Workspace) -> None:
    """By a password, of which the host is changed, by a grant, and of SES."""
    mailbox = own.own_mailbox()
    of_ses = {"email": "b@example.com", "transport": "ses"}
    for wanted in (mailhost.by_oauth("a@example.com"), of_ses):
        assert own.client.post("/v1/mailer/mailboxes", json=wanted).status == 201
    mailhost.current().files = True
    pump.settle(stack, own.id)
    assert own.client.get(f"/v1/mailer/mailboxes/{mailbox}").json["status"] == "active"
    path = f"/v1/mailer/mailboxes/{mailbox}"
    own.client.get(f"{path}/checks")
    at = {"If-Match": str(own.client.get(path).json["version"])}
    wanted = {name: mailhost.wanted()[name] for name in ("smtp", "imap")}
    assert own.client.request("PATCH", path, json=wanted, headers=at).status == 200


def generates_by_own_keys(stack: Stack, _: Workspace) -> None:
    """All that is generated, each in a process that has opened no key; then its plan ends."""
    own = make_workspace("enterprise", settings={"weekly_digest": "on"})
    own.mailed("owner@example.com")
    wanted = {"api_key": vendors.KEY}
    for _ in range(2):
        assert own.client.request("PUT", "/api/ai/byok", json=wanted).status == 200
    of = {"campaign": own.link_campaign(), "domain": own.domain()}
    of["link"] = link = own.link(click_cap=10, campaign=of["campaign"])["id"]
    day = day_row(link_rows(own.partition, link), f"{clock.now():%Y%m%d}")
    stack.put("MetricsTable", {**day.attributes(), "clicks": 200, "device#mobile": 200})
    asked = [("POST", path, body) for path, body in _MADE.items()]
    asked += [("GET", f"/api/ai/{path.format(**of)}", {}) for path in INSIGHTS]
    asked += [("GET", f"/api/ai/routing-suggest/{link}", {})]
    asked += [("POST", "/api/ai/weekly-digest/send", {})]
    asked += [("POST", "/api/ai/agent", {"goal": "What became of my links?"})]
    for method, path, body in asked:
        sealing.forget()
        answer = own.client.request(method, path, json=body if method == "POST" else None)
        assert answer.headers["X-AI-Credits-Charged"] == "0", path
    _takes_longer(own, {"goal": "What became of my links?"})
    other = make_workspace("enterprise", settings={"weekly_digest": "on"})
    other.mailed("owner@example.com")
    assert other.client.request("PUT", "/api/ai/byok", json=wanted).status == 200
    sealing.forget()
    _comes_to_its_monday(other)
    sealing.forget()
    other.lead()
    pump.settle(stack, other.id, jobs.LEAD)
    changes_a_plan(stack, own)
    destroyed, now = Work(jobs.OWN_KEY, *expiry.key(own.id)), clock.now()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", lambda: now + expiry.RESTS + timedelta(minutes=1))
        invoke("update_workspace", queue_event([destroyed.message()]))
    assert own.client.get("/api/ai/byok").json["configured"] is False


def _mailed(address: str = "owner@example.com", **settings: object) -> Workspace:
    own = make_workspace(settings={"weekly_digest": "on", **settings})
    own.mailed(address)
    return own


def _comes_to_its_monday(own: Workspace) -> None:
    where = digest_job.key(own.partition)
    job = {**where.attributes(), **digest_job.due(own.partition, clock.now())}
    tx = Transaction(own.partition, "req_test")
    tx.put(Table.CORE, job)
    tx.commit()
    invoke("send_digest", queue_event([jobs.at(where).message()]))
    assert (get(Table.CORE, where) or {})["mails_at"] > clock.timestamp()


def _looked_at_by(model: str) -> None:
    """All that the agent has tools for."""
    own = make_workspace(settings={"model": model})
    link = own.link(click_cap=10, campaign=own.link_campaign(), domain=own.proven())["id"]
    for wanted in (
        {"goal": "How is it?", "link_id": link},
        {"goal": "Which campaign is it?"},
        {"goal": "Which domain is it?"},
        {"goal": "What stands out?"},
    ):
        answer = own.client.post("/api/ai/agent", json=wanted)
        assert answer.headers["X-AI-Credits-Charged"] == "0"
        _takes_longer(own, wanted)


def takes_longer_than_a_request(stack: Stack, _: Workspace) -> None:
    """By a model that is charged for, and by none: then what was held comes back."""
    own = make_workspace()
    own.link()
    _takes_longer(own, {"goal": "What stands out?"})
    with agent_runs.no_time():
        run = own.client.post(agent_runs.PATH, json={"goal": "Which link?"}).json["id"]
    pump.relay(stack, own.id)
    row = agent_runs.stored(own, run)
    stack.put("CoreTable", {k: v for k, v in row.items() if k not in jobs.ATTRIBUTES})
    [hold] = [one for one in credits.holds_of(stack, own) if one["st"] == "PENDING"]
    work, now = jobs.at(hold_key(own.partition, hold["id"])), clock.now()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", lambda: now + timedelta(hours=1))
        invoke("update_workspace", queue_event([work.message()]))
    assert [one["st"] for one in credits.holds_of(stack, own)].count("RELEASED") == 1


def _takes_longer(own: Workspace, wanted: Mapping[str, str]) -> None:
    with agent_runs.no_time():
        run = own.client.post(agent_runs.PATH, json=wanted).json["id"]
    sealing.forget()
    invoke(agent_runs.WORKER, queue_event([agent_runs.message(own, run)]))
    assert agent_runs.shown(own, run)["status"] == "succeeded"


def _die(*_: object) -> None:
    raise _Killed


# Four bytes each: of so many lines, a transcript is too long for an item, and an hour is enough.
LINES, LONG = 8, "🙂" * 3_900


def _callee_says(*lines: str) -> None:
    carrier.current().live.callees[CALLEE] = Callee(lines=lines)


def _id(call: PlacedCall) -> str:
    assert call.order.page is not None
    return twilio_callbacks.route(urlsplit(call.order.page.url).path).call_id


def _show(workspace: Workspace, call: PlacedCall) -> Item:
    return workspace.call(_id(call))


def _dialled(stack: Stack, workspace: Workspace, to: str = CALLEE, **agent: object) -> PlacedCall:
    call_id = workspace.placed(workspace.agent(**agent), to=to)
    pump.relay(stack, workspace.id)
    pump.work(stack, workspace.id)
    return carrier.current().call(call_id)


def _said_too_much(stack: Stack, workspace: Workspace, **agent: object) -> PlacedCall:
    """A call in which as much was said as no item holds, and which goes on."""
    _callee_says(*[LONG] * LINES)
    call = _dialled(stack, workspace, max_duration_s=3600, **agent)
    for _ in range(LINES):
        carrier.current().run_to(call, "turn")
    carrier.current().advance(call)
    return call


def _left_behind(stack: Stack, workspace: Workspace) -> PlacedCall:
    """A call whose worker died as soon as the carrier had heard of it."""
    exchange = carrier.current()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(exchange, "placing", carrier.then_die)
        with pytest.raises(carrier.Killed):
            _dialled(stack, workspace)
    return exchange.calls()[-1]


def _crash_in_a_turn(call: PlacedCall) -> None:
    """After what was said is written down, and again: the carrier then asks what to do instead."""
    carrier.current().run_to(call, "turn")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(decisions, "decide", carrier.die)
        for _ in range(2):
            with pytest.raises(carrier.Killed):
                carrier.current().finish(call)


@contextmanager
def _told_by_nobody() -> Iterator[None]:
    """What the carrier tells does not arrive."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(carrier.current(), "deliver", lambda _: None)
        yield


def _ask_after(stack: Stack, workspace: Workspace, call: PlacedCall) -> None:
    """Time passes, and the call is delivered again."""
    past = "SET #next_at = :past"
    where = items.key(workspace.partition, _id(call))
    item = cast(CallItem, update(Table.CORE, where, past, values={"past": LONG_AGO}))
    for turn in turn_log.read(item):
        silent = "SET #heard_at = :past, #said_at = :past"
        update(Table.CORE, turn_log.key(item, turn.number), silent, values={"past": 0})
    invoke("dial_call", queue_event([workspace.job(where.sk).message()]))


def sweeps_what_waits_too_long(stack: Stack, workspace: Workspace) -> None:
    """A call, its event, its follow-up and what it used, of which the relay never heard; an
    endpoint of webhooks, a digest, and a run of the agent.
    """
    agent_runs.put_without_a_hold(workspace)
    workspace.delivery(workspace.webhook())
    call = workspace.place(workspace.agent()).json["id"]
    tx = Transaction(workspace.partition, "req_test")
    follow_ups.request_analysis(workspace.partition, call, tx)
    tx.commit()
    digest = digest_job.key(workspace.partition)
    stack.put("CoreTable", digest.attributes() | digest_job.due(workspace.partition, clock.now()))
    counter = usage.key(workspace.partition, "2026-11-01", usage.CALL_MINUTES)
    used = jobs.due(jobs.USAGE, "#".join(counter), clock.now())
    stack.put("CoreTable", counter.attributes() | used | {"used": 1, "committed": 1})
    # And one for each of the other queues, whatever is due at this hour of what others have made.
    of_queues = {kind.queue: name for name, kind in jobs.KINDS.items()}
    del of_queues["dial_queue_url"]
    for name in of_queues.values():
        job = Key(f"W#{workspace.partition}#{name.upper()}", "gone")
        stack.put("CoreTable", job.attributes() | jobs.due(name, workspace.id, clock.now()))
    waiting = [i for i in stack.rows("CoreTable", workspace.id) if "gsi2pk" in i]
    for item in waiting:
        key = Key(item["pk"], item["sk"])
        update(Table.CORE, key, "SET #gsi2sk = :past", values={"past": LONG_AGO})
    invoke("sweep_overdue", {})
    messages = stack.received("DialQueue", workspace.id)
    assert len(messages) == 1
    invoke("dial_call", queue_event(messages))


SCENARIOS: tuple[Scenario, ...] = (
    asks_everything_twice,
    asks_for_what_is_not_there,
    follows_clerk,
    changes_a_plan,
    places_more_calls_than_the_plan_has,
    lists_calls_by_each_index,
    lists_the_audit_log_by_each_index,
    lists_notifications_that_nobody_read,
    follows_links,
    has_a_domain,
    changes_and_lists_short_links,
    applies_and_undoes_actions,
    scans_links,
    counts_clicks,
    forgets_who_visited,
    makes_keys_where_others_have_expired,
    relays_and_dials,
    takes_a_callee_at_their_word,
    follows_up_a_long_call,
    follows_up_a_long_call_whose_turns_are_gone,
    cancels_a_long_call_twice,
    erases_a_long_call,
    lets_calls_wait_in_line,
    asks_after_a_long_call,
    takes_over_a_call,
    hears_of_a_call_before_its_dial_is_known,
    asks_models,
    pays_with_credits,
    takes_longer_than_a_request,
    changes_a_plan,
    listens_to_what_happens,
    comes_to_a_threshold,
    tells_an_owner_of_a_webhook,
    mails_digests,
    mails_by_campaigns,
    hears_of_mails,
    answers_leads,
    researches_leads,
    has_emails_wait_in_line,
    proves_mailboxes,
    sends_mail,
    generates_by_own_keys,
    sweeps_what_waits_too_long,
)


@pytest.fixture(scope="module")
def used(stack: Stack) -> dict[str, Use]:
    """What each function used over all scenarios, by the function's file."""
    real_sleep = time.sleep
    with recording(stack) as recorder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "sleep", lambda seconds: real_sleep(min(seconds, 0.005)))
        for scenario in SCENARIOS:
            with carrier.exchange(patch):
                scenario(stack, make_workspace())
    return dict(recorder.used)


@pytest.mark.parametrize("function", functions(), ids=lambda function: function.file)
def test_a_function_uses_what_it_may_and_may_what_it_uses(
    function: Function, used: dict[str, Use]
) -> None:
    uses = used.get(function.file, set())
    found = differences(uses, real().allowed(function))
    assert found == [], advice(real(), function, uses)


@pytest.fixture
def changed() -> Checkout:
    return real().copy()


def _found(changed: Checkout, logical_id: str, used: dict[str, Use]) -> list[str]:
    (function,) = (one for one in changed.functions if one.logical_id == logical_id)
    return differences(used[function.file], changed.allowed(function))


def test_a_right_too_many_is_found(changed: Checkout, used: dict[str, Use]) -> None:
    statements_of(changed, "GetCall")[0]["Action"] = ["dynamodb:UpdateItem", "dynamodb:DeleteItem"]
    assert _found(changed, "GetCall", used) == [
        "dynamodb:DeleteItem on AccessTable is allowed and not used"
    ]


def test_an_index_too_many_is_found(changed: Checkout, used: dict[str, Use]) -> None:
    statements_of(changed, "ListCalls")[1]["Resource"].append(
        {"Fn::Sub": "${CoreTable.Arn}/index/gsi2"}
    )
    assert _found(changed, "ListCalls", used) == [
        "dynamodb:Query on CoreTable/index/gsi2 is allowed and not used"
    ]


def test_a_missing_right_is_found(changed: Checkout, used: dict[str, Use]) -> None:
    statements_of(changed, "PlaceCall")[2]["Action"].remove("dynamodb:ConditionCheckItem")
    assert _found(changed, "PlaceCall", used) == [
        "dynamodb:ConditionCheckItem on CoreTable is used and not allowed"
    ]


def test_a_missing_queue_is_found(changed: Checkout, used: dict[str, Use]) -> None:
    del statements_of(changed, "SweepOverdue")[2]["Resource"][0]
    assert _found(changed, "SweepOverdue", used) == [
        "sqs:SendMessage on DialQueue is used and not allowed"
    ]


def test_a_secret_that_nobody_reads_is_found(changed: Checkout, used: dict[str, Use]) -> None:
    allow = {"Effect": "Allow", "Action": ["secretsmanager:GetSecretValue"]}
    statements = statements_of(changed, "GetCall")
    statements.append(allow | {"Resource": {"Ref": "Secret"}})
    assert _found(changed, "GetCall", used) == [
        "secretsmanager:GetSecretValue on Secret is allowed and not used"
    ]


def test_a_missing_secret_is_found(changed: Checkout, used: dict[str, Use]) -> None:
    del statements_of(changed, "NoteRecording")[1]
    assert _found(changed, "NoteRecording", used) == [
        "secretsmanager:GetSecretValue on Secret is used and not allowed"
    ]


def test_a_missing_model_is_found(changed: Checkout, used: dict[str, Use]) -> None:
    del statements_of(changed, "AnswerCall")[2]["Resource"][0]
    assert _found(changed, "AnswerCall", used) == [
        "bedrock:InvokeModel on arn:aws:bedrock:*::foundation-model/amazon.nova-2-lite-v1:0"
        " is used and not allowed"
    ]
