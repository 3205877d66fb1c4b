"""What a person sees who ends a kind of mail."""

from linkwright.http import Response
from linkwright.pages import page
from linkwright.workspace.members import Wants

# To the address that the page has.
_FORM = """<p>{what}</p>
<form method="post"><button>Unsubscribe</button></form>"""
_DONE = """<p>You are not sent {what} any more. Whoever may change the workspace's
settings can switch it on again.</p>"""
_TITLES: dict[Wants, str] = {
    "weekly_digest": "Unsubscribe from the weekly digest",
    "alerts": "Unsubscribe from alerts of links",
}
_ASKED: dict[Wants, str] = {
    "weekly_digest": "You get a mail each week that tells how your links were followed.",
    "alerts": "You get a mail when somebody should look at a short link, as one that ends soon.",
}
_ENDED: dict[Wants, str] = {
    "weekly_digest": "the weekly digest",
    "alerts": "alerts of links by mail",
}


def asking(wants: Wants) -> Response:
    form = _FORM.format(what=_ASKED[wants])
    return page(200, _TITLES[wants], form, form_action="'self'")


def done(wants: Wants) -> Response:
    return page(200, "You are unsubscribed", _DONE.format(what=_ENDED[wants]))
