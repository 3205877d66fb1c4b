"""Which names may be domains of links. With the list of public suffixes, a package of its own: of
what adds a domain alone.
"""

from functools import cache
from ipaddress import ip_address

from publicsuffixlist import PublicSuffixList

from linkwright import egress_targets
from linkwright.links import targets
from linkwright.links.domains.items import PROOF
from linkwright.links.domains.models import MAX_NAME_CHARS
from linkwright.links.redirect import host
from linkwright.startup import in_advance

FIELD = "domain"
_MAX_CHARS = MAX_NAME_CHARS - len(f"{PROOF}.")


@in_advance
@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


def accepted(text: str, own: frozenset[str]) -> tuple[str, str]:
    """The name as DNS has it, and as people read it. `own` are hosts of ours.

    Raises `ValidationFailed` (400).
    """
    try:
        name = egress_targets.host(text.removesuffix("."))
        readable = name.encode("ascii").decode("idna")
        # What reads as something else than it is, as a name of capitals in Punycode.
        if readable.encode("idna") != name.encode("ascii"):
            raise ValueError  # noqa: TRY301
    except ValueError:
        raise targets.refused(FIELD, "must be the name of a domain") from None
    if _is_address(name) or not targets.is_public(name):
        raise targets.refused(FIELD, "must be a name of the public internet")
    if len(name) > _MAX_CHARS:
        raise targets.refused(FIELD, f"must have at most {_MAX_CHARS} characters")
    if name in own or host.is_ours(name):
        raise targets.refused(FIELD, "must not be a host of ours")
    if _suffixes().privatesuffix(name) is None:
        raise targets.refused(FIELD, "must not be one under which others have domains")
    return name, readable


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
