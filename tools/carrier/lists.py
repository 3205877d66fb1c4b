"""What Twilio's REST API lists: calls and recordings, newest first, by filters and in pages.

A filter of times is a day, or with `<` or `>` behind its name a bound, which is included. A call
that has not started has no time to start, and one that has not ended none to end: such a filter
leaves it out.

A page is found by the thing beside it, `PA` and its id for the page after it, `PB` for the one
before: what comes to the list meanwhile moves nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol, TypeVar
from urllib.parse import urlencode

from tools.carrier.calls import Call
from tools.carrier.errors import RestError
from tools.carrier.recordings import Recording

PAGE_SIZE = 50
LARGEST_PAGE = 1000
_AFTER, _BEFORE = "PA", "PB"
_INVALID_TOKEN = RestError(400, 21481, "Invalid PageToken")
_DAY = timedelta(days=1)

Query = Mapping[str, str]


class Listed(Protocol):
    @property
    def sid(self) -> str: ...


T = TypeVar("T", bound=Listed)


def page(
    name: str,
    path: str,
    query: Query,
    listed: Sequence[T],
    is_wanted: Callable[[T], bool],
    show: Callable[[T], dict[str, object]],
) -> dict[str, object]:
    """The page of a list that a query asks for; its name is that of what it lists."""
    size = min(max(_number(query, "PageSize", PAGE_SIZE), 1), LARGEST_PAGE)
    number, token = _number(query, "Page", 0), query.get("PageToken", "")
    before, after = _around(token, listed)
    if not token and number:
        raise _INVALID_TOKEN
    before, after = ([one for one in part if is_wanted(one)] for part in (before, after))
    if token.startswith(_BEFORE):
        earlier, shown, later = before[:-size], before[-size:], after
    else:
        earlier, shown, later = before, after[:size], after[size:]

    def uri(number: int, token: str = "") -> str:
        more = {"PageSize": size, "Page": number} | ({"PageToken": token} if token else {})
        kept = {one: value for one, value in query.items() if one != "PageToken"}
        return f"{path}?{urlencode({**kept, **more})}"

    return {
        name: [show(one) for one in shown],
        "start": number * size,
        "end": number * size + max(len(shown) - 1, 0),
        "page": number,
        "page_size": size,
        "uri": uri(number, token),
        "first_page_uri": uri(0),
        "next_page_uri": uri(number + 1, f"{_AFTER}{shown[-1].sid}") if later and shown else None,
        "previous_page_uri": (
            uri(max(number - 1, 0), f"{_BEFORE}{shown[0].sid}") if earlier and shown else None
        ),
    }


def _around(token: str, listed: Sequence[T]) -> tuple[Sequence[T], Sequence[T]]:
    """What stands before the place that a token names, and what stands after it."""
    if not token:
        return [], listed
    sids = [one.sid for one in listed]
    kind, sid = token[: len(_AFTER)], token[len(_AFTER) :]
    if kind not in (_AFTER, _BEFORE) or sid not in sids:
        raise _INVALID_TOKEN
    at = sids.index(sid) + (kind == _AFTER)
    return listed[:at], listed[at:]


def is_call_wanted(call: Call, query: Query) -> bool:
    exact = {
        "To": call.order.to,
        "From": call.order.sender,
        "Status": call.status,
        "ParentCallSid": call.parent_sid,
    }
    times = {"StartTime": call.started, "EndTime": call.ended}
    return _is_wanted(query, exact, times)


def is_recording_wanted(recording: Recording, query: Query) -> bool:
    exact = {"CallSid": recording.call_sid}
    return _is_wanted(query, exact, {"DateCreated": recording.started})


def _is_wanted(
    query: Query, exact: Mapping[str, str | None], times: Mapping[str, datetime | None]
) -> bool:
    is_named = all(query[name] == value for name, value in exact.items() if query.get(name))
    return is_named and all(_is_within(query, name, moment) for name, moment in times.items())


def _is_within(query: Query, name: str, moment: datetime | None) -> bool:
    on, after, before = (_moment(query, f"{name}{bound}") for bound in ("", ">", "<"))
    if moment is None:
        return on is after is before is None
    return (
        (on is None or on <= moment < on + _DAY)
        and (after is None or after <= moment)
        and (before is None or moment <= before)
    )


def _moment(query: Query, name: str) -> datetime | None:
    """A day, or a time in UTC."""
    text = query.get(name)
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise RestError(400, 20001, f"Invalid {name}: {text}") from None
    return moment.replace(tzinfo=moment.tzinfo or UTC)


def _number(query: Query, name: str, default: int) -> int:
    text = query.get(name, str(default))
    if not text.isdecimal():
        raise RestError(400, 20001, f"Invalid {name}: {text}")
    return int(text)
