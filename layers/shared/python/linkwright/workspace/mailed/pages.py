"""What a person sees who ends the digest: pages without a script, of which nothing is loaded."""

import base64
import hashlib
from functools import cache

from linkwright.http import Response

_STYLE = """
:root{color-scheme:light dark;font:1rem/1.5 system-ui,sans-serif}
body{max-width:26rem;margin:15vh auto 0;padding:0 1.5rem}
h1{font-size:1.25rem}
button{font:inherit;padding:.5rem .75rem}
"""
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<main>
<h1>{title}</h1>
{body}
</main>
</body>
</html>
"""
# To the address that the page has.
_FORM = """<p>You get a mail each week that tells how your links were followed.</p>
<form method="post"><button>Unsubscribe</button></form>"""
_DONE = """<p>You are not sent the weekly digest any more. Whoever may change the workspace's
settings can switch it on again.</p>"""


def asking() -> Response:
    return _page("Unsubscribe from the weekly digest", _FORM)


def done() -> Response:
    return _page("You are unsubscribed", _DONE)


def _page(title: str, body: str) -> Response:
    return Response(200, _PAGE.format(title=title, style=_STYLE, body=body), _headers())


def _headers() -> dict[str, str]:
    policy = (
        f"default-src 'none'; style-src 'sha256-{_style_hash()}'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    )
    return {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "X-Robots-Tag": "noindex",
        # The address ends something: it is told to nobody.
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
    }


@cache
def _style_hash() -> str:
    return base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
