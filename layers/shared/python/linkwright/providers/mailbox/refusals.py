"""Of whom a host speaks that refuses a mail: of its reader, or of the account that sends.

Only who reads can be barred for it, and only by a word about them: RFC 3463 has codes for that, and
hosts have words, as many give no code, or one of another meaning. What says nothing of the kind
speaks of nobody.
"""

import re
from enum import StrEnum


class About(StrEnum):
    """`PACE`: so many were sent that the account has to wait. `SENDER`: what it is, or what it
    sends, or the host itself. `READER`: there is no such one; of a 4xx, later there may be.
    """

    READER = "reader"
    PACE = "pace"
    SENDER = "sender"
    UNSAID = "unsaid"


_MOST_CHARS = 1000
# They say nothing, whatever words they have.
_NAMES = re.compile(r"\S*@\S*|https?://\S*")
# "Service not available, closing the channel": whatever was asked.
_CLOSING = 421
_STATUS = re.compile(r"[245]\.(\d{1,3})\.(\d{1,3})")
# Google's, Microsoft's for a quota of the day, and "too many recipients".
_PACE = frozenset({"4.5", "1.90", "1.92", "5.3"})
# "Bad sender's address", which Microsoft has for an account that it has blocked.
_SENDER = frozenset({"1.7", "1.8"})
# No such mailbox, domain or syntax; that it has moved; Microsoft's for nobody of that name.
_READER = frozenset({"1.1", "1.2", "1.3", "1.6", "1.10"})
# Codes that hosts use where they have none that fits.
_VAGUE = frozenset({"0.0", "1.0", "2.0", "2.1", "5.0"})
_FULL = "2.2"

_MAILS = r"(?:e-?mails?|messages?|mails?|recipients?|sending|sends?|sent|submissions?|outgoing)"
_TIME = r"(?:minute|hour|hourly|day|daily|24[ -]?hours?|monthly?|rate)"
# Texts, which are compiled at the first refusal: to have them ready took 2% of a start.
_IS_PACE = (
    # "Daily user sending quota exceeded", "has exceeded the max emails per hour",
    # "exceeded its 24-hour sending limit", "SubmissionQuotaExceededException".
    rf"{_MAILS}[ \w-]{{0,24}}?(?:quota|limit|rate)(?:s)?[ \w]{{0,20}}?(?:exceed|reach|hit)"
    rf"|submission ?quota|(?:exceed\w*|reached|over|hit)[ \w':-]{{0,40}}?{_MAILS}[ \w]{{0,12}}?"
    r"(?:quota|limit|rate|allowance)"
    rf"|exceed\w*[ \w':-]{{0,30}}?(?:{_TIME}[ \w-]{{0,16}}?(?:limit|quota)|{_MAILS}"
    rf"[ \w]{{0,12}}?(?:per|an?|each) {_TIME})"
    r"|max(?:imum)? (?:defers|failures)"
    rf"|(?:limit|quota)[ \w]{{0,16}}?(?:per|an?) {_TIME}|only \d+ {_MAILS} (?:per|an?) {_TIME}"
    rf"|too many {_MAILS}|too (?:fast|quickly|much mail)|(?:rate|{_TIME}) ?(?:-|is )?limit"
    r"|throttl|slow down|try again slower|user has exceeded outgoing"
)
_IS_OF_READER = (
    r"receiving mail|(?:recipient|user)'?s? (?:mailbox|inbox)|mailbox (?:quota|is full|full)"
    r"|storage|over ?quota|\bdisk\b"
)
_IS_SENDER = (
    r"\bspam\b|sender(?: address)?[ \w]{0,12}(?:rejected|denied)"
    r"|unusual (?:sending )?activity|suspicious|blac?k ?list|block ?list|blocked|spamhaus"
    r"|reputation|bad outbound sender|outbound ?spam|(?:account|user|sender|domain)[ \w]{0,16}"
    r"(?:suspended|disabled for sending|restricted|not allowed to send)|not permitted to send"
    r"|relay(?:ing)? (?:access )?(?:denied|not permitted|not allowed)|unable to relay"
    r"|authenticat|not authori[sz]ed|access denied|against policy|policy (?:reasons?|violation)"
    r"|dmarc|dkim|\bspf\b|local problem|temporar(?:y|ily) (?:server|system|local|unavailable)"
)
_NOUN = r"(?:users?|recipients?|mailbox(?:es)?|addressee?s?|accounts?|person|domain)"
_IS_READER = (
    rf"(?:no such|unknown|invalid|non-?existent|bad destination|undeliverable) (?:\w+ ){{0,2}}?"
    rf"{_NOUN}|{_NOUN}(?: \S+){{0,5}}? (?:is |was |are )?(?:unknown|not found|not exist|invalid"
    r"|doe?s(?: no|n'?)t exist|disabled|inactive|unavailable|not available|unrouteable)"
    rf"|no {_NOUN}(?: \w+)? by that name|no mailbox|not a valid {_NOUN}|not our customer"
    rf"|doe?s(?: no|n'?)t have an? {_NOUN}|unrouteable address|user not local"
)

# Microsoft's for somebody that it does not know, whatever else is denied by that.
_IS_NOBODY = re.compile(r"recipient address rejected: access denied")


def about(code: int | None, status: str, words: str) -> About:
    """`status` is that of RFC 3463, if it gave one; `words` what it said besides."""
    said = " ".join(_NAMES.sub(" ", words[:_MOST_CHARS].lower()).split())
    if re.search(_IS_PACE, said) and not re.search(_IS_OF_READER, said):
        return About.PACE
    if _IS_NOBODY.search(said):
        return About.READER
    found = _STATUS.fullmatch(status)
    known = f"{int(found[1])}.{int(found[2])}" if found else ""
    if by_code := _by_code(code, known):
        return by_code
    if re.search(_IS_SENDER, said):
        return About.SENDER
    is_told = not known or known in _VAGUE
    return About.READER if is_told and re.search(_IS_READER, said) else About.UNSAID


def _by_code(code: int | None, known: str) -> About | None:
    if known in _PACE:
        return About.PACE
    if code == _CLOSING or known in _SENDER or known.startswith(("7.", "3.")):
        return About.SENDER
    is_for_now = code is not None and code // 100 == 4 and known.startswith(("1.", "2."))
    return About.READER if is_for_now or known == _FULL or known in _READER else None
