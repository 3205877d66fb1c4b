"""Lines that a telephone or a program of mail adds to what is written with it."""

import re

from linkwright.mailer.inbound.text import plain

_MOST_DEVICE_CHARS = 120
_DEVICE = (
    r"(?:iphone|ipad|ios|android|samsung|galaxy|huawei|xiaomi|pixel|blackberry|outlook|yahoo|gmail|aol"
    r"|proton|windows|smartphone|handy|mobil\w*|movil|portable|telephone|phone|appareil|tablet\w*"
    r"|mail\b|gmx|web\.de|thunderbird|spark|אייפון|נייד|טלפון|גלקסי|سامسونج|هاتف\w*|جوال\w*|ايفون)"
)
_BEGINS = (
    *("sent from", "sent via", "sent with", "get outlook for", "get bluemail for"),
    *("von meinem", "gesendet von", "gesendet mit", "diese nachricht wurde von meinem"),
    *("outlook fur", "outlook für", "holen sie sich outlook", "laden sie outlook"),
    *("envoyé de", "envoyé depuis", "envoyé à partir", "télécharger outlook", "obtenez outlook"),
    *("enviado desde", "enviado con", "enviado de", "obtener outlook", "obtenga outlook"),
    *("נשלח מ", "נשלח באמצעות", "הורד את outlook", "קבל את outlook", "השג את outlook"),
    *("ارسلت من", "مرسل من", "تم الارسال من", "ارسل من", "احصل علي outlook", "الحصول علي outlook"),
)
_ANY = "|".join(re.escape(plain(one)) for one in _BEGINS)
_DEVICE_LINE = re.compile(rf"(?:{_ANY})[^.!?]{{0,60}}?{_DEVICE}[^!?]{{0,40}}")


def is_of_one(words: str) -> bool:
    """Whether a telephone or a program of mail adds that line, as `plain` leaves it."""
    bare = words.partition("<http")[0].strip("-*_ .<>()")
    return len(bare) <= _MOST_DEVICE_CHARS and _DEVICE_LINE.fullmatch(bare) is not None
