"""What is read of a received message, and that no message breaks it or keeps it busy."""

import random
import time
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest

from linkwright.mailer.inbound import parsing
from linkwright.mailer.inbound.parsing import Received, Unreadable, parse
from tests.unit.inbound import hostile

BEFORE = b"From: =?utf-8?q?D=C3=A1na?= <Dana@Globex.example>\r\nTo: us@acme.example\r\n"
PICTURE = b"--b\r\nContent-Type: image/png\r\n\r\nxx\r\n"


def _read(rest: bytes) -> Received:
    return parse(BEFORE + rest)


def test_values_of_an_answer() -> None:
    message = _read(
        b"Message-ID: <1@globex.example>\r\nIn-Reply-To: <2@acme.example>\r\n"
        b"References: <0@acme.example>\r\n <2@acme.example>\r\n"
        b"Subject: =?utf-8?b?16nXnNeV150=?= Re: it\r\n"
        b"Date: Sun, 29 Nov 2026 12:00:00 +0200\r\nAuto-Submitted: auto-replied\r\n\r\nYes.\r\n"
    )
    assert message.message_id == "<1@globex.example>"
    assert message.in_reply_to == ("<2@acme.example>",)
    assert message.references == ("<0@acme.example>", "<2@acme.example>")
    assert message.from_address == "dana@globex.example"
    assert message.to == ("us@acme.example",)
    assert message.subject == "שלום Re: it"
    assert message.date == datetime(2026, 11, 29, 10, tzinfo=UTC)
    assert message.header("auto-submitted") == "auto-replied"
    assert (message.text, message.is_cut) == ("Yes.", False)
    assert message.is_from(frozenset({"dana@globex.example"}))
    assert not message.is_from(frozenset({"us@acme.example"}))


@pytest.mark.parametrize(
    ("charset", "written_in"),
    [
        *[(declared, "utf-8") for declared in ("utf-8", "iso-8859-1", "us-ascii", "none-such")],
        *[(declared, "cp1255") for declared in ("windows-1255", "iso-8859-8-i", "iso-8859-1", "x")],
        ("utf-8", "cp1255"),
        ("utf-16", "utf-16"),
    ],
)
def test_text_in_a_charset_that_may_be_declared_wrongly(charset: str, written_in: str) -> None:
    head = f"Content-Type: text/plain; charset={charset}\r\n\r\n".encode()
    assert _read(head + "שלום, אשמח לשמוע".encode(written_in)).text == "שלום, אשמח לשמוע"


@pytest.mark.parametrize("charset", ["iso-8859-1", "windows-1252", "utf-8", "punycode", "zlib"])
def test_western_text_that_is_declared_wrongly(charset: str) -> None:
    head = f"Content-Type: text/plain; charset={charset}\r\n\r\n".encode()
    for text in ("Grüße aus Köln – „bis bald“", "où êtes-vous ?"):
        assert _read(head + text.encode("cp1252")).text == text
        assert _read(head + text.encode()).text == text


def test_text_of_arabic_and_japanese_code_pages() -> None:
    assert _read(b"\r\n" + "أنا مهتم بالعرض".encode("cp1256")).text == "أنا مهتم بالعرض"
    head = b"Content-Type: text/plain; charset=iso-2022-jp\r\n\r\n"
    assert _read(head + "こんにちは".encode("iso-2022-jp")).text == "こんにちは"


def test_subject_without_any_encoding() -> None:
    assert _read("Subject: פגישה\r\n\r\n".encode()).subject == "פגישה"
    assert _read("Subject: Grüße\r\n\r\n".encode("cp1252")).subject == "Grüße"
    assert _read("Subject: =?utf-8?q?a?= פגישה\r\n\r\n".encode()).subject == "a פגישה"


def test_nothing_that_hides_or_turns_text() -> None:
    message = _read("Subject: a\u202eb\u2066\x07\r\n\r\none\u200b\u202e\x00 two\u00a0\r\n".encode())
    assert (message.subject, message.text) == ("ab", "one two ")


def test_plain_text_before_html_and_all_of_it() -> None:
    message = EmailMessage()
    message["From"] = "a@b.example"
    message.set_content("plain")
    message.add_alternative("<p>formatted</p>", subtype="html")
    message.add_attachment("attached", filename="x.txt")
    assert parse(message.as_bytes()).text.strip() == "plain"
    message = EmailMessage()
    message["From"] = "a@b.example"
    message.set_content("\n")
    message.add_alternative("<p>formatted</p>", subtype="html")
    assert parse(message.as_bytes()).text == "formatted"


def test_text_out_of_html() -> None:
    source = (
        "<html><head><title>t</title><style>p {a: b}</style></head><body><!-- <p>no --><P>One&nbsp;"
        "&amp; two</P><div>three<br>four</div>5 < 6<script>x</script><blockquote type=cite>old"
        "<blockquote>older</blockquote></blockquote>new<div id='divRplyFwdMsg'>From: x</div>"
    )
    assert _read(f"Content-Type: text/html\r\n\r\n{source}".encode()).text.split("\n") == [
        *("One & two", "three", "four", "5 < 6", "> old", "> > older", "new"),
        *("-----Original Message-----", "From: x"),
    ]


def test_no_text_of_an_attached_message() -> None:
    attached = b"--b\r\nContent-Type: message/rfc822\r\n\r\nFrom: x@y.example\r\n\r\ntheirs\r\n"
    head = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nours\r\n"
    assert _read(head + attached + b"--b--\r\n").text == "ours"


def test_many_parts_are_cut_and_the_first_ones_read() -> None:
    head = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nfirst\r\n"
    message = _read(head + PICTURE * 60)
    assert (message.text, message.is_cut) == ("first", True)
    message = _read(head + PICTURE * 40)
    assert (message.text, message.is_cut) == ("first", False)


def test_long_text_is_cut_by_its_bytes() -> None:
    message = _read(b"\r\n" + "é".encode() * 60_000)
    assert (len(message.text.encode()), message.is_cut) == (parsing.MOST_TEXT_BYTES, True)


def test_long_references_keep_the_first_and_the_last() -> None:
    many = " ".join(f"<{one:05}@acme.example>" for one in range(2_000))
    kept = _read(f"References: {many}\r\n\r\n".encode()).references
    assert (kept[0], kept[-1]) == ("<00000@acme.example>", "<01999@acme.example>")
    assert len(kept) == 50


@pytest.mark.parametrize("case", hostile.UNREADABLE)
def test_unreadable_within_a_second(case: str) -> None:
    began = time.thread_time()
    with pytest.raises(Unreadable):
        parse(hostile.UNREADABLE[case])
    assert time.thread_time() - began < 1


@pytest.mark.parametrize("case", hostile.READABLE)
def test_hostile_message_is_read_within_a_second(case: str) -> None:
    began = time.thread_time()
    message = parse(hostile.READABLE[case])
    assert time.thread_time() - began < 1
    assert len(message.text.encode()) <= parsing.MOST_TEXT_BYTES
    assert not {*"\0\x1b\r\u202e"} & {*message.text, *message.subject}


def test_unreadable_is_the_only_error() -> None:
    """Messages of which bytes are lost, doubled and moved."""
    chance = random.Random(20_261_129)
    sources = [*hostile.READABLE.values(), *hostile.UNREADABLE.values()]
    read = 0
    for _ in range(600):
        raw = bytearray(chance.choice(sources)[: chance.choice((200, 2_000))])
        for _ in range(chance.randrange(1, 12)):
            at = chance.randrange(len(raw) + 1)
            piece = chance.choice(
                (b"", b"\r\n\r\n", b"--b\r\n", b'"', b"=?", b"\xff", b"*0=", b";")
            )
            raw[at : at + chance.choice((0, 1, 40))] = piece
        try:
            parse(bytes(raw))
            read += 1
        except Unreadable:
            continue
    assert 200 < read < 600
