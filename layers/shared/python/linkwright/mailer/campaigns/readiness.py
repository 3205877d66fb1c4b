"""Whether a campaign may mail: what it needs of itself and of its mailboxes."""

from collections.abc import Iterator, Mapping

from linkwright.errors import Conflict
from linkwright.mailer import items
from linkwright.mailer.items import CampaignView
from linkwright.table import Item, Key, Table, get_many

_WORDS = {
    "postal_address_missing": "The campaign has no postal address, which each mail must show.",
    "no_mailbox": "The campaign has no mailbox to mail from.",
    "mailbox_not_active": "A mailbox of the campaign is not active.",
    "opt_in_missing": "SES mails only to who has opted in: say 'opted_in' where all leads have.",
}


def require(partition: str, view: CampaignView) -> None:
    """Errors: it may not mail (409); `reason` says what is missing."""
    known = mailboxes(partition, view)
    for reason in missing(view, known):
        told = _unverified(view, known) if reason == "domain_not_verified" else _WORDS[reason]
        raise Conflict(told, reason=reason)


def missing(view: CampaignView, known: Mapping[str, Item]) -> Iterator[str]:
    """The reasons for which a start is refused, by the mailboxes there are."""
    if "postal_address" not in view:
        yield "postal_address_missing"
    if not view["mailbox_ids"]:
        yield "no_mailbox"
    of_it = [known.get(one, {}) for one in view["mailbox_ids"]]
    if any(one.get("status") != "active" for one in of_it):
        yield "mailbox_not_active"
    if not all(is_verified(one) for one in of_it):
        yield "domain_not_verified"
    if not all(may_mail(view, one) for one in of_it):
        yield "opt_in_missing"


def mailboxes(partition: str, view: CampaignView) -> dict[str, Item]:
    """The views of the campaign's mailboxes, by their ids."""
    keys = [items.mailbox_key(partition, one) for one in view["mailbox_ids"]]
    return {key.sk: row["view"] for key, row in there(partition, view, keys).items()}


def there(partition: str, view: CampaignView, keys: list[Key]) -> dict[Key, Item]:
    """Those of the items that there are."""
    if not keys:
        return {}
    # With one that is there for certain: an answer without any proves nothing.
    known = items.campaign_key(partition, view["id"])
    found = get_many(Table.CORE, [known, *keys], strong=True)
    return {key: row for key, row in found.items() if key != known}


def may_mail(view: CampaignView, mailbox: Item) -> bool:
    """Whether a mailbox may mail to these leads at all: SES forbids what nobody asked for."""
    return mailbox.get("transport") != "ses" or view.get("opted_in", False)


def is_verified(mailbox: Item) -> bool:
    """Whether its domain may be mailed from: what it publishes, by the last look at it."""
    return not list(_not_passed(mailbox))


def _not_passed(mailbox: Item) -> Iterator[str]:
    """Which checks a start needs that have not passed, and why."""
    checks = mailbox.get("checks") or {}
    for name in ("spf", "dkim"):
        found = checks.get(name) or {}
        status, reason = found.get("status", "unknown"), found.get("reason")
        if status != "passed":
            yield f"{name} is {status} ({reason})" if reason else f"{name} is {status}"


def _unverified(view: CampaignView, known: Mapping[str, Item]) -> str:
    """Of the first mailbox whose domain may not be mailed from."""
    found = ((one, list(_not_passed(known.get(one, {})))) for one in view["mailbox_ids"])
    one, why = next((one, why) for one, why in found if why)
    return f"The domain of mailbox {one} has not passed its checks: {', '.join(why)}."
