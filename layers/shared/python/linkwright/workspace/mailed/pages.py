"""What a person sees who ends the digest."""

from linkwright.http import Response
from linkwright.pages import page

# To the address that the page has.
_FORM = """<p>You get a mail each week that tells how your links were followed.</p>
<form method="post"><button>Unsubscribe</button></form>"""
_DONE = """<p>You are not sent the weekly digest any more. Whoever may change the workspace's
settings can switch it on again.</p>"""


def asking() -> Response:
    return page(200, "Unsubscribe from the weekly digest", _FORM, form_action="'self'")


def done() -> Response:
    return page(200, "You are unsubscribed", _DONE)
