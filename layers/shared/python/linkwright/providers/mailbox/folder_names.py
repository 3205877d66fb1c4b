"""How folders are named where a host does not say which one is for what (RFC 6154), as by the usual
programs in the languages of their users.
"""

import base64
import binascii
import re
import unicodedata

_SHIFTED = re.compile(r"&([A-Za-z0-9+,]*)-")
# Hosts part the levels of a name by one of these.
_LEVELS = re.compile(r"[/.]")


def _names(listed: str) -> list[str]:
    return [_folded(name) for name in re.split(r"[,\n]", listed) if name.strip()]


def _folded(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().replace("-", " ").split())


SENT = _names("""
sent, sent items, sent messages, sent mail, sent email
gesendet, gesendete, gesendete objekte, gesendete elemente, gesendete nachrichten, gesendete mails
envoyés, éléments envoyés, messages envoyés, objets envoyés, courrier envoyé, courriers envoyés
enviados, elementos enviados, mensajes enviados, correo enviado, correos enviados
enviadas, itens enviados, mensagens enviadas, correio enviado, e-mails enviados
inviata, inviati, posta inviata, elementi inviati, messaggi inviati
verzonden, verzonden items, verzonden berichten, verzonden objecten
wysłane, elementy wysłane, wiadomości wysłane, poczta wysłana
skickat, skickade, skickade objekt, skickade meddelanden
sendt, sendt post, sendte elementer, sendte, sendte beskeder, lähetetyt, lähetetyt viestit
odeslané, odeslaná pošta, odeslané položky, odoslané, odoslaná pošta, poslano, poslane stavke
elküldött, elküldött elemek, elküldött üzenetek, trimise, elemente trimise, mesaje trimise
gönderilmiş, gönderilmiş öğeler, gönderilmiş postalar, gönderilenler, απεσταλμένα
отправленные, надіслані, відправлені, изпратени
נשלחו, נשלח, דואר שנשלח, פריטים שנשלחו, הודעות שנשלחו
المرسل, المرسلة, مرسل, العناصر المرسلة, البريد المرسل, الرسائل المرسلة
送信済み, 送信済みアイテム, 送信済みメール, 已发送, 已发送邮件, 已发送消息, 已傳送郵件, 寄件備份
寄件备份, 보낸 편지함, 보낸편지함, 보낸 메일함
""")
JUNK = _names("""
junk, junk email, junk e-mail, junk mail, junk messages, spam, bulk, bulk mail
spamverdacht, spam-verdacht, junk-e-mail, unerwünscht, unerwünschte werbung, unerwünschte e-mails
courrier indésirable, indésirables, indésirable, pourriel, pourriels
correo no deseado, correo basura, no deseado, lixo eletrônico, lixo eletrónico, lixo electrónico
posta indesiderata, indesiderata, ongewenst, ongewenste e-mail, ongewenste mail
wiadomości-śmieci, niechciane, niechciana poczta, skräppost, uønsket e-mail, uønsket mail
søppelpost, roskaposti, nevyžádaná pošta, nevyžiadaná pošta, levélszemét
önemsiz, önemsiz e-posta, gereksiz, istenmeyen, ανεπιθύμητα, ανεπιθύμητη αλληλογραφία
спам, нежелательная почта, небажана пошта, דואר זבל, זבל, ספאם
البريد غير الهام, البريد الإلكتروني غير الهام, البريد العشوائي, البريد المزعج, بريد مزعج
迷惑メール, 垃圾邮件, 垃圾郵件, 垃圾电子邮件, 스팸, 스팸메일함, 스팸 메일함, 정크 메일
""")


def levels(name: str) -> list[str]:
    """The names of a folder and of those that it is in, as they are compared; of the root none."""
    found = [_folded(one) for one in _LEVELS.split(readable(name))]
    return found[1:] if found[0] == "inbox" and len(found) > 1 else found


def readable(name: str) -> str:
    """By IMAP's own UTF-7 (RFC 3501, 5.1.3); as it stands where it is none."""
    try:
        return _SHIFTED.sub(lambda found: _unshifted(found[1]), name)
    except (binascii.Error, UnicodeError, ValueError):
        return name


def _unshifted(text: str) -> str:
    if not text:
        return "&"
    raw = text.replace(",", "/")
    return base64.b64decode(raw + "=" * (-len(raw) % 4), validate=True).decode("utf-16-be")
