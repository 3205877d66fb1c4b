"""What the tests of all routes share: the routes, a good request for each, and the envelope."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pytest

from linkwright import table, transaction
from linkwright.exchange import Contract
from linkwright.http import IfMatch
from linkwright.pagination import ListQuery
from linkwright.table import Item, Table
from tests import answered, clicks, leads, runs, webhooks
from tests.client import Answer, Client, load
from tests.endpoints import ENDPOINTS, Row
from tests.factories import Workspace, make_workspace
from tests.integration import signed
from tests.stack import Stack
from tools.routes import OF_DOMAINS, OF_MAILS
from tools.template import Function, functions

JSON_TYPE = "application/json; charset=utf-8"
WITH_BODY = {"POST", "PUT", "PATCH"}
CASES_EACH = 3
# Of no call at the carrier.
UNKNOWN_SID = f"CA{'f' * 32}"

# The kind of id that each path parameter takes.
PARAMETERS = {
    "agent_id": "agt",
    "call_id": "call",
    "number": "number",
    "key_id": "key",
    "member_id": "usr",
    "webhook_id": "wh",
    "event_id": "evt",
    "link_id": "lnk",
    "campaign_id": "lcmp",
    "notification_id": "ntf",
    "lead_id": "lead",
    "seq": "seq",
    "suppression_id": "sup",
    "domain_id": "dom",
    "run_id": "run",
    "mailbox_id": "mbx",
    # Of callbacks.
    "partition": "partition",
    "attempt": "attempt",
    "turn": "turn",
}


class Ids(dict[str, str]):
    """Ids by their kind, their workspace, and a client that may read what they name."""

    workspace: Workspace
    reader: Client

    @classmethod
    def made_in(cls, workspace: Workspace) -> "Ids":
        """One of everything an id can name."""
        agent = workspace.agent()
        call = workspace.place(agent).json["id"]
        # It calls from it, and never to it.
        number = workspace.number(workspace.never_call())
        ended = workspace.place(agent).json["id"]
        workspace.client.post(f"/v1/voice/calls/{ended}/cancel")
        ids = cls(agt=agent, call=call, ended=ended, number=number, key=_key(workspace))
        ids |= {"partition": workspace.partition, "attempt": "1", "turn": "1"}
        ids["workspace"] = workspace.id
        # Whom a digest is mailed to.
        ids["usr"] = workspace.mailed("owner@example.com")
        ids["evt"] = workspace.happen()
        ids["wh"] = _webhook(workspace)
        ids["lnk"] = workspace.link()["id"]
        ids["clk"] = clicks.followed(workspace)
        ids["lcmp"] = workspace.link_campaign()
        ids["ntf"] = workspace.notification()
        ids["dom"] = workspace.domain()
        ids["cmp"], ids["mailing"] = workspace.mailer_campaign(), workspace.mailing()
        ids["lead"] = workspace.lead(ids["cmp"])
        ids["run"] = runs.put_failed(workspace)
        ids["written"], ids["seq"] = leads.put_written(workspace, ids["cmp"]), "1"
        ids["answered"], ids["msg"] = answered.put_answered(workspace)
        ids["sup"] = workspace.suppression()
        ids["mbx"] = workspace.own_mailbox()
        ids.workspace = workspace
        ids.reader = workspace.client_with(["*:read", "settings:manage", "keys:manage"])
        return ids

    def but(self, **others: str) -> "Ids":
        changed = Ids(self, **others)
        changed.workspace, changed.reader = self.workspace, self.reader
        return changed


def _key(workspace: Workspace) -> str:
    """One that everybody may roll who may ask for that."""
    return workspace.key(["keys:manage"])


def _webhook(workspace: Workspace) -> str:
    """One to which something was sent."""
    made = workspace.webhook()
    workspace.delivery(made)
    return made


@dataclass(frozen=True)
class World:
    """A workspace that has one of everything an id can name."""

    workspace: Workspace
    ids: Ids

    @property
    def client(self) -> Client:
        return self.workspace.client


@dataclass(frozen=True)
class Route:
    """A method and path of the template."""

    method: str
    path: str
    function: Function

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def contract(self) -> Contract:
        contract: Contract = load(self.function).handler.contract
        return contract

    @property
    def is_callback(self) -> bool:
        """Called by the carrier, with a signed form in place of a credential and JSON."""
        return self.path.startswith("/callbacks/twilio/")

    @property
    def is_webhook(self) -> bool:
        """Called by somebody else, with signed JSON in place of a credential."""
        return webhooks.is_one(self.path)

    @property
    def row(self) -> Row:
        assert str(self) in ENDPOINTS, f"{self}: add a row to tests/endpoints.py"
        return ENDPOINTS[str(self)]

    @property
    def status(self) -> int:
        """What a good request is answered."""
        return self.row.status or self.contract.status

    @property
    def parameters(self) -> list[str]:
        return re.findall(r"{(\w+)}", self.path)

    def url(self, ids: Mapping[str, str]) -> str:
        """The path with ids in it, by kind."""
        kinds = dict(zip(self.parameters, self.kinds, strict=True))
        return self.path.format(**{name: ids[kinds[name]] for name in kinds})

    @property
    def kinds(self) -> list[str]:
        """The kind of id that each of its parameters takes."""
        known = {**PARAMETERS, **self.row.kinds}
        unknown = set(self.parameters) - set(known)
        assert not unknown, f"{self}: add {unknown} to PARAMETERS in {__file__}"
        return [known[name] for name in self.parameters]

    def body(self, ids: Mapping[str, str]) -> dict[str, Any] | None:
        if self.method not in WITH_BODY or self.is_callback:
            return None
        body = self.row.body
        assert body, f"{self}: its row in tests/endpoints.py says no body"
        return body(ids)

    def sent(self, ids: Mapping[str, str]) -> dict[str, Any]:
        """What a good request has besides a credential: body and headers. At the first version."""
        if self.is_webhook:
            body = json.dumps(self.body(ids))
            return {"body": body, "headers": webhooks.headers(self.path, body)}
        if not self.is_callback:
            return {"json": self.body(ids), "headers": {"If-Match": "1"}}
        _, _, kind = self.url(ids).partition(f"/{ids['attempt']}/")
        form = signed.about(ids["partition"], ids["call"], kind, UNKNOWN_SID)
        return {"body": urlencode(form.fields), "headers": form.headers}

    def ask(self, client: Client, ids: Ids, **options: Any) -> Answer:  # noqa: ANN401
        """A request that is good in every way, but for what the options change."""
        url = self.url(ids)
        if "body" not in options:
            options.setdefault("json", self.body(ids))
        if IfMatch in self.contract.parameters.values():
            options["headers"] = {"If-Match": self._version(ids), **options.get("headers", {})}
        answer = client.request(self.method, url + options.pop("query", ""), **options)
        if self.method == "DELETE" and answer.status == self.contract.status:
            self._put_back(ids)
        if (
            str(self) in {"POST /v1/webhooks", "POST /api/domains", "POST /v1/mailer/mailboxes"}
            and answer.status == self.contract.status
        ):
            # Deleted, so that the plan has another one, and the name is free.
            made = f"{self.path}/{answer.json['id']}"
            assert ids.workspace.client.request("DELETE", made).status in {204, 404}
        return answer

    def _version(self, ids: Ids) -> str:
        url = self.url(ids)
        current = ids.reader.get(url.partition("/emails/")[0])
        if current.status != 200:  # noqa: PLR2004
            return "1"
        emails = current.json.get("emails") if "/emails/" in url else None
        return str((emails[0] if emails else current.json)["version"])

    def _put_back(self, ids: Ids) -> None:
        """Make what was deleted anew, so that it can be asked for again."""
        workspace = ids.workspace
        if "number" in self.kinds:
            workspace.never_call(ids["number"])
        made: dict[str, Callable[[], str]] = {
            "key": lambda: _key(workspace),
            "wh": lambda: _webhook(workspace),
            "lnk": lambda: str(workspace.link()["id"]),
            "lcmp": workspace.link_campaign,
            "dom": workspace.domain,
            "lead": lambda: workspace.lead(ids["cmp"]),
            "sup": workspace.suppression,
            "mbx": workspace.own_mailbox,
        }
        ids.update({kind: made[kind]() for kind in self.kinds if kind in made})


# What is no JSON endpoint: pages that have tests of their own.
PAGES = {"/docs", "/docs/{asset}", "/openapi.json", *OF_DOMAINS, *OF_MAILS}
ROUTES = [
    Route(method, path, function)
    for function in functions()
    for method, path in function.routes
    if path not in PAGES
]
# Those of them whose costs are in rows as those of all others.
FOLLOWED = [
    Route(method, path, function)
    for function in functions()
    for method, path in function.routes
    if path in OF_DOMAINS | OF_MAILS
]
CALLBACKS = [route for route in ROUTES if route.is_callback]
WEBHOOKS = [route for route in ROUTES if route.is_webhook]
# What they tell: the last part of their paths.
KINDS = {route.path.partition("{attempt}/")[2].format(turn=1): route for route in CALLBACKS}
PRIVATE = [route for route in ROUTES if not route.contract.public]
BODY_ROUTES = [route for route in PRIVATE if route.method in WITH_BODY]
ID_ROUTES = [route for route in PRIVATE if route.parameters]
LIST_ROUTES = [
    route
    for route in PRIVATE
    if isinstance(query := route.contract.parameters.get("query"), type)
    and issubclass(query, ListQuery)
]


def make_world(plan: str = "enterprise", mode: str = "live") -> World:
    """On the largest plan unless told otherwise: a test of many requests stays in its minute."""
    workspace = make_workspace(plan, mode)
    return World(workspace, Ids.made_in(workspace))


# ---- What every answer is held to ----------------------------------------------------------------

_REQUEST_ID = re.compile(r"req_[0-9A-HJKMNP-TV-Z]{26}")
LEAKS = re.compile(r"arn:|Traceback|pydynox|botocore|(Core|Access|Idem|Clicks|Metrics)Table|\.py\b")
# Only control characters have to be escaped in JSON.
_ESCAPED = re.compile(r"(?<!\\)(?:\\\\)*\\u(?!00[01])")
_ALWAYS = {"message", "request_id", "doc_url"}
_MAY_ADD = {
    400: {"field", "errors", "reason"},
    402: {"dimension", "limit", "used", "upgrade_to", "resets_at"},
    404: {"field"},
    409: {"reason"},
    502: {"failure"},
}
_seen: set[str] = set()


def assert_answer(answer: Answer) -> None:
    """What holds for all answers, good and bad."""
    request_id = answer.headers["Request-Id"]
    assert _REQUEST_ID.fullmatch(request_id)
    assert request_id not in _seen
    _seen.add(request_id)
    if not answer.content:
        assert answer.headers.get("Content-Type") == (JSON_TYPE if answer.raw else None)
    assert not LEAKS.search(answer.raw)
    assert not _ESCAPED.search(answer.raw)
    answer.raw.encode()


def assert_error(
    answer: Answer,
    status: int,
    code: str,
    field: str | None = None,
    *,
    flat: bool | None = None,
) -> None:
    """The envelope, with exactly the keys that belong there: that of the path, or as told."""
    assert_answer(answer)
    flat = answer.is_flat if flat is None else flat
    error = dict(answer.json if flat else answer.json["error"])
    assert (answer.status, code) == (status, error["error" if flat else "code"])
    if not flat:
        assert set(answer.json) == {"error"}
    assert error.pop("error" if flat else "code") == code
    assert set(error) >= _ALWAYS
    assert set(error) - _ALWAYS <= _MAY_ADD.get(status, set())
    assert error["request_id"] == answer.headers["Request-Id"]
    assert error["doc_url"].endswith(f"#{code}")
    assert error["message"]
    assert error.get("field") == field


def same_but_request_id(one: Answer, other: Answer) -> bool:
    bare = [answer.raw.replace(answer.headers["Request-Id"], "") for answer in (one, other)]
    return (one.status, bare[0]) == (other.status, bare[1])


# ---- What was written ----------------------------------------------------------------------------


class _Watch:
    """The client, with a list of the writes that go to other tables than the one of credentials."""

    def __init__(self, driver: table.Driver) -> None:
        self.driver = driver
        self.writes: list[object] = []
        self.queries = 0

    def sync_get_item(self, *args: Any, **options: Any) -> Any:  # noqa: ANN401
        return self.driver.sync_get_item(*args, **options)

    def sync_batch_get(self, *args: Any) -> Any:  # noqa: ANN401
        return self.driver.sync_batch_get(*args)

    def sync_query_page(self, *args: Any, **options: Any) -> Any:  # noqa: ANN401
        self.queries += 1
        return self.driver.sync_query_page(*args, **options)

    def sync_update_item(self, name: str, *args: Any, **options: Any) -> Any:  # noqa: ANN401
        if name != Table.ACCESS.deployed_name:
            self.writes.append((name, args))
        return self.driver.sync_update_item(name, *args, **options)

    def sync_transact_write(self, operations: list[Item], **options: Any) -> None:  # noqa: ANN401
        self.writes.append(operations)
        self.driver.sync_transact_write(operations, **options)


def in_turn(
    routes: Sequence[Route], name: str, cases: Sequence[Any], ids: Iterable[str] | None = None
) -> pytest.MarkDecorator:
    """Every case at the first route, and a few of them at each other one, so that all take part.

    What reads a body or a query is the same for all: that a route goes by it, a few show.
    """
    named = list(ids) if ids is not None else [repr(case)[:30] for case in cases]
    chosen = [
        pytest.param(route, case, id=f"{route}-{label}")
        for at, route in enumerate(routes)
        for n, (case, label) in enumerate(zip(cases, named, strict=True))
        if at == 0 or (n - at * CASES_EACH) % len(cases) < CASES_EACH
    ]
    return pytest.mark.parametrize(("route", name), chosen)


@contextmanager
def watched() -> Iterator[_Watch]:
    watch = _Watch(table.driver())
    with pytest.MonkeyPatch.context() as patch:
        for module in (table, transaction):
            patch.setattr(module, "driver", lambda: watch)
        yield watch


@contextmanager
def nothing_written() -> Iterator[None]:
    """Not even an attempt. A request is still counted, on the item of its credential."""
    with watched() as watch:
        yield
    assert watch.writes == []


def stored(stack: Stack, world: World) -> list[list[Item]]:
    """All that the workspace has in the tables of objects and of idempotency."""
    tables = [stack.rows(name, world.workspace.id) for name in ("CoreTable", "IdemTable")]
    return [sorted(items, key=lambda item: (item["pk"], item["sk"])) for items in tables]
