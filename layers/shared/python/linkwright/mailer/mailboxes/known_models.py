"""What is known of a mailbox: what its mail to itself told, and what its domain publishes."""

from typing import Literal

from pydantic import Field

from linkwright.fields import Model, Time

CheckStatus = Literal["passed", "failed", "unknown"]


class MailboxRecord(Model):
    """A record to set at whoever hosts the domain's DNS."""

    purpose: Literal["proof"]
    type: Literal["TXT"]
    name: str
    value: str


class MailboxProof(Model):
    """What the one mail to itself told. `sent_copy` says who files what is sent: the host by
    itself, or we, or nobody where no folder for it is known. `spf`, `dkim` and `dmarc` are what
    the host said of the mail, null where it said nothing, and `judged_by` the name under which it
    did.
    """

    at: Time
    found_in: Literal["inbox", "junk"]
    sent_copy: Literal["host", "ours", "nobody"]
    sent_folder: str | None = None
    keeps_message_id: bool
    spf: str | None = None
    dkim: str | None = None
    dmarc: str | None = None
    judged_by: str | None = None
    dkim_selectors: list[str] = Field(default_factory=list)


class MailRate(Model):
    """How many of the mails, and which share of them."""

    count: int
    rate: float


class MailRates(Model):
    """What came of the last 1,000 mails, or those of 30 days, since campaigns were last paused for
    that. `policy_refusals` were refused for who sends, or for what was said. Of more than one
    complaint in a thousand it is `warned`.
    """

    sent: int
    bounced: MailRate
    complained: MailRate
    unsubscribed: MailRate
    negative_replies: MailRate
    policy_refusals: MailRate
    status: Literal["good", "warned"]


class MailboxDeliverability(Model):
    """Of the mailbox, and of all mailboxes of its domain."""

    mailbox: MailRates
    domain: MailRates


class MailboxHeldUp(Model):
    """Why a mailbox that is active sends nothing now, and when that is looked at again:
    `inbox_not_read`, or its host takes nothing of it (`quota_exceeded`, `policy_refused`,
    `deferred`, `recipient_refused`, `content_refused`).
    """

    reason: str
    until: Time


class DomainCheck(Model):
    """`reason` says why it is not passed; `value` is the selector, policy or host there is."""

    status: CheckStatus
    reason: str | None = None
    value: str | None = None


class MailboxChecks(Model):
    """What the domain publishes for its mail. What nobody answers for is `unknown`, never failed.

    `alignment` is what the host said of DMARC when the mailbox was proven.
    """

    domain: str
    spf: DomainCheck
    dkim: DomainCheck
    dmarc: DomainCheck
    alignment: DomainCheck
    mx: DomainCheck
    checked_at: Time
