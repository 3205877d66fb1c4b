"""How people answer a mail in English, German, French and Spanish, as `clauses` leaves it.

Accents and apostrophes are gone there, and hyphens are blanks; ` | ` is where a clause ends.
"""

_MAIL = r"(?:e ?mails?|mails?|messages?|newsletters?)"

UNSUBSCRIBE_WEST = (
    # English.
    r"(?<!not )(?<!dont )\b(?:un ?subscri\w+|opt(?:ing)? (?:me |us )?out)\b",
    r"(?:^|\| )(?:please |pls |kindly )?(?:stop|remove|remove me|take me off|take off|opt out"
    r"|unsub|no more)"
    r"(?: please| pls| now| it| this| all)*(?: \||$)",
    r"(?<!not )(?<!dont )\b(?:remove|delete|take|strike|drop|erase) (?:me|us|my|our|this)"
    r"(?: \w+){0,4}? (?:from|off|out of)\b",
    # "Delete this email" is what disclaimers say to whom it was not meant for.
    r"(?<!not )(?<!dont )\b(?:remove|delete|erase) (?:me\b|us\b|(?:my|our) e ?mail"
    r"|(?:my|our|this) (?:data|details|address|e ?mail address|contact|info\w*|name|account))",
    r"\bunsub (?:me|us|pls|please|now)\b",
    r"(?<!not )(?<!dont )\b(?:stop|quit|cease)(?: \w+){0,2}? (?:e ?mailing|mailing|contacting"
    r"|messaging|spamming|sending|writing|bothering|harassing|reaching out|these|your)\b",
    r"\b(?:do not|dont|never|not to)(?: \w+){0,2}? (?:e ?mail|mail|contact|write|message|send"
    r"|bother"
    r"|spam)\b(?: \w+){0,4}? (?:me|us|again|any ?more|further|here|this address)\b"
    r"(?! (?:before|until|today|tomorrow|this week|next week))",
    rf"\bno (?:more|further) (?:\w+ )?(?:{_MAIL}|contact|communications?)\b",
    r"\b(?:dont|do not|no longer) (?:want|wish|care)(?: \w+){0,3}? (?:receiv\w+|get|hear|contacted"
    rf"|{_MAIL})\b",
    r"\bnever (?:signed up|subscribed|opted in|consented|agreed to)\b",
    r"\b(?:withdraw|revoke)(?: \w+)? consent\b|\bobject to (?:the |any |this )?(?:processing|use"
    r"|direct"
    r"|marketing)|\bright to (?:erasure|be forgotten|object)\b|\bdelete (?:all )?my (?:personal"
    r" )?data\b",
    r"\b(?:dont|do not) want (?:any of )?(?:this|these|those|your)\b|\bno more of (?:this|these)\b"
    r"|(?:^|\| )enough(?: \||$)|\breport you\b|\bunwanted (?:e ?)?mails?\b"
    r"|\b(?:get|be|am|gets?) (?:me |us )?(?:off|removed from)(?: \w+){0,2}? lists?\b|\brefrain"
    r" from\b"
    r"|\b(?:dont|do not|no more|no) follow(?:ing)? ?ups?\b",
    r"\bthis is (?:\w+ )?spam\b|\bleave (?:me|us) alone\b|\blose my (?:e ?mail|address|number)\b",
    # German.
    r"(?:^|\| )(?:bitte )?(?:stopp?|löschen|abmelden)(?: bitte)?(?: \||$)",
    r"\b(?:abmeld\w+|abbestell\w+|austragen|auszutragen|abzumelden)\b",
    r"\b(?:meld|trag)\w*(?: \w+){0,2}? (?:mich|uns)(?: \w+){0,5}? (?:ab|aus)(?= \||$| bitte|"
    r" vo[nm] )",
    r"\b(?:nehm|streich|lösch|entfern)\w*(?: sie)?(?: bitte)? (?:mich|uns|meine?n?|unsere?n?"
    r"|diese)\b",
    r"\b(?:mich|uns|(?:meine?|unsere?|diese) (?:adresse|e mail|mail|daten)\w*)(?: \w+){0,6}?"
    r" (?:zu )?(?:löschen|entfernen|streichen|auszutragen)\b|\baus(?: \w+){1,2}? (?:verteiler"
    r"|liste)"
    r"(?: \w+)? (?:nehmen|streichen|entfernen|löschen)\b",
    rf"\bkeine(?: \w+){{0,2}}? (?:{_MAIL}|nachrichten|werbung|werbemails|zusendungen|anfragen)\b"
    r"(?: \w+){0,2}? (?:mehr|von|erhalten|bekommen|schicken|senden|zu)\b",
    rf"\bkeine (?:weiteren|weitere) (?:{_MAIL}|nachrichten|werbung|kontakt\w*)\b",
    r"\b(?:schreib|kontaktier|belästig|schick|send|mail)\w*(?: \w+){0,4}? (?:nicht mehr|nie wieder"
    r"|nie mehr|nichts mehr|keine)\b",
    r"\bnicht (?:mehr|weiter|wieder) (?:kontaktier\w+|angeschrieben|an(?:zu)?schreiben"
    r"|belästig\w+)\b",
    r"\bhör\w*(?: \w+){0,3}? auf\b|\bwiderspr(?:eche|uch)\b|\bwiderruf\w*\b|\blass\w*(?: sie)?"
    r" (?:mich|uns) in ruhe\b|\bdas ist spam\b|\bkeine (?:\w+ )?(?:nachfass|folge|werbe)\w*"
    r"|\bkeine (?:einwilligung|zustimmung|erlaubnis)\b"
    r"|\blass\w*(?: sie)? (?:das|es)\b|\bunterlassen sie\b|\bverschon\w* (?:sie )?(?:mich|uns)\b",
    r"\b(?:seh|absehen)\w*(?: \w+){0,5}? (?:anschreiben|mails?|kontakt\w*|werbung|nachrichten)(?:"
    r" \w+)? ab\b",
    # French.
    r"\bdésinscri\w*|\bdésabonn\w*|(?:^|\| )stop(?: svp| merci)?(?: \||$)",
    r"\b(?:retir|enlev|supprim|effac|radi|sort)\w*(?: \w+){0,3}? (?:de|du|des)(?: \w+){0,3}?"
    r" (?:listes?|bases?|fichiers?|mailing|diffusion|envois)\b",
    r"\b(?:retirer|enlever|supprimer|effacer|retirez|enlevez|supprimez|effacez)"
    r" (?:moi|nous|mon|mes|notre|nos|cette)\b|\b(?:me|nous) (?:retirer|enlever|supprimer"
    r"|désinscrire)\b",
    r"\bne (?:veux|voulons|souhait\w+|désir\w+) (?:plus|pas)(?: \w+)? (?:recevoir|être (?:contact"
    r"|démarch"
    r"|sollicit)|de (?:vos )?(?:mail|message|relance))",
    r"\bne plus (?:m|me |nous )?(?:contact|écri|envoy|sollicit|relanc|dérang)\w*",
    r"\b(?:arrêt|cess|stop)\w*(?: \w+)? (?:de |d)(?:m|me |nous )?(?:envoy|écri|contact|sollicit"
    r"|importun|spam|harcel|relanc)|\b(?:d ?)?(?:arrêt|cess|stopp)e[rz] (?:vos|ces|les) \w+",
    r"\bne (?:m|me |nous )(?:contact|écri|envoy|sollicit|relanc|dérang)\w+(?: \w+)? (?:plus|pas"
    r"|jamais)\b",
    rf"\b(?:plus (?:de |d|aucun )|aucun autre )(?:{_MAIL}|courriels?|relances?|démarchage)\b",
    r"\bdroit (?:à loubli|dopposition|à leffacement)\b|\bm ?oppose (?:au|à)\b"
    r"|\bretire mon consentement\b|\blaissez moi tranquille\b",
    # Spanish.
    r"(?:^|\| )(?:por favor )?(?:baja|stop|eliminar|dar de baja)(?: por favor| ya)?(?: \||$)",
    r"\b(?:d[ae]\w*|solicit\w+|quier\w+|pid\w+)(?: \w+)? (?:de |la )?baja\b(?! médica| maternal)"
    r"|\bdesuscri\w+|\bcancel\w+ (?:mi |la |esta )?suscripción\b",
    r"\b(?:elimin|borr|quit|sac|saqu|retir|suprim)\w*(?:me|nos)\b",
    r"\b(?:elimin|borr|quit|sac(?!ad)|saqu|retir|suprim)\w* (?:mis?|nuestr\w+|este|esta)"
    r" (?:correo|dato"
    r"|dirección|e ?mail|contacto|nombre|información|cuenta)",
    r"\bno (?:quier\w+|quer\w+|dese\w+)(?: \w+){0,2}? (?:recibir|que (?:me|nos) (?:escrib|envi"
    r"|contact)"
    rf"|más (?:correos?|{_MAIL}|mensajes))",
    r"\bno (?:me |nos )(?:escrib|envi|mand|contact|molest)\w+(?: \w+){0,2}? (?:más|nunca|otra vez"
    r"|de nuevo|nuevamente)\b|\bno insist\w+|\bno (?:me |nos )?vuelv\w+ a (?:escrib|envi|mand"
    r"|contact|molest)\w+",
    r"\b(?:dej|par|ces)\w* (?:ya )?de (?:escrib|envi|mand|contact|molest)\w+"
    rf"|\bno más (?:correos?|{_MAIL}|mensajes)\b",
    r"\bme opongo\b|\brevoco\b|\besto es spam\b|\bdéj\w+ en paz\b",
)

WRONG_PERSON_WEST = (
    r"\b(?:wrong|not the (?:right|correct|best|appropriate|proper)) (?:person|contact|department"
    r"|one)\b",
    r"\bnot (?:the (?:one|person) (?:who|to|that|for)|responsible|in charge|my (?:area|department"
    r"|responsibility|remit|field)|who handles)\b|\bdont (?:handle|deal with|look after|manage)"
    r" (?:this|that)",
    r"\b(?:better off|best|better) (?:to )?(?:speak|talk|contact|ask|reach)\w*(?: out)?(?: to|"
    r" with)?\b",
    r"\b(?:please|should|could you|kindly) (?:\w+ )?(?:contact|speak to|talk to|speak with|talk"
    r" with"
    r"|reach out to|ask|try) (?!me\b|us\b|again|later|you)(?:our|the|my|mr|ms|mrs|\w+ (?:in|from"
    r"|at|who))\b",
    r"\b(?:handled|taken over) by (?!me|us)|\btook over from (?:me|us)\b|\bis (?:the one|in"
    r" charge|responsible|who you)\b",
    r"\bnicht (?:\w+ )?(?:zuständig|verantwortlich|(?:der|die) (?:richtige|ansprechpartner)|mein"
    r" (?:bereich|thema))|\bfalsche\w* (?:ansprechpartner\w*|person|abteilung|kontakt)",
    r"\bwenden sie sich\b|\b(?:sprechen|kontaktieren|fragen) sie(?: \w+)? (?:mit |unsere|die"
    r" abteilung"
    r"|den|herrn|frau)|\bzuständig (?:ist|sind|wäre)\b|\bnichts zu tun\b|\bkümmert sich\b",
    r"\bpas (?:\w+ )?(?:moi qui|la bonne personne|le bon|linterlocut\w+|en charge|responsable|de"
    r" mon"
    r" ressort|mon (?:domaine|service))|\bmauvais\w* (?:personne|interlocuteur|service)",
    r"\b(?:voyez|contactez|adressez vous|rapprochez vous|demandez)(?: plutôt| directement)?"
    r" (?:avec|à|au|auprès|le|la|notre|m|mme|mon|ma) (?!moi)",
    r"\bqui (?:sen (?:occupe|charge)|gère|en est responsable|est en charge)\b|\bse encarga\b",
    r"\bno soy (?:\w+ ){0,3}?(?:persona|contacto|responsable|encargad\w+|indicad\w+|adecuad\w+"
    r"|quien)\b",
    r"\bpersona (?:equivocada|incorrecta)\b|\bequivocad\w* de persona\b|\bno (?:es|está) (?:\w+"
    r" )?(?:mi"
    r" (?:área|departamento|competencia)|a mi cargo)\b|\beso lo (?:lleva|gestiona|ve)\b",
    r"\b(?:contact\w+|habl\w+|diríj\w+) (?:con|a|al|mejor con) (?:el|la|compras|nuestr\w+|mi)\b",
)

# Whoever says so is not there any more, also where a program says it.
LEFT_WEST = (
    r"\bno longer (?:work\w*|with|at|employed|part of|associated|an employee)\b",
    r"\b(?:has|have|ve) (?:now )?left (?:the )?(?!a\b|my\b|it\b|you\b|office\b|for\b|early\b"
    r"|some\b)\w+"
    r"|\b(?:has|have|ve) retired\b|\bmailbox is no longer (?:in use|monitored|active)\b",
    r"\bnicht mehr (?:\w+ ){0,4}?(?:tätig|beschäftigt|angestellt|bei (?!mir|uns)|erreichbar"
    r" unter)\b"
    r"|\b(?:unternehmen|firma) verlassen\b|\bausgeschieden\b",
    r"\bne (?:travaille|fais|fait) plus\b|\bplus partie d|\b(?:a|ai|avons) quitté\b|\bplus en"
    r" poste\b",
    r"\bya no (?:trabaj\w+|form\w+ parte|pertenez\w+|labor\w+|est\w+ en)\b"
    r"|\bdej(?:é|ó|ado) (?:de trabajar|la empresa|la compañía)\b",
)

NOT_INTERESTED_WEST = (
    r"\bnot (?:\w+ ){0,2}?interested\b|\bno(?: \|)? (?:thanks|thank you|thx)\b|\bno interest\b"
    r"|\bnot (?:for (?:us|me)|a (?:good )?(?:fit|match|priority)|relevant|the right (?:time|fit)"
    r"|looking|in the market|something (?:we|i)|right now|now|at (?:this|the) (?:time|moment"
    r"|stage))\b",
    r"\b(?:no|dont|do not|not|wont)(?: \w+){0,2}? (?:need|require)\b|\b(?:ill|well|will|to|i|we)"
    r" pass\b"
    r"|\bpass on (?:this|it|that)\b|\balready (?:have|use|using|work\w*|got|covered|sorted)\b",
    r"\b(?:happy|satisfied|content|pleased) with (?:our|the|what|them|it|my|who)\b|\ball set\b"
    r"|\b(?:just|recently|already) signed\b|(?:^|\| )were good(?: \||$)"
    r"|\bno (?:budget|plans?|requirement|use)\b|\bdeclin(?:e|ing)\b|\bhave to say no\b",
    r"\b(?:kein\w*|nicht)(?: \w+){0,2}? (?:interess\w+|bedarf|thema|option)\b|\b(?:wir|ich)(?:"
    r" \w+){0,2}? nichts mehr\b|\bnein(?: \|)? danke\b",
    r"\b(?:bereits|schon)(?: \w+){0,3}? (?:versorgt|anbieter|lösung|lieferant\w*|dienstleister"
    r"|partner"
    r"|zufrieden|abgedeckt|im einsatz)\b|\bgut (?:versorgt|aufgestellt|bedient)\b",
    r"\bpasst(?: \w+){0,3}? nicht\b|\bnicht(?: \w+){0,2}? (?:passend|relevant|notwendig|nötig|das"
    r" richtige"
    r"|in frage|wechseln)\b|\b(?:brauchen|benötigen)(?: \w+){0,3}? nicht\b|\bwerden(?: \w+)?"
    r" verzichten\b",
    r"\b(?:zurzeit|derzeit|aktuell|momentan|im moment)(?: \w+){0,2}? (?:kein\w*|nicht)\b",
    r"\b(?:pas|aucun\w*|guère)(?: \w+){0,2}? (?:intéress\w+|intérêt|besoin|concern\w+|d ?actualité"
    r"|pertinent|prévu|une priorité|adapté)|\bintéress\w* pas\b|\bnon(?: \|)? merci\b",
    r"\b(?:avons|ai|disposons|travaillons|utilisons|sommes) déjà\b|\bdéjà (?:un|une|équip\w+"
    r"|pourvu\w*)\b"
    r"|\bsatisfaits? (?:de|par)\b|\bpas (?:pour (?:linstant|le moment)|maintenant|donner suite)\b"
    r"|\bdécline|\bven\w+ de signer\b|\bvient de signer\b|\bsans façon\b",
    r"\bno (?:\w+ ){0,2}?interes\w+|\bno(?: \|)? gracias\b|\bno (?:l[oae]s? )?(?:necesit|requer"
    r"|precis)\w+",
    r"\bacab\w+ de (?:firmar|contratar|renovar)\b|(?:^|\| )paso(?: \||$)",
    r"\bya (?:\w+ )?(?:tenemos|contamos|trabajamos|usamos|disponemos|tengo|trabajo|cubiert\w+)\b"
    r"|\b(?:content|satisfech|conforme)\w+ con\b|\bno (?:nos |me )?(?:encaja|aplica|procede|hace"
    r" falta)\b",
    r"\b(?:por ahora|por el momento|de momento|en este momento)(?: \w+)? no\b|\bno (?:por ahora"
    r"|de momento)\b",
)

INTERESTED_WEST = (
    r"\b(?:interesting|interested|intriguing|intrigued|keen)\b|\bsounds? (?:\w+ )?(?:good|great"
    r"|useful)\b"
    r"|\b(?:tell me|learn|know|hear|find out) more\b|\bmore (?:info\w*|details|about)\b|\byes(?:"
    r" \|)? please\b",
    r"\b(?:send|share|forward)(?: \w+){0,4}? (?:deck|info\w*|details|brochure|pric\w+|proposal"
    r"|quote|slides"
    r"|case stud\w+|material|times|invite|calendar|link)\b",
    r"\b(?:lets|happy to|glad to|keen to|love to|like to|can we|could we|shall we|open to)(?:"
    r" \w+){0,2}?"
    r" (?:talk|talking|chat|speak|meet|connect|call|discuss|see|schedule|set up|book|hear|demo)\b",
    r"\b(?:what|how)(?: \w+){0,4}? (?:pric\w+|costs?|charge)\b|\bhow much\b|\b(?:book|schedule"
    r"|set up|arrange)"
    r"(?: \w+){0,3}? (?:call|meeting|demo|time)\b|\b(?:im|i am|we are) (?:free|available)\b",
    r"\bcall me\b|\bgive me a (?:call|ring)\b|\ba (?:demo|quote|trial)\b|\bwhen (?:can|could|are"
    r"|would) (?:we|you)"
    r"\b|\bworks for (?:me|us)\b|\bmy calendar\b|\bsign (?:me|us) up\b|\bcount me in\b|\bgood"
    r" timing\b|\bworth a (?:look|chat|call)\b|\bdrop me\b|\bwhats the (?:price|cost|damage)\b",
    r"\b(?:klingt|hört sich|wäre|ist)(?: \w+){0,4}? (?:interessant|spannend|gut|thema)\b"
    r"|\b(?:haben|hätten?|habe|besteht)(?: \w+){0,2}? interesse\b|\binteressiert\b",
    r"\b(?:mehr|weitere|nähere) (?:informationen|infos|unterlagen|details)\b|\b(?:schick|send)\w*"
    r"(?: \w+){0,5}? (?:unterlagen|informationen|infos|angebot|preis\w*|präsentation|broschüre"
    r"|details)\b",
    r"\b(?:termin|telefonat|gespräch|demo|meeting|vorführung)\b|\bzeit für\b|\bruf\w*(?:"
    r" \w+){0,5}? an\b"
    r"|\bwas(?: \w+){0,5}? kosten?\b|\banschauen\b|\bwann haben sie\b|\bpreisliste\b|\bmir"
    r" passt\b|\bpasst mir\b|\b(?:ja|sehr) gerne\b",
    r"\b(?:m|nous |vous )intéress\w+|\bintéress(?:ant|és?|ée?s?)\b|\ben (?:savoir|dire) (?:plus"
    r"|davantage)\b"
    r"|\bplus d(?:e |)(?:informations?|infos|détails|renseignements)\b",
    r"\b(?:envoy|transmet|partag)\w*(?: \w+){0,4}? (?:plaquette|brochure|documentation|tarifs?"
    r"|devis|prix"
    r"|présentation|informations|détails)\b|\b(?:quel\w*|vos|les)(?: \w+){0,2}? (?:prix|tarifs?"
    r"|coûts?)\b",
    r"\b(?:disponibles?|dispo)\b|\b(?:rendez vous|rdv|démo\w*|un échange|un appel)\b|\br?appelez"
    r" moi\b"
    r"|\bvolontiers\b|\bdevis\b|\bon sappelle\b|\bpeut (?:m|nous )(?:servir|intéresser|aider)"
    r"|\bpourquoi pas\b|\bavec plaisir\b|\bcombien\b|\bparlons en\b",
    r"\b(?:me|nos) (?:interes\w+|gustaría|vendría bien|parece (?:bien|interesante))\b"
    r"|\binteresad\w+\b"
    r"|\binteresante\b|\bmás (?:información|info|detalles|datos)\b|\bcont\w+ más\b|\bcuánto"
    r" (?:cuesta|vale|sale)",
    r"\b(?:mánd|envi|pás|compart)\w*(?: \w+){0,3}? (?:información|precios?|propuesta|presentación"
    r"|catálogo"
    r"|tarifas?|dossier)\b|\bprecios?\b|\b(?:una|la) (?:demo|llamada|reunión|videollamada)\b",
    r"\bhabl[ae]mos\b|\bsuena (?:bien|interesante)\b|\bpás\w+ algo\b|\bllám\w+\b|\bcuándo(?:"
    r" \w+){0,3}? (?:hueco|podemos|puedes|podríamos|podrías)\b"
    r"|\b(?:estoy|estaría) (?:libre|disponible)\b",
)

RECEIVED_WEST = (
    r"\b(?:automated|automatic|auto generated|automatically generated) (?:response|message|e"
    r" ?mail|reply)\b"
    r"|\b(?:do not|dont) (?:reply|respond) to this\b|\bticket (?:has been|was|number|id)\b",
    r"\b(?:has been|have) received\b|\bwill (?:get back|respond|reply)(?: \w+){0,2}? (?:within"
    r"|shortly|soon|as soon)\b",
    r"\bautomatisch (?:generiert|erstellt|erzeugt)\w*|\bvorgangsnummer\b|\bticketnummer\b"
    r"|\b(?:anfrage|nachricht)(?: \w+){0,3}? (?:erhalten|eingegangen|erfasst)\b",
    r"\bmessage automatique\b|\bne pas (?:y )?répondre\b|\bbien (?:reçu votre|été reçu\w*)\b"
    r"|\bdans les meilleurs délais\b|\bmensaje automático\b|\bno responda a este\b",
    r"\b(?:hemos|ha sido|se ha) (?:recibido|registrad[oa])\b|\ba la mayor brevedad\b",
)
