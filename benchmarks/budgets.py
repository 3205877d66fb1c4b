"""What each figure may be, and why: docs/decisions/0018-performance-budgets.md."""

from collections.abc import Iterator, Mapping

from benchmarks.results import Results
from benchmarks.rounds import Ratios
from benchmarks.subjects import measured, reads_the_secret
from tools.template import Function

# To `import boto3; boto3.client("dynamodb")`; and with the secret, which is asked for.
INIT = 0.75
INIT_WITH_SECRET = 1.05
# Of the function that is asked most, which loads no model: less than half of what any other costs.
INIT_OF_A_REDIRECT = 0.4
_REDIRECTS = ("follow_link", "unlock_link")
# It asks a model for seconds, and has the credits and the model's port to load.
INIT_OF_A_GENERATION = 0.85
# Nobody waits for it, and some show the objects of all domains.
INIT_OF_A_WORKER = 0.95
# Of what has packages of its own: lists of public suffixes and of user agents, which init reads; a
# resolver, whose name servers are waited for.
INIT_WITH_PACKAGES = {"create_domain": 1.05, "verify_domain": 0.9, "count_clicks": 1.9}
# It logs in to a mail host, and one looks at its domain; the worker does both, and reads mail.
INIT_WITH_A_MAILBOX = {
    "create_mailbox": 0.85,
    "update_mailbox": 0.85,
    "check_mailbox": 0.95,
    "tend_mailbox": 1.6,
}
_OF_SOME = INIT_WITH_PACKAGES | INIT_WITH_A_MAILBOX
_OF_FOLDERS = {
    "ai": INIT_OF_A_GENERATION,
    "workers": INIT_OF_A_WORKER,
    "schedules": INIT_OF_A_WORKER,
}
# To a bare boto3 handler that makes the same calls: init and first request, then a warm one.
FIRST = 1.0
WARM = {
    "GET /v1/whoami": 0.6,
    "GET /v1/voice/agents/{agent_id}": 0.45,
    "GET /v1/voice/calls/{call_id}": 0.38,
    "GET /v1/voice/calls": 0.38,
    "POST /v1/voice/calls": 0.45,
    "GET /{alias}": 0.45,
}
# One call's life: AWS calls, and CPU as a part of what it was before (before.json).
LIFE_CALLS = 44
LIFE_CPU = 0.75
# The standard error above which nothing can be said of what is not within its budget by twice that.
ERROR = 0.08
# With so little, more rounds would change nothing.
_KNOWN = 0.01
# So many before something is over its budget: of a few the spread may be small by chance.
ROUNDS = 15


def init(function: Function) -> float:
    if function.file in _REDIRECTS:
        return INIT_OF_A_REDIRECT
    if function.file in _OF_SOME:
        return _OF_SOME[function.file]
    if reads_the_secret(function):
        return INIT_WITH_SECRET
    return _OF_FOLDERS.get(function.folder, INIT)


def is_known(name: str, ratios: Ratios, served: Mapping[str, str]) -> bool:
    """Whether more rounds would change nothing: by its error, or as it is within its budget by
    twice that. `served`: which route a function serves.
    """
    limits = {function.file: {"init": init(function)} for function in measured()}.get(name, {})
    if limits and (route := served.get(name)) in WARM:
        limits |= {"first": FIRST, "warm": WARM[route]}
    found, errors = ratios.medians(), ratios.errors()
    is_within = all(found[kind] * (1 + 2 * errors[kind]) <= limit for kind, limit in limits.items())
    is_over = any(found[kind] > limit for kind, limit in limits.items())
    if is_over and len(ratios.init) < ROUNDS:
        return False
    return ratios.error <= _KNOWN or (is_within and (bool(limits) or ratios.error <= ERROR))


def is_clear(name: str, ratios: Ratios, served: Mapping[str, str]) -> bool:
    """Whether a verdict can be given at all."""
    return ratios.error <= ERROR or is_known(name, ratios, served)


def exceeded(now: Results, before: Results) -> Iterator[str]:
    """What is over its budget, and of what that cannot be told, one line each."""
    for name in now.unclear:
        yield f"{name}: the machine is too busy to tell, an error of more than {ERROR:.0%}"
    limits = {function.file: init(function) for function in measured()}
    yield from _over("init", now.init, limits)
    yield from _over("init and first request", now.first, dict.fromkeys(WARM, FIRST))
    yield from _over("warm", now.warm, WARM)
    life = {"AWS calls": sum(now.life_calls.values()), "CPU": now.life_cpu / before.life_cpu}
    yield from _over("a call's life", life, {"AWS calls": LIFE_CALLS, "CPU": LIFE_CPU})


def _over(what: str, found: dict[str, float], limits: dict[str, float]) -> Iterator[str]:
    for name, limit in limits.items():
        if found[name] > limit:
            yield f"{name}: {what} {found[name]:.2f}, budget {limit}"
