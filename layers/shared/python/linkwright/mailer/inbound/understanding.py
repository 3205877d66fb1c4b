"""What an answer says by all that its writer may have written: in both of its forms, where there
are two, and in what stands beside its new text.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from linkwright.mailer.inbound import automatic, intents, replies
from linkwright.mailer.inbound.automatic import Automatic
from linkwright.mailer.inbound.intents import Meaning
from linkwright.mailer.inbound.ours import Sent
from linkwright.mailer.inbound.parsing import Received

# Who writes to be mailed no more writes little; a newsletter that tells how to end it is longer.
_MOST_FRESH_CHARS = 500


@dataclass(frozen=True)
class Understood:
    text: str
    program: Automatic | None
    meaning: Meaning


def answer(message: Received, ours: Collection[str], sent: Sent, today: date) -> Understood:
    """`ours` are the mailbox's addresses, and `sent` is what went to whom it comes from."""
    written = replies.written(message.text, ours, sent)
    program = automatic.judged(message, written.new, today, ours)
    first = _ruled(written, message.subject, program, sent, today)
    if first.meaning.intent == "unsubscribe" or not message.alternative:
        return first
    written = replies.written(message.alternative, ours, sent)
    other = _ruled(written, message.subject, program, sent, today)
    return other if other.meaning.intent == "unsubscribe" or not first.text else first


def opt_out(message: Received, ours: Collection[str], sent: Sent, today: date) -> Understood | None:
    """Of what answers nothing: a person's, in few words or by the subject."""
    written = replies.written(message.text or message.alternative, ours, sent)
    program = automatic.judged(message, written.new, today, ours)
    if program is not None or message.header("list-unsubscribe"):
        return None
    is_short = len(written.new) <= _MOST_FRESH_CHARS and not replies.has_link(written.new)
    said = replies.Written(written.new if is_short else "", "")
    found = _ruled(said, message.subject, None, sent, today)
    if found.meaning.intent != "unsubscribe":
        return None
    return Understood(written.new, None, found.meaning)


def _ruled(
    written: replies.Written, subject: str, program: Automatic | None, sent: Sent, today: date
) -> Understood:
    meaning = intents.by_rules(
        written.new, subject, program, today, beside=written.beside, subjects=sent.subjects
    )
    return Understood(written.new, program, meaning)
