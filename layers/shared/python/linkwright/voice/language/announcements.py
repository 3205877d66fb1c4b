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
# Nobody but a machine tells of a tone.
_TONE = (
    r"\b(?:(?:after|at) the (?:\w+ )?(?:tone|beep)|record your message"
    r"|(?:אחרי|לאחר) הצ|بعد (?:سماع )?(?:ال)?(?:صافره|نغمه|اشاره)|nach dem (?:signal|piep)?ton\b"
    r"|(?:después|luego) de(?: la señal|l tono)|après le (?:bip|signal)|dopo il (?:bip|segnale)"
    r"|após o (?:sinal|bip)|после (?:звукового )?сигнала)"
)
# What else voicemails say before it, and a person may say too.
_MESSAGE = r"\b(?:{})".format(
    "|".join(
        (
            r"voice ?mail\b|mailbox\b",
            r"leave (?:\w+ )?(?:a|your) (?:brief |short )?message|leave (?:me |us )?your name and",
            r"\w*שאי?ר\w* (?:לי |לנו )?הודעה|תא קולי\b",
            r"\w*ترك\w* رسال|البريد الصوتي\b",
            r"hinterlass|anrufbeantworter|mailbox\b",
            r"dej\w+ (?:un|su|tu) mensaje|buzón\b",
            r"laiss\w+ (?:un|votre) message|messagerie|répondeur",
            r"lasci\w+ un messaggio|segreteria",
            r"deix\w+ (?:o |a )?(?:seu|sua|um|uma) (?:recado|mensagem)",
            r"caixa postal|correio de voz",
            r"остав\w+ (?:\w+ )?сообщение|автоответчик",
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
# Who tells of a message that was left, of a number of their own, or why they cannot talk.
_PERSONAL = (
    r"\b(?:you(?:ve| have)? (?:just )?left|(?:i|we) (?:just )?(?:got|heard|saw|received)"
    r"|reached (?:the|a) wrong|wrong number"
    r"|השארת[םן]?|טעות במספר|تركتم?|haben(?: \w+)* hinterlassen|hinterlassen (?:haben|hatten)"
    r"|dej(?:ó|aron|aste)|\w*avez laissé|\w*as laissé|ha(?:i|nno)? lasciato|avete lasciato"
    r"|deix(?:ou|aram|aste)|вы оставил\w*|ты оставил\w*)\b"
    r"|(?<!reached )\bmy (?:voice ?mail|mailbox)\b"
    r"|\b(?:cant|cannot|unable to) .*\b(?:im|i am|because|i have|we are|i was)\b"
    r"|\b(?:התא הקולי|התיבה) שלי\b|\bmein(?:e|en|er)? (?:mailbox|anrufbeantworter)\b"
    r"|\bmi buzón\b|\bma messagerie\b|\bmon répondeur\b|\bla mia segreteria\b"
    r"|\bminha caixa postal\b|\bмой автоответчик\b"
)
# Not of the key 9, nor of one that somebody is told to press, or asks about: that is our own.
_KEY = r"(?<!\bto )(?<!\bi )\b(?:{})\b".format(
    "|".join(
        (
            r"(?:press|dial)(?: or say)? (?:[0-8]|one|two|three|four|five|six|seven|eight|zero)",
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
# "For sales, press 1": a key is offered for something, and not at a door.
_FOR_A_KEY = (
    r"(?:^|\| )(?:and |or |y |et |und |e |o |и )?(?:(?:for|to|para|pour|per|für|um|чтобы|для) \w+"
    r"|if (?:you (?:would|wish|are calling|have a)|this is)|(?:ו?ל|و?ل)\w{3,})"
    rf"(?: \w+){{0,8}}(?: \|)?(?: (?:please|נא|bitte|por favor))? {_KEY}"
    r"(?! (?:at|on|when|and i|בדלת|בכניסה|عند|an der|am|en la|à la|al|alla|na|у|на)\b)"
)
# What firms' machines say around one.
_FIRM = (
    r"\b(?:thank you for calling|you(?:ve| have) reached|welcome to|listen (?:carefully|closely)"
    r"|menu|הגעתם|תודה שהתקשרתם|ברוכים הבאים|שלוחה|شكرا لاتصال\w*|مرحبا بكم|اهلا بكم"
    r"|willkommen|danke für ihren anruf|dank für ihren anruf|bienvenid[oa]s?|gracias por llamar"
    r"|bienvenue|merci de votre appel|benvenut[oia]|grazie per|bem vind[oa]s?|obrigad[oa] por"
    r"|добро пожаловать|вы позвонили|спасибо за)\b"
)
_OF_A_MENU = (
    r"\b(?:(?:our|the) menu(?: options)? ha(?:s|ve) (?:recently )?changed"
    r"|know your partys extension)\b"
)


def _is_menu(text: str) -> bool:
    """Two keys, or one that is offered for something, or by a firm: else it is somebody's door."""
    keys = {found.group().split()[-1] for found in re.finditer(_KEY, text)}
    return (
        len(keys) > 1
        or re.search(_OF_A_MENU, text) is not None
        or (bool(keys) and re.search(f"{_FIRM}|{_FOR_A_KEY}", text) is not None)
    )


def is_greeting(text: str) -> bool:
    """Whether it is what a voicemail says, unless a person asks, or tells it of themselves."""
    bare = plain(text)
    if re.search(_TONE, bare):
        return True
    is_told = re.search(f"{_MESSAGE}|{_ABSENT}", bare) is not None
    return is_told and not re.search("[?؟]", text) and not re.search(_PERSONAL, bare)


def _is_machines(text: str) -> bool:
    bare = plain(text)
    return is_greeting(text) or _is_menu(bare) or re.search(_SCREENING, bare) is not None


def may_be_a_machine(heard: Sequence[str], *, goes_on: bool = False) -> bool:
    """Whether of all that was heard nothing was said by a person: weaker evidence counts then.

    Who was answered before, and goes on, talks with us, unless no person would say the last of it,
    or it was said before, as a tape does.
    """
    if goes_on and heard[-1] not in heard[:-1] and not _is_for_sure(heard[-1]):
        return False
    return all(
        _is_machines(text) or (at > 0 and re.search(_HOLD, plain(text)) is not None)
        for at, text in enumerate(heard)
    )


def _is_for_sure(text: str) -> bool:
    bare = plain(text)
    return _is_menu(bare) or re.search(f"{_TONE}|{_SCREENING}|{_HOLD}", bare) is not None


def is_menu(heard: Sequence[str]) -> bool:
    """Whether the last of all that was heard is a menu of keys, and nobody spoke before it.

    A voicemail may have one too; where a message can be left, it is a voicemail.
    """
    if not heard or re.search("[?؟]", heard[-1]):
        return False
    last = plain(heard[-1])
    is_one = _is_menu(last) and re.search(f"{_TONE}|{_MESSAGE}", last) is None
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


def is_to_wait(text: str) -> bool:
    """Whether the agent is asked to wait for somebody: silence then means nothing."""
    return re.search(f"{_SCREENING}|{_HOLD}", plain(text)) is not None
