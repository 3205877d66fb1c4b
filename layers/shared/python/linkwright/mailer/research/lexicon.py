"""Words by which a mail is polite and claims nothing, and what a mail says without a model."""

import re
import unicodedata
from typing import NamedTuple

# What is left of a contraction after its apostrophe, and before it.
_CUT = "aren couldn didn don doesn hasn haven isn shouldn won wouldn d ll m re s t ve"
_DENIED = "aren can couldn didn don doesn hadn hasn haven isn shouldn wasn weren won wouldn"
_EN = """
a about above after again ahead all also although always am an and another any anything are around
as ask at away back be because become been before behind best better between both brief briefly
but by call can chat check come coming contact convenient could curious day days dear did
different discuss do does each ease easily easy either else email enough even ever every
everything example explain explore feel few find first follow for forward found free from further
get give glad go good great had happy has have hear hello help helped helpful helps here hi hope
how however i idea ideas if in interest interested interesting into is it its just keep kind know
last later learn least let like little long look looking make makes many may maybe me meet meeting
mention message might mind minutes moment month more most much my near need needs never new next
no not note nothing now of off offer on once one only open or other others our out over own part
past people perhaps please point possible present question questions quick quickly quote rather
reach read reading reason regards relevant reply right same saw say says see send share short
should show simple simply since site so some someone something soon start still such suggest sure
take talk team than thank thanks that the their them then there these they thing things think this
those thought thoughts through time to today together too touch try two under understand until up
us use used useful very want was way we web website week weeks welcome well were what when where
whether which while who whole why will wish with within without wonder wondering word work working
works worth would write writing wrote yes yet you your yours
"""
_HE = """
אבל אגב או אודה אולי אותו אותך אותכם אותנו אז אחד אחר אחרי אחת אי איך אילו אין איתך איתכם אל אלה
אליך אליכם אם אמצא אנו אנחנו אני אפשר אצלכם אשמח אשר את אתה אתם אתר באתר בבקשה בין בכל ברכה ברצוני
גם דבר דקות דרך האם הבא הבאה הוא הודעה היא היה היום הייתי הם הנה הצעה הרבה השבוע ואז זאת זה זו זמן
חדש חושב חושבת חשבתי חשוב טוב טובה יהיה יום יותר יכול יכולה יכולות יכולים יש כאן כבר כדאי כדי כותב
כותבת כי כך כל כמה כמו כן כפי כתבתי לא לגבי לדבר להיות להם להציע להראות לומר לי לך לכם לנו לעזור
לפני לקרוא לראות לשאול לשמוע לשתף מאוד מה מהם מוזמן מי מישהו מכיוון מכתב מן מעט מענה מעניין מתאים
מתי נוח נוכל נשמח נתקלתי סיבה עוד עזרה על עליכם עם עניין עסק פגישה פה פנייה צוות קצר קצרה קראתי
קשר ראיתי רב רגע רוצה רוצים רעיון רק שאלה שבוע שוב שיחה שיתוף שלום שלי שלך שלכם שלנו שם תודה תרצה
תרצו תשובה
"""
_AR = """
أ أحب أخرى أرجو أريد أسبوع أعتقد أعرض أكتب أكثر أن أنا أنت أنتم أنه أنها أو أود أي أيام أية إذا
إلى إليك إليكم إن اتصال الآن الأسبوع التي الذي القادم اليوم بأن بشأن بعد بعض بك بكم به بها بين
تحياتي تحية تعرف تم تواصل ثم جدا جديد جيد حتى حول حيث خلال دقائق دون ذات ذلك رأيت رد رسالة رسالتي
سؤال سعيد سيكون شخص شكرا شيء صباح عبر عرض على عليكم علينا عن عند عندكم عندما فريق فريقكم فكرة في
فيما فيه قبل قد قرأت قصير قصيرة قليلا كان كانت كل كم كما كنت كيف لأن لأنني لا لدي لديك لديكم لدينا
لك لكم لكن لم لماذا لمعرفة لنا له لها لي ليس ما ماذا متى مثل مرة مرحبا مرحبًا مساعدة مع مفيد مفيدا
مكالمة من مناسب مناسبا مهتم مهتمين موعد موقع موقعكم نحن نساعد نستطيع نظرة نعرض نقدم نود هذا هذه هل
هنا هناك هو هي وقت ونحن يسرنا يسعدني يكون يمكن يمكننا يمكنني
"""


class Phrases(NamedTuple):
    """`{company}`, `{quote}` and `{name}` are filled in."""

    greeting: str
    greeting_to_all: str
    sign_off: str
    subjects: tuple[str, ...]
    of_quote: str
    openings: tuple[str, ...]
    offers: tuple[str, ...]
    questions: tuple[str, ...]
    angle: str
    angle_of_quote: str
    # For who has no company that we know of.
    you: str


NEGATIONS = {
    "en": frozenset(
        # As many write them too, without the apostrophe.
        {f"{verb}t" for verb in _DENIED.split()}
        | {"no", "not", "never", "without", "nothing", "neither", "nor", "cannot", "t"}
    ),
    "he": frozenset({"לא", "אין", "בלי", "ללא", "אינו", "אינם", "אף"}),
    "ar": frozenset({"لا", "ليس", "لم", "لن", "بدون", "دون", "غير"}),
}
# What stands before a word as a part of it.
PREFIXES = {
    "en": (),
    "he": ("ו", "ה", "ב", "ל", "מ", "ש", "כ"),
    "ar": ("ال", "و", "ب", "ل", "ف", "ك"),
}
PHRASES = {
    "en": Phrases(
        greeting="Hi {name},",
        greeting_to_all="Hello,",
        sign_off="Best regards,",
        subjects=("An idea for {company}", "Another thought for {company}", "One last note"),
        of_quote="I read on your website: “{quote}”",
        openings=(
            "I am writing to {company} with a short question.",
            "I wrote to you before, and would like to ask once more.",
            "This is my last message about this.",
        ),
        offers=(
            "I think that we may be of help to you, and would like to show you how.",
            "It would take a few minutes to show you what we could do for {company}.",
            "If it is not the right time, I will not write again.",
        ),
        questions=(
            "Would a short call next week be convenient?",
            "Is there someone else on your team I should ask?",
            "Is it worth a short talk?",
        ),
        angle="Nothing is known of {company} that could be shown: the emails are general.",
        angle_of_quote="They say of themselves: “{quote}”. The emails begin with that.",
        you="you",
    ),
    "he": Phrases(
        greeting="שלום {name},",
        greeting_to_all="שלום,",
        sign_off="בברכה,",
        subjects=("רעיון עבור {company}", "עוד מחשבה עבור {company}", "הודעה אחרונה"),
        of_quote="קראתי באתר שלכם: ”{quote}“",
        openings=(
            "אני כותב אל {company} עם שאלה קצרה.",
            "כתבתי לכם לפני כן, ורציתי לשאול שוב.",
            "זו ההודעה האחרונה שלי בנושא.",
        ),
        offers=(
            "אני חושב שנוכל לעזור לכם, ואשמח להראות לכם איך.",
            "תוך כמה דקות אוכל להראות מה נוכל לעשות עבור {company}.",
            "אם זה לא הזמן המתאים, לא אכתוב שוב.",
        ),
        questions=(
            "האם נוח לכם לקבוע שיחה קצרה בשבוע הבא?",
            "האם יש אצלכם מישהו אחר שכדאי לי לפנות אליו?",
            "האם תרצו לדבר על כך?",
        ),
        angle="לא ידוע על {company} דבר שאפשר להראות: המכתבים כלליים.",
        angle_of_quote="כך הם אומרים על עצמם: ”{quote}“. בזה המכתבים פותחים.",
        you="אתכם",
    ),
    "ar": Phrases(
        greeting="مرحبًا {name}،",
        greeting_to_all="مرحبًا،",
        sign_off="مع التحية،",
        subjects=("فكرة من أجل {company}", "فكرة أخرى من أجل {company}", "رسالة أخيرة"),
        of_quote="قرأت في موقعكم: «{quote}»",
        openings=(
            "أكتب إلى {company} بسؤال قصير.",
            "كتبت إليكم من قبل، وأود أن أسأل مرة أخرى.",
            "هذه رسالتي الأخيرة في هذا الشأن.",
        ),
        offers=(
            "أعتقد أنه يمكننا مساعدتكم، ويسعدني أن أعرض لكم كيف.",
            "خلال دقائق قليلة يمكنني أن أعرض ما يمكننا فعله من أجل {company}.",
            "إذا لم يكن الوقت مناسبًا فلن أكتب مرة أخرى.",
        ),
        questions=(
            "هل تناسبكم مكالمة قصيرة في الأسبوع القادم؟",
            "هل هناك شخص آخر في فريقكم يجب أن أسأله؟",
            "هل تودون الحديث عن ذلك؟",
        ),
        angle="لا يُعرف عن {company} ما يمكن إثباته: الرسائل عامة.",
        angle_of_quote="هكذا يقولون عن أنفسهم: «{quote}». بهذا تبدأ الرسائل.",
        you="حضرتكم",
    ),
}


_WORD = re.compile(r"[^\W\d_]+")


def _said(phrases: Phrases) -> set[str]:
    texts = [one for part in phrases for one in ([part] if isinstance(part, str) else part)]
    filled = (re.sub(r"\{\w+\}", " ", text) for text in texts)
    plain = (unicodedata.normalize("NFKC", text).casefold() for text in filled)
    return {word for text in plain for word in _WORD.findall(text)}


WORDS = {
    language: frozenset(words.split()) | _said(PHRASES[language])
    for language, words in (("en", f"{_EN} {_CUT}"), ("he", _HE), ("ar", _AR))
}


def language(*wanted: str | None) -> str:
    """The first of some languages that we have words of, or else English."""
    known = (name.partition("-")[0].lower() for name in wanted if name)
    return next((name for name in known if name in PHRASES), "en")
