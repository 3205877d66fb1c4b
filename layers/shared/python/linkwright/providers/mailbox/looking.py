"""Looking for a mail of ours in a folder, by what stands in its header: compared here, not by the
host, of which some search inexactly and some not at all.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from linkwright.providers.mailbox import folder_names, headers
from linkwright.providers.mailbox.imap import Session
from linkwright.providers.mailbox.imap_answers import Folder

MARK = "X-Linkwright-Send"
_IDS = ("message-id", "x-google-original-message-id", "x-microsoft-original-message-id")
_UNSELECTABLE = {"\\noselect", "\\nonexistent"}
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
    return _folder(folders, "\\sent", folder_names.SENT)


def junk_folder(folders: Sequence[Folder]) -> str | None:
    return _folder(folders, "\\junk", folder_names.JUNK)


def _folder(folders: Sequence[Folder], flag: str, names: Sequence[str]) -> str | None:
    """That which the host says is for this, else that whose name does, the one that is in the
    fewest others first.
    """
    usable = [one for one in folders if not one.flags & _UNSELECTABLE]
    flagged = [one.name for one in usable if flag in one.flags]
    levels = [(folder_names.levels(one.name), one.name) for one in usable]
    named = [(len(path), names.index(path[-1]), name) for path, name in levels if path[-1] in names]
    return next(iter([*flagged, *(name for *_, name in sorted(named))]), None)
