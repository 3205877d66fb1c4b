"""Whether a program sent a message, and what kind of program: by headers, then by the subject.

Nobody's sequence goes on by a guess: what no rule calls automatic is a person's.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Literal

from linkwright.mailer.inbound.parsing import Received
from linkwright.mailer.inbound.returning import returns_on
from linkwright.mailer.inbound.text import expression, plain

# A message that has come this far goes in a circle; within a company some ten are usual.
_MOST_HOPS = 30
_MOST_CHARS = 4_000

# At the beginning of the subject alone: "Re: Automatic reply" is a person's.
_SUBJECT_IS_AUTOMATIC = expression(
    r"(?:automatic(?:ally)?|auto|automated)[- ]?(?:reply|response|generated|replied)",
    r"autore(?:ply|sponder?|spuesta)|thank you for (?:your e?-?mail|contacting|your message)$",
    r"automatische (?:antwort|rückantwort)|automatisch generiert|eingangsbestätigung",
    r"réponse (?:automatique|d'absence)|accusé de réception|message automatique",
    r"respuesta automática|contestación automática|acuse de recibo|mensaje automático",
    r"מענה אוטומטי|תשובה אוטומטית|הודעה אוטומטית|אישור קבלת פני",
    r"(?:ال)?رد (?:ال)?(?:تلقائي|آلي|اوتوماتيكي)|رسالة (?:تلقائية|آلية)",
    r"risposta automatica|resposta automática|automatisch antwoord|автоматический ответ|自動返信",
)
_SUBJECT_IS_ABSENT = expression(
    r"out[- ]of[- ](?:the[- ])?office|ooo\b|away from (?:my|the) (?:desk|office)|on (?:annual"
    r" )?leave\b",
    r"on (?:vacation|holiday)|abwesenheit|abwesend|außer haus|nicht im (?:büro|haus)|im urlaub",
    r"absen(?:ce|t|te)\b|en congés?\b|hors du bureau|fuera de (?:la )?oficina|ausencia|ausente",
    r"de vacaciones|מחוץ למשרד|בחופשה|לא במשרד|היעדרות|خارج المكتب|في اجازة|fuori sede|fora do"
    r" escri",
)
# What hosts put before the subject of what comes from outside.
_TAGS = re.compile(
    r"(?:(?:\[[^\[\]]{1,30}\]|\*{2,5}[^*]{1,20}\*{2,5}|(?:external|extern|ext|caution) ?:)\s*)+"
)
_TEXT_IS_ABSENT = expression(
    r"\b(?:out of (?:the )?office|out of office|(?:am|i'm|be|is|currently) (?:out|away)\b|away"
    r" (?:from|until|on)"
    r"|on (?:\w+ ){0,2}(?:leave|vacation|holiday|pto|sabbatical)|(?:travel(?:l)?ing) (?:until"
    r"|with|for|and)"
    r"|limited access|no access to (?:my )?e?-?mail|back in the office|return to the office"
    r"|on (?:a )?business (?:trip|travel)|parental leave|sick leave)",
    r"\b(?:nicht (?:im (?:büro|haus|dienst)|erreichbar|verfügbar|am (?:platz|arbeitsplatz))|außer"
    r" haus"
    r"|abwesen\w*|im (?:\w+ )?urlaub|in elternzeit|auf dienstreise|wieder (?:im büro|erreichbar"
    r"|da|für sie"
    r"|zurück|zu erreichen)|krankgeschrieben)",
    r"\b(?:absente?s?\b|en congés?\b|en vacances|hors du bureau|de retour|en déplacement"
    r"|congé (?:maternité|paternité|parental)|injoignable|arrêt maladie)",
    r"\b(?:fuera de (?:la )?oficina|de vacaciones|ausente|de baja (?:médica|maternal|por)|de viaje"
    r"|de permiso|me reincorpor\w+|(?:regreso|regresaré|vuelvo|volveré) (?:a la oficina|el))",
    r"בחופש|חופשה|לא (?:אהיה |נמצאת? |זמינה? )?במשרד|מחוץ למשרד|במילואים|אחזור (?:למשרד|ב)|בחו\"?ל"
    r"|חופשת (?:לידה|מחלה)|לא זמינה? (?:במייל|עד|בימים)|נעדרת?|חוזרת? (?:למשרד|ב)",
    r"خارج المكتب|في (?:\w+ )?إجازة|إجازة|سأعود|أعود (?:الى|في|يوم)|غير (?:متواجد|متاح|موجود)\w*"
    r"|في سفر|مسافر",
)


@dataclass(frozen=True)
class Automatic:
    """`ooo`: somebody is away, `returns_on` if they say so. `list` and `loop` answer nobody.

    A person's subject may look like one of these, as of `by` the subject alone.
    """

    kind: Literal["ooo", "auto_ack", "list", "loop"]
    by: Literal["header", "subject"]
    returns_on: date | None = None


def judged(message: Received, text: str, today: date, ours: Collection[str]) -> Automatic | None:
    """`text` is what is new in it; `ours` are the mailbox's addresses. None for a person's."""
    if _is_loop(message, ours):
        return Automatic("loop", "header")
    subject = plain(message.subject).strip()
    subject = subject[tags.end() :] if (tags := _TAGS.match(subject)) else subject
    is_absent = bool(_SUBJECT_IS_ABSENT.match(subject))
    is_named = is_absent or bool(_SUBJECT_IS_AUTOMATIC.match(subject))
    is_marked = _is_marked(message) or (is_named and _is_to_stay_unanswered(message))
    if not (is_marked or is_named):
        return Automatic("list", "header") if _is_list(message) else None
    by: Literal["header", "subject"] = "header" if is_marked else "subject"
    if is_absent or is_away(text):
        return Automatic("ooo", by, returns_on(text, today) or returns_on(message.subject, today))
    return Automatic("auto_ack", by)


def is_away(text: str) -> bool:
    """Whether a text says that its writer is not there."""
    return _TEXT_IS_ABSENT.search(" ".join(plain(text[:_MOST_CHARS]).split())) is not None


def _is_marked(message: Received) -> bool:
    submitted = _first_word(message.header("auto-submitted"))
    if submitted and submitted != "no":
        return True
    if any(message.header(name) for name in ("x-autoreply", "x-autorespond")):
        return message.header("x-autoreply").lower() != "no"
    precedence = (message.header("precedence"), message.header("x-precedence"))
    return (
        # A receipt, which a program writes also where somebody allowed it to.
        message.report_type == "disposition-notification"
        or _first_word(message.header("x-autogenerated")) == "reply"
        or bool(message.header("x-fc-machinegenerated"))
        or any(_first_word(one).replace("-", "_") == "auto_reply" for one in precedence)
        or any(plain(one) == "autoresponder" for one in message.headers.get("delivered-to", ()))
    )


def _is_to_stay_unanswered(message: Received) -> bool:
    """What Outlook writes into people's mail as well, so that it alone says nothing."""
    return bool(message.header("x-auto-response-suppress")) or is_without_sender(message)


def is_without_sender(message: Received) -> bool:
    return message.header("return-path").replace(" ", "") == "<>"


def _is_list(message: Received) -> bool:
    precedence = _first_word(message.header("precedence"))
    return bool(message.header("list-id")) or precedence in {"bulk", "list", "junk"}


def _is_loop(message: Received, ours: Collection[str]) -> bool:
    if message.header("x-linkwright-send") or len(message.headers.get("received", ())) > _MOST_HOPS:
        return True
    looped = " ".join(message.headers.get("x-loop", ())).lower()
    return any(one.lower() in looped for one in ours)


def _first_word(value: str) -> str:
    """Of "auto-replied; owner-email=...", the value without its parameters and comments."""
    return re.split(r"[;\s(]", value.strip().lower(), maxsplit=1)[0]
