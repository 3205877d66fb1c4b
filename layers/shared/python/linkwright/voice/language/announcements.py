"""What machines say on the phone, in nine languages: screenings, voicemails and menus."""

import re
from collections.abc import Sequence

from linkwright.voice.language.text import plain

# What iPhones, Google's and other services say to callers whom they do not know.
_SCREENING = (
    r"\bcall(?:er)? (?:is being screened|screening|assist by)\b"
    r"|\bscreening (?:service|assistant)\b"
    r"|\b(?:state|record|say) your name (?:and|after)\b|\bname and (?:the )?reason\b"
    r"|\bstate the (?:reason|purpose)\b|\bbefore i (?:try to )?connect you\b"
    r"|מסנן שיחות|סינון שיחות|מסננת שיחות|فرز المكالمات|تصفيه المكالمات"
    r"|\bnombre y (?:el )?motivo\b|\bnom et (?:la raison|le motif|lobjet)\b"
    r"|\bnamen und (?:den )?grund\b|\bnome e (?:o |il )?motivo\b|\bимя и (?:причину|цель)\b"
)
_HOLD = (
    r"\bstay on the line\b|\bhold (?:on|the line)\b|\bplease hold\b|\b(?:one|a|just a) moment\b"
    r"|\bנא להמתין\b|\b(?:רק )?רגע\b|\bלהישאר על הקו\b|\bلحظه\b|\bابق علي الخط\b|\bانتظر\b"
    r"|\beinen moment\b|\bun moment[oi]?\b|\bun instant\b|\bum momento\b|\bминуту\b"
)
# What voicemails say before the tone; somebody who takes the call says none of it.
_MESSAGE = r"\b(?:{})".format(
    "|".join(
        (
            r"(?:after|at) the (?:tone|beep)|voice ?mail\b|mailbox\b|record your message",
            r"leave (?:\w+ )?(?:a|your) (?:brief |short )?message|leave (?:me |us )?your name and",
            r"\w*שאי?ר\w* (?:לי |לנו )?הודעה|(?:אחרי|לאחר) הצ|תא קולי\b",
            r"\w*ترك\w* رسال|بعد (?:سماع )?(?:ال)?(?:صافره|نغمه|اشاره)|البريد الصوتي\b",
            r"hinterlass|nach dem (?:signal|piep)?ton\b|anrufbeantworter|mailbox\b",
            r"dej\w+ (?:un|su|tu) mensaje|(?:después|luego) de(?: la señal|l tono)|buzón\b",
            r"laiss\w+ (?:un|votre) message|après le (?:bip|signal)|messagerie|répondeur",
            r"lasci\w+ un messaggio|dopo il (?:bip|segnale)|segreteria",
            r"deix\w+ (?:o |a )?(?:seu|sua|um|uma) (?:recado|mensagem)|após o (?:sinal|bip)",
            r"caixa postal|correio de voz",
            r"остав\w+ (?:\w+ )?сообщение|после (?:звукового )?сигнала|автоответчик",
        )
    )
)
_ABSENT = (
    r"\b(?:you(?:ve| have) reached|(?:i|we) missed your call"
    r"|(?:cant|cannot|unable to) (?:take your call|(?:answer|come to) the phone)"
    r"|(?:is|are) (?:currently )?(?:not available|unavailable)\b"
    r"|הגעתם? (?:ל|אל)|(?:אינו|אינה|לא) (?:זמין|זמינה) (?:כרגע|כעת|לענות)|غير (?:متاح|متوفر)"
    r"|nicht erreichbar\b|non è raggiungibile|недоступ)"
)
# Not of the key 9 alone, nor of one that somebody is told to press, or asks about: that is our own.
_MENU = r"(?<!\bto )(?<!\bi )\b(?:{})\b".format(
    "|".join(
        (
            r"(?:press|dial)(?: or say)? (?:[0-8]|one|two|three|four|five|six|seven|eight|zero)",
            r"(?:the|our|main) menu|partys extension",
            r"(?:\w*הקי?שו?|לחצו?|ללחוץ|להקיש)(?: \w+)?"
            r" (?:[0-8]|אחת|שתיים|שלוש|ארבע|חמש|שש|שבע|שמונה|אפס)",
            r"(?:اضغط\w*|للضغط)(?: علي)?(?: ال)?(?: ?رقم)?"
            r" (?:[0-8٠-٨]|واحد|اثنين|ثلاثه|اربعه|خمسه|سته|سبعه|ثمانيه|صفر)",
            r"(?:drück\w+|wähl\w+)(?: sie)?(?: bitte)?(?: die)?(?: taste| ziffer)?"
            r" (?:[0-8]|eins|zwei|drei|vier|fünf|sechs|sieben|acht|null)",
            r"(?:puls|marqu|presion|oprim|digit)\w+(?: el| la)?(?: número| tecla)?"
            r" (?:[0-8]|uno|dos|tres|cuatro|cinco|seis|siete|ocho|cero)",
            r"(?:tapez|appuyez sur|faites|composez)(?: le| la)?(?: touche)?"
            r" (?:[0-8]|un|deux|trois|quatre|cinq|six|sept|huit|zéro)",
            r"(?:prem|digit)\w+(?: il| lo)?(?: tasto| numero)?"
            r" (?:[0-8]|uno|due|tre|quattro|cinque|sei|sette|otto|zero)",
            r"(?:prima|pressione|digite|marque|tecle|aperte)(?: a| o)?(?: tecla| número)?"
            r" (?:[0-8]|um|dois|três|quatro|cinco|seis|sete|oito|zero)",
            r"(?:нажмите|наберите)(?: на)?(?: клавишу| цифру| кнопку)?"
            r" (?:[0-8]|один|два|три|четыре|пять|шесть|семь|восемь|ноль)",
        )
    )
)
_GREETING = f"{_MESSAGE}|{_ABSENT}"
_ANY = f"{_GREETING}|{_MENU}|{_SCREENING}"


def may_be_a_machine(heard: Sequence[str]) -> bool:
    """Whether of all that was heard nothing was said by a person: weaker evidence counts then."""
    said = [plain(text) for text in heard]
    return all(
        re.search(_ANY, text) or (at and re.search(_HOLD, text)) for at, text in enumerate(said)
    )


def is_menu(heard: Sequence[str]) -> bool:
    """Whether the last of all that was heard is a menu of keys, and nobody spoke before it.

    A voicemail may have one too; where a message can be left, it is a voicemail.
    """
    if not heard or re.search("[?؟]", heard[-1]):
        return False
    last = plain(heard[-1])
    is_one = re.search(_MENU, last) is not None and re.search(_MESSAGE, last) is None
    return is_one and may_be_a_machine(heard)


def is_screening(heard: Sequence[str]) -> bool:
    """Whether of all that was heard the last was said by a phone that asks who calls, and why.

    It speaks first, or not at all: what a person says of a screening is none.
    """
    said = [plain(text) for text in heard]
    return bool(said) and all(
        re.search(_SCREENING, text) or (at and re.search(_HOLD, text))
        for at, text in enumerate(said)
    )


def is_greeting(text: str) -> bool:
    """Whether it is what a voicemail says: nobody is there."""
    return re.search(_GREETING, plain(text)) is not None


def is_to_wait(text: str) -> bool:
    """Whether the agent is asked to wait for somebody: silence then means nothing."""
    return re.search(f"{_SCREENING}|{_HOLD}", plain(text)) is not None
