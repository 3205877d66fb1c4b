"""Whom hosts mean, by what they are known to say."""

import pytest

from linkwright.providers.mailbox import refusals
from linkwright.providers.mailbox.refusals import About

_PACE = (
    (550, "5.4.5", "Daily user sending quota exceeded. o65sm25351206pga.71 - gsmtp"),
    (550, "5.4.5", "Daily user sending limit exceeded. For more information on Gmail"),
    (550, "", "Recipient address rejected: Email Sending Quota Exceeded"),
    (554, "5.2.0", "STOREDRV.Submission.Exception:SubmissionQuotaExceededException"),
    (550, "5.1.90", "Your message can't be sent because you've reached your daily limit"),
    (550, "", "Domain example.com has exceeded the max emails per hour (500/500 (100%)) allowed."),
    (
        550,
        "",
        "example.com has exceeded the max defers and failures per hour (5/5 (100%)) allowed.",
    ),
    (550, "", "User dana@example.com has exceeded its 24-hour sending limit. Messages to 25"),
    (550, "", "User has exceeded outgoing email quota"),
    (550, "", "mail rejected: exceeded hour limit"),
    (554, "5.7.1", "<noa@example.org>: Recipient address rejected: exceeded your sending quota"),
    (554, "5.7.1", "<DATA>: Data command rejected: only 10 messages per day"),
    (451, "4.7.1", "Hourly limit exceeded"),
    (452, "4.5.3", "Too many messages"),
    (450, "4.7.1", "Error: too many mails from dana@example.com"),
    (451, "4.7.1", "Client host rejected: Please try again slower"),
    (550, "", "Message rate limit exceeded"),
    (451, "", 'Ratelimit "hostinger_out_ratelimit" exceeded'),
)
_SENDER = (
    (421, "4.7.0", "Try again later, closing connection."),
    (421, "", "closing"),
    (550, "5.1.8", "Access denied, bad outbound sender AS(42004)"),
    (501, "", "Sender address rejected"),
    (550, "5.4.6", "Unusual sending activity detected. Please try after sometime."),
    (554, "5.7.1", "[2] Message rejected under suspicion of SPAM; https://ya.cc/1IrBc"),
    (554, "", "Message rejected: blocked using zen.spamhaus.org"),
    (550, "", "Your account has been suspended"),
    (550, "", "relay not permitted"),
    (451, "4.3.0", "Mail server temporarily rejected message"),
    (550, "", "Authentication is required for relay"),
    (554, "5.2.3", "MailPolicy violation Error delivering to mailboxes"),
    (530, "5.7.0", "Must issue a STARTTLS command first"),
)
_READER = (
    (550, "5.1.1", "The email account that you tried to reach does not exist."),
    (550, "5.1.10", "RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup"),
    (550, "5.1.1", "<spam@example.org>: Recipient address rejected: User unknown"),
    (550, "", "No such user here"),
    (550, "5.4.1", "Recipient address rejected: Access denied. AS(201806281)"),
    (550, "", "Requested action not taken: mailbox unavailable"),
    (550, "", "Unrouteable address"),
    (550, "", "<noa@example.org>: user does not exist"),
    (550, "5.5.0", "Requested action not taken: mailbox unavailable"),
    (553, "", "sorry, no mailbox here by that name"),
    (452, "4.2.2", "The email account that you tried to reach is over quota"),
    (552, "5.2.2", "Mailbox size limit exceeded: storage quota"),
    (450, "4.2.1", "The user you are trying to contact is receiving mail at a rate that"),
    (450, "4.1.1", "unverified address"),
)
_UNSAID = (
    (550, "", ""),
    (554, "", "Transaction failed"),
    (451, "", "Requested action aborted"),
    (550, "5.4.1", "All recipients refused"),
    (554, "5.6.0", "what was that"),
    (None, "", ""),
)
_SAID = {About.PACE: _PACE, About.SENDER: _SENDER, About.READER: _READER, About.UNSAID: _UNSAID}


@pytest.mark.parametrize(
    ("code", "status", "words", "expected"),
    [(*one, about) for about, all in _SAID.items() for one in all],
)
def test_whom_a_host_means(code: int | None, status: str, words: str, expected: About) -> None:
    assert refusals.about(code, status, words) == expected


def test_words_without_end_are_read_no_further() -> None:
    long = "exceeded " * 8000 + "no such user"
    assert refusals.about(550, "", long) == About.UNSAID
