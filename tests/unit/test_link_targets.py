"""What a link may lead to, and how passwords and aliases of links are made."""

from collections.abc import Iterator

import pytest

from linkwright.errors import ValidationFailed
from linkwright.links import aliases, items, passwords, targets
from linkwright.links.redirect import host
from linkwright.settings import settings

OWN = frozenset({"go.example.com"})


@pytest.fixture(autouse=True)
def _own_address(environment: pytest.MonkeyPatch) -> Iterator[None]:
    environment.setenv("PUBLIC_URL", "https://api.example.net/calls")
    environment.setenv("DOMAIN_NAME", "links.example.net")
    settings.cache_clear()
    host.forget()
    yield
    host.forget()


REFUSED = [
    # Other schemes, and none.
    *("javascript:alert(1)", "JAVASCRIPT://example.com/%0aalert(1)", "data:text/html,x"),
    *("ftp://example.com/", "file:///etc/passwd", "//example.com", "/x", "example.com", ""),
    *("https:example.com", "https:/example.com", "https:///example.com", "https://", "https://?x"),
    *(
        "\\\\example.com",
        "https:\\\\example.com",
        "https://example.com\\@evil.example/",
        "://x.example",
    ),
    *(
        " https://example.com",
        "https://example.com ",
        "https://exa mple.com",
        "\thttps://a.example",
    ),
    # A user, and what reads as another host.
    *("https://a@example.com", "https://a:b@example.com", "https://example.com@evil.example"),
    *("https://example.com:80:80/", "https://example.com:0/", "https://example.com:65536/"),
    *("https://exam%70le.com/", "https://example.com%00.evil.example/", "https://example.com:x/"),
    # Control characters.
    *(f"https://example.com/{chr(code)}x" for code in (0, 9, 10, 13, 27, 31, 127)),
    "https://example.com/\ud800",
    # Somebody's own network.
    *("http://localhost", "http://LOCALHOST:3000/", "http://a.localhost/", "http://printer/"),
    *("http://127.0.0.1/", "http://127.1/", "http://2130706433/", "http://0x7f000001/"),
    *("http://0177.0.0.1/", "http://10.0.0.1/", "http://172.16.0.1/", "http://192.168.1.1/"),
    *("http://169.254.169.254/", "http://100.64.0.1/", "http://0.0.0.0/", "http://[::1]/"),
    *("http://[::]/", "http://[fe80::1]/", "http://[fc00::1]/", "http://[::ffff:127.0.0.1]/"),
    *(
        "http://[fe80::1%25eth0]/",
        "http://router.local/",
        "http://wiki.corp/",
        "http://x.internal/",
    ),
    *("http://１２７.0.0.1/", "http://127。0。0。1/", "http://x.onion/", "http://a.test/"),
    # Ours.
    *("https://go.example.com/x", "https://GO.example.com", "http://go.example.com:8080/"),
    *("https://api.example.net/v1", "https://links.example.net/x", "https://go.example.com./x"),
    *("https://a1b2c3.execute-api.us-east-1.amazonaws.com/x",),
    *("https://d-a1b2c3.execute-api.cn-north-1.amazonaws.com.cn/x",),
    # Other shorteners'.
    *("https://bit.ly/x", "http://BIT.LY/x", "https://www.tinyurl.com/x", "https://t.co/x"),
    # Too long, once it is in ASCII.
    "https://example.com/" + "x" * 2048,
    "https://example.com/" + "é" * 1000,
]


@pytest.mark.parametrize("url", REFUSED, ids=lambda url: ascii(url)[:40])
def test_a_target_that_is_refused(url: str) -> None:
    with pytest.raises(ValidationFailed) as told:
        targets.accepted(url, "geo.IL", OWN)
    assert told.value.field == "geo.IL"
    assert "example" not in told.value.message


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("ftp://shop.example/", "must be a URL that begins with https:// or http://"),
        ("shop.example", "must be a URL that begins with https:// or http://"),
        ("https://me@shop.example/", "must not name a user"),
        ("https://shop.example:0/", "must have a port from 1 to 65535, or none"),
        ("https://shop.example:65536/", "must have a port from 1 to 65535, or none"),
        ("https://shop.example:/", "must have a port from 1 to 65535, or none"),
        ("https://shop.example:٣/", "must have a port from 1 to 65535, or none"),
        ("https://shop.example/a b", "must have no blank, no backslash and no control character"),
        ("https:\\shop.example", "must have no blank, no backslash and no control character"),
        ("https://-shop.example/", "must name its host as DNS does, or by an address"),
        ("https://[::1/", "must name its host as DNS does, or by an address"),
        ("https://sh%6fp.example/", "must name its host as DNS does, or by an address"),
        ("https://shop.example/" + "x" * 2048, "must have at most 2048 characters"),
    ],
    ids=lambda text: ascii(text)[:30],
)
def test_what_is_wrong_with_a_target_is_what_is_told(url: str, said: str) -> None:
    with pytest.raises(ValidationFailed) as told:
        targets.accepted(url, "url", OWN)
    assert told.value.message == f"Field 'url' {said}."


@pytest.mark.parametrize(
    "url",
    [
        *("https://example.com", "http://example.com/", "https://example.com:8443/a?b=c#d"),
        *("HTTPS://Example.COM/A", "https://example.com/?next=https://bit.ly/x#javascript:"),
        *("https://8.8.8.8/", "https://[2606:4700::1111]/", "https://notbit.ly/"),
        *("https://example.com/@user", "https://example.com/a//b", "https://xn--pple-43d.com/"),
    ],
)
def test_a_target_is_kept_as_it_was_sent(url: str) -> None:
    assert targets.accepted(url, "url", OWN) == url


def test_other_letters_are_kept_as_they_are_asked_for() -> None:
    kept = targets.accepted("https://bücher.example/straße?ü=ä#ö", "url", OWN)
    assert kept == "https://xn--bcher-kva.example/stra%C3%9Fe?%C3%BC=%C3%A4#%C3%B6"
    # It reads as another one, and is shown as what it is.
    assert targets.accepted("https://раypal.com/", "url") == "https://xn--ypal-43d9g.com/"
    assert targets.accepted("https://example.com/\u202ecod.exe", "url").isascii()


@pytest.mark.slow
def test_a_password_matches_itself_alone_and_is_hashed_anew_each_time() -> None:
    first, second = passwords.hashed("Ünicode"), passwords.hashed("Ünicode")
    assert first != second
    assert all(passwords.matches("U\u0308nicode", one) for one in (first, second))
    for other in ("", "ünicode", "Ünicode ", "Unicode"):
        assert not passwords.matches(other, first)
    assert "nicode" not in first
    assert passwords.kept(first, "Ünicode") == first
    assert passwords.kept(first, None) is None


def test_random_aliases_have_no_look_alikes_and_hardly_meet() -> None:
    made = [aliases.new() for _ in range(2_000)]
    assert len(set(made)) == len(made)
    assert not set("".join(made)) & set("01oli")


def test_a_click_is_found_by_its_id() -> None:
    click = items.new_click("lnk_01M3V7YQR0EXAMP1EEXAMP1E04")
    where = items.click_key(click)
    assert where is not None
    assert where.sk == click
    assert where.pk.rpartition("#")[0] == "LNK#lnk_01M3V7YQR0EXAMP1EEXAMP1E04"
    shards = {(items.click_key(items.new_click("lnk_abcd")) or where).pk for _ in range(200)}
    assert len(shards) == items.CLICK_SHARDS
    for other in ("", "clk_1", "clk_", click + "#", click + "\n", click.lower()):
        assert items.click_key(other) is None


def test_visits_spread_over_their_shards() -> None:
    import hashlib

    hashes = [hashlib.sha256(str(at).encode()).hexdigest() for at in range(1_000)]
    assert {items.visit_shard(one) for one in hashes} == set(range(items.VISIT_SHARDS))
    key = items.visit_key("20261128", 7, "lnk_a", hashes[0])
    assert key.sk == f"V#07#lnk_a#{hashes[0]}"
