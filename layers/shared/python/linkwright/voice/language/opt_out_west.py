"""How it is asked in English, German, Spanish, French, Italian and Portuguese to be called no more.

The phrases are searched in plain text: small letters, no apostrophes, ` | ` between clauses.
`?+` gives nothing back: else "call me now" would be looked at as "call", with no hour behind it.
"""

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
_EN_MINE = r"(?:me|us|(?:my|our) (?:\w+ )?(?:name|number|details)|this (?:\w+ )?number)"
_EN_NUMBER = rf"(?:{_EN_MINE}|(?:my|this|our) (?:phone|telephone|line))"
_EN_CONSENT = r"(?:consent|permission|authorization)"

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
    r"\bstop (?:all |these |the |your |with the |making )*(?:phone |robo)?calls\b",
    r"\bno more (?:(?:of )?(?:your|these|such|spam|sales|phone) )*(?:robo)?calls\b",
    rf"\b(?:take|remove|delete|erase) {_EN_NUMBER} (?:\w+ )??(?:from|off|out of)\b(?: \w+){{0,3}}?"
    r" (?:lists?|records?|system|database|directory|calls?)\b",
    rf"\b(?:get|scratch|strike|take) {_EN_MINE} off\b(?! (?:speaker|hold|mute|the phone)\b)",
    r"\b(?:remove|delete|erase|lose) (?:my|this|our) (?:\w+ )?number\b",
    r"\b(?:remove|delete|erase) (?:this|our) (?:phone|telephone)\b(?! (?:call|app|case|cover)\b)",
    r"\b(?:remove|delete|erase) (?:me|us)\b"
    r"(?! from (?:the |this |that )?(?:speaker|hold|mute|conference|meeting|schedule)\b)",
    r"\b(?:revoke|withdraw|take back)(?: \w+){0,2}? (?:consent|permission|authorization)\b"
    r"(?! (?:to|for) (?:the |this |be |being )*record)",
    rf"\b(?:dont|never|not|no) (?:given? )?(?:you )?(?:my |any )?(?:{_EN_CONSENT}(?:ed)?|agreed?)"
    r" to (?:\w+ ){0,3}?(?:(?:robo)?calls?|called|contacted|calling)\b(?! (?:being |to be )?record)"
    rf"{_EN_LIMITED}",
    rf"\byou (?:do not|dont|never|no longer) (?:have|had) (?:my|our) {_EN_CONSENT}\b"
    rf"(?! (?:to|for) (?!{_EN_CALL}|(?:these|your|any) calls))",
    rf"\b(?:call|contact)(?:ing|ed)? (?:me |us )?without (?:my|our) {_EN_CONSENT}\b",
    r"\bunsubscribe\b|\bopt(?:ed|ing)? (?:me |us )?out\b|\bdo not call list\b",
    r"\bleave (?:me|us) alone\b|\bcease and desist\b",
)

_DE_LIMITED = (
    r"(?!(?: \|)? (?:jetzt|heute|morgen|gerade|vor|nach|bis|wenn|während|bevor|solange|falls|um \d+"
    r"|am (?:\w+tag|wochenende|abend|vormittag|nachmittag)|abends|nachts|mittags|sondern)\b)"
)
_DE_NEVER = r"(?:nicht mehr|nicht wieder|nicht noch einmal|nie mehr|nie wieder|niemals(?: wieder)?)"
_DE_TO = r"(?: (?:mich|uns|hier|bitte|bei mir|bei uns|diese nummer|unter dieser nummer))*+"
_DE_NUMBER = r"(?:(?:meine|unsere|diese) (?:\w+)?nummer|(?:mein|unser)en namen|dieses telefon)\b"

_GERMAN = (
    rf"(?<!warum )(?<!wieso )\b(?:rufen sie|rufe?t?){_DE_TO} (?:{_DE_NEVER}|nicht){_DE_TO} an\b"
    rf"{_DE_LIMITED}",
    rf"\b{_DE_NEVER}{_DE_TO} an(?:zu)?rufen\b{_DE_LIMITED}",
    rf"(?<!nicht )\bhör(?:en sie|t|e)?(?: bitte| endlich| doch)* auf(?: \|)?{_DE_TO}"
    r" (?:anzurufen|zu belästigen|mit (?:den|diesen|ihren) \w*anrufen)\b",
    rf"\b(?:möchte|möchten|will|wollen|wünsche)(?: \w+){{0,2}}? (?:{_DE_NEVER}|nicht)(?: von \w+)?"
    r" (?:angerufen|kontaktiert|belästigt) werden\b",
    r"\bkeine (?:\w+ )?\w*anrufe (?:mehr|von ihnen)\b|\bkeine (?:weiteren anrufe|werbeanrufe)\b",
    r"\b(?:unterlassen|stoppen|beenden) sie (?:bitte )?(?:diese|die|ihre|alle) \w*anrufe\b",
    r"\b(?:streich|lösch|entfern)\w*(?: sie)?(?: bitte)? (?:mich|uns)\b",
    r"\bnehm\w*(?: sie)?(?: bitte)? (?:mich|uns|meine nummer|(?:mein|unser)en namen)\b"
    r"(?: \w+){0,3}? \w*(?:liste|verteiler)\b",
    rf"\b(?:streich|lösch|entfern)\w*(?: sie)?(?: bitte)? {_DE_NUMBER}",
    r"\b(?:stimme|willige)(?: \w+){0,2}? anrufen?(?: \w+)? nicht (?:zu|ein)\b"
    r"|\bwillige nicht in (?:\w+ )?anrufe\b",
    r"\b(?:sie haben|ihr habt) (?:keine|nicht meine) (?:einwilligung|erlaubnis|zustimmung)\b"
    r"(?!(?: \|)?(?: \w+){0,3} (?:auf\w+|weiter\w+))",
    r"\blass(?:en sie|t)?(?: \w+)? (?:mich|uns)(?: \w+)? in (?:ruhe|frieden)\b",
    r"\bwiderrufe(?: \w+){0,2}? (?:einwilligung|zustimmung|einverständnis)\b"
    r"(?! (?:zur|in die|für die) auf)",
    r"\bwiderspreche(?: \w+){0,2}? \w*(?:anrufen?|werbung)\b",
)

_ES_LIMITED = (
    r"(?! (?:ahora|hoy|mañana|antes|después|hasta|si|cuando|mientras|durante|entre|tan|tarde"
    r"|temprano|en este momento|est[ae] (?:mañana|tarde|noche|semana)|a (?:las?|est[ae]s?)"
    r"|por la (?:mañana|tarde|noche)|de noche|al trabajo|el|los|señor\w*|don|doña|así|eso)\b)"
)
_ES_CALL = r"(?:llam(?:e|en|es)|molest(?:e|en|es)|contact(?:e|en|es)|marqu(?:e|en|es))\b"
_ES_CALLING = r"(?:llamar|molestar|acosar|contactar|marcar)"
_ES_TO = r"(?: (?:más|nunca|jamás|otra vez|de nuevo|aquí|acá|a este número|por teléfono))*+"
_ES_LIST = r"(?: \w+){0,3}? (?:listas?|base|registros?|sistema)\b"
_ES_REMOVE = r"(?:qu[ií]t|s[aá]qu|b[oó]rr|elim[ií]n|ret[ií]r)"

_SPANISH = (
    rf"(?<!por qué )\b(?:no|nunca|jamás)(?: más)? (?:me|nos) {_ES_CALL}{_ES_TO}{_ES_LIMITED}",
    rf"(?<!por qué )\b(?:no|nunca|jamás) {_ES_CALL}(?= (?:más|nunca|a este)){_ES_TO}{_ES_LIMITED}",
    rf"\b(?:no|nunca|jamás)(?: me| nos)? vuelv(?:a|an|as) a {_ES_CALLING}\w*{_ES_TO}{_ES_LIMITED}",
    rf"(?<!no )(?<!nunca )\b(?:dejen?|deja|paren?)(?: ya)? de {_ES_CALLING}",
    r"\bno (?:quiero|queremos|deseo|deseamos)(?: \w+){0,2}? (?:(?:sus )?llamadas|que (?:me|nos)"
    rf" (?:vuelvan a )?(?:llam|contact|molest)\w+|ser contactad\w+)\b{_ES_TO}{_ES_LIMITED}",
    r"\b(?:no más|basta de|ni una|paren? (?:con )?(?:las|estas|sus)) (?:robo)?llamadas?\b",
    r"\bno (?:autorizo|consiento|acepto|doy mi \w+ para)(?: \w+){0,2}? llamadas\b",
    r"\bno tienen? (?:mi|nuestr[oa]) (?:consentimiento|autorización|permiso)\b"
    r"(?! (?:para|de) (?!llamar|contactar|estas))",
    rf"\b{_ES_REMOVE}\w*(?:me|nos)\b{_ES_LIST}",
    rf"\b{_ES_REMOVE}\w+(?: por favor)? (?:mi|este|nuestro) (?:número|teléfono|nombre)\b",
    r"\b(?:revoco|retiro)(?: \w+){0,2}? (?:consentimiento|autorización|permiso)\b"
    r"(?! (?:para|de) (?:la |que )?graba)",
    r"\bd[eé]j(?:e|en|a)(?:me|nos)(?: ya)? (?:en paz|tranquil\w+)",
    r"\bd[eé]n?me de baja\b|\bdarme de baja\b",
)

_FR_LIMITED = (
    r"(?! (?:maintenant|aujourdhui|demain|avant|après|jusqu\w*|quand|pendant|si|tard|tôt|souvent"
    r"|entre|c(?:e|et|ette) (?:soir|matin|après|nuit|semaine)|à (?:\d+|midi|cette)|la nuit|tout de"
    r"|le (?:matin|soir|week|\w+di|dimanche)|en (?:ce|journée|soirée|réunion)|au (?:travail|bureau)"
    r"|monsieur|madame|mademoiselle|comme)\b)"
)
# `ne m'appelez` is `ne mappelez` here, and `n'appelez` is `nappelez`.
_FR_CALL = r"(?:r?appel(?:ez|le)|téléphonez|contactez|dérangez|harcelez|embêtez)"
_FR_CALLING = r"(?:r?appeler|téléphoner|contacter|déranger|harceler|embêter)"
_FR_TO = r"(?: (?:ici|chez moi|ce numéro|à ce numéro|sur ce numéro))?+"
_FR_LIST = r"(?: \w+){0,2}? (?:listes?|fichiers?|base|registre|système)\b"
_FR_REMOVE = r"(?:retir|enlev|supprim|effac|ray|radi)(?:ez|e)"

_FRENCH = (
    rf"(?<!vous )(?<!tu )\b(?:ne (?:m|me |nous )|n){_FR_CALL}(?: (?:plus|pas|jamais))++"
    rf"{_FR_TO}{_FR_LIMITED}",
    rf"(?<!vous )(?<!tu )(?<!ne )\bmappelez (?:plus|pas)\b{_FR_TO}{_FR_LIMITED}",
    rf"\bne (?:plus|pas|jamais) (?:m|me |nous )?{_FR_CALLING}\b{_FR_TO}{_FR_LIMITED}",
    rf"\b(?:arrêt|cess|stopp)(?:ez|e)(?: \w+)? (?:d|de |de m|de me |de nous ){_FR_CALLING}\b",
    r"\b(?:arrêtez|cessez|stop|stoppez)(?: avec)? (?:ces|les|vos|tous ces) appels\b",
    r"\bne (?:veux|voulons|souhaite|souhaitons|désire) (?:plus|pas)(?: \w+){0,2}?"
    r" (?:(?:r?appelé|contacté|démarché)\w*|dappels?|(?:vos|ces) appels"
    rf"|que vous (?:m|me |nous )(?:r?appel|contact)iez)\b{_FR_LIMITED}",
    r"(?:^|\| )(?:plus|pas) dappels?\b",
    rf"\b{_FR_REMOVE} (?:moi|nous)\b{_FR_LIST}|\bdésinscrivez (?:moi|nous)\b",
    rf"\b{_FR_REMOVE} (?:mon|ce|notre) (?:numéro|nom|téléphone)\b",
    r"\b(?:retire|révoque|annule) (?:mon|ma) (?:consentement|accord|autorisation)\b"
    r"(?! (?:pour|à|de) (?:l|être )?enregistr)",
    r"\bne (?:consens|donne) pas(?: \w+){0,3}? (?:appels?|être (?:appel|contact)\w+)\b",
    r"\bnavez (?:pas|plus|jamais eu) (?:mon|ma|notre)"
    r" (?:consentement|accord|autorisation|permission)\b"
    r"(?! (?:pour|de|d) (?!m?appeler|me (?:contact|télé)|ces appels))",
    r"\b(?:laissez|laisse|fichez|foutez) (?:moi|nous) (?:tranquille|en paix|la paix)",
)

_IT_LIMITED = (
    r"(?! (?:adesso|ora|oggi|domani|stasera|stamattina|prima|dopo|finché|quando|mentre|durante|se"
    r"|tardi|presto|fino|tra|fra|alle|al (?:lavoro|mattino)|di (?:notte|sera|mattina|domenica)"
    r"|la (?:sera|mattina|notte|domenica)|a questora|in questo momento|signor\w*|dottor\w*|così)\b)"
)
_IT_CALL = r"(?:ri)?(?:chiam(?:i|ate|ino|are)|telefon(?:i|ate)|contatt(?:i|ate)|disturb(?:i|ate))"
_IT_TO = r"(?: (?:mai|più|qui|questo numero|a questo numero))*+"
_IT_LIST = r"(?: \w+){0,3}? (?:list[ae]|\w*elench?[oi]|archivio|database|registro)\b"
_IT_REMOVE = r"(?:tolg|cancell|elimin|rimuov|lev)"

_ITALIAN = (
    rf"(?<!perché )\bnon (?:mi |ci )?{_IT_CALL}(?:mi|ci)?\b{_IT_TO}{_IT_LIMITED}",
    rf"(?<!perché )\bnon (?:ri)?(?:chiam|contatt|disturb)ar(?:mi|ci)\b{_IT_TO}{_IT_LIMITED}",
    r"(?<!non )(?<!non la )\b(?:smett(?:a|i|ete|ila|etela)|finitela|piantatela)(?: \w+)? di"
    r" (?:ri)?(?:chiam|telefon|disturb|molest)ar\w*",
    r"\bnon (?:voglio|vogliamo|desidero|desideriamo)(?: \w+){0,2}?"
    r" (?:(?:chiamat|contattat|disturbat)[aoi]"
    rf"|(?:chiam|telefon)ate|che (?:mi|ci) (?:chiam|contatt)\w+)\b{_IT_TO}{_IT_LIMITED}",
    r"\b(?:basta|niente|nessuna|stop)(?: (?:più|altre|con (?:le|queste)|alle))*"
    r" (?:chiam|telefon)at[ae]\b",
    rf"\b(?:mi|ci) {_IT_REMOVE}(?:a|i|ano|ino)\b{_IT_LIST}",
    rf"\b(?:toglie|cancella|elimina|rimuove|leva)te(?:mi|ci)\b{_IT_LIST}",
    rf"\b(?:togliete|{_IT_REMOVE}(?:a|i|ate|ete)) (?:il (?:mio|nostro)|questo) (?:numero|nome)\b",
    r"\b(?:revoco|ritiro)(?: \w+){0,2}? (?:consenso|l?autorizzazione)\b"
    r"(?! (?:alla|per la) registrazione)",
    r"\bnon (?:acconsento|autorizzo)(?: \w+){0,2}? (?:chiamate|telefonate)\b",
    r"\bnon (?:ha|hanno|hai|avete) (?:il |la )?(?:mi|nostr)[oa]"
    r" (?:consenso|permesso|autorizzazione)\b"
    r"(?! (?:alla|all|per|a|di|da) (?!chiamar|telefonar|contattar|queste))",
    r"\b(?:mi|ci) lasci(?:no)? in pace\b|\blascia(?:te)?(?:mi|ci) (?:in pace|stare)\b",
)

_PT_LIMITED = (
    r"(?! (?:agora|hoje|amanhã|antes|depois|até|se|quando|enquanto|durante|entre|tão|tarde|cedo|às"
    r"|ao|aos|à (?:noite|tarde)|de (?:noite|manhã|madrugada|tarde)|no (?:trabalho|domingo|sábado)"
    r"|n?es[st][ae] (?:hora|semana|momento))\b)"
)
_PT_CALL = r"(?:ligu|telefon|contac?t|incomod|perturb)(?:e|em|es)\b"
_PT_CALLING = r"(?:ligar|telefonar|contac?tar|incomodar|perturbar|importunar)"
_PT_TO = (
    r"(?: (?:mais|nunca|de novo|outra vez|aqui|cá|(?:para|pra) (?:cá|mim)"
    r"|(?:para|pra) (?:este|esse|o meu|meu) (?:número|telefone)))"
)
_PT_LIST = r"(?: \w+){0,3}? (?:listas?|cadastro|base|sistema|registr?o)\b"
_PT_REMOVE = r"(?:tir|retir|remov|apagu?|exclu|elimin|risqu)"
_PT_CALLS = r"(?:ligaç(?:ão|ões)|chamadas?|telefonemas?)"

_PORTUGUESE = (
    rf"(?<!por que )(?<!porque )\b(?:não|nunca|jamais)(?: mais)? (?:me|nos) {_PT_CALL}{_PT_TO}*+"
    rf"{_PT_LIMITED}",
    rf"\b(?:não|nunca|jamais)(?: mais)? {_PT_CALL}{_PT_TO}++{_PT_LIMITED}",
    rf"\bnão(?: me| nos)? (?:volte|torne)m? a (?:me )?{_PT_CALLING}\b{_PT_LIMITED}",
    rf"(?<!não )(?<!nunca )\b(?:par|deix)(?:e|em|a) de (?:me |nos )?{_PT_CALLING}",
    rf"\bnão (?:quero|queremos|desejo|desejamos)(?: \w+){{0,2}}? (?:{_PT_CALLS}|que (?:me|nos)"
    rf" {_PT_CALL}|ser contac?tad\w+)(?: mais)?+{_PT_LIMITED}",
    rf"\b(?:chega de|basta de|nada de|não mais|nem mais uma) {_PT_CALLS}\b",
    rf"\b{_PT_REMOVE}(?:e|em|a|am) (?:me|nos)\b{_PT_LIST}",
    rf"\b(?:me|nos) {_PT_REMOVE}(?:e|em|a|am)\b{_PT_LIST}",
    rf"\b{_PT_REMOVE}(?:e|em|a|am)(?: por favor)? (?:o )?(?:meu|este|nosso)"
    r" (?:número|telefone|nome)\b",
    r"\b(?:revogo|retiro)(?: \w+){0,2}? (?:consentimento|autorização)\b"
    r"(?! (?:para|de) (?:a )?grava)",
    rf"\bnão (?:autorizo|consinto|aceito|concordo)(?: \w+){{0,2}}? {_PT_CALLS}\b",
    r"\bnão (?:tem|têm) (?:o meu|a minha|meu|minha) (?:consentimento|autorização|permissão)\b"
    r"(?! (?:para|de) (?!(?:me )?(?:ligar|contac)|estas|essas))",
    r"\b(?:deixem?|deixa) (?:me|nos) em paz\b|\b(?:me|nos) (?:deixem?|deixa) em paz\b",
    r"\bdescadastr\w+",
)

# The phrases of each language, and the beginnings of words of which each phrase has one.
LANGUAGES = (
    (
        "call|phon|ring|dial|contact|text|bother|disturb|harass|remove|delete|erase|lose|take|get|scratch"
        "|strike|consent|permission|authoriz|cease|unsubscribe|opt|leave",
        _ENGLISH,
    ),
    (
        "ruf|haben|habt|hör|belästig|kontaktier|streich|lösch|entfern|nehm|lass|widerr|widerspr",
        _GERMAN,
    ),
    (
        "llam|molest|contact|acos|marc|quit|quít|saqu|sáqu|borr|bórr|elim|retir|revoc|tiene|dej|déj|baja",
        _SPANISH,
    ),
    (
        "appel|télép|contact|dérang|harcel|embêt|retir|enlev|supprim|effac|ray|radi|désinscri|démarch"
        "|révoqu|annul|navez|laiss|fich|fout",
        _FRENCH,
    ),
    (
        "chiam|telefon|contatt|disturb|molest|togl|tolg|cancel|elimin|rimuov|lev|revoc|ritir|lasci|consenso|permesso|autorizz",
        _ITALIAN,
    ),
    (
        "lig|telefon|contat|contact|incomod|perturb|importun|chamad|tir|remov|apag|exclu|elimin|risqu|revog|consent|autoriz|permiss"
        "|em paz|descadastr",
        _PORTUGUESE,
    ),
)
