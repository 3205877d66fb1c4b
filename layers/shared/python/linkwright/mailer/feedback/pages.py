"""What a person sees who wants no more mail."""

from linkwright.http import Response
from linkwright.pages import page

# To the address that the page has.
_FORM = """<p>Nothing has changed yet: by this button you get no more mail from whoever wrote
to you.</p>
<form method="post"><button>Unsubscribe</button></form>"""
_DONE = "<p>You will get no more mail from whoever wrote to you.</p>"


def asking() -> Response:
    return page(200, "Unsubscribe", _FORM, form_action="'self'")


def done() -> Response:
    return page(200, "You are unsubscribed", _DONE)
