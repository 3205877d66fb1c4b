"""A word that refuses beside a word for mail: an opt-out in words that no phrase foresees.

One too many bars one address, which a workspace may admit again; one too few is against the law.
Of what `clauses` gives, so both are in one clause.
"""

_REFUSES = (
    r"(?:stop(?! by)|stopping|enough|quit|cease|refuse|forbid\w*|no more|end to|fed up|sick of"
    r"|tired of"
    r"|untersag\w*|verbiet\w*|verbitte\w*|unterlass\w*|einstell\w*|einzustellen|genug|schluss"
    r"|sparen"
    r"|refuse|interdi\w+|arrêt\w*|assez|cess\w+|marre|basta|prohíb\w+|prohib\w+|suficiente|harto"
    r"|harta"
    r"|ya está bien|dejen|deje|dejad|מספיק|די|תפסיק\w*|להפסיק|אוסר\w*|נמאס|חדלו"
    r"|كفى|كفاية|يكفي|توقف\w*|أوقف\w*|أمنع\w*|أرفض|كفوا|بطل\w*)"
)
_MAIL = (
    r"(?:e ?mail\w*|mail(?:s|ing|ings)?|message\w*|spam\w*|newsletter\w*|inbox|contact(?:ing)?"
    r"|follow ups?"
    r"|kontakt(?:aufnahme\w*|ieren|versuch\w*)|anschreiben|zuschriften|werbung|verteiler"
    r"|nachrichten"
    r"|démarch\w*|courriels?|sollicit\w+|relances?|envois|correos?|mensajes?|envíos|contactar\w*"
    r"|ה?מיילים|ה?הודעות|ה?פניות|ה?דיוור\w*|ה?תפוצה|(?:ال)?رسايل\w*|(?:ال)?بريد\w*|(?:ال)?ايميل\w*"
    r"|مراسلت\w*|(?:ال)?إعلانات)"
)

REFUSED = (
    rf"\b{_REFUSES}(?: \w+){{0,5}}? (?:ב|מ|ה|עם ה|عن |من )?{_MAIL}\b",
    rf"\b{_MAIL}(?: \w+){{0,3}}? {_REFUSES}\b",
    r"(?:^|\| )(?:please |bitte |por favor |בבקשה |נא )?(?:make it stop|להפסיק|בבקשה להפסיק"
    r"|لا تزعجو?ني)"
    r"(?: please| bitte| por favor| בבקשה)?(?: \||$)|\bmake it stop\b|\bלא לקבל\b|\bلا تزعج\w+",
    r"\bnichts mehr(?: \w+){0,2}? (?:hören|lesen|bekommen|erhalten)\b"
    r"|\btrag\w*(?: sie)?(?: \w+){0,4}? aus\b"
    r"|\boubli\w+ moi\b|\bforget me\b|\bme rayer\b|\bno me (?:llegu|mand|envi)\w+ (?:ning|más"
    r"|nada)\w*",
    r"\b(?:أخرج\w*|اخراج\w*)(?: \w+)? من (?:ال)?قايم\w*",
    r"\b(?:off|out of|aus|weg von|hors de|fuera de|מתוך)(?: \w+){0,3}? (?:lists?|list\w*"
    r"|verteiler\w*)\b",
)

# What somebody's own signature or ticket offers to whom it writes, as "to unsubscribe from our
# newsletter, click here": nobody asks for an end of our mails by it. Of clauses as well. Each says
# what to do; "I want to unsubscribe" begins no clause by that.
_DO = (
    r"(?:click\w*|visit|follow|use|reply|respond|write|e ?mail|contact|let us|here|link"
    r"|klick\w*|hier|cliquez|ici|clic|pulse|aquí|enlace|לחצו?|כאן|קישור|اضغط\w*|انقر\w*|هنا)"
)
_UP_TO = r"[^|]{0,160}"
_THEN = rf"(?:\| (?:\w+ ){{0,3}}?{_DO}\b{_UP_TO})?"
_HOW = rf"(?={_UP_TO}(?:\| (?:\w+ ){{0,3}}?)?\b{_DO}\b)"
_BEGINS = r"(?:^|\| )"

# The words by which one begins a line.
BEGUN = (
    r"to (?:unsubscribe|opt out|be removed|stop receiving)",
    r"(?:pour|afin de) (?:vous )?(?:désabonner|désinscrire|ne plus recevoir)",
    r"para darse de baja",
    "להסרה",
    "لإلغاء الاشتراك",
)
OFFERED = (
    rf"{_BEGINS}(?:{'|'.join(BEGUN)})\b{_HOW}{_UP_TO}{_THEN}",
    r"\b(?:if|should) you(?: \w+){0,2}? (?:no longer|not|dont|wish|want|would|prefer)"
    r"(?: \w+){0,4}? (?:receiv\w+|get|hear|unsubscribe|opt out|be (?:contacted|removed))\b"
    rf"{_UP_TO}{_THEN}",
    rf"\byou (?:can|may)(?: \w+){{0,3}}? (?:unsubscribe|opt out)\b{_UP_TO}",
    r"\bclick(?: \w+){0,3}? to (?:unsubscribe|opt out)\b(?! me)",
    r"\bunsubscribe (?:here \| https?\b|from our\b[^|]{0,160}"
    r"|\| (?:privacy|legal|manage|view|terms|update|preferences|imprint)\b)",
    r"\bwenn sie (?:keine|nicht|sich)[^|]{0,120} (?:erhalten|bekommen|abmelden|austragen)\b"
    rf"{_UP_TO}(?:\| (?:können|klicken|bitte)\b{_UP_TO})?",
    r"\bkönnen sie sich [^|]{0,60}?(?:abmelden|austragen)\b|\bhier abmelden \| https?\b",
    rf"\bvous pouvez (?:vous )?(?:\w+ )?(?:désabonner|désinscrire)\b{_UP_TO}",
    rf"\bsi vous ne (?:souhaitez|voulez|désirez) plus\b{_UP_TO}{_THEN}",
    rf"\bsi (?:usted )?(?:ya )?no (?:desea|quiere)\b{_UP_TO}(?:\| (?:puede|haga)\b{_UP_TO})?",
    rf"\bpuede darse de baja\b{_UP_TO}",
)
