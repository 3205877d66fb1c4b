"""A row for each endpoint: what its good request says, and what it costs.

All that goes through every route reads it: the tests of every route, of costs and of rights, the
faults, `make bench`. A rule of the template names the route that has no row.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from linkwright import clock, ids
from linkwright.jobs import CALL, Work
from linkwright.table import Table, update
from linkwright.voice import agents
from linkwright.webhooks import catalogue
from linkwright.workspace import workspaces
from linkwright.workspace.mailed import unsubscribing
from tests import answered, carrier, clicks, leads, mailhost, old_links, shortlinks, vendors
from tests.clerk import clerk_event, membership
from tests.client import Answer, Client, Context, invoke, queue_event
from tests.factories import CALLEE, HOOK, TARGET, Workspace
from tests.switchboard import PlacedCall, Reply, deliver_to_functions

Ask = Callable[[], Answer | Reply]


@dataclass(frozen=True)
class Cost:
    """The AWS calls of a request after authenticating, and all units that it consumes.

    It is the good request, unless another one is prepared. A callback authenticates by its
    signature, which asks nobody.
    """

    calls: list[str]
    read_units: float
    write_units: int
    note: str = ""
    prepare: Callable[[Workspace], Ask] | None = None
    # What is answered, where that is not what the good request is.
    status: int | None = None


@dataclass(frozen=True)
class Row:
    """The body is made of a workspace's ids by their kind. A value that looks like an id is taken
    for one by the tests of tenancy. The status is that of the contract, unless there is none.
    `kinds` are of path parameters that do not name what they usually do.
    """

    costs: list[Cost]
    body: Callable[[Mapping[str, str]], dict[str, Any]] | None = None
    status: int | None = None
    kinds: Mapping[str, str] = field(default_factory=dict)
    # What it lists or names is of the workspace, whatever the mode.
    of_both_modes: bool = False


def _calls(query: str = "") -> Callable[[Workspace], Ask]:
    def prepare(workspace: Workspace) -> Ask:
        agent = workspace.agent()
        for _ in range(25):
            workspace.place(agent)
        return lambda: workspace.client.get(f"/v1/voice/calls{query.format(agent=agent)}")

    return prepare


def _numbers(workspace: Workspace) -> Ask:
    for _ in range(25):
        workspace.never_call()
    return lambda: workspace.client.get("/v1/voice/do-not-call")


def _audit(query: str) -> Callable[[Workspace], Ask]:
    def prepare(workspace: Workspace) -> Ask:
        key = workspace.key()
        return lambda: workspace.client.get(f"/v1/workspace/audit?{query.format(key=key)}")

    return prepare


def _deliveries(query: str) -> Callable[[Workspace], Ask]:
    def prepare(workspace: Workspace) -> Ask:
        webhook, event = workspace.webhook(), workspace.happen()
        workspace.delivery(webhook)
        wanted = query.format(event=event)
        return lambda: workspace.client.get(f"/v1/webhooks/{webhook}/deliveries?{wanted}")

    return prepare


def _events(query: str) -> Callable[[Workspace], Ask]:
    def prepare(workspace: Workspace) -> Ask:
        workspace.happen()
        wanted = query.format(call=catalogue.sample("call.ended")["id"])
        return lambda: workspace.client.get(f"/v1/events?{wanted}")

    return prepare


def _to_queue(workspace: Workspace) -> Ask:
    wanted = {"type": "sqs", "arn": workspace.queue(), "events": ["call.ended"]}
    return lambda: workspace.client.post("/v1/webhooks", json=wanted)


def _of_queue(workspace: Workspace) -> Ask:
    made = _to_queue(workspace)().json
    path, wanted = f"/v1/webhooks/{made['id']}", {"description": "The shop's."}
    return lambda: workspace.client.request("PATCH", path, json=wanted)


def _links(query: str) -> Callable[[Workspace], Ask]:
    def prepare(workspace: Workspace) -> Ask:
        link = workspace.link(tags=["sale"], external_id="mine", archived=True)
        return lambda: workspace.client.get(f"/api/links?{query.format(**link)}")

    return prepare


def _of_state(workspace: Workspace) -> Ask:
    workspace.mailer_campaign()
    return lambda: workspace.client.get("/v1/mailer/campaigns?state=draft")


def _pushes(count: int) -> Callable[[Workspace], Ask]:
    def prepare(workspace: Workspace) -> Ask:
        path = f"/v1/mailer/campaigns/{workspace.mailer_campaign()}/leads"
        people = [{"email": f"noa{at}@example.com"} for at in range(count)]
        wanted = people[0] if count == 1 else {"leads": people}
        return lambda: workspace.client.post(path, json=wanted)

    return prepare


def _researched(workspace: Workspace) -> Ask:
    lead = leads.put_lead(
        workspace, status="review", research={"status": "succeeded", "sources": []}
    )
    return lambda: workspace.client.post(f"/v1/mailer/leads/{lead}/research")


def _approved(workspace: Workspace) -> Ask:
    campaign = workspace.mailer_campaign()
    wanted = {"lead_id": leads.put_written(workspace, campaign), "seq": 1, "version": 1}
    path = f"/v1/mailer/campaigns/{campaign}/emails/approve"
    return lambda: workspace.client.post(path, json={"items": [wanted]})


def _replied(workspace: Workspace) -> Ask:
    lead, message = answered.put_answered(workspace)
    wanted = {"text": "Gladly.", "last_message_id": message}
    return lambda: workspace.client.post(f"/v1/mailer/leads/{lead}/reply", json=wanted)


def _unread(workspace: Workspace) -> Ask:
    workspace.notification()
    return lambda: workspace.client.get("/api/notifications?unread=true")


def _replay(workspace: Workspace) -> Ask:
    path = f"/v1/webhooks/{workspace.webhook(events=['*'])}/replay"
    workspace.happen()
    return lambda: workspace.client.post(path, json={"since": A_MOMENT, "only": "missing"})


def _callback(kind: str, status: str = "", **agent: object) -> Callable[[Workspace], Ask]:
    """The carrier's request of that kind in a call of a Hebrew agent."""

    def prepare(workspace: Workspace) -> Ask:
        sent = carrier.current().run_to(_dialled(workspace, **agent), kind, status)
        return lambda: deliver_to_functions(sent)

    return prepare


def _transfer(workspace: Workspace) -> Ask:
    """A turn is told as if it were the end of a transfer: what is read and written is the same."""
    turn = carrier.current().run_to(_dialled(workspace), "turn")
    url = turn.url.replace("/turn/1", "/transfer")
    sent = carrier.current().signed(replace(turn, url=url), DialCallStatus="busy")
    return lambda: deliver_to_functions(sent)


def _dialled(workspace: Workspace, **agent: object) -> PlacedCall:
    agent_id = workspace.agent(**agent)
    # A process that serves an agent's calls has mostly read its version before.
    agents.find(workspace.partition, agent_id, version=1)
    call_id = workspace.place(agent_id).json["id"]
    work = Work(CALL, f"W#{workspace.partition}#CALL", call_id)
    invoke("dial_call", queue_event([work.message()]), Context(60_000))
    return carrier.current().call(call_id)


def _well_known(method: str = "GET") -> Callable[[Workspace], Ask]:
    """What a phone asks a domain of."""

    def prepare(workspace: Workspace) -> Ask:
        name = f"n{ids.new('dom')[-8:]}.apps.example.com".lower()
        workspace.proven(name, assetlinks=[{"relation": ["delegate_permission/x"]}])
        return lambda: shortlinks.ask("/.well-known/assetlinks.json", method, domain=name)

    return prepare


def _name_alone(method: str = "GET") -> Callable[[Workspace], Ask]:
    """Whoever asks for a domain itself, in a process that has followed a link."""

    def prepare(workspace: Workspace) -> Ask:
        warm, _ = shortlinks.stored(workspace)
        shortlinks.ask(f"/{warm}")
        name = f"n{ids.new('dom')[-8:]}.shop.example.com".lower()
        workspace.proven(name, not_found_url=TARGET)
        return lambda: shortlinks.ask("/", method, domain=name)

    return prepare


def _follow(
    method: str = "GET",
    *,
    agent: str = shortlinks.PERSON,
    twice: bool = False,
    password: str | None = None,
    **link: object,
) -> Callable[[Workspace], Ask]:
    """Whoever follows a link, the first time or again, in a process that has followed one."""

    def prepare(workspace: Workspace) -> Ask:
        warm, _ = shortlinks.stored(workspace)
        shortlinks.ask(f"/{warm}")
        alias, _ = shortlinks.stored(workspace, password=password, **link)
        body = f"password={password}" if password else None

        def ask() -> Answer:
            return shortlinks.ask(f"/{alias}", method, agent=agent, body=body)

        if twice:
            ask()
        return ask

    return prepare


def _paid(path: str, body: Mapping[str, Any]) -> Callable[[Workspace], Ask]:
    """Whoever has asked for something in this billing cycle before."""

    def prepare(workspace: Workspace) -> Ask:
        workspace.client.post("/api/ai/suggest-alias", json=dict(_PAGE))
        return lambda: workspace.client.post(path, json=dict(body))

    return prepare


def _explained(reads: int, queries: int) -> list[str]:
    return [*["GetItem"] * reads, "TransactWriteItems", *["Query"] * queries, "TransactWriteItems"]


def _again(path: str) -> Callable[[Workspace], Ask]:
    """An insight of what nothing was made of yet, in a billing cycle in which something was."""

    def prepare(workspace: Workspace) -> Ask:
        of = {"lcmp": workspace.link_campaign(), "dom": workspace.domain()}
        url = path.format(lnk=workspace.link(campaign=of["lcmp"])["id"], **of)
        workspace.client.post("/api/ai/suggest-alias", json=dict(_PAGE))
        return lambda: workspace.client.get(url)

    return prepare


def _routed(workspace: Workspace) -> Ask:
    link = workspace.link()["id"]
    workspace.client.post("/api/ai/suggest-alias", json=dict(_PAGE))
    return lambda: workspace.client.get(f"/api/ai/routing-suggest/{link}")


def _ends_soon(workspace: Workspace) -> Ask:
    soon = clock.timestamp(clock.now() + timedelta(days=3))
    old_links.age(workspace.partition, workspace.link(expires_at=soon)["id"])
    return lambda: workspace.client.post("/api/ai/proactive/scan", json={})


def _digest(workspace: Workspace) -> Ask:
    """To one who has not got it, in a billing cycle in which something was paid before."""
    workspace.mailed("owner@example.com")
    workspace.client.post("/api/ai/suggest-alias", json=dict(_PAGE))
    return lambda: workspace.client.post("/api/ai/weekly-digest/send", json={})


def _subscribed(workspace: Workspace) -> Ask:
    path, wanted = "/v1/workspace/settings", {"weekly_digest": "on"}
    at = {"If-Match": "1"}
    return lambda: workspace.client.request("PATCH", path, json=wanted, headers=at)


def _late(workspace: Workspace) -> Ask:
    clicked = clicks.followed(workspace, clock.now() - timedelta(days=3))
    told = {"click_id": clicked, "event": "order"}
    return lambda: workspace.client.post("/api/conversions", json=told)


def _unsubscribing(method: str) -> Callable[[Workspace], Ask]:
    def prepare(workspace: Workspace) -> Ask:
        member = workspace.mailed("owner@example.com")
        path = unsubscribing.path(workspace.item, member, "weekly_digest")
        return lambda: Client().request(method, path)

    return prepare


def _opting_out(method: str) -> Callable[[Workspace], Ask]:
    def prepare(workspace: Workspace) -> Ask:
        path = workspace.opt_out(workspace.lead())
        return lambda: Client().request(method, path)

    return prepare


def _own_key(
    method: str, path: str, body: Mapping[str, Any] | None = None, *, has_one: bool = True
) -> Callable[[Workspace], Ask]:
    """Of who may have a key of their own, and has asked by it in this billing cycle."""

    def prepare(workspace: Workspace) -> Ask:
        place, plan = workspaces.key(workspace.id), {"plan": "enterprise"}
        update(Table.CORE, place, "SET #plan = :plan", values=plan)
        if has_one:
            put = workspace.client.request("PUT", "/api/ai/byok", json=_OWN_KEY)
            assert put.status == 200, put.raw
            workspace.client.post("/api/ai/suggest-alias", json=dict(_PAGE))
        wanted = None if body is None else dict(body)
        return lambda: workspace.client.request(method, path, json=wanted)

    return prepare


def _a_word() -> str:
    """Another one each time, and no id."""
    return ids.new("word").replace("_", "-")


_OWN_KEY = {"api_key": vendors.KEY}
A_MOMENT = "2020-01-01T00:00:00Z"
_CHANGE = ["GetItem", "TransactWriteItems"]
_PAGE = {"url": f"{TARGET}/spring-sale", "title": "Spring sale"}
_AIM = {"goal": "Promote our spring sale on Instagram", "url": f"{TARGET}/spring-sale"}
_GOAL = {"goal": "What stands out?"}
_WISH = {"prompt": f"Noa's bakery in Haifa. Shop: {TARGET}/shop"}
_OF_A_PUSH = ["GetItem", "GetItem", "BatchGetItem"]
_GENERATED = ["GetItem", "GetItem", "TransactWriteItems", "BatchGetItem", "TransactWriteItems"]
_FROM_LINKS = ["GetItem", "GetItem", "TransactWriteItems", "Query", "TransactWriteItems"]
_FROM_BOTH = [*_FROM_LINKS[:-1], "BatchGetItem", "TransactWriteItems"]
_OPEN = ["GetItem", "UpdateItem"]
_SAY = ["GetItem", "Query", "UpdateItem"]
_HEAR = ["GetItem", "UpdateItem", "Query", "UpdateItem"]
_END = ["GetItem", "Query", "TransactWriteItems"]
_CAMPAIGN = {"campaign_id": "cmp"}
_READ_CAMPAIGN = Cost(["GetItem", "Query"], 2, 1)
_RECORDED = {"recording": True, "recording_consent": False}

ENDPOINTS = {
    "POST /callbacks/clerk": Row(
        # Of an organisation that is not known, nor deleted: it and its workspace; then the member,
        # who may have been deleted too.
        [
            Cost(
                [*["GetItem"] * 2, "TransactWriteItems", *["GetItem"] * 5, "TransactWriteItems"],
                7,
                21,
            )
        ],
        body=lambda _: clerk_event("organizationMembership.created", membership("org_a", "user_a")),
        status=200,
    ),
    "POST /callbacks/billing": Row(
        # The workspace 2, the job that has its credentials told 2 and its index entry; the audit
        # entry 2 and 3.
        [Cost(_CHANGE, 1, 10)],
        body=lambda ids: {"workspace_id": ids["workspace"], "plan": "business", "version": 1},
        status=200,
    ),
    "GET /v1/whoami": Row([Cost([], 0, 1)]),
    "GET /v1/workspace/members": Row([Cost(["Query"], 0.5, 1)], of_both_modes=True),
    "PATCH /v1/workspace/members/{member_id}": Row(
        # The member 2; the entry in the audit log 2 and its three indexes.
        [Cost(_CHANGE, 1, 8)],
        body=lambda _: {"alerts": "off"},
        of_both_modes=True,
    ),
    "GET /v1/workspace/settings": Row([Cost(["GetItem"], 1, 1)]),
    "PATCH /v1/workspace/settings": Row(
        # The settings 2; the entry in the audit log 2 and its three indexes.
        [
            Cost(_CHANGE, 1, 8),
            # The job 2, and its index.
            Cost(_CHANGE, 1, 11, "that asks for a digest", _subscribed),
        ],
        # A rule that no test comes near.
        body=lambda _: {"calls_per_day": 1_000_000},
    ),
    "GET /v1/workspace/usage": Row([Cost(["Query"], 1, 1)]),
    "GET /v1/keys": Row(
        # The ring and all keys, strongly.
        [Cost(["GetItem", "Query"], 2, 1)]
    ),
    "POST /v1/keys": Row(
        # Record, credential check, plan check, ring, credential and pointer 2 each; the entry 5.
        [Cost(["GetItem", "Query", "GetItem", "TransactWriteItems"], 3, 18)],
        # What everybody has who may ask.
        body=lambda _: {"name": "CI", "scopes": ["keys:manage"], "mode": "test"},
    ),
    "GET /v1/keys/{key_id}": Row([Cost(["GetItem"], 1, 1)]),
    "DELETE /v1/keys/{key_id}": Row([Cost(_CHANGE, 1, 12)]),
    "POST /v1/keys/{key_id}/roll": Row(
        # The same, the two items of the old key, and its entry; what it has counted.
        [Cost(["GetItem", "Query", "GetItem", "GetItem", "TransactWriteItems"], 4, 27)],
        body=lambda _: {"overlap": "30d"},
    ),
    "GET /v1/workspace/audit": Row(
        [
            # All that was made in the workspace is in it.
            Cost(["Query"], 1, 1),
            Cost(["Query"], 0.5, 1, "by object", _audit("object={key}")),
            Cost(["Query"], 0.5, 1, "by actor", _audit("actor=operator")),
            Cost(["Query"], 0.5, 1, "by action", _audit("action=key.created")),
        ]
    ),
    "GET /v1/webhooks": Row([Cost(["Query"], 1, 1)]),
    "POST /v1/webhooks": Row(
        # Endpoints and their ring. The record, the endpoint and the ring 2 each; the entry 5.
        [
            Cost(["Query", "TransactWriteItems"], 1, 12),
            # Not signed, so with no reply to seal; and whose the queue is, 2.
            Cost(["Query", "TransactWriteItems"], 1, 14, "to a queue", _to_queue),
        ],
        body=lambda _: {"url": HOOK, "events": ["call.ended"]},
    ),
    "GET /v1/webhooks/{webhook_id}": Row([Cost(["GetItem"], 1, 1)]),
    "PATCH /v1/webhooks/{webhook_id}": Row(
        [Cost(_CHANGE, 1, 8), Cost(_CHANGE, 1, 10, "of a queue", _of_queue)],
        body=lambda _: {"description": "The shop's."},
    ),
    "DELETE /v1/webhooks/{webhook_id}": Row([Cost(["TransactWriteItems"], 0, 8)]),
    "POST /v1/webhooks/{webhook_id}/rotate-secret": Row([Cost(_CHANGE, 1, 10)], body=lambda _: {}),
    "POST /v1/webhooks/{webhook_id}/test": Row(
        # Record, endpoint, place in its queue, event and delivery 2 each; endpoint and delivery one
        # more in an index.
        [Cost(_CHANGE, 1, 12)],
        body=lambda _: {"type": "call.ended"},
    ),
    "GET /v1/webhooks/{webhook_id}/deliveries": Row(
        [
            Cost(["GetItem", "Query"], 1.5, 1),
            Cost(["GetItem", "Query"], 1.5, 1, "by status", _deliveries("status=pending")),
            Cost(["GetItem", "Query"], 1.5, 1, "by event", _deliveries("event_id={event}")),
        ]
    ),
    "POST /v1/webhooks/{webhook_id}/replay": Row(
        [
            Cost([*["GetItem"] * 3, "TransactWriteItems"], 3, 10),
            # Events, and deliveries strongly. The record 2, the job 2 and 1, the entry 5.
            Cost(["GetItem", *["Query"] * 2, "TransactWriteItems"], 2.5, 11, "of a time", _replay),
        ],
        body=lambda ids: {"event_id": ids["evt"]},
    ),
    "GET /v1/events": Row(
        [
            Cost(["Query"], 0.5, 1, "one", _events("")),
            Cost(["Query", "BatchGetItem"], 1, 1, "by type", _events("type=call.ended")),
            Cost(["Query", "BatchGetItem"], 1, 1, "by object", _events("object={call}")),
        ]
    ),
    "GET /v1/events/{event_id}": Row([Cost(["GetItem"], 1, 1)]),
    "GET /api/ai/credits": Row([Cost(["Query", "GetItem"], 1.5, 1)]),
    "POST /api/ai/actions/apply": Row(
        # As a change of the link; the record 2, the event of the action and the entry 5 each.
        [Cost(_CHANGE, 1, 23)],
        body=lambda ids: {
            "type": "set_utm",
            "link_id": ids["lnk"],
            "params": {"utm_source": "letter"},
        },
    ),
    "POST /api/ai/proactive/scan": Row(
        [
            # What is to be looked at, and what is open, strongly; the record.
            Cost(["Query", "Query", "TransactWriteItems"], 1.5, 3),
            Cost(
                # Besides the workspace, how many links there are, and the link; besides it again,
                # whether one is open. That it is as it was 2; the alert 2, the notification 2
                # and 1, the event 2 and 3, the mail 2.
                *(
                    ["Query", "BatchGetItem", "BatchGetItem", "Query", "TransactWriteItems"],
                    6.5,
                    17,
                ),
                *("that finds one", _ends_soon),
            ),
        ],
        body=lambda _: {},
    ),
    "POST /api/ai/suggest-alias": Row(
        # The balance; the hold; the model; what of it is free; the charge.
        [Cost(_GENERATED, 9, 20, "with a balance", _paid("/api/ai/suggest-alias", _PAGE))],
        body=lambda _: _PAGE,
    ),
    # The link, the workspace, what is kept, the balance; the hold; the days; the charge.
    "GET /api/ai/insight/link/{link_id}": Row(
        # Its days, and those of all.
        [Cost(_explained(4, 2), 5, 20, "with a balance", _again("/api/ai/insight/link/{lnk}"))]
    ),
    "GET /api/ai/insight/qr/{link_id}": Row(
        [Cost(_explained(4, 1), 4.5, 20, "with a balance", _again("/api/ai/insight/qr/{lnk}"))]
    ),
    "GET /api/ai/insight/campaign/{campaign_id}": Row(
        # Its links, of which there is one, besides.
        [Cost(_explained(4, 4), 6, 20, "with a balance", _again("/api/ai/insight/campaign/{lcmp}"))]
    ),
    "GET /api/ai/insight/domain/{domain_id}": Row(
        [Cost(_explained(4, 3), 5.5, 20, "with a balance", _again("/api/ai/insight/domain/{dom}"))]
    ),
    "GET /api/ai/insight/account": Row(
        [Cost(_explained(3, 3), 4.5, 20, "with a balance", _again("/api/ai/insight/account"))]
    ),
    "GET /api/ai/weekly-summary": Row(
        # Its answer takes one more unit each time that it is written.
        [Cost(_explained(3, 3), 4.5, 22, "with a balance", _again("/api/ai/weekly-summary"))]
    ),
    "POST /api/ai/weekly-digest/send": Row(
        # The workspace, its members, who has it; the balance, the hold; the week; the charge.
        [
            Cost(
                ["GetItem", *["Query"] * 2, *_CHANGE, *["Query"] * 2, "TransactWriteItems"],
                *(5, 23, "with a balance", _digest),
            )
        ],
        body=lambda _: {},
    ),
    # The workspace, which has it on its own item.
    "GET /api/ai/byok": Row([Cost(["GetItem"], 1, 1)]),
    "PUT /api/ai/byok": Row(
        # The workspace 4, with its settings and what is sealed; the entry of the audit log 5.
        [Cost(_CHANGE, 1, 8, "", _own_key("PUT", "/api/ai/byok", _OWN_KEY, has_one=False))],
        body=lambda _: dict(_OWN_KEY),
    ),
    "DELETE /api/ai/byok": Row(
        [
            Cost(["GetItem"], 1, 1),
            Cost(_CHANGE, 1, 8, "that there is", _own_key("DELETE", "/api/ai/byok")),
        ]
    ),
    "POST /api/ai/suggest-tags": Row(
        [Cost(_FROM_LINKS, 2.5, 20, "with a balance", _paid("/api/ai/suggest-tags", _PAGE))],
        body=lambda _: _PAGE,
    ),
    "POST /api/ai/intent": Row(
        [Cost(_FROM_BOTH, 8.5, 20, "with a balance", _paid("/api/ai/intent", _AIM))],
        body=lambda _: _AIM,
    ),
    "POST /api/ai/bio-generate": Row(
        [Cost(_FROM_LINKS, 2.5, 20, "with a balance", _paid("/api/ai/bio-generate", _WISH))],
        body=lambda _: _WISH,
    ),
    "POST /api/ai/agent": Row(
        # Whether there is room for it; it lists the links, and looks at all of them together. Its
        # answer is larger than 1 KB.
        [Cost(_explained(3, 3), 4.5, 22, "with a balance", _paid("/api/ai/agent", _GOAL))],
        body=lambda _: _GOAL,
    ),
    "GET /api/ai/agent/{run_id}": Row([Cost(["GetItem"], 1, 1)]),
    "GET /api/ai/routing-suggest/{link_id}": Row(
        [
            Cost(
                # Link, settings, record, balance; the hold; its days; all of it is given back.
                [*["GetItem"] * 4, "TransactWriteItems", "Query", *_CHANGE],
                *(5.5, 18, "that nobody followed"),
                _routed,
            )
        ],
    ),
    "POST /api/ai/onboarding/setup": Row([Cost(["TransactWriteItems"], 0, 5)], body=lambda _: _AIM),
    "GET /api/links": Row(
        [
            Cost(["Query"], 0.5, 1),
            Cost(["Query"], 0.5, 1, "that are archived", _links("archived=true")),
            Cost(["Query", "BatchGetItem"], 1, 1, "by tag", _links("tag=sale")),
            Cost(["GetItem"] * 2, 2, 1, "by external id", _links("external_id=mine")),
            Cost(["GetItem"] * 2, 2, 1, "by alias", _links("alias={alias}")),
        ]
    ),
    "POST /api/links": Row(
        # Record, that no domain of ours is the target, link, alias and the count of links 2 each;
        # the link's index 1; event 2 and 3.
        [Cost(["TransactWriteItems"], 0, 17)],
        body=lambda _: {"url": TARGET},
    ),
    "POST /api/links/bulk": Row(
        # What the push made before; strongly, what there is of what the link would have, and how
        # many more there may be. As for one, and twice 2 for the push.
        [Cost(["GetItem", "Query", "BatchGetItem", "GetItem", "TransactWriteItems"], 5, 21)],
        body=lambda _: {"links": [{"url": TARGET}]},
    ),
    "PUT /api/links/upsert": Row(
        # The external id; the same as for one, without the record and with the id 2.
        [Cost(["GetItem", "TransactWriteItems"], 1, 17)],
        body=lambda _: {"external_id": _a_word(), "url": TARGET},
    ),
    "GET /api/links/{link_id}": Row([Cost(["GetItem"], 1, 1)]),
    "PATCH /api/links/{link_id}": Row(
        # Link and alias 2 each, the link's index 1; event 2 and 3.
        [Cost(_CHANGE, 1, 11)],
        body=lambda _: {"title": _a_word()},
    ),
    "DELETE /api/links/{link_id}": Row(
        # Link, alias, cap, the count of links and what is to be looked at of it 2 each, the link's
        # index 1; event 2 and 3.
        [Cost(_CHANGE, 1, 16)],
    ),
    "GET /api/links/{link_id}/qr": Row([Cost(["GetItem"], 1, 1)]),
    "GET /api/links/{link_id}/analytics": Row(
        # The link and the workspace, whose zone it is; the rows of the days.
        [Cost(["GetItem", "GetItem", "Query"], 2.5, 1)]
    ),
    "POST /api/conversions": Row(
        # The click, what was told of it before, and the link; record and conversion 2 each.
        [
            Cost(["GetItem"] * 3 + ["TransactWriteItems"], 3, 5),
            # And what the workspace says, of a click of another day.
            Cost(["GetItem"] * 4 + ["TransactWriteItems"], 4, 5, "days after the click", _late),
        ],
        body=lambda ids: {"click_id": ids["clk"], "event": "order"},
    ),
    "GET /api/campaigns": Row([Cost(["Query"], 0.5, 1)]),
    "POST /api/campaigns": Row(
        # The record and the campaign.
        [Cost(["TransactWriteItems"], 0, 5)],
        body=lambda _: {"name": "Spring"},
    ),
    "GET /api/campaigns/{campaign_id}": Row([Cost(["GetItem"], 1, 1)]),
    "PATCH /api/campaigns/{campaign_id}": Row(
        [Cost(_CHANGE, 1, 3)], body=lambda _: {"name": _a_word()}
    ),
    "DELETE /api/campaigns/{campaign_id}": Row(
        # It says itself whether links are in it.
        [Cost(_CHANGE, 1, 3)]
    ),
    "GET /api/domains": Row([Cost(["Query"], 0.5, 1)]),
    "POST /api/domains": Row(
        # Record, domain, name, the count of domains and the entry of the audit log.
        [Cost(["TransactWriteItems"], 0, 14)],
        body=lambda _: {"domain": "go.example.net"},
    ),
    "GET /api/domains/{domain_id}": Row([Cost(["GetItem"], 1, 1)]),
    "PATCH /api/domains/{domain_id}": Row(
        # The domain 2; the entry of the audit log and its indexes 5.
        [Cost(_CHANGE, 1, 8)],
        body=lambda _: {"assetlinks": [{"relation": [_a_word()]}]},
    ),
    "DELETE /api/domains/{domain_id}": Row(
        # The domain, and how many links are on it.
        [Cost(["GetItem", "GetItem", "TransactWriteItems"], 2, 12)]
    ),
    "POST /api/domains/{domain_id}/verify": Row(
        # The domain, and whose the name is.
        [Cost(["GetItem", "GetItem", "TransactWriteItems"], 2, 5)],
        body=lambda _: {},
    ),
    "GET /api/notifications": Row(
        [
            Cost(["Query"], 0.5, 1),
            Cost(["Query"], 0.5, 1, "unread", _unread),
        ]
    ),
    "POST /api/notifications/{notification_id}/read": Row(
        # The record and the notification.
        [Cost(_CHANGE, 1, 5)],
        body=lambda _: {},
    ),
    "GET /v1/mailer/campaigns": Row(
        [
            Cost(["Query"], 0.5, 1),
            Cost(["Query"], 0.5, 1, "by state", _of_state),
        ]
    ),
    "POST /v1/mailer/campaigns": Row(
        # The record, and the campaign with its index entry; they are about 1 KB each.
        [Cost(["TransactWriteItems"], 0, 8)],
        body=lambda _: {"name": "Clinics", "postal_address": "1 Main Street"},
    ),
    # The campaign, and how its leads stand.
    "GET /v1/mailer/campaigns/{campaign_id}": Row([_READ_CAMPAIGN], kinds=_CAMPAIGN),
    "PATCH /v1/mailer/campaigns/{campaign_id}": Row(
        [Cost(["GetItem", "Query", "TransactWriteItems"], 2, 3)],
        body=lambda _: {"name": _a_word()},
        kinds=_CAMPAIGN,
    ),
    "POST /v1/mailer/campaigns/{campaign_id}/start": Row(
        # Its mailboxes, whether it waits for its plan, and its counts. The record and the campaign
        # 2 each, its index 2; the line of each mailbox 2; event and entry of the audit log 5 each.
        [Cost(["GetItem", "BatchGetItem", "GetItem", "Query", "TransactWriteItems"], 5, 19)],
        body=lambda _: {},
        kinds=_CAMPAIGN,
    ),
    "POST /v1/mailer/campaigns/{campaign_id}/pause": Row(
        [Cost(["GetItem", "Query", "TransactWriteItems"], 2, 17)],
        body=lambda _: {},
        kinds={"campaign_id": "mailing"},
    ),
    "GET /v1/mailer/campaigns/{campaign_id}/plan": Row(
        # With the mailboxes and their lines.
        [Cost(["GetItem", "BatchGetItem", "Query"], 5, 1)],
        kinds=_CAMPAIGN,
    ),
    "GET /v1/mailer/campaigns/{campaign_id}/leads": Row(
        [Cost(["GetItem", "Query"], 1.5, 1)], kinds=_CAMPAIGN
    ),
    "POST /v1/mailer/campaigns/{campaign_id}/leads": Row(
        # Read: the record, the campaign, what is known of the address. Written: the record, the
        # address, the counts and the usage 2 each; the lead 2 and its three index entries, the
        # event 2 and 3.
        [
            Cost([*_OF_A_PUSH, "TransactWriteItems"], 5, 19, "one", _pushes(1), 201),
            Cost([*_OF_A_PUSH, "GetItem", "TransactWriteItems"], 7, 21, "a list"),
            Cost(
                *([*_OF_A_PUSH, "GetItem", *["TransactWriteItems"] * 2], 85, 501),
                *("40 of them", _pushes(40)),
            ),
        ],
        # In a list: who is pushed again is told of all the same.
        body=lambda _: {"leads": [{"email": "noa@example.com"}]},
        status=200,
        kinds=_CAMPAIGN,
    ),
    "GET /v1/mailer/leads/{lead_id}": Row([Cost(["GetItem", "Query"], 2, 1)]),
    "PATCH /v1/mailer/leads/{lead_id}": Row(
        [Cost(["GetItem", "Query", "TransactWriteItems"], 2, 3)],
        body=lambda _: {"title": _a_word()},
    ),
    "PATCH /v1/mailer/leads/{lead_id}/emails/{seq}": Row(
        # The lead, its emails, and the campaign for what stands under them.
        [Cost(["GetItem", "Query", "GetItem", "TransactWriteItems"], 3, 10)],
        body=lambda _: {"subject": _a_word()},
        kinds={"lead_id": "written"},
    ),
    "POST /v1/mailer/campaigns/{campaign_id}/emails/approve": Row(
        # First the record, at last the campaign, in whose line the lead waits if it mails.
        [
            Cost(
                ["GetItem", "GetItem", "GetItem", "Query", "GetItem", "TransactWriteItems"],
                5,
                20,
                "",
                _approved,
            )
        ],
        body=lambda ids: {"items": [{"lead_id": ids["written"], "seq": 1, "version": 1}]},
        kinds=_CAMPAIGN,
    ),
    "DELETE /v1/mailer/leads/{lead_id}": Row(
        # Lead, address, counts and usage 2 each; the entry of the audit log 5.
        [Cost(["GetItem", "Query", "GetItem", "TransactWriteItems"], 3, 14)]
    ),
    "POST /v1/mailer/leads/{lead_id}/research": Row(
        [Cost(["GetItem", "Query", "TransactWriteItems"], 2, 9, "", _researched)],
        body=lambda _: {},
    ),
    # The lead; its thread, and what its sequence sent.
    "GET /v1/mailer/leads/{lead_id}/messages": Row(
        [Cost(["GetItem", "Query", "Query"], 2, 1)], kinds={"lead_id": "answered"}
    ),
    "POST /v1/mailer/leads/{lead_id}/reply": Row(
        # The lead, what is answered, the send, its mailbox, and the list of suppressions. The
        # record, the count, the message, the id and the lead 2 each or so; the job, and the log.
        [Cost([*["GetItem"] * 5, "TransactWriteItems"], 5, 19, "", _replied)],
        body=lambda ids: {"text": "Gladly.", "last_message_id": ids["msg"]},
        kinds={"lead_id": "answered"},
    ),
    "GET /v1/mailer/suppressions": Row([Cost(["Query"], 0.5, 1)]),
    "POST /v1/mailer/suppressions": Row(
        # The record 2; the entry 2 and its index; that of the audit log 5.
        [Cost(_CHANGE, 1, 11)],
        body=lambda _: {"email": "stop@example.com"},
    ),
    "DELETE /v1/mailer/suppressions/{suppression_id}": Row([Cost(["TransactWriteItems"], 0, 8)]),
    "GET /v1/voice/do-not-call": Row([Cost(["Query"], 0.5, 1, "25 of them", _numbers)]),
    "POST /v1/voice/do-not-call": Row(
        # The record and the entry.
        [Cost(["TransactWriteItems"], 0, 5)],
        body=lambda ids: {"number": ids["number"]},
    ),
    "DELETE /v1/voice/do-not-call/{number}": Row([Cost(["TransactWriteItems"], 0, 3)]),
    "GET /v1/voice/agents": Row([Cost(["Query"], 0.5, 1)]),
    "POST /v1/voice/agents": Row(
        # The record, the agent and its version; that the number is the workspace's.
        [Cost(["TransactWriteItems"], 0, 9)],
        body=lambda ids: {
            "name": "Dana",
            "prompt": "Be brief.",
            "voice": "dana",
            "language": "he-IL",
            "phone_number": ids["number"],
        },
    ),
    "PATCH /v1/voice/agents/{agent_id}": Row(
        [Cost(_CHANGE, 1, 7)],
        body=lambda ids: {"voice": "noa", "phone_number": ids["number"]},
    ),
    "GET /v1/voice/agents/{agent_id}": Row([Cost(["GetItem"], 1, 1)]),
    "GET /v1/voice/calls/{call_id}": Row([Cost(["GetItem"], 1, 1)]),
    "POST /v1/voice/calls/{call_id}/cancel": Row(
        # The record, the call, the minutes and the event with its three index entries.
        [Cost(_CHANGE, 1, 12)],
        body=lambda _: {},
    ),
    "DELETE /v1/voice/calls/{call_id}": Row(
        # The call and what was said 2 each, the job 2 and its index entry, the entry in the audit
        # log 2 and its three; 1 to authenticate.
        [Cost(_CHANGE, 1, 13)],
        kinds={"call_id": "ended"},
    ),
    "GET /v1/voice/calls": Row(
        [
            Cost(["Query"], 2, 1, "25 of them", _calls()),
            Cost(["Query"], 1.5, 1, "by agent", _calls("?agent_id={agent}")),
            Cost(["Query"], 1, 1, "by status", _calls("?status=queued")),
            Cost(["Query"], 1.5, 1, "by both", _calls("?agent_id={agent}&status=queued")),
        ]
    ),
    "POST /v1/voice/calls": Row(
        # The settings, which a switch must be seen in at once. Authenticating 1; record, agent
        # check, do-not-call check, dials of the day and minutes 2 each; call 2 and 4 indexes; event
        # 2 and 3.
        [Cost(_CHANGE, 1, 22)],
        body=lambda ids: {"agent_id": ids["agt"], "to": CALLEE, "metadata": {}},
    ),
    "POST /callbacks/twilio/{partition}/{call_id}/{attempt}/answer": Row(
        # The call; what is said first needs nothing of what was said before.
        [Cost(_OPEN, 1, 1, prepare=_callback("answer"))]
    ),
    "POST /callbacks/twilio/{partition}/{call_id}/{attempt}/turn/{turn}": Row(
        # The call, and what was said before, strongly; what was heard is written before anybody
        # thinks about it.
        [Cost(_HEAR, 2, 2, prepare=_callback("turn"))]
    ),
    "POST /callbacks/twilio/{partition}/{call_id}/{attempt}/transfer": Row(
        [Cost(_SAY, 2, 1, prepare=_transfer)]
    ),
    "POST /callbacks/twilio/{partition}/{call_id}/{attempt}/status": Row(
        [
            # Bound already: the order was answered first, as it mostly is.
            Cost(["GetItem"], 1, 0, "initiated", _callback("status", "initiated")),
            # The call 2; the event 2 and 3.
            Cost(_CHANGE, 1, 7, "ringing", _callback("status", "ringing")),
            # The talk; the call 4 with its transcript, the place, the number and the
            # minutes 2 each, the event and the follow-up.
            Cost(_END, 2, 20, "completed", _callback("status", "completed")),
        ],
        status=204,
    ),
    "POST /callbacks/twilio/{partition}/{call_id}/{attempt}/machine": Row(
        [Cost(_CHANGE, 1, 2, prepare=_callback("machine"))],
        status=204,
    ),
    "POST /callbacks/twilio/{partition}/{call_id}/{attempt}/recording": Row(
        [Cost(_CHANGE, 1, 3, prepare=_callback("recording", **_RECORDED))],
        status=204,
    ),
    # Whose key it is signed by.
    "GET /v1/unsubscribe/{token}": Row([Cost(["GetItem"], 1, 0, "", _unsubscribing("GET"))]),
    "POST /v1/unsubscribe/{token}": Row(
        # The member and the entry of the log, 2 each and its indexes 3.
        [Cost(["GetItem", "TransactWriteItems"], 1, 7, "", _unsubscribing("POST"))]
    ),
    "GET /v1/mailer/mailboxes": Row([Cost(["Query"], 0.5, 1)]),
    "POST /v1/mailer/mailboxes": Row(
        # Whether it was made, how many there are; a log-in of the workspace's and one of the
        # account's, each counted by itself; then record, address, mailbox and its job, the count of
        # mailboxes and the entry of the audit log.
        [Cost([*["GetItem"] * 2, *["TransactWriteItems"] * 3], 2, 19)],
        body=lambda _: mailhost.wanted("new@example.com"),
    ),
    # The mailbox, which eras are counted, and the days of it and of its domain.
    "GET /v1/mailer/mailboxes/{mailbox_id}": Row([Cost([*["GetItem"] * 3, *["Query"] * 2], 5, 1)]),
    "PATCH /v1/mailer/mailboxes/{mailbox_id}": Row(
        [Cost(_CHANGE, 1, 8)], body=lambda _: {"name": _a_word()}
    ),
    "DELETE /v1/mailer/mailboxes/{mailbox_id}": Row(
        # The mailbox and its job, its address, the count, its line and the entry of the audit log.
        [Cost(_CHANGE, 1, 14)]
    ),
    "GET /v1/mailer/mailboxes/{mailbox_id}/checks": Row([Cost(["GetItem"], 1, 1)]),
    "GET /v1/mailer/unsubscribe/{token}": Row([Cost(["GetItem"], 1, 0, "", _opting_out("GET"))]),
    # The workspace, the lead, whether the address is listed, the emails that are left, and whether
    # the campaign mails, which may be complete by that.
    "POST /v1/mailer/unsubscribe/{token}": Row(
        [
            Cost(
                [*["GetItem"] * 3, "Query", "GetItem", "TransactWriteItems"],
                *(5, 14, ""),
                _opting_out("POST"),
            )
        ]
    ),
    # Whose the name is, strongly, and then the domain; the same of what leads to another place.
    "GET /": Row([Cost(["GetItem"] * 2, 2, 0, "", _name_alone())], status=302),
    "HEAD /": Row([Cost(["GetItem"] * 2, 2, 0, "", _name_alone("HEAD"))], status=302),
    "GET /.well-known/{file}": Row([Cost(["GetItem"] * 2, 2, 0, "", _well_known())]),
    "HEAD /.well-known/{file}": Row([Cost(["GetItem"] * 2, 2, 0, "", _well_known("HEAD"))]),
    "GET /{alias}": Row(
        [
            Cost(_CHANGE, 1, 4, "a person", _follow()),
            Cost(_CHANGE, 1, 6, "a person, of a cap", _follow(click_cap=2)),
            Cost(_CHANGE, 1, 0, "a person again", _follow(twice=True)),
            Cost(
                *([*_CHANGE, "GetItem"], 2, 0, "a person again, tracked"),
                _follow(twice=True, track_conversion=True),
            ),
            Cost(_CHANGE, 1, 2, "a bot", _follow(agent="curl/8.7.1")),
            Cost(_CHANGE, 1, 4, "a bot, of a cap", _follow(agent="curl/8.7.1", click_cap=2)),
        ],
        status=302,
    ),
    "HEAD /{alias}": Row([Cost(_CHANGE, 1, 2, "", _follow("HEAD"))], status=302),
    "POST /{alias}": Row(
        [Cost(_CHANGE, 1, 8, "the password", _follow("POST", password="sesame"))],
        status=303,
    ),
}
