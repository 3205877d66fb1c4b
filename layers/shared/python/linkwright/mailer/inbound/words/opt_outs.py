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
