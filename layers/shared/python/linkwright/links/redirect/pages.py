"""What a person sees where a link does not simply lead on. Whatever is put into it is escaped."""

from linkwright.http import Response
from linkwright.links.items import AliasItem
from linkwright.pages import escaped, page
from linkwright.settings import settings

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
    body = _FORM.format(text=escaped(text))
    return page(status, "Password required", body, form_action=_FORM_MAY_LEAD)


def wrong_password() -> Response:
    return password(403, "That is not the password. Try again.")


def tried_too_often(retry_after: int) -> Response:
    """`retry_after` in seconds."""
    text = "<p>There were too many wrong passwords. Try again in a quarter of an hour.</p>"
    answer = page(429, "Try again later", text)
    answer.headers["Retry-After"] = str(retry_after)
    return answer


def no_more() -> Response:
    """Of a link whose time, or whose number of visits, is over."""
    return page(410, "This link has ended", "<p>It does not lead anywhere any more.</p>")


def blocked() -> Response:
    """Of what the operator blocked, with whom to write to who thinks that wrong."""
    text = "<p>It was reported to lead to something harmful, and leads nowhere now.</p>"
    if contact := settings().abuse_contact:
        address = escaped(contact)
        text += f'\n<p>Questions and reports: <a href="mailto:{address}">{address}</a></p>'
    return page(410, "This link is blocked", text)


def preview(alias: AliasItem, target: str) -> Response:
    """For agents that show what is behind a link: what its owner says of it."""
    said = {name: alias.get(f"og_{name}") for name in ("title", "description", "image")}
    head = "".join(
        f'<meta property="og:{name}" content="{escaped(str(value))}">\n'
        for name, value in said.items()
        if value
    )
    card = "summary_large_image" if said["image"] else "summary"
    head += f'<meta name="twitter:card" content="{card}">\n'
    body = f'<p><a href="{escaped(target)}" rel="noreferrer">Continue</a></p>'
    return page(200, str(said["title"] or "Link"), body, head=head)


def has_preview(alias: AliasItem) -> bool:
    return any(alias.get(name) for name in ("og_title", "og_description", "og_image"))
