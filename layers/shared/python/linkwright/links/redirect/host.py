"""At which name a link was asked for, and under which alias."""

import re
from functools import cache
from urllib.parse import urlsplit

from linkwright.http import Request
from linkwright.links.aliases import RESERVED
from linkwright.links.items import OWN_HOST
from linkwright.settings import settings

# As it may be asked for; it is kept in lower case.
_ALIAS = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{1,63}", re.ASCII)
# What API Gateway calls an API that has no name of its own, and where names of one's own lead.
_GATEWAY = re.compile(r"[a-z0-9-]+\.execute-api\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?")
_NAME = re.compile(r"[a-z0-9.-]{1,253}", re.ASCII)


def alias_of(request: Request) -> str | None:
    """None for what can be no alias, or is a word of ours.

    By the path as it came: API Gateway takes `//abc` for `/abc`.
    """
    alias = request.path[1:]
    if not _ALIAS.fullmatch(alias) or alias.lower() in RESERVED:
        return None
    return alias.lower()


def asked_at(request: Request, *, behind_front: bool) -> str:
    """`OWN_HOST`, or the domain's name: API Gateway's word, or that of what stands before it.

    The header Host says what the client likes.
    """
    name = request.domain.lower()
    if behind_front:
        said = request.headers.get("x-lw-host", "").lower()
        name = said if _NAME.fullmatch(said) else name
    return OWN_HOST if is_ours(name) else name


@cache
def _configured() -> frozenset[str | None]:
    return frozenset({settings().domain_name, urlsplit(settings().public_url).hostname})


def forget() -> None:
    """What a process knows of our names."""
    _configured.cache_clear()


def is_ours(name: str) -> bool:
    """Whether the API itself answers at the name, and not a workspace's domain."""
    if not name or name in _configured() or _GATEWAY.fullmatch(name):
        return True
    # On the machine of the local cloud it has whatever name the client uses.
    return settings().stage == "local" and (
        name in {"localhost", "127.0.0.1", "::1"} or name.endswith(".localhost")
    )
