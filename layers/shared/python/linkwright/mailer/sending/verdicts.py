"""What may come of a claimed step, and what that means where it may be about its mailbox.

A host that has had enough of a mailbox refuses whoever is next. So what speaks of the account, and
what it says of two leads in a row, holds up the line and costs no lead; only what it says of one
lead while it takes others is about that one.
"""

from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from linkwright import clock
from linkwright.mailer.lines import Flight
from linkwright.table import Item

# What a refusal says of the mailbox: `bounced`, as there is no such reader, or `policy`, for who
# sends.
Counted = Literal["bounced", "policy"]
# After each time in a row, of a lead and of a line; a lead then fails.
BACKOFF = tuple(timedelta(minutes=minutes) for minutes in (5, 15, 60, 240))
# Quotas of a day are over by then: somebody has to ask the host.
_PATIENCE = timedelta(days=3)
_NEVER, _ALWAYS = "1970-01-01T00:00:00Z", "9999-12-31T00:00:00Z"


class Sent(NamedTuple):
    """`named`: the id that the host gave it instead of ours."""

    named: str | None = None


class Unknown(NamedTuple):
    """It was handed over, and nobody said what became of it: it counts as sent."""


class Deferred(NamedTuple):
    """The host does not take it now. `said` is what it said, where that may be about others."""

    reason: str
    said: str | None = None
    counted: Counted | None = None


class Refused(NamedTuple):
    """The host takes it never."""

    reason: str
    counted: Counted | None = None
    said: str | None = None

    @property
    def is_bounce(self) -> bool:
        return self.counted == "bounced"


class Withheld(NamedTuple):
    """The host takes nothing of the mailbox now. `may_be_own`: or nothing of this mail."""

    reason: str
    said: str
    counted: Counted | None = None
    may_be_own: bool = True


class NotTried(NamedTuple):
    """Nobody was asked: the step waits as it did."""


Outcome = Sent | Unknown | Deferred | Refused | Withheld | NotTried


def judged(line: Item, flight: Flight, outcome: Outcome) -> Outcome:
    """What it is, by what the line's host has said of others."""
    before, is_alone = line.get("refused", {}), _alone(line, flight) >= len(BACKOFF)
    is_own = is_alone or (
        clock.parse(line.get("taken_at", _NEVER)) > clock.parse(flight.get("put_off", _ALWAYS))
    )
    if isinstance(outcome, Withheld) and outcome.may_be_own and is_own:
        if is_alone:
            return Refused(outcome.reason, outcome.counted)
        outcome = Deferred(outcome.reason, counted=outcome.counted)
    elif isinstance(outcome, Deferred | Refused) and outcome.said and not is_own:
        is_of_another = before.get("lead") != flight["lead"] or "withheld" in line
        if before.get("said") == outcome.said and is_of_another:
            outcome = Withheld(outcome.reason, outcome.said)
    if isinstance(outcome, Deferred) and flight["tries"] >= len(BACKOFF):
        return Refused(outcome.reason, outcome.counted)
    return outcome


def _alone(line: Item, flight: Flight) -> int:
    """How often in a row it was refused while nobody else was: that says nothing of others."""
    before = line.get("refused", {})
    return int(before["alone"]) if before.get("lead") == flight["lead"] else 0


def noted(line: Item, flight: Flight, outcome: Outcome) -> tuple[Item, tuple[str, ...]]:
    """What the line has of it from now on, and has no more."""
    if isinstance(outcome, Sent):
        return {"taken_at": clock.timestamp()}, ("withheld", "refused")
    if not isinstance(outcome, Deferred | Refused | Withheld) or not outcome.said:
        return {}, ()
    alone = _alone(line, flight) + 1
    facts: Item = {"refused": {"said": outcome.said, "lead": flight["lead"], "alone": alone}}
    if isinstance(outcome, Withheld):
        until = rests_until(line)
        before = line.get("withheld", {"times": 0, "since": clock.timestamp()})
        facts["withheld"] = {
            **{"times": before["times"] + 1, "since": before["since"]},
            **{"reason": outcome.reason, "until": clock.timestamp(until)},
        }
        facts["rests_ms"] = clock.epoch_ms(until)
    return facts, ()


def rests_until(line: Item) -> datetime:
    """Once its host takes nothing of it."""
    times = int(line.get("withheld", {}).get("times", 0))
    return clock.now() + BACKOFF[min(times, len(BACKOFF) - 1)]


def is_given_up(line: Item, mailbox: Item) -> bool:
    """Whether its host has taken nothing of it for too long since it was proven."""
    since = line.get("withheld", {}).get("since", clock.timestamp())
    proven = mailbox["view"].get("proof", {}).get("at", since)
    return clock.now() - max(clock.parse(since), clock.parse(proven)) >= _PATIENCE
