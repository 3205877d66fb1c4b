"""Rules on endpoints: who may call them, and the four steps of adding one."""

import ast
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from linkwright.auth import SCOPES
from tests.template.checkout import LAYER, Checkout
from tests.template.rules_functions import called
from tools.routes import EVERY_ALIAS, NAME_ALONE, OF_DOMAINS, OF_MAILS, WELL_KNOWN
from tools.template import Function

# The only endpoints that ask for no credential.
PAGES = {"/docs", "/docs/{asset}", "/openapi.json"}
PUBLIC = {
    "$default",
    *(f"{method} {path}" for path in PAGES for method in ("GET", "HEAD")),
    *(f"{method} {EVERY_ALIAS}" for method in ("GET", "HEAD", "POST")),
    *(f"{method} {path}" for path in (WELL_KNOWN, NAME_ALONE) for method in ("GET", "HEAD")),
    *(f"{method} {path}" for path in OF_MAILS for method in ("GET", "POST")),
}
# The folder of those that a carrier signs in place of it.
SIGNED = "callbacks"
# Folders of ASGI applications, which have no `@endpoint`: public_routes_are_listed judges them.
APPLICATIONS = {"console"}
MARKED_BY_READERS = {"POST /api/notifications/{notification_id}/read"}
GENERATES = "ai:generate"
# These go through every function of the template by themselves, so they prove no one's own case.
ROWS = "tests/endpoints.py"
FOR_ALL = (
    ROWS,
    "tests/template/",
    "tests/integration/sample_events",
    "tests/integration/test_endpoint_imports",
    "tests/integration/test_policies",
    "tests/integration/test_sample_events",
)


def public_routes_are_listed(checkout: Checkout) -> Iterator[str]:
    for function in checkout.functions:
        keys = set(_route_keys(function))
        if not keys or checkout.source(function) not in checkout.handlers:
            continue
        # What is not made by `@endpoint` asks nobody for anything.
        public = not _endpoint_options(checkout, function)
        may_be = keys <= PUBLIC or function.folder == SIGNED
        if public and not may_be:
            yield f"{function.logical_id}: {sorted(keys)} is public and not on the list"
        if not public and may_be:
            yield f"{function.logical_id}: is a public route and asks for a key"
    for route in sorted(PUBLIC - {key for f in checkout.functions for key in _route_keys(f)}):
        yield f"{route}: is on the list of public routes and no route"


def endpoints_declare_a_scope(checkout: Checkout) -> Iterator[str]:
    for function in checkout.functions:
        options = _endpoint_options(checkout, function)
        if checkout.source(function) not in checkout.handlers or not _route_keys(function):
            continue  # one_block_for_each_file tells of a missing file
        if function.folder in APPLICATIONS or _is_made_public(checkout, function):
            continue
        match options.get("scope"):
            case ast.Constant(value=None):
                continue
            case ast.Constant(value=str(scope)) if scope in SCOPES:
                reads = {key.partition(" ")[0] for key in _route_keys(function)} == {"GET"}
                # What only its managers may see has one scope for reading and writing, and so has
                # what whoever reads it marks as read, and what costs credits to generate.
                marks = set(_route_keys(function)) <= MARKED_BY_READERS or scope == GENERATES
                if reads != scope.endswith(":read") and not (scope.endswith(":manage") or marks):
                    yield f"{function.logical_id}: {scope} is not the scope of its method"
            case other:
                said = ast.unparse(other) if other else "nothing"
                yield f"{function.logical_id}: declares {said}, none of SCOPES of auth.py"


def _is_made_public(checkout: Checkout, function: Function) -> bool:
    """By `@public`, which has no scope to say; public_routes_are_listed judges it."""
    body = checkout.handlers[checkout.source(function)].body
    handlers = (node for node in body if isinstance(node, ast.FunctionDef))
    return any(called(one) == "public" for node in handlers for one in node.decorator_list)


def _endpoint_options(checkout: Checkout, function: Function) -> dict[str, ast.expr]:
    """The arguments of a file's `@endpoint(…)`; none if it has none."""
    module = checkout.handlers.get(checkout.source(function), ast.Module([], []))
    return {
        keyword.arg: keyword.value
        for node in module.body
        if isinstance(node, ast.FunctionDef)
        for decorator in node.decorator_list
        if isinstance(decorator, ast.Call) and called(decorator) == "endpoint"
        for keyword in decorator.keywords
        if keyword.arg
    }


def _route_keys(function: Function) -> list[str]:
    keys = [f"{method} {path}" for method, path in function.routes]
    return [*keys, "$default"] if function.is_catch_all else keys


def the_catch_all_knows_every_route(checkout: Checkout) -> Iterator[str]:
    known = json.loads(checkout.read(f"{LAYER}/routes.json"))
    stored = {f"{method} {path}" for path, methods in known.items() for method in methods}
    declared = {
        f"{method} {path}"
        for function in checkout.functions
        for method, path in function.routes
        if path not in OF_DOMAINS
    }
    for route in sorted(stored ^ declared):
        yield f"{route}: routes.json is not of this template; run `make generate`"


def endpoints_have_a_row(checkout: Checkout) -> Iterator[str]:
    """What goes through every endpoint by itself asks its good request."""
    wanted = {
        key
        for function in checkout.functions
        if function.folder not in APPLICATIONS and not function.is_catch_all
        for key in _route_keys(function)
    }
    found = _rows(checkout.read(ROWS))
    for route in sorted(wanted - found):
        yield f"{route}: has no row in {ROWS}"
    for route in sorted(found - wanted):
        yield f"{route}: has a row in {ROWS}, and there is no such route"


@cache
def _rows(text: str) -> frozenset[str]:
    return frozenset(
        str(key.value)
        for node in ast.parse(text).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "ENDPOINTS"
        for key in getattr(node.value, "keys", [])
        if isinstance(key, ast.Constant)
    )


def sample_events_are_there(checkout: Checkout) -> Iterator[str]:
    wanted = {event_file(function) for function in checkout.functions}
    found = {path for path in checkout.within("events", ".json") if len(path.parts) > 2}  # noqa: PLR2004
    for path in sorted(wanted - found):
        yield f"{path}: the sample event is missing"
    for path in sorted(found - wanted):
        yield f"{path}: there is no such function"


def event_file(function: Function) -> Path:
    return Path("events", function.folder, f"{function.file}.json")


def sam_local_is_told_what_it_passes_on(checkout: Checkout) -> Iterator[str]:
    """`sam local` drops a variable that the template does not have, and says nothing."""
    told = set(json.loads(checkout.read("events/env.json"))["Parameters"])
    blocks = checkout.of_type("AWS::Lambda::Function").values()
    known = {name for block in blocks for name in block["Environment"]["Variables"]}
    for name in sorted(told - known):
        yield f"events/env.json: no function has {name}"
    # What stands for a resource has no value of its own outside a stack.
    for name in sorted(known - told):
        if name.endswith(("_TABLE", "_QUEUE_URL", "_BUCKET", "_ARN")):
            yield f"events/env.json: {name} is missing"


def functions_have_a_test(checkout: Checkout) -> Iterator[str]:
    files = [path for path in checkout.within("tests", ".py") if not _is_for_all(path)]
    found = [_mentioned(checkout.files[path]) for path in files]
    words = frozenset().union(*(one for one, _ in found))
    asked = frozenset().union(*(other for _, other in found))
    for function in checkout.functions:
        if not _is_mentioned(function, words, asked):
            routes = ", ".join(_route_keys(function)) or function.file
            yield f"{function.logical_id}: no test mentions {routes}"


def _is_for_all(path: Path) -> bool:
    return path.as_posix().startswith(FOR_ALL)


# What a carrier tells: `.tell("status"`.
_TOLD = re.compile(r"""\.tell\(\s*["'](\w+)["']""")
# A method and path together: `.get(f"/v1/voice/calls/{call_id}"`, `"GET", "/v1/whoami?x=1"`.
_ASKED = re.compile(r"""(?:\.([a-z]+)\(|["']([A-Z]+)["'],)\s*f?["'](/[^"'?\s]*)["'?]""")


@cache
def _mentioned(text: str) -> tuple[frozenset[str], frozenset[str]]:
    """The words of a file, and the routes it asks for, as `GET /v1/voice/calls/{call_id}`."""
    asked = ((small or capital, path) for small, capital, path in _ASKED.findall(text))
    return (
        frozenset(re.findall(r"\w+", text)),
        frozenset(f"{method.upper()} {path}" for method, path in asked)
        | frozenset(_TOLD.findall(text)),
    )


def _is_mentioned(function: Function, words: frozenset[str], asked: frozenset[str]) -> bool:
    """By the file's name or by a route; the catch-all, which has none, by a status of its own."""
    if function.is_catch_all and any(word.startswith("test_405_") for word in words):
        return True
    kinds = {key.partition("{attempt}/")[2].partition("/")[0] for key in _route_keys(function)}
    if function.folder == SIGNED and kinds & asked:
        return True
    routes = [
        re.compile(re.sub(r"\\{\w+\\}", r"[^/]+", re.escape(key))) for key in _route_keys(function)
    ]
    return function.file in words or any(r.fullmatch(one) for r in routes for one in asked)


RULES = (
    public_routes_are_listed,
    endpoints_declare_a_scope,
    the_catch_all_knows_every_route,
    endpoints_have_a_row,
    sample_events_are_there,
    sam_local_is_told_what_it_passes_on,
    functions_have_a_test,
)
