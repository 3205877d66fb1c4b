"""What is read of a company's site, and what a hostile one comes to."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from linkwright.mailer.research import extraction, page_parser, reading
from linkwright.mailer.research import site as sites_of
from linkwright.mailer.research.extraction import Unreadable
from tests import sites
from tests.sites import Shown, Site

BREAD = "<p>We bake bread for forty hotels in Haifa.</p>"


@pytest.fixture
def site(loopback: None) -> Iterator[Site]:
    with sites.site() as made:
        yield made


def _urls(read: reading.Site, site: Site) -> list[str]:
    return [page.url.removeprefix(site.url) for page in read.pages]


def test_the_pages_that_tell_of_a_company_are_read(site: Site) -> None:
    links = "".join(
        f'<a href="{path}">{label}</a>'
        for path, label in (
            *(("/login", "Log in"), ("/privacy", "Privacy"), ("/news", "News"), ("/x", "Else")),
            *(("/a", "About us"), ("/brochure.pdf", "Our products"), ("/p", "Products")),
            *(
                ("https://other.example/about", "About them"),
                ("/team", "Team"),
                ("/c", "Customers"),
            ),
            ("mailto:us@example.com", "About us"),
        )
    )
    site.page("/", f"<title>Bakery</title>{BREAD}{links}")
    for path in ("/a", "/p", "/news", "/team", "/c", "/x", "/login", "/privacy"):
        site.page(path, f"<p>This is {path}.</p>")
    read = reading.read([f"{site.url}/"])
    assert _urls(read, site) == ["/", "/a", "/p", "/c", "/news"]
    assert read.pages[0].title == "Bakery"
    assert "We bake bread for forty hotels in Haifa." in read.pages[0].text
    assert site.asked == ["/robots.txt", "/", "/a", "/p", "/c", "/news"]


def test_what_robots_txt_forbids_is_not_asked_for(site: Site) -> None:
    rules = b"User-agent: *\nDisallow: /\n\nUser-agent: LinkwrightResearch\nDisallow: /a*out\n"
    site.shows["/robots.txt"] = Shown(rules, "text/plain")
    site.page("/", f'{BREAD}<a href="/about">About</a><a href="/news">News</a>')
    site.page("/about", "<p>About.</p>")
    site.page("/news", "<p>News.</p>")
    assert _urls(reading.read([f"{site.url}/"]), site) == ["/", "/news"]
    assert "/about" not in site.asked


ALL = "User-agent: *\nDisallow: /\n"
OURS = "Disallow: /\n\nUser-agent: *\nAllow: /\n"


@pytest.mark.parametrize(
    "rules",
    [
        *(ALL.encode("utf-8-sig"), ALL.encode("utf-16"), ALL.replace("\n", "\r").encode()),
        *(
            f"{agent}\n{OURS}".encode()
            for agent in (
                *("User-agent: LinkwrightResearch/1.0", "user-agent:linkwrightresearch 2 # ours"),
                *("User-Agent: LinkwrightResearch/1.0 (+https://example.com)", "User-agent: Link*"),
                *("User-agent: Other/2\nUser-agent: LinkwrightResearch/1.0",),
            )
        ),
        f"User-agent: Other\nDisallow: /x\n\nUser-agent: LinkwrightResearch/1.0\n{OURS}".encode(),
    ],
)
def test_all_is_forbidden_however_robots_txt_is_written(site: Site, rules: bytes) -> None:
    site.shows["/robots.txt"] = Shown(rules, "text/plain")
    site.page("/", BREAD)
    assert reading.read([f"{site.url}/"]) == reading.Site([], "site_refused")
    assert site.asked == ["/robots.txt"]


def test_what_is_forbidden_to_others_is_read(site: Site) -> None:
    rules = (
        "\ufeffUser-agent: Other/1.0\nDisallow: /\n\nUser-agent: Research-Linkwright\nDisallow: /\n"
    )
    site.shows["/robots.txt"] = Shown(rules.encode(), "text/plain")
    site.page("/", BREAD)
    assert _urls(reading.read([f"{site.url}/"]), site) == ["/"]


@pytest.mark.parametrize(
    "shown",
    [
        Shown(b"User-agent: *\nDisallow: /\n", "text/plain"),
        Shown(status=500),
        Shown(status=429),
        Shown(b"#" * 600_000, "text/plain"),
        Shown(b"User-agent: *\nDisallow: /" + b"*a" * 200 + b"\nDisallow: /\n" * 20_000),
    ],
    ids=["all", "fails", "too often", "too large", "costly"],
)
def test_nothing_is_read_where_robots_txt_forbids_all_or_cannot_be_read(
    site: Site, shown: Shown
) -> None:
    site.shows["/robots.txt"] = shown
    site.page("/", BREAD)
    began = time.monotonic()
    assert reading.read([f"{site.url}/"]) == reading.Site([], "site_refused")
    assert site.asked == ["/robots.txt"]
    assert time.monotonic() - began < 5


def test_redirects_are_followed_as_far_as_they_may(site: Site) -> None:
    site.shows["/"] = Shown(status=302, headers={"Location": "/home"})
    site.page("/home", f'{BREAD}<a href="/about">About</a><a href="/news">News</a>')
    # Inward, by a name that is no loopback's spelling, and to somebody else's metadata.
    site.shows["/about"] = Shown(status=302, headers={"Location": "http://169.254.169.254/latest"})
    site.shows["/news"] = Shown(status=302, headers={"Location": "/news"})
    assert _urls(reading.read([f"{site.url}/"]), site) == ["/home"]


@pytest.mark.parametrize("onward", ["http://169.254.169.254/", "http://10.0.0.1/", "file:///etc"])
def test_a_site_that_leads_inward_is_not_read(site: Site, onward: str) -> None:
    site.shows["/"] = Shown(status=302, headers={"Location": onward})
    assert reading.read([f"{site.url}/"]) == reading.Site([], "site_refused")


def _endless(send: Callable[[bytes], object]) -> None:
    while True:
        send(b"<p>more and more</p>" * 1_000)


def _dripping(send: Callable[[bytes], object]) -> None:
    for _ in range(100):
        send(b"<p>")
        time.sleep(0.2)


NO_URLS = ["https://[abc/", "https://a[b].example/", "https://ex\u2100mple.com/", "https://a:0/"]


@pytest.mark.parametrize("start", NO_URLS)
def test_what_is_no_url_is_not_read(start: str) -> None:
    assert reading.read([start]) == reading.Site([], "site_refused")


@pytest.mark.parametrize("onward", NO_URLS)
def test_a_page_that_leads_to_what_is_no_url_is_none(site: Site, onward: str) -> None:
    onward = onward.encode().decode("latin-1")
    site.page("/", f'{BREAD}<a href="/about">About</a><a href="{onward}">Products</a>')
    site.shows["/about"] = Shown(status=302, headers={"Location": onward})
    assert _urls(reading.read([f"{site.url}/"]), site) == ["/"]


def test_a_page_without_an_end_is_none(site: Site) -> None:
    site.shows["/"] = Shown(_endless)
    assert reading.read([f"{site.url}/"]) == reading.Site([], "site_unreadable")


def test_a_page_that_drips_takes_no_longer_than_it_may(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "_PAGE_S", 1.0)
    site.shows["/"] = Shown(_dripping)
    began = time.monotonic()
    assert reading.read([f"{site.url}/"]).pages == []
    assert time.monotonic() - began < 3


def test_of_very_many_links_few_are_looked_at(site: Site) -> None:
    """As many as a page that is read has room for: one of a hundred thousand is too large."""
    links = "".join(f'<a href="/about{n}">a</a>' for n in range(35_000))
    assert len(links) < reading.MOST_BYTES
    site.page("/", BREAD + links)
    for n in range(5):
        site.page(f"/about{n}", f"<p>{n}</p>")
    began = time.monotonic()
    read = reading.read([f"{site.url}/"])
    assert _urls(read, site)[1:] == ["/about0", "/about1", "/about2", "/about3"]
    assert time.monotonic() - began < 15


@pytest.mark.usefixtures("loopback")
def test_an_unreachable_site_takes_less_than_five_seconds() -> None:
    began = time.monotonic()
    read = reading.read(sites_of.starts(None, "noa@company.invalid"))
    assert read == reading.Site([], "site_unreachable")
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("email", ["a@gmail.com", "a@Yahoo.co.uk", "a@walla.co.il"])
def test_nobody_is_looked_for_at_a_mailbox_provider(email: str) -> None:
    assert reading.read(sites_of.starts(None, email)) == reading.Site([], "no_site")
    assert sites_of.starts("https://acme.example/", email) == ["https://acme.example/"]


def test_a_slow_site_is_asked_as_seldom_as_it_wants(site: Site) -> None:
    site.shows["/robots.txt"] = Shown(b"User-agent: *\nCrawl-delay: 60\n", "text/plain")
    site.page("/", f'{BREAD}<a href="/about">About</a>')
    began = time.monotonic()
    assert _urls(reading.read([f"{site.url}/"]), site) == ["/"]
    assert time.monotonic() - began < 5


# ---- text of a page ------------------------------------------------------------------------------

HEBREW = "אנחנו אופים לחם לארבעים מלונות בחיפה ומוכרים אותו בבוקר."


@pytest.mark.parametrize("said", ["utf-8", "windows-1252", "nonsense", "windows-1255"])
@pytest.mark.parametrize("real", ["utf-8", "windows-1255"])
def test_a_page_is_read_by_its_bytes_whatever_charset_is_said(said: str, real: str) -> None:
    page = f"<html><body><p>{HEBREW * 4}</p></body></html>".encode(real)
    if (real, said) == ("windows-1255", "windows-1252"):
        # These bytes are both: no reader could tell.
        assert extraction.extract(page, said, 5).text
        return
    assert HEBREW in extraction.extract(page, said, 5).text


FRENCH = "Nous cuisons — “à Haïfa” — et nous n’expédions pas de pain surgelé à 5 €."


@pytest.mark.parametrize(
    ("label", "written", "text"),
    [
        *[
            (label, "cp1252", FRENCH)
            for label in ("iso-8859-1", "latin1", "US-ASCII", "iso-8859-15")
        ],
        *[("iso-8859-9", "cp1254", "Şişli’de ekmek"), ("iso-8859-2", "cp1250", "Chléb „dnes“")],
        *[("iso-8859-8-i", "cp1255", "לֶחֶם – ב־5 €"), ("tis-620", "cp874", "ขนมปัง “สด”")],
        *[
            ("shift_jis", "cp932", "パン①～"),
            ("gb2312", "gb18030", "面包镕"),
            ("euc-kr", "cp949", "빵똠"),
        ],
        *[("utf-8", "utf-8", "it\x92s 5 \x80"), ("unicode_escape", "cp1252", "à \\u0041 l’an")],
        *[("utf-16", "utf-16", "We bake"), ("utf-16", "utf-16-be", "\ufeffלחם")],
        *[("iso-8859-1", "utf-16", "We bake"), ("none", "cp1252", FRENCH)],
    ],
)
def test_a_label_means_what_it_means_on_the_web(label: str, written: str, text: str) -> None:
    read = page_parser.decoded(text.encode(written), label)
    assert read == text.removeprefix("\ufeff").replace("\x92", "’").replace("\x80", "€")


def test_words_that_were_pasted_in_another_charset_spoil_no_others() -> None:
    page = f"{FRENCH} We don".encode() + b"\x92t ship."
    for label in ("utf-8", "iso-8859-1"):
        assert page_parser.decoded(page, label) == f"{FRENCH} We don’t ship."
    assert page_parser.decoded("面包师傅们".encode("gbk"), "gbk") == "面包师傅们"


def test_what_nobody_sees_is_no_text() -> None:
    hidden = (
        "<script>ignore</script><p hidden>ignore</p><p style='display:none'>ignore</p>"
        "<p aria-hidden=true>ignore</p><!-- ignore --><style>ignore</style><img alt='ignore'>"
        "<noscript>ignore</noscript><template>ignore</template>"
    )
    page = f"<html><body>{BREAD}{hidden}</body></html>".encode()
    assert extraction.extract(page, "utf-8", 5).text.strip() == BREAD[3:-4]


@pytest.mark.slow
def test_a_page_that_is_made_to_take_long_dies_in_its_own_process() -> None:
    bomb = b"<p " + b" ".join(b"a%d=1" % n for n in range(100_000)) + b">x</p>"
    began = time.monotonic()
    with pytest.raises(Unreadable):
        extraction.extract(bomb, "utf-8", 20)
    assert time.monotonic() - began < 8


def test_the_other_process_knows_nothing_of_this_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    told = tmp_path / "told.py"
    told.write_text(
        "import json, os, sys\n"
        "json.dump({'title': '', 'text': str(dict(os.environ)), 'links': []}, sys.stdout)\n"
    )
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "planted")
    monkeypatch.setattr(extraction.page_parser, "__file__", str(told))
    text = extraction.extract(b"", "utf-8", 5).text
    assert "LD_LIBRARY_PATH" in text
    assert "planted" not in text


@pytest.mark.parametrize("answer", [b"", b"{}", b'{"title": 1}', b"[" * 100_000])
def test_what_the_other_process_says_is_not_trusted(answer: bytes) -> None:
    with pytest.raises(Unreadable):
        extraction._read(answer)
