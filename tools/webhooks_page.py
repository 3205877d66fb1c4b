"""Write what docs/webhooks.md has of the code, and the schemas: `python -m tools.webhooks_page`.

On the page each part that is generated stands between two marks that name it; the rest is written
by hand and kept.
"""

import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path

from linkwright import clock, events, ids, standard_webhooks
from linkwright.webhooks import (
    catalogue,
    deliveries,
    endpoint_changes,
    health,
    replays,
    sending,
)
from linkwright.webhooks.event_types import EVENT_TYPES
from linkwright.webhooks.logs import bodies
from linkwright.webhooks.logs.event_models import Event
from linkwright.webhooks.models import MAX_HEADERS
from tools.template import ROOT
from tools.webhook_schemas import SCHEMAS, schemas

PAGE = ROOT / "docs" / "webhooks.md"
PROGRAMS = ROOT / "docs" / "webhooks"

_PART = re.compile(r"<!-- generated: (\S+) -->\n.*?<!-- end -->\n", re.DOTALL)
_TIMES = re.compile(r'"(?:\w+_at|since|at)": "([^"]+)"')
_ANY_TIME = "2026-11-02T09:32:05Z"
# At which attempt of a schedule that began then: the third, and the last of a second event.
_LATER = {
    "webhook.failing": "2026-11-02T09:37:11Z",
    "webhook.disabled": "2026-11-06T01:08:10Z",
}
_UNITS = {"days": 86_400, "h": 3_600, "min": 60, "s": 1}


def page(text: str) -> str:
    """The page with each part as the code has it. Raises `KeyError` for an unknown part."""
    return _PART.sub(lambda part: _marked(part[1]), text)


def _marked(name: str) -> str:
    return f"<!-- generated: {name} -->\n\n{PARTS[name]()}\n\n<!-- end -->\n"


def example(name: str) -> Event:
    """The sample of a type as it is sent."""
    stored = catalogue.sample(name)
    # Of the moment at which its object was changed last.
    moment = max([*_TIMES.findall(json.dumps(stored)), _LATER.get(name, "")]) or _ANY_TIME
    return bodies.shown(
        {
            "pk": events.key("ws_01M3V7B910EXAMP1EEXAMP1E07", "").pk,
            "id": ids.first_at("evt", clock.parse(moment))[:-16] + "EXAMP1EEXAMP1E05",
            "type": name,
            "created_at": moment,
            "workspace_id": "ws_01M3V7B910EXAMP1EEXAMP1E07",
            "api_version": "v1",
            "sequence": catalogue.sample_sequence(name),
            "object": stored,
            "details": catalogue.sample_details(name),
            "metadata": stored.get("metadata", {}),
            "request_id": "req_01M6DSG7E0EXAMP1EEXAMP1E08",
        }
    )


def _catalogue() -> str:
    rows = [
        f"| [`{name}`](#{name.replace('.', '')}) | {told} | `{catalogue.model(name).__name__}` |"
        for name, told in EVENT_TYPES.items()
    ]
    return "\n".join(["| type | what it tells | `data.object` |", "|---|---|---|", *rows])


def _examples() -> str:
    return "\n\n".join(_example(name) for name in EVENT_TYPES)


def _example(name: str) -> str:
    body = json.dumps(example(name).model_dump(mode="json"), indent=2, ensure_ascii=False)
    return f"### {name}\n\n{EVENT_TYPES[name]}\n\n```json\n{body}\n```"


def _schedule() -> str:
    """Each attempt, and when it is if all before it have failed."""
    waits = (0, *deliveries.SCHEDULE_S)
    rows = [
        f"| {at} | {_span(wait)} | {_span(sum(waits[:at]))} |" for at, wait in enumerate(waits, 1)
    ]
    return "\n".join(
        ["| attempt | after the one before | after the event |", "|---|---|---|", *rows]
    )


_ENDED = {
    "exhausted": "no attempt was taken",
    "expired": "it was not sent in its time, as to an endpoint that was paused or rested",
    "aborted": "the receiver answered with `abort-message`",
    "gone": "the receiver answered 410, or the ARN is another's",
    "webhook_disabled": "the endpoint was disabled before",
    "not_wanted": "its type is no longer among the `events`",
}
_ERRORS = {
    "timeout": "the time was up; the message may have come",
    "unreachable": "no address or connection, or none that took it all; of an ARN: AWS took none",
    "refused_address": "the URL, or an address of its host, is one that is not allowed",
    "bad_answer": "what came is not HTTP, or not the whole of it; the message has probably come",
    "internal": "the message could not be made: that is our fault, and it is tried again",
    "arn_not_registered": "the ARN is no longer the workspace's",
}
_DISABLED = {
    "failing": "by the evidence above",
    "gone": "it answered 410, or its ARN is no longer the workspace's",
}


def _reasons() -> str:
    listed = {
        "`ended_reason` of a delivery": _ENDED,
        "`error` of an attempt, `last_error` of `failure`": _ERRORS,
        "`disabled_reason` of an endpoint": _DISABLED,
    }
    rows = [
        f"| {where} | `{value}` | {told} |"
        for where, values in listed.items()
        for value, told in values.items()
    ]
    return "\n".join(["| where | value | what it means |", "|---|---|---|", *rows])


def _figures() -> str:
    rows = {
        "attempts of a message": f"{deliveries.ATTEMPTS}, in {_span(sum(deliveries.SCHEDULE_S))}",
        "time for an attempt, with everything": _span(sending.TIMEOUT_S),
        "read of an answer": f"{sending.MAX_ANSWER_BYTES:,} bytes, and nothing of it is shown",
        "most that `Retry-After` is heard": _span(sending.MAX_WAIT_S),
        "largest body": f"{bodies.MAX_BYTES:,} bytes; what is larger is cut (`truncated`)",
        "age at which to refuse a message": f"more than {_span(standard_webhooks.TOLERANCE_S)}",
        "for so long an old secret signs too": _span(endpoint_changes.OVERLAP),
        "failures in a row until `webhook.failing`": str(health.FAILING),
        "longest rest between two attempts that fail": _span(health.RESTS_S[-1]),
        "events are kept, listed and can be replayed": _span(events.RETENTION),
        "secrets that sign at once": f"{endpoint_changes.MOST_SECRETS}",
        "most events that a replay looks through": f"{replays.MOST:,}",
        "headers of your own": f"{MAX_HEADERS}",
    }
    return "\n".join(
        ["| what | how much |", "|---|---|", *(f"| {a} | {b} |" for a, b in rows.items())]
    )


def _evidence() -> str:
    return (
        "An endpoint is disabled when two different events failed for good, at least"
        f" {_span(health.APART)} apart and at most {_span(health.WITHIN)}, and nothing was taken"
        " between them; so one event that it can never take disables nothing. It is disabled at"
        " once when it answers 410."
    )


def _span(time: float | timedelta) -> str:
    """In the two largest units of it; a few days are told in hours."""
    seconds = int(time.total_seconds() if isinstance(time, timedelta) else time)
    if seconds > 4 * _UNITS["days"] and seconds % _UNITS["days"] == 0:
        return f"{seconds // _UNITS['days']} days"
    told = []
    for unit in ("h", "min", "s"):
        count, seconds = divmod(seconds, _UNITS[unit])
        told += [f"{count} {unit}"] if count else []
    return " ".join(told[:2]) or "at once"


def _program(name: str) -> Callable[[], str]:
    language = {"py": "python", "ts": "typescript"}[name.rpartition(".")[2]]
    return lambda: f"```{language}\n{(PROGRAMS / name).read_text().rstrip()}\n```"


PARTS: Mapping[str, Callable[[], str]] = {
    "catalogue": _catalogue,
    "examples": _examples,
    "schedule": _schedule,
    "figures": _figures,
    "evidence": _evidence,
    "reasons": _reasons,
    "verify.py": _program("verify.py"),
    "verify.ts": _program("verify.ts"),
}


def missing() -> Iterator[str]:
    """What a type of event lacks: docs/adding-an-event.md."""
    parts = {
        "its object, in _OBJECTS of webhooks/catalogue.py": catalogue.model,
        "a sample of it, in samples of webhooks/samples.py": catalogue.sample,
    }
    for name in EVENT_TYPES:
        for part, find in parts.items():
            try:
                find(name)
            except KeyError:
                yield f"{name} lacks {part}"
    for name in catalogue.known() - set(EVENT_TYPES):
        yield f"{name} lacks what it tells, in EVENT_TYPES of webhooks/event_types.py"


def main() -> None:
    if found := list(missing()):
        sys.exit("\n".join(found))
    Path(PAGE).write_text(page(PAGE.read_text()))
    SCHEMAS.write_text(schemas())


if __name__ == "__main__":
    main()
