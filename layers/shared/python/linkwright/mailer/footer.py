"""What stands under every mail, and no text of it takes away: who writes, and how to end that."""

from linkwright.mailer.items import CampaignView, LeadView

# Where the link stands, until the mail has one of its own.
LINK = "<…>"
_RULE = "-- "
_OPT_OUT = {
    "en": "To hear no more from us, follow this link, or answer with “unsubscribe”: {link}",
    "he": "כדי לא לקבל מאיתנו עוד הודעות, היכנסו לקישור, או השיבו במילה ”הסר“: {link}",
    "ar": "لكي لا تصلكم منا رسائل أخرى، افتحوا هذا الرابط، أو أجيبوا بكلمة «إلغاء»: {link}",
}
# In all languages, as a campaign's may have been another one.
OPT_OUTS = "\n".join(one.format(link="") for one in _OPT_OUT.values())


def text(campaign: CampaignView, lead: LeadView, link: str = LINK) -> str:
    """In the language of the mail, as far as we have its words."""
    of = [lead.get("language") or "", campaign["language"]]
    known = (name.partition("-")[0] for name in of)
    opt_out = _OPT_OUT[next((name for name in known if name in _OPT_OUT), "en")]
    return "\n".join([*filter(None, [_RULE, signature(campaign)]), opt_out.format(link=link)])


def signature(campaign: CampaignView) -> str:
    """Who writes, and from where."""
    lines = [campaign.get("sender_name", ""), campaign.get("postal_address", "")]
    return "\n".join(filter(None, lines))
