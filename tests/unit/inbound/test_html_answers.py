"""Answers that have no plain text: what is new in them, from bytes on."""

import pytest

from linkwright.mailer.inbound.parsing import parse
from tests.unit.inbound.answers import unquoted

US = "dana@acme.example"
SENT = "Hello,\nwe help teams like yours to have shorter queues at the counter.\nDana Levi"

BELOW = {
    "gmail": f'<br><div class="gmail_quote gmail_quote_container"><div dir="ltr"'
    f' class="gmail_attr">On'
    f" Thu, Nov 26, 2026 at 10:02&nbsp;AM Dana Levi &lt;<a href='mailto:{US}'>{US}</a>&gt;"
    f" wrote:<br>"
    '</div><blockquote class="gmail_quote" style="margin:0">Hello,<br>we help teams like yours'
    "</blockquote></div>",
    "outlook": '<div id="appendonsend"></div><hr><div id="divRplyFwdMsg"><font><b>From:</b> Dana'
    " Levi"
    f" &lt;{US}&gt;<br><b>Sent:</b> Thursday<br><b>To:</b> Mark<br><b>Subject:</b> x</font></div>"
    "<div>Hello,<br>we help teams like yours</div>",
    "outlook, windows": '<div style="border:none;border-top:solid #E1E1E1 1.0pt"><p'
    " class=MsoNormal>"
    f"<b>Von:</b> Dana Levi &lt;{US}&gt; <br><b>Gesendet:</b> Donnerstag<br><b>An:</b> Mark<br>"
    "<b>Betreff:</b> x</p></div><p>Hello, we help teams like yours</p>",
    "apple": f"<br><blockquote type='cite'><div>On 26 Nov 2026, at 10:02, Dana &lt;{US}&gt;"
    f" wrote:</div>"
    "<div>Hello,</div></blockquote>",
    "yahoo": '<div id="ydp1yahoo_quoted_1" class="yahoo_quoted"><div>On Thursday, Dana wrote:</div>'
    "<div>Hello,<br>we help teams</div></div>",
    "nothing": "",
}


@pytest.mark.parametrize("shape", BELOW)
@pytest.mark.parametrize("new", ["Yes, call me.", "כן, תתקשרי אליי."])
def test_new_text_of_an_answer_in_html(shape: str, new: str) -> None:
    page = (
        "<html><head><style>p { margin: 0 }</style></head><body dir=auto><div>"
        f"{new}</div><div><br></div>{BELOW[shape]}</body></html>"
    )
    raw = "From: mark@globex.example\nContent-Type: text/html; charset=utf-8\n\n" + page
    assert unquoted(parse(raw.encode()).text, {US}, SENT) == new
