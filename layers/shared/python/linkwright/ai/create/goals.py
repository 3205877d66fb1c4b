"""What a goal comes to without a model: the same for the same words."""

from linkwright.ai.create import plain, words
from linkwright.ai.create.models import Aim, Utm

MOST_NAME = 60
_MOST_CAMPAIGN = 40
_MOST_TAGS = 3
# Source and medium, by the word that names where a campaign runs; the first one named counts.
_CHANNELS = {
    **{name: (name, "social") for name in ("instagram", "facebook", "tiktok", "linkedin")},
    **{name: (name, "social") for name in ("twitter", "pinterest", "snapchat", "threads")},
    **{name: (name, "messaging") for name in ("whatsapp", "telegram", "messenger")},
    **dict.fromkeys(("newsletter", "email", "mail", "emails", "mailing"), ("newsletter", "email")),
    **dict.fromkeys(("flyer", "flyers", "poster", "print", "qr", "brochure"), ("print", "qr")),
    **dict.fromkeys(("ads", "ad", "adwords", "google"), ("google", "cpc")),
    **dict.fromkeys(("influencer", "influencers"), ("influencer", "social")),
    "sms": ("sms", "sms"),
    "youtube": ("youtube", "video"),
    "podcast": ("podcast", "audio"),
    "blog": ("blog", "referral"),
}
_NO_CHANNEL = ("shortlink", "referral")


def utm(aim: Aim) -> Utm:
    channels = (_CHANNELS[word] for word in words.of(aim.goal) if word in _CHANNELS)
    source, medium = next(channels, _NO_CHANNEL)
    said = words.as_written(plain.cleaned(aim.goal, 200))
    named = [word for word in said if word not in _CHANNELS] or _topic(aim)
    campaign = words.slug(named, _MOST_CAMPAIGN) or "campaign"
    return Utm(
        utm_source=source,
        utm_medium=medium,
        utm_campaign=campaign,
        utm_term=None,
        utm_content=None,
    )


def aliases(aim: Aim) -> list[str]:
    topic = _topic(aim)
    return [words.slug(found) for found in (topic[:3], topic[:2], topic[:4], topic[:1]) if found]


def name(aim: Aim) -> str:
    """Of the campaign, in the language of the goal."""
    said = plain.cleaned(aim.goal, MOST_NAME)
    return said[:1].upper() + said[1:] if said else "Campaign"


def tags(aim: Aim) -> list[str]:
    """Words of the goal, as it writes them."""
    spoken = words.spoken(plain.cleaned(aim.goal, MOST_NAME))
    return [word for word in spoken if words.is_tag(word)][:_MOST_TAGS]


def _topic(aim: Aim) -> list[str]:
    """What it is about: of a goal that says nothing in known letters, what the URL says."""
    said = plain.cleaned(aim.goal, 200)
    told = [word for word in words.of_goal(said) if word not in _CHANNELS] or words.of_goal(said)
    url = aim.url or ""
    return told or (words.of_path(url) or words.of_host(url) if url else [])
