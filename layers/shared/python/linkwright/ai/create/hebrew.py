"""Hebrew words in Latin letters: what campaigns speak of by its English name, the rest by sound."""

# What is written alike in all that is made of it: aliases, campaigns' names for machines.
_NAMES = {
    **{"מבצע": "sale", "מבצעים": "sale", "מכירה": "sale", "הנחה": "discount", "הנחות": "discount"},
    **{"קופון": "coupon", "מתנה": "gift", "מתנות": "gifts", "חינם": "free", "הצעה": "offer"},
    **{"קיץ": "summer", "חורף": "winter", "אביב": "spring", "סתיו": "autumn", "חג": "holiday"},
    **{"פסח": "passover", "חנוכה": "hanukkah", "פורים": "purim", "סוכות": "sukkot"},
    **{"שבת": "shabbat", "שבוע": "week", "חודש": "month", "שנה": "year", "יום": "day"},
    **{"השקה": "launch", "השקת": "launch", "מוצר": "product", "מוצרים": "products"},
    **{"קולקציה": "collection", "קולקציית": "collection", "חנות": "shop", "אתר": "site"},
    **{"אירוע": "event", "כנס": "conference", "וובינר": "webinar", "סדנה": "workshop"},
    **{"קורס": "course", "שיעור": "lesson", "הרצאה": "talk", "הופעה": "show", "מופע": "show"},
    **{"כרטיסים": "tickets", "הרשמה": "signup", "הרשמות": "signup", "לקוחות": "customers"},
    **{"אפליקציה": "app", "הורדות": "downloads", "בלוג": "blog", "מאמר": "article"},
    **{"מסעדה": "restaurant", "קפה": "coffee", "מאפייה": "bakery", "אופנה": "fashion"},
    **{"נעליים": "shoes", "בגדים": "clothes", "ילדים": "kids", "ספר": "book", "ספרים": "books"},
    **{"דרושים": "jobs", "משרה": "job", "גיוס": "hiring", "תרומה": "donation", "סקר": "survey"},
    **{"אינסטגרם": "instagram", "פייסבוק": "facebook", "טיקטוק": "tiktok", "יוטיוב": "youtube"},
    **{"לינקדאין": "linkedin", "טלגרם": "telegram", "טוויטר": "twitter", "גוגל": "google"},
    **{"וואטסאפ": "whatsapp", "ווטסאפ": "whatsapp", "ואטסאפ": "whatsapp", "סמס": "sms"},
    **{"ניוזלטר": "newsletter", "דיוור": "newsletter", "מייל": "email", "אימייל": "email"},
    **{"פודקאסט": "podcast", "פלייר": "flyer", "עלון": "flyer", "פוסטר": "poster"},
    **{"מודעה": "ads", "מודעות": "ads", "פרסום": "ads", "משפיענים": "influencer"},
}
_STOP = frozenset(
    {
        *("של", "את", "על", "עם", "או", "גם", "לא", "כל", "זה", "זו", "אני", "אנחנו", "שלנו"),
        *("שלי", "שלך", "רוצה", "רוצים", "צריך", "צריכים", "כדי", "איך", "יותר", "אל", "כי"),
        *("לקדם", "קידום", "להביא", "להגדיל", "למכור", "ליצור", "קמפיין", "עבור", "חדש", "חדשה"),
        *("חדשים", "חדשות", "אנשים", "קישור", "לינק", "בשביל", "מה", "יש", "אם", "כמה", "הכי"),
    }
)
# What stands before a word as a part of it: and, the, in, to, from, that, as.
_BEFORE = "והבלמשכ"
_SOUNDS = dict(
    zip(
        "אבגדהוזחטיכךלמםנןסעפףצץקרשת",
        (
            *("a", "b", "g", "d", "h", "o", "z", "h", "t", "i", "k", "k", "l", "m", "m", "n", "n"),
            *("s", "a", "p", "f", "ts", "ts", "k", "r", "sh", "t"),
        ),
        strict=True,
    )
)


def is_one(word: str) -> bool:
    return any(char in _SOUNDS for char in word)


def is_stop(word: str) -> bool:
    return word in _STOP or (len(word) > 3 and word[0] in _BEFORE and word[1:] in _STOP)


def latin(word: str) -> str:
    """The English name, or how it sounds; nothing of what only joins words."""
    if is_stop(word):
        return ""
    for start in range(min(3, max(len(word) - 1, 1))):
        if name := _NAMES.get(word[start:]):
            return name
        if word[start] not in _BEFORE:
            break
    return "".join(_SOUNDS.get(char, "") for char in word)
