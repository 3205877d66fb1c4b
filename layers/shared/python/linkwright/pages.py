"""Pages for people: without a script, and nothing is loaded from anywhere.

Titles are escaped here; who puts anything else into a page escapes it.
"""

import base64
import hashlib
from functools import cache

from linkwright.errors import NoSuchRoute
from linkwright.http import Request, Response

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
_CUT = """<p>It may have been cut: open it in the mail once more, or copy it whole. Nothing has been
changed.</p>"""
# As `html.escape`, whose module brings the names of all letters along.
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;"})


def page(
    status: int, title: str, body: str, *, head: str = "", form_action: str = "'none'"
) -> Response:
    """`form_action` is where its forms may lead, as a content security policy says it."""
    head += f"<style>{_STYLE}</style>\n"
    text = _PAGE.format(title=escaped(title), head=head, body=body)
    return Response(status, text, _headers(form_action))


def link_unknown(request: Request) -> Response:
    """Of a signed link that is none of ours, for people. Raises `NoSuchRoute` for programs."""
    if "text/html" not in request.headers.get("accept", "").lower():
        raise NoSuchRoute
    return page(404, "This link does not work", _CUT)


def escaped(text: str) -> str:
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
        # The address may let somebody in, or end something: it is told to nobody.
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
    }


@cache
def _style_hash() -> str:
    return base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
