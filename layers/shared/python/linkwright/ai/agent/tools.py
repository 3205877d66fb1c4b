"""What the agent can look at. All of it only reads, and takes ids of what it has seen before."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from linkwright.ai.agent.models import Tool
from linkwright.ai.facts import overview
from linkwright.ai.facts.facts import Facts
from linkwright.ai.facts.findings import Finding
from linkwright.ai.insight import groups, link
from linkwright.ai.insight.asking import Asking
from linkwright.ai.insight.objects import Look, Seen
from linkwright.auth import Account
from linkwright.links.metrics import operations as links
from linkwright.links.operations import Link

MOST = 25


@dataclass(frozen=True)
class Result:
    """`shown` is what the caller and the model are shown, `ids` what may be asked for next.

    Of what was only listed there is nothing to tell.
    """

    shown: dict[str, Any]
    ids: frozenset[str] = frozenset()
    facts: Facts = field(default_factory=dict)
    found: Sequence[Finding] = ()
    seen: Sequence[Seen] = ()


@dataclass(frozen=True)
class Tools:
    account: Account
    asked: Asking

    def use(self, tool: Tool, object_id: str | None) -> Result:
        """An id is of what there was a moment ago. Errors: no such object any more (404)."""
        if object_id is None:
            return _LISTS[tool](self)
        return _READS[tool](self, object_id)

    # ---- lists -----------------------------------------------------------------------------------

    def links(self) -> Result:
        found = links.newest(self.asked.partition, MOST)
        rows = [_shown(one) for one in found]
        return Result({"links": rows}, frozenset(one.id for one in found))

    def campaigns(self) -> Result:
        found = links.campaigns_of(self.asked.partition, MOST)
        rows = [{"id": one.id, "name": one.name} for one in found]
        return Result({"campaigns": rows}, frozenset(one.id for one in found))

    def domains(self) -> Result:
        found = links.domains_of(self.asked.partition, MOST)
        rows = [{"id": one.id, "domain": one.domain, "status": one.status} for one in found]
        return Result({"domains": rows}, frozenset(one.id for one in found))

    # ---- what one thing comes to -----------------------------------------------------------------

    def all_links(self) -> Result:
        return _of(groups.look_at_account(self.asked), {})

    def link(self, link_id: str) -> Result:
        found = links.find(self.account, link_id)
        return _of(link.look(found, self.asked), {"link": _shown(found)})

    def campaign(self, campaign_id: str) -> Result:
        found = links.find_campaign(self.account, campaign_id)
        look = groups.look_at_campaign(self.asked, campaign_id)
        return _of(look, {"campaign": {"id": found.id, "name": found.name}})

    def domain(self, domain_id: str) -> Result:
        found = links.find_domain(self.account, domain_id)
        look = groups.look_at_domain(self.asked, domain_id)
        return _of(look, {"domain": {"id": found.id, "domain": found.domain}})


_LISTS: Mapping[str, Callable[[Tools], Result]] = {
    "list_links": Tools.links,
    "list_campaigns": Tools.campaigns,
    "list_domains": Tools.domains,
    "read_account": Tools.all_links,
}
_READS: Mapping[str, Callable[[Tools, str], Result]] = {
    "read_link": Tools.link,
    "read_campaign": Tools.campaign,
    "read_domain": Tools.domain,
}
# The parameter that each takes, which has the kind of its ids.
TAKES: Mapping[str, tuple[str, str]] = {
    "read_link": ("link_id", "lnk"),
    "read_campaign": ("campaign_id", "lcmp"),
    "read_domain": ("domain_id", "dom"),
}


def _of(look: Look, shown: dict[str, Any]) -> Result:
    facts = overview.of(look.own, look.rest, len(look.found))
    told = {name: {"value": one.value, "unit": one.unit} for name, one in facts.items()}
    found = [{"kind": one.kind, "size": round(one.size)} for one in look.found]
    ids = frozenset(one.link.id for one in look.seen)
    return Result({**shown, "facts": told, "findings": found}, ids, facts, look.found, look.seen)


def _shown(one: Link) -> dict[str, str]:
    return {"id": one.id, "title": one.title or one.alias, "short_url": one.short_url}
