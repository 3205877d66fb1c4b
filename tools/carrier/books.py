"""What a carrier still knows at its next start, as Twilio does: its calls and their recordings.

A call that goes on when the carrier ends, ends with it.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from tools.carrier.behaviour import Behaviour
from tools.carrier.calls import Call
from tools.carrier.carrier import Carrier
from tools.carrier.orders import Order
from tools.carrier.recordings import Recording

# The latest of them.
_MOST = 1000
_TIMES = ("created", "started", "ended")
_FACTS = ("sid", "account_sid", "parent_sid", "status", "answered_by", "duration_s", "ended_by")


def write(carrier: Carrier, file: Path) -> None:
    """What there is, all at once: a carrier that is killed leaves the books as they were."""
    known = {
        "calls": [_call(call) for call in carrier.calls()[-_MOST:]],
        "recordings": _recordings(carrier.recordings.values()),
        "deleted": _recordings(carrier.deleted.values()),
    }
    new = file.with_suffix(".new")
    new.touch(mode=0o600)
    new.write_text(json.dumps(known))
    new.replace(file)


def read(carrier: Carrier, file: Path) -> None:
    """Of an earlier run of the same account; none, if there is no such file."""
    if not file.exists():
        return
    known = json.loads(file.read_text())
    for facts in known["calls"]:
        carrier.remember(_recalled(facts))
    for name in ("recordings", "deleted"):
        made = (_recording(facts) for facts in known[name])
        getattr(carrier, name).update({one.sid: one for one in made})


def _call(call: Call) -> dict[str, Any]:
    if call.ended is None:
        call.end("completed" if call.status == "in-progress" else "canceled")
    times = {name: getattr(call, name) for name in _TIMES}
    return {
        **{name: getattr(call, name) for name in _FACTS},
        **{name: moment and moment.isoformat() for name, moment in times.items()},
        "to": call.order.to,
        "sender": call.order.sender,
    }


def _recalled(facts: dict[str, Any]) -> Call:
    times: dict[str, Any] = {
        name: facts[name] and datetime.fromisoformat(facts[name]) for name in _TIMES
    }
    said = {name: facts[name] for name in _FACTS}
    call = Call(order=_over(facts["to"], facts["sender"]), behaviour=Behaviour(), **said, **times)
    call.over.set()
    return call


def _over(to: str, sender: str) -> Order:
    """The order of a call of which nothing is asked or reported any more."""
    return Order(
        to=to,
        sender=sender,
        page=None,
        twiml="",
        fallback=None,
        status=None,
        events=frozenset(),
        detection="",
        detection_s=0,
        detects_aside=False,
        detection_hook=None,
        ring_s=0,
        longest_s=0,
        recording=None,
    )


def _recordings(made: Iterable[Recording]) -> list[dict[str, Any]]:
    return [asdict(one) | {"started": one.started.isoformat()} for one in made][-_MOST:]


def _recording(facts: dict[str, Any]) -> Recording:
    return Recording(**{**facts, "started": datetime.fromisoformat(facts["started"])})
