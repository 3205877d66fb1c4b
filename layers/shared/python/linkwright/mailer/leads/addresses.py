"""Mail addresses: what is taken for one, and which are better not written to."""

import re
import unicodedata
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from linkwright import egress_targets

# RFC 5321's bounds; letters of any language, as RFC 6531 has them, but neither quotes nor comments.
_LOCAL = re.compile(r"(?!\.)(?!.*\.\.)[\w.!#$%&'*+/=?^`{|}~-]{1,64}(?<!\.)")
_LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
_DOMAIN = re.compile(rf"(?:{_LABEL}\.)+(?!\d+$){_LABEL}")

_MOST_CHARS = 254

_words = re.compile(r"\S+").findall

# RFC 2142's names and what is usual besides: read by several people, or by nobody.
_ROLES = frozenset(
    _words("""
    accounts admin administrator billing careers contact customerservice enquiries feedback
    finance hello help helpdesk hr info inquiries it jobs legal mail marketing media news
    newsletter office orders press privacy reception recruiting sales security service shop
    staff subscribe support team webmaster
    """)
)
# Who writes to these is taken for a sender of spam.
_RISKY = frozenset(
    _words("""
    abuse bounce bounces devnull donotreply hostmaster mailer-daemon mailerdaemon no-reply
    nobody noreply postmaster root spam spamtrap test unsubscribe
    """)
)
# Mailboxes for a few minutes, those most used.
_DISPOSABLE = frozenset(
    _words("""
    10minutemail.com 20minutemail.com 33mail.com anonbox.net dispostable.com dropmail.me
    emailondeck.com fakeinbox.com getairmail.com getnada.com grr.la guerrillamail.com
    guerrillamail.net inboxkitten.com maildrop.cc mailcatch.com mailinator.com mailnesia.com
    mailsac.com mintemail.com moakt.com mohmal.com mytemp.email sharklasers.com spam4.me
    spambog.com spamgourmet.com temp-mail.io temp-mail.org tempail.com tempmail.com
    tempmailo.com tempr.email throwawaymail.com trashmail.com trashmail.de yopmail.com
    yopmail.fr
    """)
)


def _address(raw: str) -> str:
    text = unicodedata.normalize("NFC", raw.strip())
    local, _, domain = text.rpartition("@")
    if not (_LOCAL.fullmatch(local) and _DOMAIN.fullmatch(domain)):
        raise _malformed()
    try:
        address = f"{local}@{egress_targets.host(domain.lower())}"
    except ValueError:
        # It would be mailed to by another name than was said.
        raise _malformed() from None
    if len(address) > _MOST_CHARS:
        raise _malformed()
    return address


def _malformed() -> PydanticCustomError:
    return PydanticCustomError("email", "must be a mail address")


Email = Annotated[str, Field(max_length=_MOST_CHARS), AfterValidator(_address)]


def flags(email: str) -> list[str]:
    """What speaks against writing to an address; nothing is refused for that."""
    local, _, domain = email.lower().rpartition("@")
    name = local.partition("+")[0]
    found = {
        "role": name in _ROLES or name in _RISKY,
        "disposable": domain in _DISPOSABLE,
        "risky": name in _RISKY,
    }
    return [flag for flag, is_so in found.items() if is_so]
