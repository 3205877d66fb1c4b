"""Actions that an insight suggests: of what a link lacks, once enough people have followed it."""

from collections.abc import Iterator
from urllib.parse import unquote_plus, urlsplit

from linkwright.ai.actions.models import ActionType
from linkwright.ai.create import words
from linkwright.ai.facts import made
from linkwright.ai.facts.facts import Fact, Facts
from linkwright.ai.facts.findings import LEAST_CLICKS
from linkwright.ai.facts.series import Series
from linkwright.ai.insight import telling
from linkwright.ai.insight.models import Action, Preview, SuggestedAction
from linkwright.ai.wording.values import Language
from linkwright.links.operations import UTM, Link

MOST = 3
# Which each link that is printed or sent should have.
_UTM = UTM[:3]


def is_untagged(link: Link) -> bool:
    """Whether whom it sends on brings no UTM parameters, be they its own or those of a target."""
    targets = (link.url, link.ios, link.android, *link.geo.values())
    return not any(getattr(link, name) for name in _UTM) and not any(map(_has_utm, targets))


def _has_utm(url: str | None) -> bool:
    pairs = urlsplit(url or "").query.split("&")
    return any(unquote_plus(pair).lower().startswith("utm_") for pair in pairs)


def of_link(
    link: Link, series: Series, language: Language, *, scanned: bool = False, campaign: str = ""
) -> Iterator[SuggestedAction]:
    clicks = series.counted()["clicks"]
    if clicks < LEAST_CLICKS:
        return
    unit = "scans" if scanned else "clicks"
    came = {
        "clicks": Fact(clicks, unit, series.whole, None, clicks),
        **made.within(len(series.days), series.whole),
    }
    # First, as it is of a version of the link: whoever posts all of them makes another one.
    if is_untagged(link):
        named = "-".join(words.of(campaign)) or link.alias
        source, medium = ("qr_code", "print") if scanned else ("short_link", "link")
        utm = dict(zip(_UTM, (source, medium, named), strict=True))
        preview = Preview(before=dict.fromkeys(_UTM), after=dict(utm))
        yield _suggested(link, "set_utm", utm, came, language, preview)
    if not link.track_conversion:
        yield _suggested(
            *(link, "enable_conversion_tracking", {}, came, language),
            Preview(before={"track_conversion": False}, after={"track_conversion": True}),
        )


def _suggested(
    link: Link,
    kind: ActionType,
    params: dict[str, str],
    came: Facts,
    language: Language,
    preview: Preview,
) -> SuggestedAction:
    expected = link.version if kind == "set_utm" else None
    action = Action(type=kind, link_id=link.id, params=params, expected_version=expected)
    return SuggestedAction(
        action=action, preview=preview, reason=telling.reason(kind, came, language)
    )
