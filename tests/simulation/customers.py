"""Those who use the API: what they ask for is drawn from the seed, and they repeat what failed."""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

from linkwright import clock
from linkwright.voice.agent_models import VoicemailPlan
from tests.factories import Workspace, make_workspace
from tests.faults.injection import CANARY
from tests.simulation.clockwork import Scheduler
from tests.simulation.cloud import Cloud
from tests.simulation.invariants import Watch
from tools.carrier.callees import MAGIC

# The numbers that are called and where their owners are: told here by hand, not by the code.
ZONES = {
    "+972541234567": ["Asia/Jerusalem"],
    "+972541234568": ["Asia/Jerusalem"],
    "+12125550123": ["America/New_York"],
    "+13105550123": ["America/Los_Angeles"],
    "+442071838750": ["Europe/London"],
    "+61291234567": ["Australia/Sydney"],
    # Nobody knows where these are, but for the continent.
    **{number: ["America/New_York"] for number in MAGIC},
}
_POPULAR = "+972541234567"
_PLANS = ("free", "free", "pro")
_TRIES = 8
_PATIENCE_S = 240

Body = dict[str, Any]


@dataclass
class Customer:
    workspace: Workspace
    agents: list[str]
    calls: list[str] = field(default_factory=list)


class Customers:
    def __init__(
        self,
        scheduler: Scheduler,
        cloud: Cloud,
        watch: Watch,
        chance: random.Random,
        note: Callable[[str], None],
        *,
        is_crowded: bool,
    ) -> None:
        self._scheduler = scheduler
        self._cloud = cloud
        self._watch = watch
        self._random = chance
        self._note = note
        self._placed = 0
        self._people: list[Customer] = []
        self._numbers = self._known(is_crowded=is_crowded)

    def furnish(self) -> None:
        """The workspaces and their agents, and the rules that each goes by from the start."""
        for _ in range(self._random.randint(1, 3)):
            mode = "test" if self._chance(0.15) else "live"
            rules = self._rules() if self._chance(0.6) else {}
            workspace = make_workspace(self._pick(*_PLANS), mode, rules)
            agents = [workspace.agent(**self._agent()) for _ in range(self._random.randint(1, 2))]
            self._people.append(Customer(workspace, agents))

    @property
    def workspaces(self) -> list[Workspace]:
        return [customer.workspace for customer in self._people]

    def begin(self) -> timedelta:
        """Have everybody act over some time, now and then many at once; returns how long."""
        at = 0.0
        for _ in range(self._random.randint(3, 11)):
            at += 0 if self._chance(0.4) else self._random.expovariate(1 / 60)
            act = self._random.choices(
                (
                    *(self._place, self._crowd, self._campaign, self._cancel, self._look),
                    *(self._never_call, self._allow, self._rule),
                ),
                weights=(62, 8, 4, 15, 3, 5, 3, 4),
            )[0]
            self._scheduler.spawn(at, partial(act, self._pick(*self._people)))
        return timedelta(seconds=at)

    def crowd(self, calls: int) -> None:
        """One of them has so much to do at once that the others might be behind it."""
        for _ in range(calls):
            self._scheduler.spawn(self._random.uniform(0, 5), partial(self._place, self._people[0]))

    # ---- actions --------------------------------------------------------------------------------

    def _crowd(self, _: Customer) -> None:
        """Everybody has a call for the same person at the same moment."""
        to = self._number()
        for customer in self._people * 2:
            self._place(customer, to=to)

    def _campaign(self, customer: Customer) -> None:
        """More calls than can be on the phone, of all agents and to all numbers, one by one."""
        for _ in range(self._random.randint(6, 14)):
            self._place(customer, to=self._pick(*ZONES))
            self._scheduler.sleep(self._random.uniform(0, 15))

    def _place(self, customer: Customer, **more: Any) -> None:
        self._placed += 1
        number = self._placed
        wanted = self._call(customer) | more | {"metadata": {"n": f"{number}"}}
        # Who does not get an answer soon may ask a second time before there is one.
        for delay in (0, *([self._random.uniform(0, 2)] if self._chance(0.15) else [])):
            self._scheduler.spawn(delay, partial(self._place_once, customer, number, wanted))

    def _place_once(self, customer: Customer, number: int, wanted: Body) -> None:
        answer = self._persist(customer, "POST", "/v1/voice/calls", wanted, key=f"call-{number}")
        if answer is not None and answer["statusCode"] == 201:
            call_id = json.loads(answer["body"])["id"]
            customer.calls.append(call_id)
            self._watch.accepted(customer.workspace.partition, call_id, number)

    def _cancel(self, customer: Customer) -> None:
        self._scheduler.sleep(self._random.uniform(0, 30))
        if customer.calls:
            url = f"/v1/voice/calls/{self._pick(*customer.calls[-3:])}/cancel"
            self._persist(customer, "POST", url, None, key=f"cancel-{self._random.random()}")

    def _look(self, customer: Customer) -> None:
        self._persist(customer, "GET", "/v1/voice/calls", None)
        if customer.calls:
            self._persist(customer, "GET", f"/v1/voice/calls/{customer.calls[-1]}", None)

    def _never_call(self, customer: Customer) -> None:
        wanted = {"number": self._number()}
        key = f"dnc-{self._random.random()}"
        self._persist(customer, "POST", "/v1/voice/do-not-call", wanted, key=key)

    def _allow(self, customer: Customer) -> None:
        number = self._number().replace("+", "%2B")
        self._persist(customer, "DELETE", f"/v1/voice/do-not-call/{number}", None)

    def _rule(self, customer: Customer) -> None:
        """Change the settings; who switched calls off switches them on again some time later."""
        rules = self._rules() | ({"calls": "off"} if self._chance(0.3) else {})
        self._change_settings(customer, rules)
        if "calls" in rules:
            self._scheduler.sleep(self._random.uniform(10, 600))
            self._change_settings(customer, {"calls": "on"})

    def _change_settings(self, customer: Customer, rules: Body) -> None:
        url = "/v1/workspace/settings"
        current = self._persist(customer, "GET", url, None)
        if current is not None and current["statusCode"] == 200:
            version = json.loads(current["body"])["version"]
            self._persist(customer, "PATCH", url, rules, if_match=version)

    # ---- what they ask for ----------------------------------------------------------------------

    def _call(self, customer: Customer) -> Body:
        wanted: Body = {"agent_id": self._pick(*customer.agents), "to": self._number()}
        if self._chance(0.2):
            wanted["schedule"] = self._schedule()
        if self._chance(0.7):
            wanted["retry"] = {
                "max": self._random.randint(1, 3),
                "backoff": self._pick(60, 60, 900, 21_600),
            }
        if self._chance(0.6):
            at = clock.timestamp()
            wanted["consent"] = {"type": "express", "source": "form", "at": at}
        if self._chance(0.1):
            wanted["on_quiet_hours"] = "reject"
        return wanted

    def _schedule(self) -> Body:
        now, minutes = clock.now(), self._random.randint(1, 300)
        window = {"earliest_at": clock.timestamp(now + timedelta(minutes=minutes))}
        if self._chance(0.5):
            later = minutes + self._random.randint(1, 600)
            window["latest_at"] = clock.timestamp(now + timedelta(minutes=later))
        return window

    def _agent(self) -> Body:
        return {
            "max_duration_s": self._pick(30, 60, 90, 180),
            "concurrency": self._pick(None, None, 1, 2),
            "recording": self._chance(0.4),
            "recording_consent": self._chance(0.7),
            "ai_disclosure": self._chance(0.8),
            "language": self._pick("he-IL", "en-US", "ar"),
            "voicemail": self._pick(
                VoicemailPlan(),
                VoicemailPlan(action="ask"),
                VoicemailPlan(action="leave_message", message="Please call us back."),
            ),
            **({} if self._chance(0.5) else {"escalation_rules": []}),
        }

    def _rules(self) -> Body:
        quiet = {"start": self._pick("21:00", "20:30"), "end": self._pick("08:00", "09:30")}
        return {
            "quiet_hours": quiet if self._chance(0.6) else None,
            "calls_per_callee_per_day": self._pick(None, 1, 2),
            "calls_per_day": self._pick(None, None, 12),
            "consent": self._pick("off", "off", "enforce"),
            "allowed_countries": self._pick(None, None, ["IL", "US"]),
        }

    def _known(self, *, is_crowded: bool) -> list[str]:
        """The numbers that are called: some more often, or hardly any other."""
        if self._chance(0.8 if is_crowded else 0.2):
            return self._random.sample(list(ZONES), 2)
        return [*ZONES, *(number for number in ZONES if number not in MAGIC), *[_POPULAR] * 4]

    def _number(self) -> str:
        return str(self._pick(*self._numbers))

    # ---- the API --------------------------------------------------------------------------------

    def _persist(
        self,
        customer: Customer,
        method: str,
        url: str,
        body: Body | None,
        *,
        key: str | None = None,
        if_match: int | None = None,
    ) -> dict[str, Any] | None:
        """Ask until there is an answer that says something; None where patience ran out."""
        headers = {"Authorization": f"Bearer {customer.workspace.client.token}"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if key:
            headers["Idempotency-Key"] = key
        if if_match:
            headers["If-Match"] = f"{if_match}"
        text = None if body is None else json.dumps(body)
        for attempt in range(_TRIES):
            answer = self._cloud.request(method, url, headers, text)
            self._hold(method, url, answer)
            if answer is not None and answer["statusCode"] not in {429, 503}:
                return answer
            if self._chance(0.1):
                return None
            self._scheduler.sleep(self._random.uniform(0.5, 2) * 2**attempt)
        return None

    def _hold(self, method: str, url: str, answer: dict[str, Any] | None) -> None:
        status = answer["statusCode"] if answer else "no answer"
        self._note(f"{method} {url}: {status}")
        if answer is None:
            return
        if answer["statusCode"] >= 500 and answer["statusCode"] != 503:
            self._watch.problem(f"{method} {url} answered {status}")
        if CANARY[:11] in answer["body"]:
            self._watch.problem(f"{method} {url} told the text of an exception")

    def _chance(self, probability: float) -> bool:
        return self._random.random() < probability

    def _pick(self, *some: Any) -> Any:
        return self._random.choice(some)
