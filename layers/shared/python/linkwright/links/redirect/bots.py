"""Who asks: a person, or something that asks for itself, which is counted apart and takes no cap.

By what an agent says of itself, cheaply and right in most cases; whoever wants to pass for a person
does. Browsers within apps are people's. How much of a maintained list of crawlers is known by it is
held by tests/unit/test_bots.py.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

# Why somebody is no person; the first that is true.
HEAD = "head"
PREFETCH = "prefetch"
NO_AGENT = "no_user_agent"
KNOWN_AGENT = "known_agent"

# `prefetch;prerender`; and how the header was named before.
_PURPOSES = ("sec-purpose", "purpose", "x-purpose", "x-moz")


def _words(text: str) -> tuple[str, ...]:
    """A blank within one of them is written as a plus."""
    return tuple(word.replace("+", " ") for word in text.split())


# They show what is behind a link that somebody wrote: also where they say to be two of them.
_PREVIEWS = _words("""
    facebookexternalhit facebot twitterbot slackbot slack-imgproxy linkedinbot discordbot
    telegrambot skypeuripreview redditbot vkshare embedly iframely bitlybot mastodon/
    kakaotalk-scrap line-poker snap+url+preview pinterest/0 pinterestbot cardyb
    google-pagerenderer zulip rocket.chat mattermost microsoftpreview bingpreview tumblr/
""")
# Apps that say no more when they do so, and that browsers within them begin otherwise than.
_PREVIEWING_APPS = ("whatsapp", "viber")
# What browsers begin with; those of older phones with the phone.
_BROWSERS = _words("""
    mozilla/ opera/ ucweb nokia samsung lg- sonyericsson blackberry docomo
""")
# A phone whose maker's name ends like a bot's.
_NO_BOT = "cubot"
# What is said by others that begin as browsers do: what they are, what they are written with, a
# page about them, or only their names.
_BOTS = _words("""
    robot crawl spider slurp scrape scrapi fetch archiv indexer preview monitor uptime check valid
    verif scan harvest extract feed newsblur newsnow sitemap lighthouse pagespeed speed+insights
    speedcurve headless phantom selenium puppeteer playwright prerender screenshot screen+shot
    screenhot snapshot thumb probe analys analyz audit proxy transcoder mediapartners favicon
    synthetic inspect insights ptst watcher watchtowr openvas agent) -agent httpagent
    curl wget python java/ (java) okhttp httpclient postman
    http: https: @ (at)
    google- googleother google+web google+page facebookexternal meta-external yandexbot
    yeti/ sogou seznam nessus nikto zgrab censys chatgpt oai- claude perplexity anthropic manus-user
    newsai amazon- datanyze dareboost scope3 silktide hardenize collapsify sindup turingos foregenix
    linktiger marketgoo qtwebengine ylt+ securityheaders testlocally readable/ ps_daily
    productfinder hotjar rigor) splash+ bw/ pingdom gtmetrix outbrain thousandeyes ips-agent
""")
_FORMS = re.compile(
    r"bot\b|bot[\d_]|(?:rss|reader|seo)\b"
    # The name of a host, which no browser has.
    r"|(?<![\w.])[a-z\d-]+\.(?:com|net|org|io|ai|eu|fr|de|ru)\b(?!\.)|ows\.eu"
    # What is compatible with a browser, and is none.
    r"|compatible; (?!msie|windows|konqueror|trident)"
)


# More of it is not looked at: some of the patterns take as long as it is, squared.
MAX_AGENT_CHARS = 400


class Sight(NamedTuple):
    """`bot` is why it is none who counts; `is_preview` where it shows others what is behind."""

    bot: str | None
    is_preview: bool


def judge(method: str, headers: Mapping[str, str]) -> Sight:
    """`headers` by names in lower case."""
    agent = headers.get("user-agent", "")[:MAX_AGENT_CHARS].strip().lower()
    is_preview = _has(agent, _PREVIEWS) or agent.startswith(_PREVIEWING_APPS)
    if method == "HEAD":
        return Sight(HEAD, is_preview)
    if any("prefetch" in headers.get(name, "").lower() for name in _PURPOSES):
        return Sight(PREFETCH, is_preview)
    if not agent:
        return Sight(NO_AGENT, False)
    return Sight(KNOWN_AGENT if is_preview or _is_known(agent) else None, is_preview)


def _is_known(agent: str) -> bool:
    if not agent.startswith(_BROWSERS):
        return True
    agent = agent.replace(_NO_BOT, "")
    return _has(agent, _BOTS) or bool(_FORMS.search(agent))


def _has(agent: str, words: tuple[str, ...]) -> bool:
    return any(word in agent for word in words)
