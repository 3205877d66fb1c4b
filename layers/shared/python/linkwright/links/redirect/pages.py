"""What a person sees where a link does not simply lead on: pages without a script.

Whatever is put into one is escaped, and nothing of it is loaded from anywhere.
"""

import base64
import hashlib
from functools import cache

from linkwright.http import Response
from linkwright.links.items import AliasItem
from linkwright.settings import settings

_STYLE = """
:root{color-scheme:light dark;font:1rem/1.5 system-ui,sans-serif}
body{max-width:26rem;margin:15vh auto 0;padding:0 1.5rem}
h1{font-size:1.25rem}
input,button{font:inherit;padding:.5rem .75rem;width:100%;box-sizing:border-box;margin:.25rem 0}
"""
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{title}</title>
{head}</head>
<body>
<main>
<h1>{title}</h1>
{body}
</main>
</body>
</html>
"""
# As `html.escape`, whose module brings the names of all letters along.
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;"})
# To the address that the page has, with its query; nothing of it goes anywhere else.
_FORM = """<p>{text}</p>
<form method="post">
<label for="password">Password</label>
<input type="password" id="password" name="password" required autofocus autocomplete="off">
<button>Continue</button>
</form>"""
# Browsers hold a form's target to be all addresses that it is sent on to, and this leads anywhere.
_FORM_MAY_LEAD = "'self' https: http:"


def password(status: int = 200, text: str = "This link asks for a password.") -> Response:
    body = _FORM.format(text=_escaped(text))
    return _page(status, "Password required", body, form_action=_FORM_MAY_LEAD)


def wrong_password() -> Response:
    return password(403, "That is not the password. Try again.")


def tried_too_often(retry_after: int) -> Response:
    """`retry_after` in seconds."""
    text = "<p>There were too many wrong passwords. Try again in a quarter of an hour.</p>"
    page = _page(429, "Try again later", text)
    page.headers["Retry-After"] = str(retry_after)
    return page


def no_more() -> Response:
    """Of a link whose time, or whose number of visits, is over."""
    return _page(410, "This link has ended", "<p>It does not lead anywhere any more.</p>")


def blocked() -> Response:
    """Of what the operator blocked, with whom to write to who thinks that wrong."""
    text = "<p>It was reported to lead to something harmful, and leads nowhere now.</p>"
    if contact := settings().abuse_contact:
        address = _escaped(contact)
        text += f'\n<p>Questions and reports: <a href="mailto:{address}">{address}</a></p>'
    return _page(410, "This link is blocked", text)


def preview(alias: AliasItem, target: str) -> Response:
    """For agents that show what is behind a link: what its owner says of it."""
    said = {name: alias.get(f"og_{name}") for name in ("title", "description", "image")}
    head = "".join(
        f'<meta property="og:{name}" content="{_escaped(str(value))}">\n'
        for name, value in said.items()
        if value
    )
    card = "summary_large_image" if said["image"] else "summary"
    head += f'<meta name="twitter:card" content="{card}">\n'
    body = f'<p><a href="{_escaped(target)}" rel="noreferrer">Continue</a></p>'
    return _page(200, str(said["title"] or "Link"), body, head=head)


def has_preview(alias: AliasItem) -> bool:
    return any(alias.get(name) for name in ("og_title", "og_description", "og_image"))


def _page(
    status: int, title: str, body: str, *, head: str = "", form_action: str = "'none'"
) -> Response:
    head += f"<style>{_STYLE}</style>\n"
    page = _PAGE.format(title=_escaped(title), head=head, body=body)
    return Response(status, page, _headers(form_action))


def _escaped(text: str) -> str:
    return text.translate(_ESCAPES)


def _headers(form_action: str) -> dict[str, str]:
    policy = (
        f"default-src 'none'; style-src 'sha256-{_style_hash()}'; form-action {form_action}; "
        "base-uri 'none'; frame-ancestors 'none'"
    )
    return {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "X-Robots-Tag": "noindex",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
    }


@cache
def _style_hash() -> str:
    return base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
