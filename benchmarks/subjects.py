"""Who is measured: every function of ours, the floor, and the peers."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.processes import Layers, Subject, our_environment, peer_environment
from benchmarks.routes import Route
from tools.template import Function, functions

FLOOR = "import boto3; boto3.client('dynamodb')"
PEERS = {"FastAPI and Mangum": "with_fastapi", "Powertools": "with_powertools"}
# What the peers serve.
SERVED = ("GET /v1/voice/calls/{call_id}", "POST /v1/voice/calls")

_CLIENT = "; from linkwright import table; table.driver()"
_QUEUES = "; from linkwright import aws; aws.sqs()"
_SECRET = "; from linkwright import vault; vault.vault()"  # noqa: S105 -- code
_READ_THE_SECRET = ("dial_call", "follow_up_call")
_SEND = ("relay_outbox", "sweep_overdue")


@dataclass(frozen=True)
class Group:
    """Subjects that are measured one right after the other; with `bare`, also against that."""

    subjects: Sequence[Subject]
    bare: Subject | None = None

    @property
    def names(self) -> set[str]:
        return {subject.name for subject in self.subjects}


def measured() -> list[Function]:
    """All but the console, which serves a page and is no part of the API's path."""
    return [function for function in functions() if function.folder != "console"]


def reads_the_secret(function: Function) -> bool:
    return function.folder == "callbacks" or function.file in _READ_THE_SECRET


def init(function: Function) -> str:
    """What Lambda does before the first event, and whatever each first event needs besides."""
    besides = _QUEUES if function.file in _SEND else ""
    if reads_the_secret(function):
        besides = _SECRET
    return f"import {function.file}{_CLIENT}{besides}"


def ours(layers: Layers, function: Function, stack: Mapping[str, str]) -> Subject:
    env = our_environment(layers, function, stack)
    return Subject(function.file, function.file, init(function), env)


def floor(layers: Layers, stack: Mapping[str, str]) -> Subject:
    return Subject("floor", "", FLOOR, peer_environment(layers, stack))


def groups(layers: Layers, stack: Mapping[str, str], routes: Sequence[Route]) -> Iterator[Group]:
    for route in routes:
        yield _requested(layers, stack, route)
    rest = [one for one in measured() if one not in {route.function for route in routes}]
    for start in range(0, len(rest), 4):
        yield Group([ours(layers, one, stack) for one in rest[start : start + 4]])


def _requested(layers: Layers, stack: Mapping[str, str], route: Route) -> Group:
    replayed, env = route.replayed(), peer_environment(layers, stack)

    def peer(name: str, module: str) -> Subject:
        return Subject(f"{name}: {route.name}", module, f"import {module}", env, replayed)

    function = route.function
    us = Subject(
        function.file,
        function.file,
        init(function),
        our_environment(layers, function, stack),
        route.events,
    )
    peers = PEERS.items() if route.name in SERVED else ()
    return Group([us, *(peer(*one) for one in peers)], peer("bare boto3", "bare"))
