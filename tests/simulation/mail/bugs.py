"""Bugs that somebody could write into sending any day, and that show only when things meet."""

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from linkwright import usage
from linkwright.mailer import items, lines
from linkwright.mailer.campaigns import states
from linkwright.mailer.leads import waiting
from linkwright.mailer.mailboxes import connecting, mailboxes
from linkwright.mailer.responses import reported, returned
from linkwright.mailer.sending import (
    breaking,
    claims,
    message,
    outcomes,
    running,
    settling,
    steps,
    throttle,
    transport,
    unknown,
)
from linkwright.mailer.sending.steps import Step
from linkwright.mailer.sending.verdicts import Deferred, NotTried, Refused, Sent, Unknown
from linkwright.mailer.suppressions import stopping
from linkwright.providers.mail import feedback
from linkwright.table import Item, Table
from linkwright.transaction import Transaction
from tests.simulation.mail.ses import FOREIGN

Patch = pytest.MonkeyPatch
Bug = Callable[[Patch], None]


def silence_taken_for_a_refusal(patch: Patch) -> None:
    proper = transport._handed_over

    def handed_over(send: Any) -> Any:
        outcome = proper(send)
        return NotTried() if isinstance(outcome, Unknown) else outcome

    patch.setattr(transport, "_handed_over", handed_over)


def claim_left_behind_sent_again(patch: Patch) -> None:
    def settle(partition: str, line: Item, _mailbox: Any) -> None:
        outcomes.write(partition, line, line["flight"], NotTried())

    patch.setattr(unknown, "settle", settle)


def silence_taken_for_success(patch: Patch) -> None:
    proper = transport._handed_over

    def handed_over(send: Any) -> Any:
        outcome = proper(send)
        return Sent() if isinstance(outcome, Unknown) else outcome

    patch.setattr(transport, "_handed_over", handed_over)


def flight_never_looked_at(patch: Patch) -> None:
    def settle(partition: str, line: Item, _mailbox: Any) -> None:
        tx = Transaction(partition, "")
        running.queue.write(tx, line, {}, ("flight",))
        tx.commit()

    patch.setattr(unknown, "settle", settle)


def list_of_suppressions_forgotten(patch: Patch) -> None:
    patch.setattr(stopping, "end", lambda *_: None)
    patch.setattr(steps, "looking", SimpleNamespace(holds=lambda _: False))


def approval_forgotten(patch: Patch) -> None:
    proper = steps._of

    def of(partition: str, lead_id: str) -> Any:
        emails, sends = proper(partition, lead_id)
        for one in emails:
            if one["view"]["state"] == "generated":
                one["view"]["state"] = "approved"
        return emails, sends

    patch.setattr(steps, "_of", of)


def state_of_the_campaign_forgotten(patch: Patch) -> None:
    proper = steps.get

    def get(table: Any, where: Any) -> Any:
        found = proper(table, where)
        return {**found, "state": "active"} if found and "state" in found else found

    patch.setattr(steps, "get", get)


def gap_forgotten(patch: Patch) -> None:
    patch.setattr(throttle, "gap", lambda *_: timedelta(0))


def cap_forgotten(patch: Patch) -> None:
    patch.setattr(throttle, "cap", lambda *_: 10**6)


def ramp_forgotten(patch: Patch) -> None:
    patch.setattr(throttle, "cap", lambda mailbox, *_: int(mailbox["daily_cap"]))


def caps_of_the_campaign_forgotten(patch: Patch) -> None:
    proper = claims._campaign

    def campaign(tx: Transaction, step: Step, *rest: Any) -> None:
        view = step.campaign["view"]
        wide = {**view["throttle"], "daily_limit": 10**6, "per_hour": 10**6}
        kept: Any = {**step.campaign, "view": {**view, "throttle": wide}}
        proper(tx, step._replace(campaign=kept), *rest)

    patch.setattr(claims, "_campaign", campaign)
    patch.setattr(claims, "campaign_ready", lambda *_: claims.clock.from_epoch_ms(0))


def window_of_the_reader_forgotten(patch: Patch) -> None:
    patch.setattr(throttle, "opens", lambda *facts: facts[-1])


def thread_lost(patch: Patch) -> None:
    patch.setattr(message, "_thread", lambda _: {})


def thread_by_our_own_ids(patch: Patch) -> None:
    patch.setattr(message, "id_of", lambda send: send["message_id"])


def steps_at_once(patch: Patch) -> None:
    patch.setattr(outcomes, "delays", SimpleNamespace(after=lambda _, moment, __: moment))


def reservation_kept(patch: Patch) -> None:
    patch.setattr(usage, "release", lambda *_: None)


def quota_charged_to_the_reader(patch: Patch) -> None:
    def said(failure: Any) -> Any:
        is_permanent = failure.code is not None and failure.code // 100 == 5
        return Refused("refused", "bounced") if is_permanent else Deferred("deferred")

    patch.setattr(transport, "_said", said)


def second_cap_by_another_zone(patch: Patch) -> None:
    proper = throttle.Pace

    class Pace(proper):  # type: ignore[misc, valid-type]
        def __init__(self, partition: str, of: str, zone: str) -> None:
            super().__init__(partition, f"{of}-{zone}", zone)

    patch.setattr(claims, "Pace", Pace)


def mailbox_of_another_campaign(patch: Patch) -> None:
    class Any_(list[str]):
        def __contains__(self, _: object) -> bool:
            return True

    proper = steps.read

    def read(partition: str, row: Item) -> Any:
        step = proper(partition, row)
        if step is not None:
            step.campaign["view"]["mailbox_ids"] = Any_()
        return step

    patch.setattr(steps, "read", read)


_SILENT = SimpleNamespace(**{**vars(lines), "ring": lambda *_: None})


def campaign_wakes_nobody(patch: Patch) -> None:
    patch.setattr(states, "lines", _SILENT)


def mailbox_wakes_nobody(patch: Patch) -> None:
    patch.setattr(connecting, "lines", _SILENT)


def mailbox_deleted_in_silence(patch: Patch) -> None:
    patch.setattr(mailboxes, "lines", _SILENT)


def mailbox_keeps_who_is_not_its_own(patch: Patch) -> None:
    patch.setattr(breaking, "has_moved_one_on", lambda *_: False)


def lead_kept_in_its_old_zone(patch: Patch) -> None:
    patch.setattr(waiting, "of_another_zone", lambda *_: {})


# By which seed each is seen.
ALL: dict[Bug, int] = {
    silence_taken_for_a_refusal: 11,
    claim_left_behind_sent_again: 7,
    silence_taken_for_success: 47,
    flight_never_looked_at: 7,
    list_of_suppressions_forgotten: 8,
    approval_forgotten: 1,
    state_of_the_campaign_forgotten: 27,
    gap_forgotten: 3,
    cap_forgotten: 2,
    ramp_forgotten: 11,
    caps_of_the_campaign_forgotten: 0,
    window_of_the_reader_forgotten: 0,
    thread_lost: 0,
    thread_by_our_own_ids: 11,
    steps_at_once: 0,
    reservation_kept: 2,
    quota_charged_to_the_reader: 11,
    second_cap_by_another_zone: 17,
    mailbox_of_another_campaign: 4,
    campaign_wakes_nobody: 1,
    mailbox_wakes_nobody: 42,
    mailbox_deleted_in_silence: 2,
    mailbox_keeps_who_is_not_its_own: 1,
    lead_kept_in_its_old_zone: 1,
}


# ---- of what SES tells --------------------------------------------------------------------------


def topic_of_somebody_believed(patch: Patch) -> None:
    proper = feedback.read

    def read(body: str, topic: str) -> Any:
        return proper(body.replace(FOREIGN, topic), topic)

    patch.setattr(feedback, "read", read)


def guessed_mail_believed(patch: Patch) -> None:
    proper = reported._found

    def found(told: Any) -> Any:
        where = items.send_key(told.tags["workspace"], told.tags["lead"], int(told.tags["seq"]))
        send = reported.get(Table.CORE, where)
        if send is None:
            return proper(told)
        return told.tags["workspace"], send, None

    patch.setattr(reported, "_found", found)


def complaint_forgotten(patch: Patch) -> None:
    patch.setattr(returned.Complained, "write", lambda *_: None)


def bounce_forgotten(patch: Patch) -> None:
    patch.setattr(returned.Bounced, "write", lambda *_: None)


def each_bounce_taken_for_hard(patch: Patch) -> None:
    proper = returned.bounced

    def bounced(match: Any, failures: Any) -> Any:
        found = proper(match, failures)
        return returned.Bounced(found.send, "hard") if found else None

    patch.setattr(returned, "bounced", bounced)


def delivery_proves_nothing(patch: Patch) -> None:
    patch.setattr(settling, "prove", lambda *_: None)


def reject_forgotten(patch: Patch) -> None:
    patch.setattr(settling, "deny", lambda *_: None)


def rejected_not_given_back(patch: Patch) -> None:
    patch.setattr(settling, "usage", SimpleNamespace(settle=lambda *_, **__: None))


# By which seed each is seen where most mailboxes are of SES.
OF_SES: dict[Bug, int] = {
    topic_of_somebody_believed: 0,
    guessed_mail_believed: 0,
    complaint_forgotten: 2,
    bounce_forgotten: 5,
    each_bounce_taken_for_hard: 0,
    delivery_proves_nothing: 42,
    reject_forgotten: 0,
    rejected_not_given_back: 0,
}
