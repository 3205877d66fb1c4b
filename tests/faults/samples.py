"""A request for each route: from the table here, else the sample event of its function."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from tests import vendors, webhooks
from tests.clerk import clerk_event, membership, organisation
from tests.client import load
from tests.factories import CALLEE, HOOK, TARGET
from tests.faults import wiring
from tests.faults.hooks import (
    DRAFT_ID,
    EVENT_ID,
    FAILS_AT_FIRST,
    GONE,
    MAILING_ID,
    NOTIFICATION_ID,
    TAKES,
    WANTED,
)
from tests.faults.telephone import A_MACHINE, BUSY_AT_FIRST, WANTS_A_PERSON
from tools.demo import AGENT_ID, MEMBER_ID
from tools.routes import OF_DOMAINS, OF_MAILS
from tools.template import ROOT, Function, functions

# An agent that has one call at a time.
ONE_AT_A_TIME = "agt_0ea7a71e"


class NoSample(Exception):
    """A route cannot be put through the faults because nobody said what to send to it."""


class Until(StrEnum):
    """How far what was asked before has come."""

    ASKED = "nothing happened yet"
    RINGING = "the call rings"
    SETTLED = "all is over"


@dataclass(frozen=True)
class Sample:
    """`path` is filled in from the reply to `after`, a route that is asked before, if need be.

    `until` says how far what that began has come by then, and `lost` what of all that the carrier
    tells never arrives. The events of `apart` are others than elsewhere although they make the
    same calls.
    """

    method: str
    path: str
    body: str | None = None
    after: str | None = None
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    until: Until = Until.SETTLED
    lost: frozenset[str] = frozenset()
    apart: str = ""
    # Whether it takes two phases: one in between is told to wait, and a dead one is taken over.
    is_charged: bool = False

    @property
    def is_webhook(self) -> bool:
        """Whoever sends it is asked for no key, and told of no repetition."""
        return webhooks.is_one(self.path)


@dataclass(frozen=True)
class _Wanted:
    body: object = None
    path: Mapping[str, str] = field(default_factory=dict)
    after: str | None = None
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    until: Until = Until.SETTLED
    lost: frozenset[str] = frozenset()
    apart: str = ""


# What else of a sample event's headers decides what happens.
_KEPT = {"if-match"}

_PLACE_CALL = "POST /v1/voice/calls"
_CANCEL_CALL = "POST /v1/voice/calls/{call_id}/cancel"
CANCEL_WHILE_IT_RINGS = f"{_CANCEL_CALL} while it rings"
_ADD_NUMBER = "POST /v1/voice/do-not-call"
_ORGANISATION = "POST /callbacks/clerk of an organisation"
# The workspace of a world, which is known when there is one.
WORKSPACE = "<workspace>"
_CREATE_KEY = "POST /v1/keys"
_CREATE_LINK = "POST /api/links"
_CREATE_CAMPAIGN = "POST /api/campaigns"
_CREATE_DOMAIN = "POST /api/domains"
_APPROVE = "POST /v1/mailer/campaigns/{campaign_id}/emails/approve"
_ADD_SUPPRESSION = "POST /v1/mailer/suppressions"
_PUSH_LEAD = "POST /v1/mailer/campaigns/{campaign_id}/leads"
PUSH_MANY = f"{_PUSH_LEAD} of many"
ANSWERS = "/v1/mailer/leads/{lead_id}/reply"
_CREATE_MAILBOX = "POST /v1/mailer/mailboxes"
LINK_THAT_ENDS = "POST /api/links that ends soon"
_SUGGEST = "POST /api/ai/suggest-alias"
_LONG_AGO = "2020-01-01T00:00:00Z"


def _call(**wanted: object) -> dict[str, object]:
    return {"agent_id": AGENT_ID, "to": CALLEE, "metadata": {"name": "נועה"}, **wanted}


# Of a run of the agent that is over.
RUN_ID = "run_01JDXAMP1EXAMP1EXAMP1EXAMP"
# What stands for a parameter of a path, and the route that makes it, if it is not there at first.
# `{id}` is the id in the reply to the route of `after`, in a path or a body.
_NAMED: Mapping[str, tuple[str, str | None]] = {
    "agent_id": (AGENT_ID, None),
    "call_id": ("{id}", _PLACE_CALL),
    "number": (CALLEE, _ADD_NUMBER),
    "key_id": ("{id}", _CREATE_KEY),
    "member_id": (MEMBER_ID, None),
    "webhook_id": (TAKES, None),
    "event_id": (EVENT_ID, None),
    "link_id": ("{id}", _CREATE_LINK),
    "campaign_id": ("{id}", _CREATE_CAMPAIGN),
    "mailer/campaign_id": (DRAFT_ID, None),
    "notification_id": (NOTIFICATION_ID, None),
    "domain_id": ("{id}", _CREATE_DOMAIN),
    "lead_id": ("{id}", _PUSH_LEAD),
    "run_id": (RUN_ID, None),
    "suppression_id": ("{id}", _ADD_SUPPRESSION),
    "mailbox_id": ("{id}", _CREATE_MAILBOX),
}

# The routes whose sample event, with these names in its path, would not do.
_WANTED = {
    _PLACE_CALL: _Wanted(_call()),
    "GET /v1/voice/calls": _Wanted(after=_PLACE_CALL, query="status=completed&status=queued"),
    "DELETE /v1/voice/calls/{call_id}": _Wanted(
        path={"call_id": "{id}"}, after=_PLACE_CALL, until=Until.SETTLED
    ),
    _CANCEL_CALL: _Wanted(path={"call_id": "{id}"}, after=_PLACE_CALL, until=Until.ASKED),
    _ADD_NUMBER: _Wanted({"number": CALLEE, "reason": "asked on the phone"}),
    _CREATE_KEY: _Wanted({"name": "CI", "scopes": ["*:read"], "mode": "live"}),
    "POST /v1/webhooks": _Wanted({"url": f"{HOOK}/new", "events": [WANTED]}),
    "POST /v1/webhooks/{webhook_id}/replay": _Wanted(
        {"since": _LONG_AGO, "only": "all"}, path={"webhook_id": TAKES}
    ),
    "GET /v1/events": _Wanted(query=f"type={WANTED}"),
    "GET /v1/voice/do-not-call": _Wanted(after=_ADD_NUMBER),
    "POST /api/ai/actions/apply": _Wanted(
        {"type": "set_utm", "link_id": "{id}", "params": {"utm_source": "letter"}},
        after=_CREATE_LINK,
    ),
    _APPROVE: _Wanted(
        {"items": [{"lead_id": "{id}", "seq": 1, "version": 1}]},
        path={"campaign_id": DRAFT_ID},
        after=_PUSH_LEAD,
    ),
    # Its proof is a version.
    "PATCH /v1/mailer/mailboxes/{mailbox_id}": _Wanted(
        {"daily_cap": 40},
        path={"mailbox_id": "{id}"},
        after=_CREATE_MAILBOX,
        headers={"if-match": "2"},
    ),
    "PUT /api/ai/byok": _Wanted({"api_key": vendors.KEY}),
    "POST /api/ai/proactive/scan": _Wanted({}, after=LINK_THAT_ENDS),
    "POST /v1/mailer/campaigns/{campaign_id}/pause": _Wanted({}, path={"campaign_id": MAILING_ID}),
    "POST /callbacks/clerk": _Wanted(
        clerk_event("organizationMembership.created", membership("org_a", "user_a"), 1),
        after=_ORGANISATION,
        until=Until.ASKED,
    ),
    "POST /callbacks/billing": _Wanted(
        {"workspace_id": WORKSPACE, "plan": "business", "version": 1}
    ),
}

_REPLAY = "POST /v1/webhooks/{webhook_id}/replay"
_LISTENS = "PATCH /v1/webhooks/{webhook_id} to hear of calls"
_OF_ONE_AT_A_TIME = f"{_PLACE_CALL} of an agent that takes one at a time"

# The same routes, where more can become of them.
_CASES = {
    LINK_THAT_ENDS: _Wanted(
        {
            "url": TARGET,
            "alias": "ends",
            "expires_at": f"{datetime.now(UTC).date() + timedelta(days=4)}T00:00:00Z",
        }
    ),
    _ORGANISATION: _Wanted(
        clerk_event("organization.created", organisation("org_a", "user_b")), until=Until.ASKED
    ),
    CANCEL_WHILE_IT_RINGS: _Wanted(
        path={"call_id": "{id}"}, after=_PLACE_CALL, until=Until.RINGING
    ),
    f"{_PLACE_CALL} while another to the number rings": _Wanted(
        _call(), after=_PLACE_CALL, until=Until.RINGING, apart="dial_call"
    ),
    _OF_ONE_AT_A_TIME: _Wanted(_call(agent_id=ONE_AT_A_TIME)),
    f"{_PLACE_CALL} while its agent is busy": _Wanted(
        _call(agent_id=ONE_AT_A_TIME),
        after=_OF_ONE_AT_A_TIME,
        until=Until.RINGING,
        apart="dial_call",
    ),
    PUSH_MANY: _Wanted(
        {"leads": [{"email": f"noa{at}@example.com"} for at in range(34)] + [{"email": "none"}]},
        path={"campaign_id": DRAFT_ID},
        until=Until.ASKED,
    ),
    # Its research is over: else what is struck would decide which of both is first.
    f"{_ADD_SUPPRESSION} of a lead": _Wanted(
        {"email": "richard@avishealth.com"}, after=_PUSH_LEAD, until=Until.SETTLED
    ),
    _LISTENS: _Wanted(
        {"events": ["call.queued", "call.ended"]},
        path={"webhook_id": TAKES},
    ),
    f"{_PLACE_CALL} that an endpoint hears of": _Wanted(_call(), after=_LISTENS, until=Until.ASKED),
    f"{_REPLAY} of one event": _Wanted({"event_id": EVENT_ID}, path={"webhook_id": TAKES}),
    f"{_REPLAY} to one that fails at first": _Wanted(
        {"event_id": EVENT_ID}, path={"webhook_id": FAILS_AT_FIRST}
    ),
    f"{_REPLAY} to one that is gone": _Wanted({"event_id": EVENT_ID}, path={"webhook_id": GONE}),
    f"{_PLACE_CALL} to a machine": _Wanted(_call(to=A_MACHINE)),
    f"{_PLACE_CALL} to one who wants a person": _Wanted(_call(to=WANTS_A_PERSON)),
    f"{_PLACE_CALL} to one who is busy at first": _Wanted(
        _call(to=BUSY_AT_FIRST, retry={"max": 1, "on": ["busy"], "backoff": 60})
    ),
    f"{_PLACE_CALL} whose end nobody tells": _Wanted(
        _call(), lost=frozenset({"status completed", "recording completed"})
    ),
}


def routes() -> list[str]:
    """Every route that customers ask, or who sends webhooks.

    Not the pages of the reference, whose role allows no call at all; what the carrier asks is in
    `wiring.py`, what domains of links have in
    `test_redirects.py` and `test_well_known.py`, and what mails lead to in `test_digests.py`; who
    answers a lead that has answered is in `test_replying.py`.
    """
    asked = [
        (method, path)
        for function in functions()
        if function.folder != "console" and function.file not in wiring.callbacks()
        for method, path in function.routes
        if path not in OF_DOMAINS | OF_MAILS | {ANSWERS}
    ]
    return [f"{method} {path}" for method, path in asked]


def effectful_routes() -> list[str]:
    return [route for route in routes() if not route.startswith("GET ")]


def cases() -> list[str]:
    """What all else follows from: the effectful routes, and some of them in other circumstances."""
    return [*effectful_routes(), *_CASES]


def sample(route: str) -> Sample:
    """The request for a route, or for a case. Raises `NoSample`, naming it."""
    method, path, *_ = route.split(" ")
    wanted = _WANTED.get(route) or _CASES.get(route) or _from_event(route)
    if wanted is None and method == "GET" and "{" not in path:
        wanted = _Wanted()
    if wanted is None:
        raise NoSample(
            f"{route} has no sample request: add one to events/, or to tests/faults/samples.py"
        )
    for name, value in wanted.path.items():
        path = path.replace(f"{{{name}}}", value)
    body = None if wanted.body is None else json.dumps(wanted.body, ensure_ascii=False)
    is_charged = _is_charged(method, route.split(" ")[1])
    # Whoever asks for the first time in a billing cycle is granted its credits before.
    after = wanted.after or (_SUGGEST if is_charged and route != _SUGGEST else None)
    return Sample(
        *(method, path, body, after, wanted.query, wanted.headers),
        *(wanted.until, wanted.lost, wanted.apart, is_charged),
    )


def _is_charged(method: str, path: str) -> bool:
    contract = getattr(load(_function_of(f"{method} {path}")).handler, "contract", None)
    return contract is not None and contract.charge is not None


def _from_event(route: str) -> _Wanted | None:
    function = _function_of(route)
    file = ROOT / "events" / function.folder / f"{function.file}.json"
    if not file.exists():
        return None
    event: dict[str, Any] = json.loads(file.read_text())
    raw = event.get("body") or ""
    if event.get("isBase64Encoded"):
        raw = base64.b64decode(raw).decode()
    own = event.get("pathParameters") or {}
    named = {
        # What a folder calls as another one does may be something else.
        name: _NAMED.get(f"{function.folder}/{name}", _NAMED.get(name, (value, None)))
        for name, value in own.items()
    }
    return _Wanted(
        body=json.loads(raw) if raw else None,
        path={name: value for name, (value, _) in named.items()},
        after=next((made_by for _, made_by in named.values() if made_by), None),
        query=event.get("rawQueryString", ""),
        headers={name: text for name, text in event["headers"].items() if name.lower() in _KEPT},
    )


def _function_of(route: str) -> Function:
    method, path = route.split(" ")
    return next(function for function in functions() if (method, path) in function.routes)
