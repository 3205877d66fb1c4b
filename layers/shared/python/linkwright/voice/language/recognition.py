"""The few words of a callee that are understood without a model.

A language that is not here is understood as English.
"""

import re
from dataclasses import dataclass
from functools import cache

from linkwright.voice.language.text import plain


@dataclass(frozen=True)
class Words:
    """`yes` is one wherever it stands, `fine` only where its clause says nothing else.

    `doubt` is a no, a condition or a question: beside it nothing is a yes.
    """

    yes: str
    fine: str
    doubt: str
    farewell: str


_LANGUAGES = {
    "en": Words(
        "yes|yeah|yep|yup|of course|absolutely|certainly|definitely|go ahead|i agree|i consent"
        "|no problem|not a problem|i dont mind|i do not mind",
        "sure|ok|okay|fine|alright|all right|thats fine|that is fine|thats ok|thats okay|you may"
        "|you can|please do",
        "no|not|nope|nah|dont|never|rather|wont|cant|cannot|stop|maybe|perhaps|depends|but|if"
        "|unless|wait|hold on|later|who|what|whats|why|how|which|where|when",
        "goodbye|bye|good bye|have a nice day",
    ),
    "he": Words(
        "כן|בטח|בוודאי|בהחלט|כמובן|אין בעיה|מסכים|מסכימה|מסכימים|מאשר|מאשרת",
        "בסדר|בסדר גמור|זה בסדר|אוקיי|אוקי|אפשר|אפשר להקליט|מותר|מותר לכם|סבבה|ברור|בבקשה|טוב"
        "|יאללה|בכיף|תקליטו|אתם יכולים",
        "לא|שלא|ולא|אל|אין|אסור|בלי|אולי|אבל|אם|תלוי|רגע|שנייה|שניה|אחר כך|מי|ומי|מה|ומה|למה|איך"
        "|איפה|מתי|איזה|עדיף|מעדיף|מעדיפה",
        "להתראות|ביי|שלום ולהתראות|יום טוב|יום נעים",
    ),
    "ar": Words(
        "نعم|ايوه|ايوا|اجل|موافق|موافقة|اكيد|طبعا|بالطبع|بالتاكيد|لا مانع|لا مشكلة|لا باس"
        "|مافي مشكلة|ما في مشكلة|ما عندي مانع|ليس لدي مانع",
        "اه|تمام|تفضل|تفضلي|تفضلوا|ممكن|ماشي|حسنا|طيب|اوكي|يمكنكم|يمكنكم ذلك|سجل|سجلوا",
        "لا|ولا|ليس|ليست|لست|لن|لم|مش|ما|مو|غير|بدون|ربما|يمكن|لكن|ولكن|بس|اذا|لو|لحظة|هل|من انت"
        "|من معي|من المتحدث|مين|ماذا|شو|ايش|كيف|ليش|لماذا|متى|اين|وين",
        "مع السلامة|الى اللقاء|باي|وداعا",
    ),
    "de": Words(
        "ja|klar|gerne|gern|einverstanden|natürlich|selbstverständlich|in ordnung|kein problem"
        "|auf jeden fall",
        "okay|ok|gut|passt|meinetwegen|von mir aus|dürfen sie|das dürfen sie|machen sie",
        "nein|nicht|nie|niemals|kein|keine|keinen|lieber|vielleicht|aber|wenn|falls|moment|wer|was"
        "|warum|wieso|wie|wann|wo|welche",
        "auf wiederhören|auf wiedersehen|tschüss|tschüs",
    ),
    "es": Words(
        "sí|claro|claro que sí|por supuesto|de acuerdo|adelante|desde luego|cómo no|sin problema"
        "|no hay problema|ningún problema|no me importa",
        "si|vale|bien|está bien|ok|okay|puede|pueden|perfecto",
        "no|nunca|tampoco|jamás|quizás|quizá|tal vez|depende|pero|espere|un momento|quién|qué"
        "|cómo|cuándo|dónde|cuál",
        "adiós|hasta luego|chao|buen día",
    ),
    "fr": Words(
        "oui|daccord|bien sûr|volontiers|allez-y|absolument|certainement|pas de problème"
        "|aucun problème|sans problème|pas de souci",
        "ok|okay|ouais|ça va|entendu|très bien|vous pouvez",
        "non|pas|jamais|ne|sans|peut-être|mais|si|attendez|un instant|ça dépend|qui|quoi|que|quel"
        "|quelle|pourquoi|comment|quand|où",
        "au revoir|bonne journée|à bientôt",
    ),
    "it": Words(
        "sì|certo|certo che sì|certamente|va bene|daccordo|volentieri|nessun problema"
        "|non cè problema|faccia pure|fate pure",
        "si|ok|okay|bene|prego|può|potete",
        "no|non|mai|nessuno|forse|magari|ma|però|se|dipende|aspetti|un attimo|un momento|chi|cosa"
        "|che|perché|come|quando|dove|quale",
        "arrivederci|ciao|buona giornata",
    ),
    "pt": Words(
        "sim|claro|claro que sim|com certeza|concordo|sem problema|não há problema"
        "|não tem problema|não me importo|pode gravar|podem gravar",
        "pode|podem|pode ser|tudo bem|está bem|tá bem|à vontade|ok|okay",
        "não|nunca|nem|jamais|talvez|mas|se|depende|espere|um momento|quem|quê|que|qual|como"
        "|quando|onde|porquê",
        "até logo|tchau|adeus|bom dia para você",
    ),
    "ru": Words(
        "да|конечно|разумеется|согласен|согласна|без проблем|не против|не возражаю",
        "хорошо|ладно|можно|можете|пожалуйста|ок|окей|ага|угу|записывайте",
        "нет|не|ни|нельзя|никогда|без|против|возражаю|может быть|возможно|наверное|но|если"
        "|подождите|минуту|кто|что|зачем|почему|как|когда|где|какой",
        "до свидания|пока|всего доброго",
    ),
}
# What may stand beside a yes and is none by itself.
_POLITE = (
    "please|thank you|thanks|hello|hi|well|תודה|שלום|היי|شكرا|من فضلك|مرحبا|bitte|danke|por favor"
    "|gracias|merci|sil vous plaît|per favore|grazie|obrigado|obrigada|спасибо"
)


def is_yes(text: str, language: str) -> bool:
    """Whether it is a plain yes: what holds a no or a question as well, or is unclear, is none."""
    words, heard = _words(language), plain(text)
    if re.search("[?؟]", text) or _has(words.doubt, _any(words.yes).sub(" ", heard)):
        return False
    agreed = _any(f"{words.yes}|{words.fine}|{_POLITE}", whole=True)
    clauses = (clause.strip() for clause in heard.split("|"))
    return _has(words.yes, heard) or any(
        agreed.fullmatch(clause) and _has(words.fine, clause) for clause in clauses
    )


def is_farewell(text: str, language: str) -> bool:
    return _has(_words(language).farewell, plain(text))


def _words(language: str) -> Words:
    return _LANGUAGES.get(language.partition("-")[0], _LANGUAGES["en"])


def _has(words: str, heard: str) -> bool:
    return _any(words).search(heard) is not None


@cache
def _any(words: str, *, whole: bool = False) -> re.Pattern[str]:
    """One of the words; `whole`: nothing but them, in any number."""
    # Both sides in the form in which spellings do not differ; the longest first.
    known = sorted((plain(word) for word in words.split("|")), key=len, reverse=True)
    one = "|".join(map(re.escape, known))
    return re.compile(rf"(?:{one})(?: (?:{one}))*" if whole else rf"\b(?:{one})\b")
