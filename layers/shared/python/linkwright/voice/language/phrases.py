"""What an agent says that no model makes up; in English, where its language is not here."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Phrases:
    """`disclosed` and `introduced` name the agent; `replies` are the deterministic model's."""

    disclosed: str
    introduced: str
    opt_out_key: str
    good_moment: str
    may_record: str
    are_you_there: str
    goodbye: str
    sorry: str
    connecting: str
    not_reached: str
    not_again: str
    put_me_through: str
    replies: tuple[str, ...]


_LANGUAGES = {
    "en": Phrases(
        "Hello, this is {name}, an automated AI assistant.",
        "Hello, this is {name}.",
        "To stop being called by us, press 9.",
        "Is this a good moment?",
        "May we record this call?",
        "Hello, is somebody there?",
        "Thank you for your time. Goodbye.",
        "I am sorry, I have a technical problem. We will get back to you. Goodbye.",
        "I am connecting you with a person now. One moment, please.",
        "I am sorry, nobody can be reached right now. We will get back to you. Goodbye.",
        "Understood. We will not call this number again. Goodbye.",
        "Please put me through.",
        (
            "Thank you.",
            "I have noted that. Is there anything else?",
            "I see. We will get back to you about it.",
        ),
    ),
    "he": Phrases(
        "שלום, כאן {name}, עוזר דיגיטלי מבוסס בינה מלאכותית.",
        "שלום, כאן {name}.",
        "כדי לא לקבל מאיתנו עוד שיחות, הקישו 9.",
        "האם זה זמן טוב לדבר?",
        "האם מותר לנו להקליט את השיחה?",
        "שלום, יש שם מישהו?",
        "תודה על הזמן. להתראות.",
        "סליחה, יש לי תקלה טכנית. נחזור אליך. להתראות.",
        "השיחה מועברת עכשיו לנציג אנושי. רק רגע, בבקשה.",
        "סליחה, אין כרגע מענה. נחזור אליך. להתראות.",
        "הבנתי. לא נתקשר שוב למספר הזה. להתראות.",
        "נא להעביר אותי.",
        (
            "תודה.",
            "רשמתי את זה. יש עוד משהו?",
            "הבנתי. נחזור אליך בעניין הזה.",
        ),
    ),
    "ar": Phrases(
        "مرحبا، معك {name}، مساعد آلي يعمل بالذكاء الاصطناعي.",
        "مرحبا، معك {name}.",
        "لعدم تلقي مكالمات أخرى منا، اضغط 9.",
        "هل الوقت مناسب؟",
        "هل تسمح لنا بتسجيل المكالمة؟",
        "مرحبا، هل من أحد هناك؟",
        "شكرا على وقتك. مع السلامة.",
        "عذرا، لدي مشكلة تقنية. سنعاود الاتصال بك. مع السلامة.",
        "يتم تحويلك الآن إلى موظف. لحظة من فضلك.",
        "عذرا، لا يمكن الوصول إلى أحد الآن. سنعاود الاتصال بك. مع السلامة.",
        "مفهوم. لن نتصل بهذا الرقم مرة أخرى. مع السلامة.",
        "حولني من فضلك.",
        (
            "شكرا.",
            "سجلت ذلك. هل هناك شيء آخر؟",
            "فهمت. سنعود إليك بخصوص ذلك.",
        ),
    ),
    "de": Phrases(
        "Guten Tag, hier ist {name}, ein automatischer KI-Assistent.",
        "Guten Tag, hier ist {name}.",
        "Um nicht mehr angerufen zu werden, drücken Sie die 9.",
        "Passt es Ihnen gerade?",
        "Dürfen wir dieses Gespräch aufzeichnen?",
        "Hallo, ist jemand da?",
        "Danke für Ihre Zeit. Auf Wiederhören.",
        "Es tut mir leid, ich habe ein technisches Problem. Wir melden uns. Auf Wiederhören.",
        "Ich verbinde Sie jetzt mit einem Menschen. Einen Moment, bitte.",
        "Es tut mir leid, gerade ist niemand erreichbar. Wir melden uns. Auf Wiederhören.",
        "Verstanden. Wir rufen diese Nummer nicht mehr an. Auf Wiederhören.",
        "Bitte stellen Sie mich durch.",
        (
            "Danke.",
            "Das habe ich notiert. Gibt es noch etwas?",
            "Ich verstehe. Wir melden uns dazu.",
        ),
    ),
    "es": Phrases(
        "Hola, le habla {name}, un asistente automático de inteligencia artificial.",
        "Hola, le habla {name}.",
        "Para no recibir más llamadas, pulse 9.",
        "¿Es un buen momento?",
        "¿Podemos grabar esta llamada?",
        "Hola, ¿hay alguien ahí?",
        "Gracias por su tiempo. Adiós.",
        "Lo siento, tengo un problema técnico. Volveremos a contactarle. Adiós.",
        "Le paso ahora con una persona. Un momento, por favor.",
        "Lo siento, ahora no hay nadie disponible. Volveremos a contactarle. Adiós.",
        "Entendido. No volveremos a llamar a este número. Adiós.",
        "Páseme, por favor.",
        ("Gracias.", "Lo he anotado. ¿Algo más?", "Entiendo. Volveremos a contactarle sobre eso."),
    ),
    "fr": Phrases(
        "Bonjour, ici {name}, un assistant automatique à intelligence artificielle.",
        "Bonjour, ici {name}.",
        "Pour ne plus recevoir d'appels de notre part, tapez 9.",
        "Est-ce un bon moment ?",
        "Pouvons-nous enregistrer cet appel ?",
        "Allô, il y a quelqu'un ?",
        "Merci de votre temps. Au revoir.",
        "Je suis désolé, j'ai un problème technique. Nous vous recontacterons. Au revoir.",
        "Je vous mets en relation avec une personne. Un instant, s'il vous plaît.",
        "Désolé, personne n'est joignable pour le moment. Nous vous recontacterons. Au revoir.",
        "C'est noté. Nous n'appellerons plus ce numéro. Au revoir.",
        "Passez-moi la personne, s'il vous plaît.",
        ("Merci.", "C'est noté. Autre chose ?", "Je comprends. Nous reviendrons vers vous."),
    ),
    "it": Phrases(
        "Buongiorno, sono {name}, un assistente automatico di intelligenza artificiale.",
        "Buongiorno, sono {name}.",
        "Per non ricevere altre chiamate, prema 9.",
        "È un buon momento?",
        "Possiamo registrare questa chiamata?",
        "Pronto, c'è qualcuno?",
        "Grazie per il suo tempo. Arrivederci.",
        "Mi dispiace, ho un problema tecnico. La ricontatteremo. Arrivederci.",
        "La metto ora in contatto con una persona. Un momento, per favore.",
        "Mi dispiace, ora nessuno è raggiungibile. La ricontatteremo. Arrivederci.",
        "Capito. Non chiameremo più questo numero. Arrivederci.",
        "Mi passi la persona, per favore.",
        ("Grazie.", "L'ho annotato. C'è altro?", "Capisco. La ricontatteremo al riguardo."),
    ),
    "pt": Phrases(
        "Olá, aqui é {name}, um assistente automático de inteligência artificial.",
        "Olá, aqui é {name}.",
        "Para não receber mais chamadas, pressione 9.",
        "É um bom momento?",
        "Podemos gravar esta chamada?",
        "Olá, há alguém aí?",
        "Obrigado pelo seu tempo. Até logo.",
        "Desculpe, tenho um problema técnico. Voltaremos a contactar. Até logo.",
        "Vou passar a chamada a uma pessoa. Um momento, por favor.",
        "Desculpe, ninguém está disponível agora. Voltaremos a contactar. Até logo.",
        "Entendido. Não voltaremos a ligar para este número. Até logo.",
        "Pode passar-me, por favor.",
        ("Obrigado.", "Está anotado. Mais alguma coisa?", "Compreendo. Voltaremos a contactar."),
    ),
    "ru": Phrases(
        "Здравствуйте, это {name}, автоматический помощник с искусственным интеллектом.",
        "Здравствуйте, это {name}.",
        "Чтобы больше не получать наших звонков, нажмите 9.",
        "Вам удобно говорить?",
        "Можно ли записать этот разговор?",
        "Алло, вы слышите меня?",
        "Спасибо за уделённое время. До свидания.",
        "Извините, у меня техническая неполадка. Мы свяжемся с вами. До свидания.",
        "Сейчас соединю вас с сотрудником. Одну минуту, пожалуйста.",
        "Извините, сейчас никто не отвечает. Мы свяжемся с вами. До свидания.",
        "Понятно. Мы больше не будем звонить на этот номер. До свидания.",
        "Соедините меня, пожалуйста.",
        (
            "Спасибо.",
            "Я записал это. Что-нибудь ещё?",
            "Понимаю. Мы свяжемся с вами по этому поводу.",
        ),
    ),
}


def phrases(language: str) -> Phrases:
    """For a language as agents name it: `he`, or `he-IL`."""
    return _LANGUAGES.get(language.partition("-")[0], _LANGUAGES["en"])
