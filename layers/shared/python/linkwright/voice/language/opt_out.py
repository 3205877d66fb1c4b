"""Whether somebody asked not to be called again: by words for it in nine languages, or by a key.

A phrase that is missed means another call to somebody who refused it; one that is found wrongly, a
number that is not called until a person takes it off the list. So a plain refusal always counts,
and one of an hour or an occasion ("don't call me now") does not.
"""

import re
from collections.abc import Iterable
from functools import cache

from linkwright.voice.language import opt_out_east, opt_out_west
from linkwright.voice.language.text import plain

# As the carrier's port tells of a key: nobody can say it so.
KEY = "[9]"

_LANGUAGES = (*opt_out_west.LANGUAGES, *opt_out_east.LANGUAGES)
_STOP = (
    "stop|stopp|stop it|stop this|stop all|quit|quit it|revoke|unsubscribe|schluss"
    "|schluss damit|abmelden|abbestellen|aufhören|hören sie auf|hört auf|hör auf|ya basta"
    "|basta ya|basta|darme de baja"
    "|pare|paren|parem|arrêtez|arrête|stoppez|ça suffit|désabonner|smettila|smettetela|la smetta"
    "|la smettete"
    "|chega|прекратите|перестаньте|стоп|хватит|отписаться|די"
    "|מספיק|תפסיק|תפסיקי|תפסיקו|סטופ|הסר"
    "|עזבו אותי|עזוב אותי|עזבי אותי|תעזבו אותי|תעזוב אותי|תעזבי אותי|עזבו אותנו|תעזבו אותנו"
    "|توقف|توقفوا|كفي|كفايه|الغاء الاشتراك"
)
_SOFT = (
    "please|just|no|ok|okay|hey|now|right now|already|i said|can you|could you|will you|would you"
    "|you must|bitte|nein|jetzt|sofort|endlich|damit|por favor|ya|sil vous plaît|non|maintenant"
    "|per favore|adesso|subito|não|já|agora|пожалуйста|нет|уже|сейчас же|בבקשה|לא|כבר|עכשיו"
    "|من فضلك|لا|الان|(?:this is |its )?harassment|(?:das ist )?belästigung|(?:esto es )?acoso"
    "|(?:cest du )?harcèlement|(?:queste sono )?molestie|(?:isto é )?assédio"
    "|(?:это )?(?:преследование|домогательство)|(?:זו |זאת |זה )?הטרדה"
    "|(?:هذا |هذه )?(?:ازعاج|مضايقه)"
)
# Of the words of 47 CFR 64.1200(a)(10) those that mean something else with any word more.
_ALONE = frozenset({"end", "cancel", "opt out", "baja", "sair"})
# Also as it is offered: "press 9".
_NINE = (
    r"(?:(?:press|drücken sie|pulse|tapez|prema|pressione|нажмите|הקישו|اضغط"
    r"|number|key|die|taste|el|la|le|il|o|a|número|touche|tasto|tecla|цифра|ספרה) )*"
    r"(?:9|٩|nine|neun|nueve|neuf|nove|девять|תשע|تسعه)"
)
_PLEASE = "(?:please|bitte|por favor|sil vous plaît|per favore|пожалуйста|בבקשה|من فضلك|لو سمحت)"


def is_asked_in(heard: Iterable[str]) -> bool:
    return any(map(is_asked, heard))


def is_asked(text: str) -> bool:
    heard = plain(text)
    return (
        text == KEY
        or heard.strip("| ") in _ALONE
        or _says_only_stop(heard)
        or any(
            _has_one(heard, words) and _any(phrases).search(heard) for words, phrases in _LANGUAGES
        )
    )


def is_key_said(text: str) -> bool:
    """Whether it is the key's name alone, or a "please" with it: an opt-out of whom has just been
    told of the key.
    """
    words = plain(text).replace(" |", "").strip("| ")
    return re.fullmatch(f"(?:{_PLEASE} )?{_NINE}(?: {_PLEASE})?", words) is not None


def _says_only_stop(heard: str) -> bool:
    """Nothing but that it is to stop, with whatever softens it."""
    words = heard.replace(" |", "").strip("| ")
    return _has_one(words, _STOP) and _only(_STOP, _SOFT).fullmatch(words) is not None


def _has_one(heard: str, words: str) -> bool:
    """Cheap, so that a phrase is compiled, and looked for, only where it may be."""
    return any(word in heard for word in words.split("|"))


@cache
def _any(phrases: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{phrase})" for phrase in phrases))


@cache
def _only(stop: str, soft: str) -> re.Pattern[str]:
    return re.compile(rf"(?:(?:{soft}) )*(?:{stop})(?: (?:{stop}|{soft}))*")
