"""Who has campaigns, and who is written to: what is there at first, and what they do by the API."""

import json
import random
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from linkwright import clock, ids
from linkwright.mailer import items, lines
from linkwright.mailer.campaigns import stats
from linkwright.mailer.items import LeadStatus
from linkwright.mailer.leads import making
from linkwright.table import Item, Table, get
from linkwright.transaction import Outrun, Transaction
from tests import mailing
from tests.factories import Workspace, make_workspace
from tests.leads import stored
from tests.simulation.clockwork import Scheduler
from tests.simulation.mail import host as hosts
from tests.simulation.mail.host import Host, Taken

_ZONES = ("UTC", "Asia/Jerusalem", "America/New_York", "Asia/Tokyo")
_OFFICE = {"days": ["mon", "tue", "wed", "thu", "fri"], "start": "09:00", "end": "17:00"}
_WINDOWS = (mailing.ALWAYS, _OFFICE, {**_OFFICE, "start": "08:00", "end": "18:00"})
_TRIES = 6
_HOURS_ACTED = 60


class Owners:
    def __init__(
        self,
        scheduler: Scheduler,
        host: Host,
        chance: random.Random,
        problem: Callable[[str], None],
        note: Callable[[str], None],
        by_ses: float,
    ) -> None:
        self._by_ses = by_ses
        self._scheduler, self._host, self._random = scheduler, host, chance
        self._problem, self._note = problem, note
        self.workspace: Workspace
        self.mailboxes: dict[str, str] = {}
        self.campaigns: list[str] = []
        self.leads: list[str] = []
        # Who asked for no more, by a POST; everybody else must not be taken to have.
        self.opted_out: set[str] = set()
        self._numbers = 0

    def furnish(self) -> None:
        self.workspace = make_workspace(self._pick("free", "pro"))
        for at in range(self._random.randint(1, 3)):
            self._mailbox(f"box{at}@example.com")
        for _ in range(self._random.randint(1, 2)):
            self._campaign()

    def _mailbox(self, address: str) -> None:
        manners, by_ses = hosts.drawn(self._random), self._chance(self._by_ses)
        if by_ses:
            manners = hosts.Manners()
        self._host.manners[address] = manners
        self.mailboxes[address] = mailing.put_mailbox(
            self.workspace,
            address,
            is_read=False,
            transport="ses" if by_ses else "smtp",
            daily_cap=self._pick(2, 5, 50),
            gap_seconds=self._pick(1, 60, 600),
            jitter_seconds=self._pick(0, 120),
            ramp={"start": self._pick(1, 3, 10), "step": 1},
            window=self._pick(*_WINDOWS),
            time_zone=self._pick(*_ZONES),
            proof={
                **{"sent_copy": "host" if manners.files else "ours", "sent_folder": "Sent"},
                **{
                    "at": clock.timestamp(),
                    "found_in": "inbox",
                    "keeps_message_id": not manners.renames,
                },
            },
        )

    def _campaign(self) -> None:
        boxes = list(self.mailboxes.values())
        steps = [self._step() for _ in range(self._random.randint(1, 3))]
        campaign = mailing.put_campaign(
            self.workspace,
            self._random.sample(boxes, self._random.randint(1, len(boxes))),
            opted_in=True,
            format=self._pick("text", "html"),
            steps=steps,
            throttle={
                **{"daily_limit": self._pick(3, 10, 200), "per_hour": self._pick(1, 4, 50)},
                **{"gap_seconds": self._pick(0, 60), "jitter_seconds": self._pick(0, 30)},
                **{"window": self._pick(*_WINDOWS), "time_zone": self._pick(*_ZONES)},
            },
        )
        self.campaigns.append(campaign)
        for _ in range(self._random.randint(2, 5)):
            self._lead(campaign, len(steps))

    def _step(self) -> Item:
        off = {"stop_on_auto_reply": False, "stop_for_company": False}
        return {"delay_days": self._pick(0, 1, 2), "business_days": self._chance(0.5), **off}

    def _lead(self, campaign: str, steps: int, *, is_late: bool = False) -> str:
        """One that is `ready` has its emails approved; of the others all wait for that."""
        self._numbers += 1
        who = hosts.GONE if self._chance(0.08) else "lead"
        is_ready = not is_late and self._chance(0.7)
        zone = {"time_zone": self._pick(*_ZONES)} if self._chance(0.5) else {}
        lead, email = ids.new("lead"), f"{who}{self._numbers}@example.org"
        status: LeadStatus = "ready" if is_ready else "review"
        for seq in range(1, steps + 1):
            is_open = not is_ready or (seq > 1 and self._chance(0.2))
            state = "generated" if is_open else "approved"
            mailing.put_email(self.workspace, campaign, lead, seq, state=state)
        now, partition = clock.timestamp(), self.workspace.partition
        view: Any = {
            **{"id": lead, "campaign_id": campaign, "email": email, "status": status, **zone},
            **{"flags": [], "metadata": {"n": lead}, "version": 1, "created_at": now},
            **{"research": {"status": "succeeded", "sources": []}, "updated_at": now},
        }
        made = making.stored(partition, view, "push")
        where = items.address_key(partition, made["address_hash"], campaign)
        tx = Transaction(partition, "req_test")
        tx.put(Table.CORE, dict(made))
        tx.put(Table.CORE, {**where.attributes(), "lead": lead, "push": "push"})
        stats.count(tx, campaign, made["address_hash"], {status: 1})
        tx.commit()
        self.leads.append(lead)
        return lead

    # ---- what they do ---------------------------------------------------------------------------

    def begin(self) -> timedelta:
        for campaign in self.campaigns:
            self._later(0, 2, partial(self._do, "POST", f"{_CAMPAIGNS}/{campaign}/start", {}))
            if self._chance(0.4):
                self._later(1, 40, partial(self._pause, campaign))
        for lead in self.leads:
            if stored(self.workspace, lead)["view"]["status"] == "review" or self._chance(0.3):
                self._later(0, 50, partial(self._approve, lead))
        for _ in range(self._random.randint(1, 5)):
            act = self._pick(self._suppress, self._reject, self._edit, self._delete, self._late)
            self._later(0, 50, act)
        self._later(0, 30, self._exchange)
        if len(self.mailboxes) > 1 and self._chance(0.15):
            gone = f"/v1/mailer/mailboxes/{self._pick(*self.mailboxes.values())}"
            self._later(5, 50, partial(self._do, "DELETE", gone))
        return timedelta(hours=_HOURS_ACTED)

    def read(self, taken: Taken) -> None:
        """What scans mails opens all that is in them; some people ask for no more."""
        url = urlsplit(str(taken.mail["List-Unsubscribe"]).strip("<>")).path
        if self._chance(0.3):
            look = partial(self._do, "GET", url)
            self._scheduler.spawn(self._random.uniform(0, 9), lambda: _ignored(look))
        if self._chance(0.5):
            # Right when its cap may be used up.
            self._scheduler.spawn(self._random.uniform(1, 3_000), lambda: _ignored(self._move))
        if self._chance(0.08):
            self.opted_out.add(taken.mark.partition(".")[0])
            self._scheduler.spawn(self._random.uniform(5, 90_000), partial(self._opt_out, url))

    def _opt_out(self, url: str) -> None:
        self._do("POST", url, None, form="List-Unsubscribe=One-Click")

    def _pause(self, campaign: str) -> None:
        self._do("POST", f"{_CAMPAIGNS}/{campaign}/pause", {})
        self._scheduler.sleep(self._random.uniform(60, 40_000))
        self.start(campaign)

    def start(self, campaign: str) -> None:
        self._do("POST", f"{_CAMPAIGNS}/{campaign}/start", {})

    def _approve(self, lead: str) -> None:
        for view in self._emails(lead):
            if view["state"] == "generated":
                self._change(lead, view, action="approve")

    def _edit(self) -> None:
        """That is to be approved again, which comes later, if ever."""
        lead = self._pick(*self.leads)
        for view in self._emails(lead)[-1:]:
            self._change(lead, view, body=f"Another text {self._random.random()}.")
        if self._chance(0.7):
            self._scheduler.sleep(self._random.uniform(10, 20_000))
            self._approve(lead)

    def _reject(self) -> None:
        lead = self._pick(*self.leads)
        for view in self._emails(lead)[-1:]:
            self._change(lead, view, action="reject")

    def _change(self, lead: str, view: Item, **wanted: Any) -> None:
        path = f"/v1/mailer/leads/{lead}/emails/{view['seq']}"
        self._do("PATCH", path, wanted, if_match=view["version"])

    def _emails(self, lead: str) -> list[Item]:
        answer = self._do("GET", f"/v1/mailer/leads/{lead}") or {"statusCode": 0}
        found: list[Item] = []
        if answer["statusCode"] == 200:
            found = json.loads(answer["body"])["emails"]
        return found

    def _suppress(self) -> None:
        email = stored(self.workspace, self._pick(*self.leads)).get("view", {}).get("email")
        if email:
            self._do("POST", "/v1/mailer/suppressions", {"email": email})

    def _delete(self) -> None:
        if self._chance(0.4):
            self._do("DELETE", f"/v1/mailer/leads/{self._pick(*self.leads)}")

    def _move(self) -> None:
        """A mailbox, or a campaign, is of another zone from now on, where it may be tomorrow."""
        zone = self._pick(*_ZONES, "Pacific/Kiritimati")
        if self._chance(0.5):
            self._patch(
                f"/v1/mailer/mailboxes/{self._pick(*self.mailboxes.values())}", time_zone=zone
            )
            return
        campaign = self._pick(*self.campaigns)
        row = get(Table.CORE, items.campaign_key(self.workspace.partition, campaign)) or {}
        throttle = {**row["view"]["throttle"], "time_zone": zone}
        self._patch(f"{_CAMPAIGNS}/{campaign}", throttle=throttle)

    def _exchange(self) -> None:
        """A campaign mails from other mailboxes."""
        boxes = list(self.mailboxes.values())
        some = self._random.sample(boxes, self._random.randint(1, len(boxes)))
        self._patch(f"{_CAMPAIGNS}/{self._pick(*self.campaigns)}", mailbox_ids=some)

    def _patch(self, path: str, **wanted: Any) -> None:
        answer = self._do("GET", path) or {"statusCode": 0}
        if answer["statusCode"] == 200:
            version = json.loads(answer["body"])["version"]
            self._do("PATCH", path, wanted, if_match=version)

    def _late(self) -> None:
        """Somebody is pushed late, and approved after a while."""
        campaign = self._pick(*self.campaigns)
        row = get(Table.CORE, items.campaign_key(self.workspace.partition, campaign)) or {}
        lead = self._lead(campaign, len(row["view"]["steps"]), is_late=True)
        self._scheduler.sleep(self._random.uniform(60, 20_000))
        self._approve(lead)

    def mend(self, address: str) -> None:
        """Whoever was let in no more has seen to that, and it was proven anew."""
        mailbox, partition = self.mailboxes[address], self.workspace.partition
        while True:
            row = get(Table.CORE, items.mailbox_key(partition, mailbox))
            if row is None or row["view"]["status"] == "active":
                return
            view = {**row["view"], "status": "active", "version": row["v"] + 1}
            tx = Transaction(partition, "req_test")
            tx.update(
                Table.CORE,
                items.mailbox_key(partition, mailbox),
                "SET #view = :view, #v = :v",
                condition="#v = :seen",
                values={"view": view, "v": row["v"] + 1, "seen": row["v"]},
                otherwise=Outrun,
            )
            lines.ring(tx, mailbox)
            with suppress(Outrun):
                tx.commit()
                return

    def shut(self, address: str) -> None:
        self._scheduler.spawn(self._random.uniform(600, 9_000), partial(self.mend, address))

    # ---- the API --------------------------------------------------------------------------------

    def _do(
        self,
        method: str,
        url: str,
        body: Item | None = None,
        *,
        form: str | None = None,
        if_match: int | None = None,
    ) -> Item | None:
        headers = {"Authorization": f"Bearer {self.workspace.client.token}"}
        text = form
        if form is not None:
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
        elif body is not None:
            headers["Content-Type"], text = "application/json", json.dumps(body)
        if method == "POST" and form is None:
            headers["Idempotency-Key"] = f"mail-{self._random.random()}"
        if if_match is not None:
            headers["If-Match"] = f"{if_match}"
        answer: Item | None = None
        for attempt in range(_TRIES):
            answer = self._host.request(method, url, headers, text)
            status = answer["statusCode"] if answer else 503
            self._note(f"{method} {url[:60]}: {status}")
            if status >= 500 and status != 503:
                self._problem(f"{method} {url} answered {status}")
            if status not in {429, 503}:
                return answer
            self._scheduler.sleep(self._random.uniform(0.5, 2) * 2**attempt)
        return answer

    def _later(self, first: float, last: float, act: Callable[[], Any]) -> None:
        self._scheduler.spawn(3600 * self._random.uniform(first, last), lambda: _ignored(act))

    def _chance(self, probability: float) -> bool:
        return self._random.random() < probability

    def _pick(self, *some: Any) -> Any:
        return self._random.choice(some)


_CAMPAIGNS = "/v1/mailer/campaigns"


def _ignored(act: Callable[[], object]) -> None:
    act()
