"""English words that say no number, direction, day, name or cause.

Comparatives come with the change that code fills in, and 'since' with its day.
"""

_LIST = """
a an the this that these those it its itself they them their there here which who whose what
where when while as than of on in at by for from to into with within over across among between
against during per through until and or but so also too again still already yet is are was were
be been being has have had do does did can could may might will would arrive arrived arrives
came come comes coming bring brings brought get gets got give gives gave given make makes made
take takes took taken see sees saw seen show shows showed shown stand stands stood count counts
counted recorded records receive receives received account accounts accounted reach reached
reaches measure measured measures tell tells told note noted include includes included
contribute contributed contributes compare compared compares follow followed follows look looks
looked click clicks scan scans visit visits visitor visitors conversion conversions converted
convert converts bot bots link links campaign campaigns domain domains workspace code qr utm
parameter parameters tag tags untagged untracked uncounted tracking tracked track cap limit
traffic activity period window day days weekday weekdays week weeks hour hours time times date
dates month months total number numbers figure figures share part rate rates amount level levels
difference change changes changed pattern patterns source sources country countries device
devices browser browsers referrer referrers page pages data result results summary usual usually
normal normally typical typically expected average earlier previous previously recent recently
last past next same other others rest remaining whole all well own unusual unusually notable
notably clear clearly strong busy busiest peak peaks out apart alone together alike comparison
respectively before after open keep keeps keeping learn turn turning enable enabling add adding
set setting raise raising extend extending check checking consider considering worth useful help
helps let lets you your want how if whether expire expires expiring ends end ended ending stays
stay remain remains segment segments point points value values without unknown
"""
WORDS = frozenset(_LIST.split())

# 'all' is of what a share is a share.
BEFORE_ALL = frozenset({"of"})
COMPARING = frozenset({"than", "against", "from", "with", "of", "over", "to", "after"})
# What a fact is of, where its value does not say it by itself.
NEEDS: dict[str, set[str]] = {
    "segment_share": {"difference", "change"},
    "rest": {"rest", "other", "others"},
}
NEVER: frozenset[str] = frozenset()
_POINTING = frozenset({"last", "past", "this", "next", "previous", "recent", "same"})
_PERIODS = frozenset(
    {"day", "days", "week", "weeks", "month", "months", "hour", "hours", "weekday", "weekdays"}
)


def is_period(before: str, word: str) -> bool:
    """'Last week' is a time of its own: 'in the last {span}' is one of a fact."""
    return before in _POINTING and word in _PERIODS
