"""What is said of each kind of finding in English: those sentences whose facts are there."""

from collections.abc import Mapping, Sequence

# When it was: on one day, on the days up to one, or up to now.
_WITHIN = ("on {day}", "in the {span} to {until}", "in the last {span}")


def _timed(text: str) -> list[str]:
    return [text.replace("{within}", within) for within in _WITHIN]


_DAY = (
    "{clicks} came on {day}, {change} than {usual}.",
    "Of the difference {segment_share} came from {segment}.",
    "It was changed on {changed}.",
)
_TREND = (
    "{clicks} came in the {span} to {until}, {change} than {before} in the {span} before.",
    "{clicks} came in the last {span}, {change} than {before} in the {span} before.",
    "Of the difference {segment_share} came from {segment}.",
    "The rest of the workspace had {rest}.",
)
_CONVERSION = ("{rate} of the clicks converted, against {rest} in the rest of the workspace.",)

TEXTS: Mapping[str, Sequence[str]] = {
    "drop": _DAY,
    "spike": _DAY,
    "collection_gap": (
        "On {day} {share} of the links stand out alike: the clicks of that time may be uncounted.",
    ),
    "gap_with_rest": (
        "On {day} the rest of the workspace had {rest} as well: the clicks of that time may be"
        " uncounted.",
    ),
    "dead": ("{since}, after {before} in the {span} before.",),
    "growth": _TREND,
    "decline": _TREND,
    "weekday": _timed("{weekday} stand out with {share} of all clicks {within}."),
    "hour": _timed("The hour {hour} stands out with {share} of all clicks {within}."),
    "concentration": ("{share} of all clicks came from {segment}.",),
    "scanned": ("{scans} of the QR code are {share} of all clicks.",),
    "ahead": _timed(
        "It has {share} of all clicks of the workspace {within}, with {clicks} of its own."
    ),
    "bots": ("{bots} are {share} of the traffic, and are counted apart.",),
    "converts_more": _CONVERSION,
    "converts_less": _CONVERSION,
    "untracked": _timed(
        "{clicks} {within} are untracked: turn conversion tracking on to see what comes of them."
    ),
    "untagged": _timed(
        "{clicks} {within} are untagged: add UTM parameters to see where they come from."
    ),
    "expiring": ("It expires on {expires}: extend that to keep it open.",),
    "near_cap": ("{taken} of its cap is taken: raise the cap to keep it open.",),
}
# Of the summary; the first whose facts are all there.
SUMMARY = (
    "{clicks} came from {week}, {change} than {before} in the week before: {verdict}.",
    "{clicks} came from {week}, {change} than {before} in the week before.",
    "{clicks} came from {week}: {verdict}.",
    "{clicks} came from {week}.",
    "{clicks} came on {day}: {verdict}.",
    "{clicks} came on {day}.",
    "{clicks} came in the last {span}: {verdict}.",
    "{clicks} came in the last {span}.",
)
OF_LINK = "{link}: "
REASONS: Mapping[str, Sequence[str]] = {
    "enable_conversion_tracking": _timed("{clicks} came {within}, and conversions are untracked."),
    "set_utm": _timed("{clicks} came {within}, and they are untagged."),
}
