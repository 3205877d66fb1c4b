"""What a campaign's mail holds, as it goes over the wire."""

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any, cast

import pytest

from linkwright.mailer.lines import Send
from linkwright.mailer.sending import message
from linkwright.providers.mail import MailRefused, judged
from linkwright.providers.mail import message as over_the_wire

URL = "https://api.example.com/v1/mailer/unsubscribe/tok"
MAILBOX = {"id": "mbx_1", "email": "dana@sender.example", "name": "Dana Levi"}


def _sent(seq: int, **changes: Any) -> Send:
    made = {"seq": seq, "message_id": f"mail_{seq}@sender.example", "subject": "An idea", **changes}
    return cast(Send, made)


def _bytes(
    campaign: dict[str, Any] | None = None,
    lead: dict[str, Any] | None = None,
    email: dict[str, Any] | None = None,
    earlier: tuple[Send, ...] = (),
) -> bytes:
    made = message.made(
        cast(
            Any,
            {
                "language": "en",
                "format": "text",
                "postal_address": "1 Main Street, Haifa",
                "sender_name": "Dana of Avis",
                **(campaign or {}),
            },
        ),
        cast(Any, {"id": "lead_1", "email": "noa@example.com", **(lead or {})}),
        cast(
            Any, {"seq": 1, "subject": "An idea", "body": "Hello Noa,\n\nA call?", **(email or {})}
        ),
        MAILBOX,
        earlier,
        "mail_9@sender.example",
        URL,
    )
    return over_the_wire(made, MAILBOX["email"])


def _parsed(raw: bytes) -> EmailMessage:
    return cast(EmailMessage, message_from_bytes(raw, policy=default))


def _text(raw: bytes) -> str:
    body = _parsed(raw).get_body(("plain",))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def test_it_has_both_headers_to_unsubscribe_the_address_and_our_id() -> None:
    raw = _bytes()
    read = _parsed(raw)
    assert read["List-Unsubscribe"] == f"<{URL}>"
    assert read["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert read["Message-ID"] == "<mail_9@sender.example>"
    assert read["From"] == "Dana of Avis <dana@sender.example>"
    assert read["To"] == "noa@example.com"
    # Somebody wrote and approved it; an absence is answered, which we want to know.
    assert "Auto-Submitted" not in read
    assert (read["In-Reply-To"], read["References"]) == (None, None)
    text = _text(raw)
    assert text.startswith("Hello Noa,\n\nA call?\n\n-- \n")
    assert "1 Main Street, Haifa" in text
    assert URL in text


def test_it_is_text_alone_without_a_picture_or_a_link_that_nobody_wrote() -> None:
    raw = _bytes(email={"body": "See https://avis.example/a?b=1&c=2"})
    assert _parsed(raw).get_content_type() == "text/plain"
    assert "https://avis.example/a?b=1&c=2" in _text(raw)
    html = _parsed(_bytes(campaign={"format": "html"})).get_body(("html",))
    assert html is not None
    assert "<img" not in html.get_content()


def test_a_later_step_is_in_the_thread_of_what_was_really_sent() -> None:
    first = _sent(1, subject="An idea")
    long = f"{'x' * 90}@eurprd01.prod.outlook.com"
    second = _sent(2, sent_message_id=long, subject="Re: An idea")
    raw = _bytes(email={"seq": 3, "subject": "Something else"}, earlier=(first, second))
    read = _parsed(raw)
    assert read["Subject"] == "Re: An idea"
    assert read["In-Reply-To"] == f"<{long}>"
    assert read["References"].split() == ["<mail_1@sender.example>", f"<{long}>"]
    assert b"=?utf-8?" not in raw


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\x0b", "\x1c", "\x85", "\u2028", "\x00"])
@pytest.mark.parametrize("place", ["subject", "sender_name", "email"])
def test_no_header_is_made_of_what_somebody_wrote(end: str, place: str) -> None:
    evil = f"a{end}Bcc: x@evil.example"
    given: dict[str, dict[str, Any]] = {
        "subject": {"email": {"subject": evil}},
        "sender_name": {"campaign": {"sender_name": evil}},
        "email": {"lead": {"email": f"{evil}@example.com"}},
    }
    with pytest.raises(MailRefused):
        _bytes(**given[place])


def test_a_subject_of_another_language_is_one_header() -> None:
    raw = _bytes(email={"subject": "רעיון: Bcc: x@evil.example"})
    assert _parsed(raw)["Subject"] == "רעיון: Bcc: x@evil.example"
    assert _parsed(raw)["Bcc"] is None
    assert raw.isascii()


@pytest.mark.parametrize(
    "evil",
    [
        "<img src=x onerror=alert(1)>",
        "<script>alert(1)</script>",
        "</p></body><iframe src='https://evil.example'>",
        '"><a href="javascript:alert(1)">x</a>',
        "javascript:alert(1)",
        'https://evil.example/"onmouseover="alert(1)',
        "http://evil.example/",
        "&lt;img src=x&gt;",
    ],
)
def test_what_looks_like_markup_is_text(evil: str) -> None:
    raw = _bytes(
        campaign={"format": "html", "postal_address": evil, "sender_name": "Dana"},
        email={"body": f"Hello {evil}\nbye"},
    )
    part = _parsed(raw).get_body(("html",))
    assert part is not None
    written = part.get_content()
    tags = {one.split(">")[0].split()[0] for one in written.split("<")[1:]}
    assert tags <= {"html", "body", "p", "br", "a", "/a", "/p", "/body", "/html"}
    links = [one.split('"')[0] for one in written.split('href="')[1:]]
    assert all(link.startswith("https://") for link in links)
    # What is quoted closes no attribute.
    assert 'onmouseover="' not in written
    assert evil in _text(raw)


def test_a_language_that_runs_the_other_way_is_shown_so() -> None:
    part = _parsed(_bytes(campaign={"format": "html", "language": "he"})).get_body(("html",))
    assert part is not None
    assert '<html lang="he" dir="rtl">' in part.get_content()


def test_a_domain_of_letters_is_asked_for_as_dns_has_it() -> None:
    assert judged("noa@bücher.example") == "noa@xn--bcher-kva.example"
    with pytest.raises(MailRefused):
        judged("noa@" + "x" * 64 + ".example")
    with pytest.raises(MailRefused):
        judged("noa@straße.example")
