"""No open redirect, and nothing that a client says decides where a link is, or who follows it."""

import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from linkwright import aws, settings
from linkwright.links.redirect import front
from tests.carrier import PUBLIC_URL
from tests.factories import Workspace
from tests.shortlinks import ADDRESS, TARGET, ask, clicks_of, location, stored
from tests.stack import Stack

# Visitors are counted by the hour, which does not end meanwhile.
pytestmark = pytest.mark.usefixtures("hand")

OWN = "https://example.com/a/b?own=1&own=2&x#part"
EVIL = "evil.example"
PUBLIC_HOST = str(urlsplit(PUBLIC_URL).hostname)

QUERIES = [
    "?own=evil",
    "?%6Fwn=evil",
    "?o%77n=evil&next=https://evil.example/",
    "?url=https://evil.example/&to=//evil.example",
    "?@evil.example/",
    "?//evil.example",
    "?#@evil.example",
    "?%23@evil.example/",
    "?\\evil.example",
    "?a=%0d%0aLocation:%20https://evil.example/",
    "?a=%0D%0ASet-Cookie:x=y",
    "?a=b&&&=&==&c",
    "?a=\r\nLocation: https://evil.example/",
    "?a=\x00\x7f\x1b",
    '?"><script>alert(1)</script>',
    "?a=ש&b=é&c=%FF%FE",
    "?a=%",
    "?lk_click=clk_forged",
    "?lk%5Fclick=clk_forged&lk_click=clk_2",
    "?qr=1&qr=1&qr=2",
    "?a=" + "x" * 9000,
    "?" + "&".join(f"p{n}=1" for n in range(1500)),
]


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query[:30])
@pytest.mark.parametrize("tracked", [False, True])
def test_302_no_query_changes_where_a_link_leads(
    workspace: Workspace, stack: Stack, query: str, tracked: bool
) -> None:
    alias, link = stored(workspace, url=OWN, track_conversion=tracked, utm={"utm_source": "s & t"})
    # As API Gateway tells of it: whatever the client sent.
    answer = ask(f"/{alias}", raw_query=query[1:])
    to = location(answer)
    assert answer.status == 302
    assert to.isascii()
    assert to.isprintable()
    assert not set(' "<>\\') & set(to)
    parts = urlsplit(to)
    assert (parts.scheme, parts.netloc, parts.path) == ("https", "example.com", "/a/b")
    assert parts.fragment == "part"
    assert parts.query.startswith("own=1&own=2&x")
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    assert [value for name, value in pairs if name == "own"] == ["1", "2"]
    assert [value for name, value in pairs if name == "utm_source"] == ["s & t"]
    [click] = clicks_of(stack, link)
    assert [value for name, value in pairs if name == "lk_click"] == [click["sk"]] * tracked
    assert ("qr", "1") not in pairs
    assert len(to) <= 8000


def test_what_comes_along_is_passed_on_but_not_over_what_is_there(workspace: Workspace) -> None:
    alias, _ = stored(workspace, url="https://example.com/?a=1#f", utm={"utm_source": "own"})
    came = "a=2&b=%D7%A9+x&utm_source=theirs&utm_medium=m&qr=1&c"
    assert location(ask(f"/{alias}?{came}")) == (
        "https://example.com/?a=1&b=%D7%A9+x&utm_medium=m&c&utm_source=own#f"
    )
    kept, _ = stored(workspace, url="https://example.com/?a=1", forward_query=False)
    assert location(ask(f"/{kept}?{came}")) == "https://example.com/?a=1"


HEADERS = [
    {"Host": EVIL},
    {"X-Forwarded-Host": EVIL, "X-Forwarded-Proto": "http", "X-Forwarded-Port": "81"},
    {"Forwarded": f"for=198.51.100.66;host={EVIL};proto=http"},
    {"X-Forwarded-For": "198.51.100.66", "X-Real-IP": "198.51.100.66"},
    {"X-Original-URL": "/other", "X-Rewrite-URL": "/other", "X-HTTP-Method-Override": "DELETE"},
    {"X-Lw-Host": EVIL},
    {"X-Lw-Host": EVIL, "X-Lw-Origin": ""},
    {"X-Lw-Host": EVIL, "X-Lw-Origin": "o" * 39},
    {"X-Lw-Host": EVIL, "X-Lw-Origin": "O" * 40},
    {"X-Lw-Host": EVIL, "X-Lw-Origin": "ö" * 40},
    {"CloudFront-Viewer-Address": "198.51.100.66:1", "CloudFront-Viewer-Country": "IL"},
]


@pytest.mark.parametrize("forged", HEADERS, ids=str)
@pytest.mark.parametrize("behind", [False, True])
def test_what_a_client_says_changes_nothing(
    workspace: Workspace,
    stack: Stack,
    request: pytest.FixtureRequest,
    forged: dict[str, str],
    behind: bool,
) -> None:
    if behind:
        request.getfixturevalue("trusted")
    alias, link = stored(workspace, geo={"IL": "https://il.example.com/"})
    stored(workspace, alias, host=EVIL, url=f"https://{EVIL}/")
    ask(f"/{alias}")
    answer = ask(f"/{alias}", headers=forged)
    assert location(answer) == TARGET
    # The same visitor, so nobody new.
    [click] = clicks_of(stack, link)
    assert (click["host"], "country" in click) == ("-", False)
    assert not [v for k, v in answer.headers.items() if EVIL in v]


def test_the_distribution_says_who_visits_and_where(
    workspace: Workspace, stack: Stack, trusted: dict[str, str]
) -> None:
    alias, own = stored(workspace)
    _, theirs = stored(workspace, alias, host="go.example.org", url="https://example.com/theirs")

    def asked(address: str, host: str = "go.example.org", country: str = "IL") -> str:
        said = {
            "CloudFront-Viewer-Address": address,
            "CloudFront-Viewer-Country": country,
            "X-Lw-Host": host,
        }
        return location(ask(f"/{alias}", headers=trusted | said, address="198.51.100.250"))

    assert asked("198.51.100.10:46532") == "https://example.com/theirs"
    assert (
        asked("198.51.100.10:1") == asked("2001:db8::17e:7:51786") == "https://example.com/theirs"
    )
    assert [click["country"] for click in clicks_of(stack, theirs)] == ["IL", "IL"]
    assert {click["host"] for click in clicks_of(stack, theirs)} == {"go.example.org"}
    for broken in ("il", "ISR", "<b", ""):
        asked(f"198.51.100.2{len(broken)}:1", country=broken)
    assert "country" not in clicks_of(stack, theirs)[-1]
    # The API's own name, by whatever way.
    assert asked("198.51.100.10:1", host=PUBLIC_HOST) == TARGET
    assert asked("198.51.100.10:1", host="a1b2.execute-api.eu-west-1.amazonaws.com") == TARGET
    assert len(clicks_of(stack, own)) == 1


@pytest.mark.parametrize(
    ("domain", "is_own"),
    [
        ("a1b2c3.execute-api.us-east-1.amazonaws.com", True),
        ("a1b2c3.execute-api.cn-north-1.amazonaws.com.cn", True),
        (PUBLIC_HOST, True),
        (PUBLIC_HOST.upper(), True),
        ("localhost", True),
        ("a1b2c3.execute-api.us-east-1.amazonaws.com.evil.example", False),
        ("evil.example", False),
        ("go.example.org", False),
    ],
)
def test_aliases_of_a_domain_are_its_own(workspace: Workspace, domain: str, is_own: bool) -> None:
    alias, _ = stored(workspace)
    assert ask(f"/{alias}", domain=domain).status == (302 if is_own else 404)
    theirs, _ = stored(workspace, host="go.example.org")
    assert ask(f"/{theirs}", domain=domain).status == (302 if domain == "go.example.org" else 404)


@pytest.mark.parametrize(
    "path", ["//{}", "/{}/", "/./{}", "/{}%2F", "/{}%00", "/{};x", "/%61{}", "/{}/../x", "/ {}"]
)
def test_404_no_other_spelling_of_a_path(workspace: Workspace, path: str) -> None:
    alias, _ = stored(workspace)
    assert ask(path.format(alias)).status == 404


# ---- The secret of the distribution --------------------------------------------------------------


class _Secrets:
    """Secrets Manager with a value, and how often it was asked."""

    def __init__(self, text: str) -> None:
        self.text, self.asked = text, 0

    def get_secret_value(self, **_: Any) -> dict[str, str]:
        self.asked += 1
        return {"SecretString": self.text}


NEW, OLD = "n" * 32, "p" * 32


@pytest.fixture
def secrets(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Iterator[_Secrets]:
    made = _Secrets(f'{{"origin_secret": "{NEW}", "origin_secret_before": "{OLD}"}}')
    monkeypatch.setenv("BEHIND_CLOUDFRONT", "true")
    settings.settings.cache_clear()
    monkeypatch.setattr(aws, "secrets_manager", lambda: made)
    front.forget()
    yield made
    monkeypatch.undo()
    settings.settings.cache_clear()
    front.forget()


def test_either_secret_will_do_while_it_is_changed(
    workspace: Workspace, stack: Stack, secrets: _Secrets
) -> None:
    alias, link = stored(workspace)
    for n, secret in enumerate([NEW, OLD, "q" * 32, ""]):
        said = {"CloudFront-Viewer-Address": f"198.51.100.{n}:1", front.HEADER: secret}
        ask(f"/{alias}", headers=said)
    # The last two are whom API Gateway saw.
    assert len(clicks_of(stack, link)) == 3
    assert secrets.asked == 1


@pytest.mark.parametrize(
    "text", ["{}", "[]", "no json", '{"origin_secret": ""}', '{"origin_secret": "short"}']
)
def test_without_a_secret_nobody_is_believed(
    workspace: Workspace, stack: Stack, secrets: _Secrets, text: str
) -> None:
    secrets.text = text
    alias, link = stored(workspace)
    for said in ("", "short", "x" * 40):
        headers = {"CloudFront-Viewer-Country": "IL", front.HEADER: said}
        assert ask(f"/{alias}", headers=headers).status == 302
    assert [click.get("country") for click in clicks_of(stack, link)] == [None]
    assert secrets.asked == 1


@pytest.mark.parametrize("agent", ["a" * 9_000, "Mozilla/" + "-" * 9_000, "a@" * 4_500])
def test_302_however_long_the_name_of_an_agent_is(workspace: Workspace, agent: str) -> None:
    """Nobody needs a credential to ask, so it is cut before any pattern looks at it."""
    alias, _ = stored(workspace)
    ask(f"/{alias}")
    began = time.process_time()
    assert ask(f"/{alias}", agent=agent).status == 302
    assert time.process_time() - began < 0.1


@pytest.mark.parametrize("host", [ADDRESS, "3221225985", "0xc0000201", f"{ADDRESS}."])
def test_an_address_is_no_referrer(workspace: Workspace, stack: Stack, host: str) -> None:
    """It may be the visitor's own."""
    alias, link = stored(workspace)
    ask(f"/{alias}", headers={"Referer": f"http://{host}/x"})
    (click,) = clicks_of(stack, link)
    assert "referrer" not in click


def test_302_utm_parameters_are_put_on_in_the_order_in_which_they_are_read(
    workspace: Workspace,
) -> None:
    named = {f"utm_{name}": name for name in ("content", "term", "campaign", "source", "medium")}
    alias, _ = stored(workspace, utm=named)
    put_on = [name for name, _ in parse_qsl(urlsplit(location(ask(f"/{alias}"))).query)]
    wanted = ["utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content"]
    assert [name for name in put_on if name in named] == wanted
