"""Bounces and complaints as mail servers write them."""

OURS = "<lw.1.abc@acme.example>"
ORIGINAL = f"""Return-Path: <dana@acme.example>
From: Dana Levi <dana@acme.example>
To: mark@globex.example
Subject: Shorter queues at Globex
Message-ID: {OURS}
X-Linkwright-Send: lead_1.0001
"""


def report(
    words: str,
    status: str,
    *,
    sender: str = "MAILER-DAEMON@mx.example",
    of: str = "message/delivery-status",
    returned: str = "text/rfc822-headers",
    kind: str = "delivery-status",
) -> bytes:
    return f"""Return-Path: <>
From: Mail Delivery System <{sender}>
To: dana@acme.example
Subject: Undelivered Mail Returned to Sender
Content-Type: multipart/report; report-type={kind}; boundary="b"
MIME-Version: 1.0

--b
Content-Type: text/plain; charset=us-ascii

{words}
--b
Content-Type: {of}

{status}
--b
Content-Type: {returned}

{ORIGINAL}
--b--
""".encode()


def words(text: str, sender: str, more: str = "") -> bytes:
    return (
        f"Return-Path: <>\nFrom: {sender}\nTo: dana@acme.example\nSubject: failure"
        f" notice\n{more}\n{text}"
    ).encode()


POSTFIX = report(
    "This is the mail system at host mx.acme.example.\n\nI'm sorry to have to inform you that your"
    " message could not\nbe delivered to one or more recipients.\n\n<mark@globex.example>: host"
    " mx.globex.example[203.0.113.7] said: 550 5.1.1\n    <mark@globex.example>: Recipient address"
    " rejected: User unknown (in reply to\n    RCPT TO command)",
    "Reporting-MTA: dns; mx.acme.example\nX-Postfix-Queue-ID: 4F1\nArrival-Date: Sun, 29 Nov"
    " 2026\n\n"
    "Final-Recipient: rfc822; mark@globex.example\nOriginal-Recipient: rfc822;mark@globex.example\n"
    "Action: failed\nStatus: 5.1.1\nRemote-MTA: dns; mx.globex.example\nDiagnostic-Code: smtp; 550"
    " 5.1.1 <mark@globex.example>: Recipient address\n    rejected: User unknown",
)
POSTFIX_LATE = report(
    "This is a warning; your message is still being tried.",
    "Reporting-MTA: dns; mx.acme.example\n\nFinal-Recipient: rfc822; mark@globex.example\n"
    "Action: delayed\nStatus: 4.4.1\nDiagnostic-Code: X-Postfix; connect: Connection timed out",
)
EXCHANGE = report(
    "Delivery has failed to these recipients or groups:\n\nmark@globex.example\nThe email address"
    " you"
    " entered couldn't be found.",
    "Reporting-MTA: dns;DB9PR.eurprd04.prod.outlook.com\nReceived-From-MTA: dns;mx.acme.example\n\n"
    "Final-Recipient: rfc822;mark@globex.example\nAction: failed\nStatus: 5.1.10\nDiagnostic-Code:"
    " smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup\n"
    "X-Display-Name: Mark",
    sender="postmaster@globex.example",
    returned="message/rfc822",
)
EXCHANGE_POLICY = report(
    "Your message to mark@globex.example couldn't be delivered.",
    "Reporting-MTA: dns;x.prod.outlook.com\n\nFinal-Recipient: rfc822;mark@globex.example\nAction:"
    " failed\nStatus: 5.7.133\nDiagnostic-Code: smtp;550 5.7.133"
    " RESOLVER.RST.SenderNotAuthenticated",
    sender="postmaster@acme.example",
    returned="message/rfc822",
)
GMAIL = report(
    "** Address not found **\n\nYour message wasn't delivered to mark@globex.example because the"
    " address couldn't be found, or is unable to receive mail.",
    "Reporting-MTA: dns; googlemail.com\nArrival-Date: Sun, 29 Nov 2026 02:00:00 -0800 (PST)\n"
    f"X-Original-Message-ID: {OURS}\n\nFinal-Recipient: rfc822; mark@globex.example\nAction:"
    f" failed\n"
    "Status: 5.1.1\nDiagnostic-Code: smtp; 550-5.1.1 The email account that you tried to reach does"
    " not exist.\n 550 5.1.1 https://support.google.com/mail/?p=NoSuchUser",
    sender="mailer-daemon@googlemail.com",
    returned="message/rfc822",
)
GMAIL_FULL = report(
    "** Recipient inbox full **",
    "Reporting-MTA: dns; googlemail.com\n\nFinal-Recipient: rfc822; mark@globex.example\nAction:"
    " failed\nStatus: 5.2.2\nDiagnostic-Code: smtp; 552-5.2.2 The recipient's inbox is out of"
    " storage",
    sender="mailer-daemon@googlemail.com",
)
EXIM_REPORT = report(
    "This message was created automatically by mail delivery software.",
    "Reporting-MTA: dns; mx.acme.example\n\nAction: failed\nFinal-Recipient: rfc822;"
    "mark@globex.example\nStatus: 5.0.0\nRemote-MTA: dns; mx.globex.example\nDiagnostic-Code: smtp;"
    " 550 5.7.1 Message rejected as spam by content filter",
)
INTERNATIONAL = report(
    "The address could not be found.",
    "Reporting-MTA: dns; mx.acme.example\n\nOriginal-Recipient: rfc822; mark@globex.example\n"
    "Final-Recipient: rfc822; mark@globex.example\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code:"
    " smtp; 550 5.1.1 Benutzer unbekannt: Größe",
    of="message/global-delivery-status",
    returned="message/global-headers",
)
TWO_RECIPIENTS = report(
    "Some were delivered.",
    "Reporting-MTA: dns; mx.acme.example\n\nFinal-Recipient: rfc822; a@globex.example\nAction:"
    " delivered\nStatus: 2.0.0\n\nFinal-Recipient: rfc822; b@globex.example\nAction: failed\n"
    "Status: 4.4.7\nDiagnostic-Code: smtp; 451 4.4.7 expired",
)
QMAIL = words(
    "Hi. This is the qmail-send program at mx.acme.example.\nI'm afraid I wasn't able to deliver"
    " your"
    " message to the following addresses.\nThis is a permanent error; I've given up. Sorry it"
    " didn't"
    " work out.\n\n<mark@globex.example>:\n203.0.113.7 does not like recipient.\nRemote host"
    " said: 550"
    " 5.1.1 unknown user\nGiving up on 203.0.113.7.\n\n--- Below this line is a copy of the"
    " message.\n\n"
    f"{ORIGINAL}\nHello, write to someone@else.example:\nnow",
    "MAILER-DAEMON@mx.acme.example",
)
YAHOO = words(
    "Sorry, we were unable to deliver your message to the following"
    " address.\n\n<mark@yahoo.example>:\n"
    "554: delivery error: dd This user doesn't have a yahoo.example account (mark@yahoo.example)"
    " [0] -"
    " mta1.mail.yahoo.example\n\n--- Below this line is a copy of the message.\n\n" + ORIGINAL,
    "MAILER-DAEMON@yahoo.example",
)
GMX = words(
    "This message was created automatically by mail delivery software.\n\nA message that you sent"
    " could not be delivered to one or more of\nits recipients. This is a permanent error. The"
    ' following address\nfailed:\n\n"mark@globex.example":\nSMTP error from remote server after'
    " RCPT command:\nhost: mx.globex.example\n5.1.1 <mark@globex.example>... User Unknown\n\n\n---"
    f" The header of the original message is following. ---\n\n{ORIGINAL}",
    "GMX Mailer Daemon <mailer-daemon@gmx.example>",
)
ZOHO = words(
    "This message was created automatically by mail delivery software.\n A message that you sent"
    " could not be delivered to one or more of its recipients. This is a permanent error."
    " \n\nmark@globex.example Invalid Address, ERROR_CODE :550, ERROR_CODE :5.1.1"
    f" <mark@globex.example>... User Unknown\n\n\nReceived:from mail.zoho.example\n{ORIGINAL}",
    "mailer-daemon@mail.zoho.example",
)
WORKMAIL = words(
    "An error occurred while trying to deliver the mail to the following recipients:\n"
    "mark@globex.example\n\nTechnical report:\n\nReporting-MTA: dsn; smtp-out.example\n\nAction:"
    " failed\nFinal-Recipient: rfc822; mark@globex.example\nDiagnostic-Code: smtp; 550 5.1.1"
    f" <mark@globex.example>... User Unknown\nStatus: 5.1.1\n\n{ORIGINAL}",
    "MAILER-DAEMON@us-west-2.amazonses.example",
)
EXCHANGE_ON_ITS_OWN = words(
    "Delivery has failed to these recipients or groups:\n\nmark@globex.example<mailto:mark@globex"
    ".example>\nThe email address wasn't found.\n\nDiagnostic information for"
    " administrators:\n\nGenerating server: x.prod.outlook.example\n\nmark@globex.example\nRemote"
    " Server returned '550 5.1.10 RESOLVER.ADR.RecipientNotFound'\n\nOriginal message headers:\n\n"
    f"{ORIGINAL}",
    "<postmaster@globex.example>",
)
EXIM = words(
    "This message was created automatically by mail delivery software.\n\nA message that you sent"
    " could"
    " not be delivered to one or more of its\nrecipients. This is a permanent error. The following"
    " address(es) failed:\n\n  mark@globex.example\n    host mx.globex.example [203.0.113.7]\n   "
    " SMTP"
    " error from remote mail server after RCPT TO:<mark@globex.example>:\n    550 5.2.2 Mailbox"
    " full\n"
    f"\n------ This is a copy of the message, including all the headers."
    f" ------\n\n{ORIGINAL}\nHello",
    "Mail Delivery System <Mailer-Daemon@mx.acme.example>",
    "X-Failed-Recipients: mark@globex.example\nAuto-Submitted: auto-replied\n",
)
# By the class that it is of, the address and the code.
BOUNCES = {
    "postfix": (POSTFIX, "hard", "mark@globex.example", "5.1.1"),
    "exchange": (EXCHANGE, "hard", "mark@globex.example", "5.1.10"),
    "exchange, policy": (EXCHANGE_POLICY, "policy", "mark@globex.example", "5.7.133"),
    "gmail": (GMAIL, "hard", "mark@globex.example", "5.1.1"),
    "gmail, full": (GMAIL_FULL, "soft", "mark@globex.example", "5.2.2"),
    "exim, report": (EXIM_REPORT, "policy", "mark@globex.example", "5.7.1"),
    "international": (INTERNATIONAL, "hard", "mark@globex.example", "5.1.1"),
    "two recipients": (TWO_RECIPIENTS, "soft", "b@globex.example", "4.4.7"),
    "qmail": (QMAIL, "hard", "mark@globex.example", "5.1.1"),
    "yahoo": (YAHOO, "hard", "mark@yahoo.example", None),
    "exim": (EXIM, "soft", "mark@globex.example", "5.2.2"),
    "gmx": (GMX, "hard", "mark@globex.example", "5.1.1"),
    "zoho": (ZOHO, "hard", "mark@globex.example", "5.1.1"),
    "workmail": (WORKMAIL, "hard", "mark@globex.example", "5.1.1"),
    "exchange on its own": (EXCHANGE_ON_ITS_OWN, "hard", "mark@globex.example", "5.1.10"),
}

COMPLAINT = report(
    "This is an email abuse report.",
    "Feedback-Type: abuse\nUser-Agent: SomeGenerator/1.0\nVersion: 1\nOriginal-Mail-From:"
    " <dana@acme.example>\nOriginal-Rcpt-To: <mark@globex.example>\nReported-Domain: acme.example",
    of="message/feedback-report",
    returned="message/rfc822",
    kind="feedback-report",
)
