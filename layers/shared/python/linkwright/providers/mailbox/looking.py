"""Looking for a mail of ours in a folder, by what stands in its header: compared here, not by the
host, of which some search inexactly and some not at all.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from linkwright.providers.mailbox import headers
from linkwright.providers.mailbox.imap import Session
from linkwright.providers.mailbox.imap_answers import Folder

MARK = "X-Linkwright-Send"
_IDS = ("message-id", "x-google-original-message-id", "x-microsoft-original-message-id")
# Hosts that do not say which folder is for what have them by one of these names.
_SENT = ("sent", "sent items", "sent messages", "sent mail", "inbox.sent", "inbox/sent")
_JUNK = ("junk", "spam", "junk email", "junk e-mail", "bulk mail", "inbox.junk", "inbox.spam")
# A host's days are those of its own zone.
_BEFORE = timedelta(days=1)


class Trace(NamedTuple):
    """By which a mail of ours is known again: `mark` is in a header of ours, and nobody else's."""

    message_id: str
    mark: str


class Found(NamedTuple):
    uid: int
    keeps_our_id: bool
    message_id: str | None


def find(session: Session, folder: str, trace: Trace, sent_at: datetime) -> Found | None:
    """Among the newest mails of a folder. Raises `MailboxFailed`."""
    session.select(folder)
    uids = session.since(sent_at - _BEFORE)
    blocks = session.headers(uids, (*_IDS, MARK))
    for uid in reversed(uids):
        known = headers.parsed(blocks.get(uid, b""))
        ids = [one for name in _IDS for one in known.get(name, [])]
        if trace.mark in known.get(MARK.lower(), []) or trace.message_id in ids:
            own = next(iter(known.get("message-id", [])), None)
            return Found(uid, own == trace.message_id, own)
    return None


def sent_folder(folders: Sequence[Folder]) -> str | None:
    return _folder(folders, "\\sent", _SENT)


def junk_folder(folders: Sequence[Folder]) -> str | None:
    return _folder(folders, "\\junk", _JUNK)


def _folder(folders: Sequence[Folder], flag: str, names: Sequence[str]) -> str | None:
    flagged = [one.name for one in folders if flag in one.flags]
    named = [one.name for one in folders if one.name.lower() in names]
    return next(iter([*flagged, *named]), None)
