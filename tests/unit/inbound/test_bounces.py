"""What reports of mail servers say, and that nothing else is taken for one."""

import time

import pytest

from linkwright.mailer.inbound.bounces import Failure, bounce, complaint, kind_of
from linkwright.mailer.inbound.parsing import parse
from tests.unit.inbound import bounce_samples as samples


@pytest.mark.parametrize("shape", samples.BOUNCES)
def test_failure_of_an_address_and_the_message_that_it_is_about(shape: str) -> None:
    raw, kind, address, status = samples.BOUNCES[shape]
    found = bounce(parse(raw))
    assert found is not None
    (failure,) = found.failures
    assert (failure.kind, failure.address, failure.status) == (kind, address, status)
    assert (found.message_ids[0], found.send) == (samples.OURS, "lead_1.0001")
    assert complaint(parse(raw)) is None
    assert bounce(parse(raw.replace(b"\n", b"\r\n"))) == found


def test_no_failure_while_it_is_tried() -> None:
    found = bounce(parse(samples.POSTFIX_LATE))
    assert found is not None
    assert (found.failures, found.message_ids) == ((), (samples.OURS,))


def test_failures_of_several_addresses() -> None:
    raw = samples.TWO_RECIPIENTS.replace(b"Action: delivered\nStatus: 2.0.0", b"Status: 5.1.1")
    found = bounce(parse(raw))
    assert found is not None
    assert [(one.address, one.kind) for one in found.failures] == [
        ("a@globex.example", "hard"),
        ("b@globex.example", "soft"),
    ]


@pytest.mark.parametrize(
    ("status", "said", "kind"),
    [
        ("5.1.1", "", "hard"),
        ("5.2.2", "552 mailbox full", "soft"),
        ("4.2.2", "", "soft"),
        ("4.7.1", "greylisted", "soft"),
        ("5.7.1", "", "policy"),
        ("5.7.26", "unauthenticated", "policy"),
        ("5.4.1", "Recipient address rejected: Access denied", "hard"),
        # The host's own code says more.
        ("5.0.0", "smtp; 552 5.2.2 over quota", "soft"),
        ("5.0.0", "smtp; 550 5.7.1 blocked", "policy"),
        ("5.0.0", "smtp; 550 no such user", "hard"),
        ("5.0.0", "mailbox is full", "soft"),
        (None, "550 5.1.1 unknown", "hard"),
        (None, "421 try later", "soft"),
        (None, "554 blocked using zen.spamhaus.org", "policy"),
        (None, "550 policy: user unknown", "hard"),
        # Hosts send back to each mail what they have against its sender, or the mail itself.
        ("5.1.8", "550 5.1.8 Access denied, bad outbound sender AS(42004)", "policy"),
        ("5.1.8", "501 5.1.8 Sender address rejected", "policy"),
        ("5.1.90", "550 5.1.90 You've reached your daily limit for message recipients", "policy"),
        ("5.4.5", "550-5.4.5 Daily user sending limit exceeded.", "policy"),
        ("5.1.1", "550 5.7.1 IP address blacklisted by recipient", "policy"),
        ("5.5.0", "550 domain [example.com] mismatches client ip 203.0.113.7.", "soft"),
        ("5.3.4", "552 5.3.4 Message size exceeds fixed limit", "soft"),
        ("5.2.3", "550 5.2.3 RESOLVER.RST.RecipSizeLimit; message too large", "soft"),
        ("5.4.7", "smtp; 550 5.4.7 Delivery expired (message too old)", "soft"),
        ("5.4.316", "550 5.4.316 Message expired, connection refused", "soft"),
        ("5.4.312", "550 5.4.312 Message expired, DNS query failed", "soft"),
        ("5.4.6", "554 5.4.6 Too many hops", "soft"),
        ("5.6.0", "552 5.6.0 Headers too large", "soft"),
        ("5.3.0", "X-Unix; 77", "soft"),
        ("5.1.1", "552 5.2.2 Over quota", "soft"),
        (None, "554 Transaction failed", "soft"),
        (None, "Host not found, try again", "soft"),
        ("5.1.0", "550 5.1.0 192.0.2.222 is not allowed to send per its SPF Record", "policy"),
        ("5.1.351", "550 5.1.351 Remote server returned unknown recipient", "hard"),
        ("5.2.1", "550 5.2.1 The email account that you tried to reach is disabled.", "hard"),
        ("5.2.1", "550-5.2.1 The user is receiving mail at a rate that prevents more", "soft"),
        ("5.4.4", "unable to look up host: Host or domain name not found", "hard"),
        ("5.4.4", "Sorry, I couldn't find a mail exchanger or IP address.", "hard"),
        (None, "552 Quota exceeded", "soft"),
        (None, "No such user here", "hard"),
        (None, "something else", "soft"),
        (None, "host 203.0.113.7 and 10.5.1.1 are gone", "soft"),
    ],
)
def test_class_of_a_code_and_what_a_host_said(status: str | None, said: str, kind: str) -> None:
    assert kind_of(status, said) == kind


def test_complaint_about_a_message() -> None:
    found = complaint(parse(samples.COMPLAINT))
    assert found is not None
    assert (found.feedback, found.address) == ("abuse", "mark@globex.example")
    assert (found.message_ids, found.send) == ((samples.OURS,), "lead_1.0001")
    assert bounce(parse(samples.COMPLAINT)) is None


@pytest.mark.parametrize("feedback", [b"not-spam", b"auth-failure", b"virus", b""])
def test_no_complaint(feedback: bytes) -> None:
    assert complaint(parse(samples.COMPLAINT.replace(b"abuse\nUser", feedback + b"\nUser"))) is None


@pytest.mark.parametrize(
    "raw",
    [
        b"From: mark@globex.example\nSubject: Re: it\n\nYour mail could not be delivered, I think.",
        b"From: bounces@globex.example\nSubject: it\n\nHello <mark@globex.example>:\n550 5.1.1 x",
        b"From: postmaster@globex.example\nSubject: Rules\n\nBe kind to our mail servers.",
        b"Return-Path: <>\nFrom: mark@globex.example\nSubject: Out of office\n\nI am away.",
    ],
)
def test_no_bounce(raw: bytes) -> None:
    assert bounce(parse(raw)) is None
    assert complaint(parse(raw)) is None


def test_addresses_of_the_copy_are_none_that_failed() -> None:
    found = bounce(parse(samples.QMAIL))
    assert found is not None
    assert [one.address for one in found.failures] == ["mark@globex.example"]


def test_no_address_or_word_of_a_host_is_printed() -> None:
    found = bounce(parse(samples.POSTFIX))
    assert "globex" not in repr(found)
    assert "globex" not in repr(complaint(parse(samples.COMPLAINT)))
    assert Failure("a@b.example", "hard", None, "x") == Failure("a@b.example", "hard", None, "x")


def test_a_report_without_the_message_names_what_it_answers() -> None:
    head = b"In-Reply-To: <lw.2@acme.example>\nReferences: <lw.1@acme.example>\n"
    raw = head + samples.POSTFIX.replace(b"text/rfc822-headers", b"text/plain")
    raw = raw.replace(samples.ORIGINAL.encode(), b"")
    found = bounce(parse(raw))
    assert found is not None
    assert found.message_ids == ("<lw.2@acme.example>", "<lw.1@acme.example>")
    assert found.send is None


@pytest.mark.parametrize("unit", ["a@b.example:\nx\n", "a@", "<", " \n", "x\n", "5.1.1 ", "1"])
def test_no_report_takes_long(unit: str) -> None:
    text = unit * (60_000 // len(unit))
    raw = samples.words(f"qmail-send: unable to deliver\n{text}", "MAILER-DAEMON@mx.example")
    message = parse(raw)
    began = time.thread_time()
    found = bounce(message)
    assert time.thread_time() - began < 1
    assert found is not None
    assert len(found.failures) <= 20
