"""What a function may load before it is ready, by name: each import is paid at every cold start.

Names are cut after the second part, and private ones left out: how a package is made inside may
change. Whoever needs another import adds it here, and sees in `make bench` what it costs.
"""

from collections.abc import Iterable


def shown(modules: Iterable[str]) -> set[str]:
    """The names of modules, as the lists below have them; ours in full."""
    return {_shown(name) for name in modules} - {""}


def _shown(name: str) -> str:
    if name.startswith("linkwright."):
        return name
    public: list[str] = []
    for part in name.split(".")[:2]:
        if part.startswith("_"):
            break
        public.append(part)
    return ".".join(public)


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


# All endpoints.
EVERY = _names("""
    annotated_types ast base64 binascii bisect contextvars copy dataclasses datetime decimal dis
    errno fnmatch fractions hashlib hmac importlib.machinery inspect ipaddress linkwright
    linkwright.audit linkwright.auth linkwright.client linkwright.clock linkwright.deadline
    linkwright.deprecation linkwright.endpoint linkwright.errors linkwright.events
    linkwright.exchange linkwright.expressions linkwright.fields linkwright.findings linkwright.http
    linkwright.idempotency linkwright.ids linkwright.jobs linkwright.json_body
    linkwright.observability linkwright.plans linkwright.settings linkwright.startup
    linkwright.table linkwright.tokens linkwright.transaction math ntpath numbers opcode pathlib
    platform pydantic pydantic.aliases pydantic.annotated_handlers pydantic.config pydantic.errors
    pydantic.fields pydantic.functional_validators pydantic.json_schema pydantic.main
    pydantic.plugin pydantic.types pydantic.version pydantic.warnings pydantic_core
    pydantic_core.core_schema pydynox.pydynox_core random secrets struct sysconfig typing_extensions
    typing_inspection typing_inspection.introspection typing_inspection.typing_objects urllib
    urllib.parse uuid weakref zlib zoneinfo
""")
# Those that only read.
READS = _names("""
    linkwright.ai linkwright.ai.actions linkwright.ai.actions.models
    linkwright.links.candidates
    linkwright.aws linkwright.links linkwright.links.campaign_models linkwright.links.campaigns
    linkwright.links.domains linkwright.links.domains.domains linkwright.links.domains.items
    linkwright.links.domains.models
    linkwright.links.items linkwright.links.links linkwright.links.metrics linkwright.looked_up
    linkwright.links.metrics.analytics linkwright.links.metrics.analytics_models
    linkwright.links.metrics.days
    linkwright.links.models linkwright.links.operations linkwright.media linkwright.notifications
    linkwright.notifications.items linkwright.notifications.models
    linkwright.notifications.notifications linkwright.pagination
    linkwright.providers
    linkwright.providers.speech linkwright.providers.speech.speaker
    linkwright.providers.speech.voices linkwright.voice linkwright.voice.agent_models
    linkwright.voice.agent_items linkwright.voice.agents linkwright.voice.calls
    linkwright.voice.calls.items
    linkwright.voice.calls.line linkwright.voice.calls.lists linkwright.voice.calls.models
    linkwright.voice.calls.places linkwright.voice.calls.reading linkwright.voice.calls.states
    linkwright.voice.calls.said linkwright.voice.compliance
    linkwright.ownership
    linkwright.voice.compliance.caller_ids linkwright.voice.compliance.do_not_call
    linkwright.voice.compliance.models linkwright.voice.compliance.numbers linkwright.workspace
    linkwright.ai.own_key linkwright.ai.own_key.keys linkwright.ai.own_key.models
    linkwright.workspace.models linkwright.usage linkwright.workspace.settings
    linkwright.workspace.operations linkwright.workspace.own_keys
    linkwright.workspace.usage linkwright.workspace.workspaces linkwright.workspace.audit_log
    linkwright.workspace.audit_models linkwright.workspace.key_lifecycle
    linkwright.workspace.key_models linkwright.workspace.keys linkwright.workspace.members
    linkwright.mail_addresses linkwright.workspace.people linkwright.workspace.operations
    linkwright.webhooks linkwright.webhooks.logs.bodies linkwright.webhooks.catalogue
    linkwright.webhooks.deliveries linkwright.webhooks.endpoints linkwright.webhooks.event_types
    linkwright.webhooks.health linkwright.webhooks.logs linkwright.webhooks.logs.delivery_log
    linkwright.webhooks.logs.event_log linkwright.webhooks.logs.event_models
    linkwright.webhooks.models linkwright.webhooks.queue linkwright.webhooks.samples
    linkwright.weeks linkwright.workspace.mailed linkwright.workspace.mailed.digest_job
    encodings.idna linkwright.egress_targets string stringprep
    linkwright.mailer linkwright.mailer.campaigns linkwright.mailer.campaigns.campaigns
    linkwright.mailer.campaigns.delays linkwright.mailer.campaigns.limits
    linkwright.mailer.campaigns.models linkwright.mailer.campaigns.plan_limits
    linkwright.mailer.sending linkwright.mailer.sending.planning
    linkwright.mailer.sending.throttle
    linkwright.mailer.campaigns.readiness linkwright.mailer.campaigns.stats
    linkwright.mailer.campaigns.windows linkwright.mailer.footer linkwright.mailer.responses
    linkwright.mailer.responses.items linkwright.mailer.responses.messages
    linkwright.mailer.responses.models linkwright.mailer.items
    linkwright.mailer.leads
    linkwright.mailer.leads.addresses linkwright.mailer.leads.cells linkwright.mailer.leads.leads
    linkwright.mailer.lines
    linkwright.mailer.suppressions linkwright.mailer.suppressions.models
    linkwright.mailer.suppressions.suppressions
    linkwright.mailer.leads.models linkwright.mailer.leads.status
    linkwright.mailer.leads.waiting
    unicodedata
""")
# Those that write, besides.
CREDITS = _names("""
    linkwright.credits linkwright.credits.balances linkwright.credits.credits
    linkwright.credits.items linkwright.credits.models linkwright.credits.weights
""")
# The model's own adapter is loaded where one is asked.
CHARGES = CREDITS | _names("""
    linkwright.ai linkwright.ai.answers linkwright.ai.create linkwright.ai.create.aliases
    linkwright.ai.create.bio linkwright.ai.create.goals linkwright.ai.create.hebrew
    linkwright.ai.create.intent linkwright.ai.create.models linkwright.ai.create.plain
    linkwright.ai.create.routing linkwright.ai.create.tags linkwright.ai.create.words
    linkwright.credits.charging linkwright.credits.generations linkwright.links.operations
    linkwright.credits.days linkwright.credits.free_answers linkwright.credits.holds
    linkwright.credits.handing_over linkwright.credits.operations linkwright.credits.records
    linkwright.links.aliases linkwright.links.domains.held
    linkwright.links.redirect linkwright.links.redirect.host linkwright.links.targets
    linkwright.egress_targets linkwright.providers.llm linkwright.providers.llm_types
    encodings.idna string stringprep unicodedata
""")
# What came of a run of the agent.
SHOWS_RUNS = _names("""
    linkwright.ai linkwright.ai.actions linkwright.ai.actions.models linkwright.ai.agent
    linkwright.ai.agent.models linkwright.ai.agent.runs linkwright.ai.insight
    linkwright.ai.insight.models
""")
# Who proves a key at its vendor, besides.
SETS_OWN_KEYS = _names("""
    linkwright.ai.own_key.forms linkwright.ai.own_key.setting linkwright.providers.llm
    linkwright.providers.llm_types
""")
EXPLAINS = CHARGES | _names("""
    linkwright.ai.agent linkwright.ai.agent.beginning linkwright.ai.agent.models
    linkwright.ai.agent.planning linkwright.ai.agent.reporting linkwright.ai.agent.running
    linkwright.ai.agent.room linkwright.ai.agent.runs linkwright.ai.agent.tools
    linkwright.ai.on_behalf linkwright.pace
    linkwright.ai.digest linkwright.ai.digest.models linkwright.ai.digest.summary
    linkwright.ai.facts linkwright.ai.facts.facts linkwright.ai.facts.findings
    linkwright.ai.facts.made linkwright.ai.facts.overview linkwright.ai.facts.patterns
    linkwright.ai.facts.series linkwright.ai.facts.statistics linkwright.ai.insight
    linkwright.ai.insight.actions linkwright.ai.insight.asking linkwright.ai.insight.groups
    linkwright.ai.insight.link linkwright.ai.insight.models linkwright.ai.insight.objects
    linkwright.ai.insight.telling linkwright.ai.wording linkwright.ai.wording.agreement
    linkwright.ai.wording.grounded
    linkwright.ai.wording.lexicon_en linkwright.ai.wording.lexicon_he
    linkwright.ai.wording.placeholders linkwright.ai.wording.texts_en
    linkwright.ai.wording.texts_he linkwright.ai.wording.values linkwright.ai.wording.words
    linkwright.links.metrics.operations statistics
""")
DIGESTS = EXPLAINS | _names("""
    linkwright.ai.digest.content linkwright.ai.digest.items linkwright.ai.digest.sending
    linkwright.workspace.mailed.operations linkwright.workspace.mailed.pages
    linkwright.pages linkwright.signatures
    linkwright.workspace.mailed.recipients linkwright.workspace.mailed.unsubscribing
""")
# What a mail leads to: no account, and none of what only these need.
UNSUBSCRIBES = _names("""
    linkwright.workspace.mailed.pages linkwright.workspace.mailed.unsubscribing
    linkwright.pages linkwright.signatures
""")
# And what a campaign's mail leads to.
OPTS_OUT = _names("""
    linkwright.mailer.feedback linkwright.mailer.feedback.pages
    linkwright.mailer.feedback.unsubscribing linkwright.mailer.mailboxes
    linkwright.mailer.mailboxes.known_models
    linkwright.mailer.rates linkwright.pages linkwright.signatures
""")
WRITES = _names("""
    linkwright.in_parts linkwright.mailer.campaigns.states linkwright.mailer.emails
    linkwright.mailer.emails.approval linkwright.mailer.emails.many
    linkwright.mailer.emails.models linkwright.mailer.emails.standing
    linkwright.mailer.emails.texts linkwright.mailer.responses.replying
    linkwright.mailer.leads.erasing
    linkwright.mailer.leads.looking linkwright.mailer.leads.making linkwright.mailer.leads.many
    linkwright.mailer.leads.pushing linkwright.mailer.leads.researching
    linkwright.ai linkwright.ai.actions linkwright.ai.actions.applying
    linkwright.ai.actions.models linkwright.ai.actions.undo
    linkwright.ai.scan linkwright.ai.scan.alerts linkwright.ai.scan.judging
    linkwright.ai.scan.letters linkwright.ai.scan.models
    linkwright.ai.scan.looking linkwright.ai.scan.scanning linkwright.ai.scan.writing
    linkwright.links.metrics.operations linkwright.notifications.operations
    linkwright.ai.create linkwright.ai.create.goals linkwright.ai.create.hebrew
    linkwright.ai.create.models linkwright.ai.create.onboarding linkwright.ai.create.plain
    linkwright.ai.create.words
    encodings.idna linkwright.egress_targets linkwright.links.aliases linkwright.links.bulk
    linkwright.links.candidates linkwright.links.changes linkwright.links.domains.changes
    linkwright.links.domains.held linkwright.links.domains.own_names linkwright.links.metrics
    linkwright.links.metrics.conversions linkwright.links.metrics.conversions_models
    linkwright.links.passwords linkwright.links.redirect linkwright.links.redirect.host
    linkwright.links.references linkwright.links.targets string stringprep
    linkwright.routes linkwright.voice.calls.attempts linkwright.voice.calls.canceling
    linkwright.voice.calls.endings linkwright.voice.calls.follow_ups
    linkwright.voice.calls.lifecycle linkwright.voice.calls.placing
    linkwright.voice.calls.reports linkwright.voice.calls.turn_log
    linkwright.voice.compliance.rules linkwright.voice.follow_up
    linkwright.voice.follow_up.erasing linkwright.voice.language
    linkwright.voice.language.announcements linkwright.voice.language.text
    linkwright.webhooks.fan_out linkwright.webhooks.replay_models linkwright.webhooks.replays
    phonenumbers phonenumbers.asyoutypeformatter
    phonenumbers.data phonenumbers.phonemetadata phonenumbers.phonenumber
    phonenumbers.phonenumbermatcher phonenumbers.phonenumberutil phonenumbers.re_util
    phonenumbers.shortdata phonenumbers.shortnumberinfo phonenumbers.unicode_util
    phonenumbers.util threading unicodedata
""")
# Those with packages of their own, besides: of ours alone, as what a package loads is its own.
WITH_PACKAGES = _names("""
    linkwright.links.domains.adding linkwright.links.domains.checking
    linkwright.links.domains.names linkwright.dns
    linkwright.notifications.operations
""")
# Those whose answer holds a secret, besides: it is sealed.
SEALS = _names("""
    cryptography cryptography.exceptions cryptography.hazmat cryptography.utils
    linkwright.reply_sealing
""")
# Those that judge an address or seal what is the customer's, besides: no other asks the network.
CHANGES_WEBHOOKS = SEALS | _names("""
    array calendar email email.base64mime email.charset
    email.encoders email.errors email.feedparser email.header email.iterators email.message
    email.parser email.quoprimime email.utils heapq http http.client linkwright.aws
    linkwright.aws_http linkwright.egress linkwright.egress_dialling linkwright.egress_limits
    linkwright.egress_targets
    linkwright.sealing linkwright.sigv4 linkwright.standard_webhooks
    linkwright.webhooks.endpoint_changes locale queue quopri select selectors socket ssl
    string encodings.idna stringprep
""")
# The one that draws, besides: its encoder can write more than it is asked for.
DRAWS = _names("""
    array bz2 calendar email email.base64mime email.charset email.encoders email.errors
    email.feedparser email.header email.iterators email.message email.parser email.quoprimime
    email.utils gzip http http.client linkwright.links.aliases linkwright.links.domains.held
    linkwright.links.qr locale lzma
    quopri segno segno.consts segno.encoder segno.utils segno.writers select selectors shutil socket
    ssl string tempfile urllib.error urllib.request urllib.response xml xml.sax
""")
# Those by which a link is followed, in all: no model, and what they ask is asked without HTTP.
FOLLOWS = _names("""
    ast base64 binascii bisect contextvars copy dataclasses datetime dis errno fnmatch hashlib hmac
    importlib.machinery inspect ipaddress linkwright linkwright.audit linkwright.aws
    linkwright.client linkwright.clock linkwright.deadline linkwright.deprecation linkwright.errors
    linkwright.events linkwright.exchange linkwright.expressions linkwright.http linkwright.ids
    linkwright.jobs linkwright.links linkwright.links.aliases linkwright.links.items
    linkwright.links.redirect linkwright.links.redirect.blocked linkwright.links.redirect.bots
    linkwright.links.redirect.clicks linkwright.links.redirect.countries
    linkwright.links.redirect.front linkwright.links.redirect.host linkwright.links.redirect.pages
    linkwright.links.redirect.rules linkwright.links.redirect.salts
    linkwright.links.redirect.service linkwright.links.redirect.visitors linkwright.observability
    linkwright.pages linkwright.settings linkwright.startup linkwright.table linkwright.transaction
    math ntpath opcode pathlib platform pydantic.plugin pydynox.pydynox_core random secrets string
    struct urllib urllib.parse uuid weakref zlib
""")
# What phones ask of a domain, besides.
WELL_KNOWN = _names("linkwright.links.redirect.well_known")
# Who takes a link's password, besides.
UNLOCKS = _names("""
    linkwright.links.passwords linkwright.links.redirect.unlocking linkwright.routes unicodedata
""")
# What the carrier calls, besides.
CALLBACKS = _names("""
    array calendar email email.base64mime email.charset
    email.encoders email.errors email.feedparser email.header email.iterators email.message
    email.parser email.quoprimime email.utils encodings.idna http http.client
    linkwright.aws_http linkwright.egress linkwright.egress_dialling linkwright.egress_limits
    linkwright.egress_targets locale
    linkwright.pace linkwright.providers.llm linkwright.providers.llm_types
    linkwright.providers.telephony linkwright.providers.telephony_types
    linkwright.providers.twilio linkwright.providers.twilio_callbacks
    linkwright.providers.twilio_http linkwright.providers.twilio_words
    linkwright.providers.twiml linkwright.sigv4 linkwright.vault
    linkwright.voice.compliance.disclosures linkwright.voice.compliance.quiet_hours
    linkwright.voice.conversation
    linkwright.voice.conversation.decisions linkwright.voice.conversation.dialogue
    linkwright.voice.conversation.fixed_turns linkwright.voice.conversation.machines
    linkwright.voice.conversation.pages linkwright.voice.conversation.rendering
    linkwright.voice.conversation.transfers
    linkwright.voice.dialling linkwright.voice.dialling.callbacks
    linkwright.voice.dialling.carrier_reports linkwright.voice.dialling.claims
    linkwright.voice.dialling.inquiry linkwright.voice.language.opt_out
    linkwright.voice.language.opt_out_east linkwright.voice.language.opt_out_west
    linkwright.inbound_webhooks linkwright.standard_webhooks
    linkwright.voice.language.phrases linkwright.voice.language.recognition
    linkwright.workspace.billing linkwright.workspace.identity
    linkwright.workspace.identity.clerk linkwright.workspace.identity.clerk_models
    linkwright.workspace.identity.organisations
    linkwright.workspace.facts heapq
    pyexpat pyexpat.errors pyexpat.model queue quopri select
    selectors socket ssl string stringprep xml xml.etree
""")

# What a first event may still load: of a number's region, only when there is one to be judged.
LATER = ("phonenumbers", "threading", "unicodedata")
# Who shows an event loads the model of its object then: to have those of all domains in init would
# cost each of them what none of them shows.
OF_EVENTS = "linkwright."
SHOW_EVENTS = frozenset({"list_events", "get_event"})
# Those of mailboxes, besides: of what reads, as of all domains.
MAILBOXES = _names("""
    linkwright.mailer linkwright.mailer.items linkwright.mailer.mailboxes
    linkwright.mailer.mailboxes.items linkwright.mailer.mailboxes.known_models
    linkwright.mailer.mailboxes.mailboxes linkwright.mailer.mailboxes.models
    linkwright.workspace linkwright.workspace.models unicodedata
""")
# Who tells what came of its mails.
RATES = _names("""
    linkwright.mailer.lines linkwright.mailer.mailboxes.held_up
    linkwright.mailer.mailboxes.simulation linkwright.mailer.rates linkwright.providers.mailbox
    linkwright.providers.mailbox.refusals linkwright.providers.mailbox.types
""")
# Who logs in to one, by the standard library's clients, and seals what does.
CONNECTS_MAILBOXES = CHANGES_WEBHOOKS | _names("""
    email.generator fcntl imaplib linkwright.egress_dialling linkwright.mailer.mailboxes.connecting
    linkwright.mailer.mailboxes.guessing
    linkwright.mailer.mailboxes.logging_in linkwright.mailer.mailboxes.simulation
    linkwright.pace linkwright.providers.mailbox
    linkwright.providers.mailbox.imap linkwright.providers.mailbox.imap_answers
    linkwright.providers.mailbox.lines linkwright.providers.mailbox.refusals
    linkwright.providers.mailbox.smtp
    linkwright.providers.mailbox.types linkwright.providers.mailbox.xoauth2 signal smtplib
    subprocess
""")
# Who asks DNS of one's domain: of ours alone, as what a package loads is its own.
CHECKS_MAILBOXES = _names("""
    linkwright.dns linkwright.mailer.mailboxes.checking linkwright.mailer.mailboxes.checks
    linkwright.mailer.mailboxes.simulation linkwright.mailer.mailboxes.spf
    linkwright.providers.mailbox linkwright.providers.mailbox.refusals
    linkwright.providers.mailbox.types
""")
