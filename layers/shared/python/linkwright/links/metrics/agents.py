"""What somebody follows a link with, of what the agent says of itself: a device and a browser.

The parser is a package of the counting function alone, which is the only one that asks this. Its
expressions are matched in linear time: anybody may send an agent that is made to take long.
"""

from functools import cache, lru_cache
from typing import NamedTuple

from ua_parser import Parser
from ua_parser.loaders import load_builtins
from ua_parser.regex import Resolver

from linkwright.startup import in_advance

UNKNOWN = "unknown"
OTHER = "other"

_TABLET = "tablet"
_MOBILE = "mobile"
_DESKTOP = "desktop"
_TV = "tv"
_PHONES = frozenset({"iOS", "Windows Phone", "BlackBerry OS", "KaiOS", "Firefox OS", "HarmonyOS"})
_DESKTOPS = frozenset(
    {"Windows", "Mac OS X", "Linux", "Chrome OS", "Ubuntu", "Fedora", "Debian", "FreeBSD"}
    | {"OpenBSD", "NetBSD", "Mac OS", "Arch Linux", "Red Hat", "SUSE", "Gentoo", "Mint"}
)
_TVS = frozenset(
    {"Tizen", "webOS", "tvOS", "ATV OS X", "Android TV", "FireOS TV", "Roku", "Chromecast"}
)
# Families by which browsers are counted; a row has room for no more than are known to be used.
_BROWSERS = {
    **dict.fromkeys(("Chrome", "Chrome Mobile", "Chrome Mobile iOS", "Chromium"), "Chrome"),
    **dict.fromkeys(("Safari", "Mobile Safari"), "Safari"),
    **dict.fromkeys(("Firefox", "Firefox Mobile", "Firefox iOS"), "Firefox"),
    **dict.fromkeys(("Edge", "Edge Mobile"), "Edge"),
    **dict.fromkeys(("Opera", "Opera Mobile", "Opera Touch", "Opera GX"), "Opera"),
    **dict.fromkeys(("Samsung Internet", "Samsung Mail"), "Samsung Internet"),
    **dict.fromkeys(("IE", "IE Mobile"), "Internet Explorer"),
    **dict.fromkeys(("Brave", "Brave Mobile"), "Brave"),
    **dict.fromkeys(("DuckDuckGo", "DuckDuckGo Mobile"), "DuckDuckGo"),
    **dict.fromkeys(("QQ Browser", "QQ Browser Mobile", "QQ Browser Mini"), "QQ Browser"),
    **dict.fromkeys(("Yandex Browser", "YandexSearch"), "Yandex Browser"),
    **dict.fromkeys(("Facebook", "Facebook Messenger", "Messenger"), "Facebook"),
    "Chrome Mobile WebView": "Android WebView",
    "Android": "Android Browser",
    "Mobile Safari UI/WKWebView": "iOS WebView",
    **{
        name: name
        for name in (
            *("Opera Mini", "UC Browser", "MiuiBrowser", "Huawei Browser", "Vivaldi", "Whale"),
            *("Instagram", "TikTok", "Snapchat", "Pinterest", "LinkedIn", "Twitter", "WhatsApp"),
            *("LINE", "WeChat", "KakaoTalk", "Telegram", "Slack", "Google", "GSA", "Silk"),
            *("Electron", "Outlook", "Thunderbird", "Apple Mail", "Amazon Silk"),
        )
    },
}


class Agent(NamedTuple):
    """A device is `mobile`, `tablet`, `desktop`, `tv`, `other` or `unknown`."""

    device: str
    browser: str


@lru_cache(maxsize=10_000)
def of(said: str) -> Agent:
    """`said` is the agent as it was sent, or nothing."""
    if not said:
        return Agent(UNKNOWN, UNKNOWN)
    browser, system = _parser().parse_user_agent(said), _parser().parse_os(said)
    named = _BROWSERS.get(browser.family, OTHER) if browser else OTHER
    return Agent(_device(said, system.family if system else ""), named)


def _device(said: str, system: str) -> str:
    if system in _TVS or "TV" in said:
        return _TV
    if "iPad" in said or "Tablet" in said:
        return _TABLET
    if system == "Android":
        # As the makers of it say: a tablet's agent has not this word.
        return _MOBILE if "Mobile" in said else _TABLET
    if system in _PHONES:
        return _MOBILE
    return _DESKTOP if system in _DESKTOPS else OTHER


@in_advance
@cache
def _parser() -> Parser:
    return Parser(Resolver(load_builtins()))
