"""Whether somebody asked not to be called again, by the words for it in English, Hebrew and Arabic.

A phrase that is missed means another call to somebody who refused it; one that is found wrongly, a
number that is not called until a person takes it off the list. So a plain refusal always counts,
and one of an hour or an occasion ("don't call me now") does not.
"""

import re
from collections.abc import Iterable

from linkwright.voice.language.text import plain

# `?+` gives nothing back: else "call me now" would be looked at as "call", with no hour behind it.

# What makes a refusal one of an hour, or of a name ("don't call me Sir").
_EN_LIMITED = (
    r"(?! (?:now|right now|today|tonight|tomorrow|yet|before|after|until|till|unless|so|too|late"
    r"|early|in the|during|while|when|if|between|this (?:morning|afternoon|evening|week)"
    r"|at (?:night|work|noon|lunch|dinner|\d+|\w+ (?:am|pm|o ?clock))"
    r"|on (?:\w+days?|weekends?|holidays?|shabbat)"
    r"|crazy|names?|stupid|sir|madam|maam|mr|mrs|miss|that|an?(?! (?:second|third|other)))\b)"
)
_EN_TO = r"(?: (?:me|us|here|him|her|them|this number|my \w+|our \w+))?+"
_EN_CALL = r"(?:call|phone|ring|dial|contact|text|bother|disturb|harass)\b"
_EN_CALLING = r"(?:call|phon|ring|dial|contact|text|bother|disturb|harass)ing\b"
_EN_MINE = r"(?:me|us|my (?:\w+ )?(?:name|number|details)|(?:this|our) (?:\w+ )?number)"

_ENGLISH = (
    # "You never call me" tells of somebody, "why don't you call me" asks for the opposite.
    r"(?<!\byou )(?<!\bi )(?<!\bwe )(?<!\bthey )(?<!\bhe )(?<!\bshe )(?<!\bwhy )"
    rf"\b(?:do not|dont|never) (?:ever |you |dare |try to )*{_EN_CALL}{_EN_TO}{_EN_LIMITED}",
    r"\b(?:please|must|should|better|(?:can|could|would|will|told|asked?) you) not"
    rf" (?:to )?{_EN_CALL}{_EN_TO}{_EN_LIMITED}",
    rf"\bnot (?:to )?be (?:called|contacted|phoned)\b{_EN_LIMITED}",
    r"\b(?:do not|dont|no longer) (?:want|wish|need|like)(?: \w+){0,4}?"
    rf" (?:calls?|called|contacted|calling)\b{_EN_TO}{_EN_LIMITED}",
    # Not "don't stop calling", nor "stop calling me names".
    rf"(?<!dont )(?<!not )(?<!never )(?<!didnt )\b(?:stop|quit|cease|no more) {_EN_CALLING}"
    r"(?! (?:me|us|him|her|them) (?:names?|crazy|stupid|an?|sir|madam|that)\b)",
    r"\bstop (?:all |these |the |your |with the |making )*(?:phone )?calls\b",
    r"\bno more (?:phone )?calls\b",
    rf"\b(?:take|remove|delete|erase) {_EN_MINE} (?:\w+ )??(?:from|off|out of)\b(?: \w+){{0,3}}?"
    r" (?:lists?|records?|system|database|directory|calls?)\b",
    rf"\b(?:get|scratch|strike|take) {_EN_MINE} off\b(?! (?:speaker|hold|mute|the phone)\b)",
    r"\b(?:remove|delete|erase|lose) (?:my|this|our) (?:\w+ )?number\b",
    r"\bunsubscribe\b|\bopt(?:ed|ing)? (?:me |us )?out\b|\bdo not call list\b",
    r"\bleave (?:me|us) alone\b",
)

_HE_LIMITED = (
    r"(?! (?:עכשיו|כרגע|כעת|היום|הערב|הלילה|מחר|לפני|אחרי|עד|אם|כש\w*|בזמן|בשעה|בשעות|באמצע|בשבת"
    r"|בחג|בלילה|בערב|בבוקר|בצהריים|בצהרים|מאוחר|מוקדם|ביום|בימי|בסוף|בין|השבוע)\b)"
)
_HE_TO = r"(?: (?:אליי?|אלינו|אותי|לי|לנו|לפה|לכאן|למספר הזה|למספר שלי|הביתה))?+"
_HE_CALL = (
    r"(?:תי?תקשרו?י?|תצלצלו?י?|תטלפנו?י?|תחייגו?י?|תטרידו?י?|תציקו?י?|תפנו?י? (?=אליי?\b|אלינו\b))"
)
_HE_CALLING = r"(?:להתקשר|לצלצל|לטלפן|לחייג|להטריד|להציק|לפנות)\b"
_HE_REMOVE = r"(?:(?:ת|ל?ה)(?:וריד|סיר|וציא)ו?י?|הסר|ת?מחקו?י?|למחוק)"
_HE_WANT = r"(?:רוצה|רוצים|מעוניין|מעוניינת|מעונין|מעונינת|מעוניינים)"

_HEBREW = (
    rf"\bאל {_HE_CALL}{_HE_TO}\b{_HE_LIMITED}",
    # Not "don't stop calling".
    rf"(?<!אל )(?<!לא )\b(?:תפסיקו?י?|להפסיק|הפסיקו?י?|די|מספיק)(?: \w+)? {_HE_CALLING}",
    r"\b(?:תפסיקו?י?|די|מספיק) עם ה?(?:שיחות|טלפונים)\b",
    rf"\bלא {_HE_CALLING}{_HE_TO}{_HE_LIMITED}",
    rf"\bלא {_HE_WANT}(?: \w+){{0,3}}? (?:ב?שיחות|טלפונים|ש[תי](?:תקשר|צלצל|פנ)ו?י?)\b"
    rf"{_HE_TO}{_HE_LIMITED}",
    rf"\b{_HE_REMOVE}(?: \w+){{0,5}}? מ\w*(?:רשימ|מאגר|תפוצה|מערכת)\w*",
    rf"\b{_HE_REMOVE}(?: בבקשה)? את (?:ה?מספר\b|ה?טלפון (?:שלי|שלנו|הזה)\b)",
    r"\b(?:תעזבו?י?|עזבו?י?|תניחו?י?) (?:אותי|אותנו|לי|לנו)(?: כבר)? (?:במנוחה|בשקט|לנפשי)\b",
)

_AR_LIMITED = (
    r"(?! (?:الان|اليوم|الليله|غدا|بكره|بكرا|هلا|هلق|دلوقتي|الحين|قبل"
    r"|بعد(?! (?:الان|اليوم|كده|هيك)\b)"
    r"|حتي|اذا|لو|عندما|لما|وقت|اثناء|خلال|بين|متاخرا?|مبكرا?|ليلا|صباحا|مساء|بالليل|الصبح|يوم"
    r"|في (?:الليل|الصباح|المساء|الليله|العمل|الشغل|وقت|اثناء|منتصف|يوم))\b)"
)
_AR_TO = r"(?: (?:بيا?|بنا|فين[يا]|فيي|في|علي(?:ي|نا|ا)?(?: هذا الرقم)?|بهذا الرقم))?+"
_AR_CALL = r"(?:تتصلو?[اين]?|تدقو?[اين]?|ترنو?[اين]?|تهاتفو?[اين]?|تكلمو?ن[يا]|تزعجو?ن[يا])\b"
_AR_CALLING = r"(?:الاتصال|اتصال|تتصلو?[اين]?|ازعاجي|ازعاجنا|الازعاج|المكالمات)\b"
_AR_REMOVE = r"(?:احذفو?|امسحو?|ازل|ازيلو|شيلو?|اشطبو?|الغو?|حذف|ازاله|مسح|شطب)ا?"
_AR_WANT = r"(?:اريد|نريد|ارغب|ابغي|ابي|بدي|بدنا|عايزه?|عاوزه?)"

_ARABIC = (
    # "Why don't you call me" asks for the opposite.
    rf"(?<!لماذا )(?<!ليش )(?<!ليه )\b(?:لا|ما) {_AR_CALL}{_AR_TO}{_AR_LIMITED}",
    rf"\b(?:ما ?|م)(?:تتصلو?ي?|تكلمو?ني?|ترنو?)ش\b{_AR_TO}{_AR_LIMITED}",
    rf"(?<!لا )\b(?:توقف|وقف|بطل|كف)و?[اي]?(?: عن| من)? {_AR_CALLING}",
    rf"\b(?:لا|ما|مش|مو|لست) ?{_AR_WANT}(?: \w+){{0,3}}?"
    rf" (?:(?:ال)?مكالمات|(?:ال)?اتصالات|(?:مكالمات|اتصالات)كم|يتصلو?ا?|{_AR_CALL})"
    rf"{_AR_TO}{_AR_LIMITED}",
    rf"\b{_AR_REMOVE}(?:ني|نا)?(?: \w+){{0,3}}? (?:من|عن)(?: \w+)?"
    r" (?:ال)?(?:قا[ئي]م|قوا[ئي]م|سجل)\w*",
    rf"\b{_AR_REMOVE}(?: \w+)? (?:رقمي|رقمنا|رقم هاتفي|رقم تلفوني|هذا الرقم)\b",
    r"\b(?:اتركو?ني|دعو?ني|سيبو?ني|خلو?ني)(?: \w+)? (?:وشاني|حالي|بحالي|بسلام)\b",
)

_ASKED = re.compile("|".join(f"(?:{phrase})" for phrase in (*_ENGLISH, *_HEBREW, *_ARABIC)))


def is_asked_in(heard: Iterable[str]) -> bool:
    return any(map(is_asked, heard))


def is_asked(text: str) -> bool:
    return bool(_ASKED.search(plain(text)))
