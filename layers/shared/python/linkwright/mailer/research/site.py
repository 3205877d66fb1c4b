"""Where a lead's company says what it does."""

from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

# Whose mailboxes are anybody's: what is behind the @ is no company of theirs.
_PROVIDERS = frozenset(
    {
        *("gmail.com", "googlemail.com", "icloud.com", "me.com", "mac.com", "aol.com", "msn.com"),
        *("proton.me", "protonmail.com", "pm.me", "tutanota.com", "tuta.com", "fastmail.com"),
        *("hey.com", "zoho.com", "mail.com", "email.com", "web.de", "t-online.de", "freenet.de"),
        *("mail.ru", "bk.ru", "list.ru", "inbox.ru", "rambler.ru", "qq.com", "163.com", "126.com"),
        *("sina.com", "naver.com", "daum.net", "walla.co.il", "walla.com", "bezeqint.net"),
        *("netvision.net.il", "zahav.net.il", "012.net.il", "013.net", "orange.fr", "free.fr"),
        *("laposte.net", "wanadoo.fr", "libero.it", "virgilio.it", "seznam.cz", "wp.pl", "o2.pl"),
        *("comcast.net", "verizon.net", "att.net", "sbcglobal.net", "btinternet.com", "sky.com"),
        *("rediffmail.com", "ymail.com", "rocketmail.com", "maktoob.com"),
    }
)
# Those that have a domain in most countries.
_PROVIDERS_ANYWHERE = frozenset({"yahoo", "hotmail", "outlook", "live", "gmx", "yandex"})

# What tells of a company, in the path of a link or in its label; the first found says how much.
_TELLING = (
    *("about", "who-we-are", "company", "our-story", "אודות", "מי אנחנו", "من نحن", "عن الشركة"),
    *("product", "service", "solution", "platform", "מוצר", "שירות", "פתרונ", "خدمات", "منتجات"),
    *("customer", "case-stud", "clients", "לקוחות", "عملاء", "news", "press", "blog", "חדשות"),
    *("team", "צוות", "فريق"),
)
_UNTELLING = (
    *("login", "signin", "sign-in", "signup", "register", "cart", "checkout", "account", "privacy"),
    *("terms", "cookie", "legal", "accessib", "logout", "password", "unsubscribe"),
)
_NO_PAGES = (
    *(".pdf", ".jpg", ".jpeg", ".png", ".gif", ".svg", ".webp", ".zip", ".mp4", ".mp3"),
    *(".doc", ".docx", ".xls", ".xlsx", ".ppt", ".pptx", ".xml", ".json", ".css", ".js"),
)


class Origin(NamedTuple):
    scheme: str
    authority: str

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}"


def origin(url: str) -> Origin:
    parts = urlsplit(url)
    return Origin(parts.scheme, parts.netloc)


def is_of(url: str, home: str) -> bool:
    """Whether a page is one of the site of another."""
    return _site(url) == _site(home)


def _site(url: str) -> str:
    return urlsplit(url).netloc.lower().removeprefix("www.")


def starts(website: str | None, email: str) -> list[str]:
    """Where to begin, the likeliest first; empty if nothing is known of a site."""
    if website:
        return [website]
    domain = email.rpartition("@")[2].lower()
    if domain in _PROVIDERS or domain.partition(".")[0] in _PROVIDERS_ANYWHERE:
        return []
    return [f"https://{domain}/", f"https://www.{domain}/", f"http://{domain}/"]


def worth_reading(home: str, links: list[tuple[str, str]]) -> Iterator[str]:
    """The pages that a page leads to and that tell most of its company, these first."""
    found: dict[str, int] = {}
    for address, label in links:
        try:
            url = urljoin(home, address).partition("#")[0]
            if url == home or not is_of(url, home) or urlsplit(url).scheme not in {"http", "https"}:
                continue
        except ValueError:
            continue
        said = f"{urlsplit(url).path} {label}".lower()
        if urlsplit(url).path.lower().endswith(_NO_PAGES) or any(one in said for one in _UNTELLING):
            continue
        rank = next((at for at, one in enumerate(_TELLING) if one in said), None)
        if rank is not None:
            found[url] = min(rank, found.get(url, rank))
    yield from sorted(found, key=lambda url: found[url])
