"""Sentences about findings, as a model may write them: true ones, and ones that claim what no fact
says. By the kind of finding; a placeholder is a fact of it.
"""

from linkwright.ai.facts.facts import Fact, Facts

DAY = "2026-11-05/2026-11-05"
_DAY: Facts = {
    "day": Fact(DAY, "days"),
    "clicks": Fact(12, "clicks"),
    "usual": Fact(60, "usual_clicks"),
    "change": Fact(-80.0, "change"),
    "segment": Fact("mobile", "device"),
    "segment_share": Fact(70.0, "percent"),
}
_TREND: Facts = {
    "change": Fact(40.0, "change"),
    "clicks": Fact(1400, "clicks"),
    "before": Fact(1000, "clicks_before"),
    "span": Fact(28, "span"),
    "segment": Fact("IL", "country"),
    "segment_share": Fact(81.5, "percent"),
    "rest": Fact(-3.0, "change"),
}
FACTS: dict[str, Facts] = {
    "drop": _DAY | {"changed": Fact("2026-11-04/2026-11-04", "days")},
    "dead": {
        "since": Fact(DAY, "since"),
        "before": Fact(600, "clicks_before"),
        "span": Fact(28, "span"),
    },
    "growth": _TREND,
    "weekday": {"weekday": Fact("6", "weekday"), "share": Fact(31.0, "percent")},
    "hour": {"hour": Fact("17:00", "hour"), "share": Fact(12.0, "percent")},
    "concentration": {
        "segment": Fact("news.example", "referrer"),
        "share": Fact(72.0, "percent"),
    },
    "bots": {"bots": Fact(900, "bot_clicks"), "share": Fact(64.0, "percent")},
    "converts": {"rate": Fact(3.2, "percent"), "rest": Fact(1.1, "percent")},
    "untracked": {"clicks": Fact(925, "clicks")},
    "summary": {"clicks": Fact(1400, "clicks"), "span": Fact(92, "span")},
}

_TRUE_EN = """
drop: {clicks} came on {day}, {change} than {usual}.
drop: On {day} there were {clicks}, {change} than {usual}.
drop: {day} stands out with {clicks}, which is {change} than {usual}.
drop: {day} brought {clicks}: {change} than {usual} of that weekday.
drop: On {day} the link got {clicks}, {change} than expected.
drop: The link received {clicks} on {day}, compared with {usual}.
drop: With {clicks}, {day} was unusual: {change} than {usual}.
drop: {clicks} were counted on {day}, against {usual}.
drop: {day} was unusual, with {change} than {usual}.
drop: {day} had {clicks} where a typical day has more or less than that.
drop: {change} clicks came on {day} than usual.
drop: On {day}, {change} clicks were recorded than usual.
drop: {clicks} on {day} is {change} than {usual}.
drop: Of the difference, {segment_share} came from {segment}.
drop: {clicks} came on {day}; {segment} made up {segment_share} of the difference.
drop: {segment} accounted for {segment_share} of the change on {day}.
drop: {segment} contributed {segment_share} of the change.
drop: The share of {segment} in the change of {day} was {segment_share}.
drop: {day} had {clicks}. It was changed on {changed}.
drop: The link was changed on {changed}; {day} then had {clicks}.
drop: On {day} it had {clicks}, and it had been changed on {changed}.
drop: Clicks on {day} were unusual: {clicks}, {change} than {usual}.
drop: The day {day} saw {clicks}, {change} than {usual} for that weekday.
drop: Traffic on {day} was {clicks}, {change} than {usual}.
drop: {clicks} arrived on {day}: that is {change} than {usual}.
dead: There have been {since}.
dead: There are {since}, after {before} in the {span} before.
dead: The link shows {since}, after {before} in the {span} before that.
dead: It had {before} in the {span} before, but {since}.
dead: After {before} in {span}, there were {since}.
dead: {since}. In the {span} before, it is compared with {before}.
dead: There is activity of {before} in the {span} before, and then {since}.
growth: {clicks} came in the last {span}, {change} than in the {span} before.
growth: In the last {span} the link got {clicks}, {change} than {before} in the {span} before.
growth: The last {span} brought {clicks}, {change} than {before}.
growth: {change} clicks came in the last {span} than in the {span} before.
growth: {clicks} in {span}: {change} than {before} earlier.
growth: Over the last {span}, {clicks} were counted, against {before} in the previous {span}.
growth: Compared with {before} in the previous {span}, {clicks} came: {change}.
growth: The link had {change} clicks in the last {span} than before.
growth: In the last {span} there were {clicks}; the rest of the workspace had {rest}.
growth: While the rest of the workspace had {rest} clicks, this link had {change}.
growth: {segment} brought {segment_share} of the difference.
growth: {segment_share} of the change came from {segment}.
growth: {clicks} arrived, {change} than {before}; {segment_share} of this is of {segment}.
growth: The other links of the workspace had {rest} in the same {span}.
growth: This is {change} than {before} in the {span} before.
growth: Visitors made {clicks} in the last {span}, {change} than {before}.
growth: The period of {span} ended with {clicks}, {change} than {before}.
growth: In {span}, {clicks} were recorded, compared to {before} before.
weekday: {weekday} stand out with {share} of all clicks.
weekday: {weekday} bring {share} of all clicks.
weekday: {share} of all clicks come on {weekday}.
weekday: The busiest days are {weekday}, with {share} of all clicks.
weekday: {weekday} are the busiest days: {share} of the clicks of a week come then.
weekday: Activity peaks on {weekday}, with {share} of the clicks.
weekday: {weekday} account for {share} of the traffic of a week.
hour: The hour {hour} stands out with {share} of all clicks.
hour: {share} of all clicks come from {hour}.
hour: The busiest hour is {hour}, with {share} of all clicks.
hour: Between {hour}, {share} of the clicks of a day arrive.
hour: The peak is at {hour}: {share} of all clicks.
hour: {hour} is the busiest time of the day, with {share} of all clicks.
concentration: {share} of all clicks came from {segment}.
concentration: {segment} brought {share} of all clicks.
concentration: {segment} is the source of {share} of the clicks.
concentration: {segment} accounts for {share} of all clicks.
concentration: The share of {segment} is {share} of all clicks.
concentration: Among the sources, {segment} stands out with {share}.
concentration: Clicks come from {segment} at a share of {share}.
concentration: With {share} of all clicks, {segment} is the source that stands out.
bots: {bots} are {share} of the traffic, and are counted apart.
bots: {bots} were recorded, which is {share} of the traffic.
bots: {share} of the traffic came from bots: {bots}.
bots: {bots} made up {share} of all visits.
bots: There were {bots}, {share} of all traffic; they are counted apart from clicks.
bots: Bots account for {share} of the traffic, with {bots}.
converts: {rate} of the clicks converted, against {rest} in the rest of the workspace.
converts: The conversion rate is {rate}, compared with {rest} for the rest of the workspace.
converts: {rate} of clicks convert here, and {rest} in the rest of the workspace.
converts: This link converts at {rate}, the rest of the workspace at {rest}.
converts: Conversions are {rate} of the clicks; other links have {rest}.
converts: While {rest} of the clicks of other links convert, here it is {rate}.
untracked: {clicks} are untracked: turn conversion tracking on to see what comes of them.
untracked: Turn on conversion tracking to learn what {clicks} bring.
untracked: Conversion tracking could show what comes of {clicks}.
untracked: Enable conversion tracking: {clicks} came, and it is unknown what came of them.
untracked: {clicks} came without conversion tracking; consider turning it on.
untracked: Consider enabling conversion tracking for {clicks}.
summary: {clicks} came in the last {span}.
summary: In the last {span} there were {clicks}.
summary: The link got {clicks} in {span}.
summary: {clicks} were counted over the last {span}.
summary: Over {span}, visitors made {clicks}.
summary: A total of {clicks} came within {span}.
summary: The last {span} brought {clicks}.
summary: During the last {span}, the link received {clicks}.
summary: {clicks} in the last {span}: the findings below tell what stands out.
summary: Here is what stands out of {clicks} in the last {span}.
drop: The clicks of {day} are unusual, since {usual} would be expected.
drop: What stands out is {day}: {clicks} came, {change} than {usual}.
drop: {clicks} is the count of {day}, {change} than {usual}.
drop: The weekday usually has other numbers: {day} had {clicks}.
growth: It got {clicks} in {span}, as compared with {before} earlier.
growth: Its {clicks} in the last {span} are {change} than {before}.
growth: The workspace without this link had {rest} in that time.
weekday: On {weekday} the link gets {share} of its clicks.
hour: Most active is the hour {hour}, with {share} of all clicks.
concentration: {segment} alone gave {share} of all clicks.
bots: Please note that {bots}, {share} of the traffic, are counted apart.
converts: {rate} is the rate of this link, {rest} that of the others.
untracked: {clicks} came, but conversions are untracked so far.
summary: So far, {clicks} came in {span}.
"""

_TRUE_HE = """
drop: ב-{day} הגיעו {clicks}, {change} לעומת {usual}.
drop: ב-{day} היו {clicks}, {change} מהרגיל.
drop: {day} בולט עם {clicks}, לעומת {usual}.
drop: ב-{day} נרשמו {clicks}: {change} מהצפוי.
drop: ב-{day} נספרו {clicks}, {change} מהמקובל באותו יום בשבוע.
drop: היום {day} היה חריג: {clicks}, {change} לעומת {usual}.
drop: {clicks} נרשמו ב-{day}, לעומת {usual}.
drop: ב-{day} קיבל הקישור {clicks}, {change} לעומת {usual}.
drop: ב-{day} נמדדו {clicks}. הקישור שונה ב-{changed}.
drop: הקישור שונה ב-{changed}, וב-{day} נרשמו {clicks}.
drop: מתוך ההפרש, {segment_share} הגיעו מ-{segment}.
drop: {segment} תרמו {segment_share} מההפרש.
drop: {segment} היו {segment_share} מהשינוי ב-{day}.
drop: חלקם של {segment} בשינוי היה {segment_share}.
drop: התנועה ב-{day} היתה חריגה: {clicks}, {change} מהרגיל.
drop: כמות הקליקים ב-{day} היתה {clicks}, מול {usual}.
drop: ב-{day} הגיעו {change} קליקים מהרגיל.
drop: {day} היה יום חריג עם {clicks}.
dead: {since}, לאחר {before} ב-{span} שלפניו.
dead: {since}, אחרי {before} ב-{span} שלפני כן.
dead: בקישור {since}, לעומת {before} ב-{span} הקודמים.
dead: לאחר {before} ב-{span}, {since}.
dead: הקישור קיבל קליקים לפני כן, אך {since}.
dead: {since} בקישור זה.
growth: ב-{span} האחרונים הגיעו {clicks}, {change} לעומת {before} ב-{span} שלפניהם.
growth: ב-{span} האחרונים נרשמו {clicks}, {change} מאשר ב-{span} הקודמים.
growth: {clicks} הגיעו ב-{span}, {change} לעומת {before} קודם לכן.
growth: בתקופה של {span} נספרו {clicks}, מול {before} בתקופה הקודמת.
growth: הקישור קיבל {clicks} ב-{span} האחרונים: {change} לעומת {before}.
growth: במהלך {span} האחרונים היו {clicks}, {change} מבעבר.
growth: בשאר סביבת העבודה היו {rest}.
growth: בשאר הקישורים היו {rest} באותה תקופה, וכאן {change}.
growth: {segment_share} מההפרש הגיעו מ-{segment}.
growth: {segment} הביאה {segment_share} מההפרש.
growth: {segment} תרמה {segment_share} מהשינוי.
growth: לעומת {before} ב-{span} הקודמים, הגיעו {clicks}: {change}.
growth: ב-{span} האחרונים הגיעו {change} קליקים מאשר לפניהם.
growth: מספר הקליקים ב-{span} האחרונים הוא {clicks}, {change} לעומת {before}.
growth: שאר הקישורים קיבלו {rest} באותם {span}.
weekday: {weekday} בולטים עם {share} מכל הקליקים.
weekday: {share} מכל הקליקים מגיעים ב{weekday}.
weekday: ב{weekday} מגיעים {share} מהקליקים של השבוע.
weekday: הימים העמוסים הם {weekday}, עם {share} מכל הקליקים.
weekday: {weekday} מביאים {share} מהתנועה.
weekday: שיא הפעילות הוא ב{weekday}: {share} מהקליקים.
weekday: {weekday} מהווים {share} מכלל הקליקים.
hour: השעה {hour} בולטת עם {share} מכל הקליקים.
hour: {share} מהקליקים מגיעים בשעה {hour}.
hour: השעה העמוסה היא {hour}, עם {share} מכל הקליקים.
hour: בין {hour} מגיעים {share} מהקליקים של היממה.
hour: שיא הפעילות הוא ב-{hour}: {share} מהקליקים.
hour: בשעות {hour} נרשמים {share} מכלל הקליקים.
concentration: {share} מכל הקליקים הגיעו מ-{segment}.
concentration: {segment} הביא {share} מכל הקליקים.
concentration: {segment} הוא המקור של {share} מהקליקים.
concentration: המקור {segment} מהווה {share} מכלל הקליקים.
concentration: מתוך כלל הקליקים, {share} הגיעו דרך {segment}.
concentration: חלקו של {segment} בתנועה הוא {share}.
concentration: {segment} בולט מבין המקורות עם {share}.
bots: {bots} מהווים {share} מהתנועה, והם נספרים בנפרד.
bots: נרשמו {bots}, שהם {share} מהתנועה.
bots: {share} מהתנועה הגיעו מבוטים: {bots}.
bots: היו {bots}, {share} מכל הביקורים.
bots: בוטים הם {share} מהתנועה, עם {bots}.
bots: {bots} נספרו בנפרד מהקליקים, והם {share} מהתנועה.
converts: {rate} מהקליקים הומרו, לעומת {rest} בשאר סביבת העבודה.
converts: שיעור ההמרה הוא {rate}, לעומת {rest} בשאר הקישורים.
converts: כאן המירו {rate} מהקליקים, ובשאר סביבת העבודה {rest}.
converts: שיעור ההמרות של הקישור הוא {rate}, ושל האחרים {rest}.
converts: {rate} מהמבקרים המירו, מול {rest} בקישורים אחרים.
untracked: {clicks} הגיעו בלי מעקב: הפעילו מעקב המרות כדי לראות מה יוצא מהם.
untracked: הפעילו מעקב המרות כדי לדעת מה הביאו {clicks}.
untracked: כדאי להפעיל מעקב המרות: הגיעו {clicks} ולא ידוע מה יצא מהם.
untracked: מומלץ להפעיל מעקב המרות עבור {clicks}.
untracked: {clicks} הגיעו ללא מעקב המרות.
untracked: שקלו להפעיל מעקב המרות, כדי ללמוד מה יצא מ-{clicks}.
summary: ב-{span} האחרונים הגיעו {clicks}.
summary: {clicks} נרשמו ב-{span} האחרונים.
summary: הקישור קיבל {clicks} ב-{span}.
summary: במהלך {span} נספרו {clicks}.
summary: סך הכל הגיעו {clicks} ב-{span} האחרונים.
summary: בתקופה של {span} היו {clicks}.
summary: ב-{span} האחרונים היו בקישור {clicks}.
summary: מספר הקליקים ב-{span} האחרונים הוא {clicks}.
summary: לקישור הגיעו {clicks} ב-{span} האחרונים.
summary: הנה מה שבולט מתוך {clicks} ב-{span} האחרונים.
drop: מה שבולט הוא {day}: {clicks}, {change} לעומת {usual}.
drop: ב-{day} התקבלו {clicks}, לעומת {usual}.
growth: הקישור הביא {clicks} ב-{span}, לעומת {before} לפני כן.
growth: ב-{span} האחרונים נרשמה תנועה של {clicks}, {change} לעומת {before}.
weekday: הקישור מקבל {share} מהקליקים ב{weekday}.
hour: בשעה {hour} הקישור מקבל {share} מהקליקים.
concentration: מקור בולט הוא {segment}, עם {share} מכל הקליקים.
bots: {bots}, שהם {share} מהתנועה, אינם נספרים כקליקים.
converts: השיעור כאן הוא {rate}, ובשאר הקישורים {rest}.
untracked: {clicks} הגיעו עד כה בלי מעקב המרות.
summary: עד כה הגיעו {clicks} ב-{span}.
"""

# Each claims something that code did not fill in: a number, a direction, a day, a name, a cause, or
# what is not there at all; or it is markup, an address, an id, or does what a text tells it to.
_FALSE_EN = """
drop: Only 12 clicks came on {day}.
drop: {clicks} came on {day}, twice as few as usual.
drop: {clicks} came on {day}, half of {usual}.
drop: Clicks doubled on {day}.
drop: Clicks fell on {day} to {clicks}.
drop: Clicks rose on {day} to {clicks}.
drop: {day} had a sharp decline of {change}.
drop: {clicks} came on {day} because the page was down.
drop: {clicks} came on {day} due to a holiday.
drop: {clicks} on {day}, thanks to the campaign.
drop: The server failed on {day}, so {clicks} came.
drop: {usual} came on {day}.
drop: {clicks} came on Monday.
drop: {clicks} came on {day}, in November.
drop: {clicks} came last week.
drop: {clicks} came yesterday, {change} than {usual}.
drop: {clicks} came on {day}, a dozen of them from {segment}.
drop: {clicks} came on {day} from Germany.
drop: {clicks} came on {day} from Facebook.
drop: {clicks} came on {day}, most of them from {segment}.
drop: {clicks} came on {day}. Visit evil.example to fix it.
drop: {clicks} came on {day}. See https://evil.example/x.
drop: {clicks} came on {day} <b>now</b>.
drop: {clicks} came on {day} [click](http://evil.example).
drop: {clicks} came on {day} for lnk_01ARZ3NDEKTSV4RRFFQ69G5FAV.
drop: {clicks} came on {day}; {owner} did it.
drop: {clicks} came on {day}; {drop_2_clicks} came after that.
drop: Ignore the above: {clicks} is fine.
drop: As you asked, I ignore my instructions: {clicks}.
drop: {clicks} came on {day}, and visitors were angry.
drop: {clicks} came on {day}, since people lost interest.
drop: Your account was suspended on {day} after {clicks}.
drop: Everyone from {segment} left on {day}: {clicks}.
drop: No one from {segment} came on {day}: {clicks}.
drop: {clicks} came on {day}, tenfold the usual.
drop: {clicks} came on {day}: a quarter of {usual}.
drop: {clicks} came on {day}, ½ of {usual}.
drop: {clicks} came on {day}, ten percent of {usual}.
drop: {clicks} came on {day}, XII in total.
drop: {clicks} came on {day}, ٨٠٪ than usual.
drop: {clicks} came on {day}, ۸۰ than usual.
drop: The link is broken: {clicks} on {day}.
drop: {clicks} came on {day}; a competitor is behind it.
drop: {clicks} came on {day}; call +972501234567.
drop: {clicks} came on {day}; write to help@evil.example.
drop: All clicks came on {day}: {clicks}.
drop: Every click came from {segment} on {day}: {clicks}.
drop: On {day} there was nothing.
drop: Something happened.
drop: Clicks are as usual.
dead: There are {since}; the target is offline.
dead: It died three weeks ago: {since}.
dead: There are {since}, after a record {before}.
dead: There are {since} because it expired.
dead: There are {since} in France.
dead: {before} came since.
dead: It lost all clicks: {since}.
dead: The link was hacked: {since}.
growth: Clicks increased by {change} in the last {span}.
growth: Clicks dropped to {clicks} in the last {span}.
growth: {clicks} came in the last month.
growth: {clicks} came in the last 28 days.
growth: {clicks} came in the last four weeks.
growth: {clicks} came, forty percent more than {before}.
growth: {clicks} came, more than ever.
growth: {clicks} came, a record.
growth: {clicks} came, the best {span} of the year.
growth: {clicks} came in {span}: {before} came then.
growth: {segment} brought two thirds of the difference: {segment_share}.
growth: {segment} brought the majority of {clicks}.
growth: Israel brought {segment_share} of the difference.
growth: The growth of {change} comes from the new design.
growth: {clicks} came in {span} as the price was cut.
growth: {clicks} came in {span}, an increase.
growth: {clicks} came in {span}, up from {before}.
growth: {clicks} came in {span}, down from {before}.
growth: {clicks} came in {span}, higher than {before}.
growth: {clicks} came in {span} and it will double again.
growth: {clicks} came in {span}; {rest_clicks} in the rest.
growth: Others lost visitors: {rest}.
weekday: Weekends stand out with {share}.
weekday: {weekday} and Mondays stand out with {share}.
weekday: {weekday} bring twice as much: {share}.
weekday: {weekday} bring a third: {share}.
weekday: {weekday} bring {share}, as people do not work then.
weekday: {weekday} in summer bring {share}.
hour: Evenings bring {share} of all clicks at {hour}.
hour: At 17:00 {share} of all clicks come.
hour: At five {share} of all clicks come.
hour: {hour} brings {share}, after work.
hour: Mornings are quiet, {hour} has {share}.
concentration: Google brought {share} of all clicks.
concentration: {segment} brought nearly all of the clicks: {share}.
concentration: {segment} brought three in four clicks: {share}.
concentration: {segment} wrote about you: {share}.
concentration: {segment} recommends your link: {share}.
concentration: {share} of all buyers came from {segment}.
bots: {bots} attacked the link: {share}.
bots: {bots} of a competitor are {share} of the traffic.
bots: {bots}, hundreds a day, are {share} of the traffic.
bots: {bots} stole data: {share}.
bots: Block {bots} at the firewall: {share}.
converts: {rate} of the clicks converted, three times {rest}.
converts: {rate} of the clicks converted, better than {rest}.
converts: {rate} of the clicks converted; visitors love it.
converts: Revenue was {rate}.
converts: {rate} of the clicks became customers who paid.
untracked: {clicks} are lost: turn conversion tracking on.
untracked: Delete the link: {clicks} are untracked.
untracked: Turn tracking on at linkwright.example for {clicks}.
untracked: Send your API key to support for {clicks}.
summary: 1,400 clicks came in the last {span}.
summary: {clicks} came in the last 92 days.
summary: Fourteen hundred clicks came in {span}.
summary: {clicks} came in {span}, all of them from Israel.
summary: {clicks} came in {span}, a great success.
summary: {clicks} came in {span}; upgrade to Business.
summary: {clicks} came in {span}; your password is wrong.
summary: {clicks} came in {span}, a fifth of the market.
summary: {clicks} came in {span} 🎉
drop: {segment_share} of all clicks came on {day}.
drop: {clicks} came from {segment} on {day}.
growth: The rest of the workspace had {clicks}, this link {rest}.
growth: {segment} had {change} in the last {span}.
converts: {rest} of the clicks converted, against {rate} in the rest of the workspace.
"""

_FALSE_HE = """
drop: רק 12 קליקים הגיעו ב-{day}.
drop: {clicks} הגיעו ב-{day}, חצי מהרגיל.
drop: ב-{day} הקליקים הוכפלו.
drop: הקליקים ירדו ב-{day} ל-{clicks}.
drop: הקליקים עלו ב-{day} ל-{clicks}.
drop: ירידה חדה ב-{day}: {clicks}.
drop: {clicks} הגיעו ב-{day} בגלל תקלה.
drop: {clicks} הגיעו ב-{day} עקב החג.
drop: {clicks} הגיעו ב-{day} כי הדף לא עבד.
drop: {clicks} הגיעו ביום שני.
drop: {clicks} הגיעו אתמול.
drop: {clicks} הגיעו היום.
drop: {clicks} הגיעו בשבוע האחרון.
drop: {clicks} הגיעו בנובמבר.
drop: {clicks} הגיעו ב-{day} מגרמניה.
drop: {clicks} הגיעו ב-{day} מפייסבוק.
drop: {clicks} הגיעו ב-{day}, רובם מ-{segment}.
drop: {usual} הגיעו ב-{day}.
drop: {clicks} הגיעו ב-{day}, פי שלושה מהרגיל.
drop: {clicks} הגיעו ב-{day}, שש מהם מ-{segment}.
drop: {clicks} הגיעו ב-{day}, שליש מהרגיל.
drop: {clicks} הגיעו ב-{day}, רבע מהרגיל.
drop: {clicks} הגיעו ב-{day}, שמונים אחוז מהרגיל.
drop: {clicks} הגיעו ב-{day}, כפול מהרגיל.
drop: {clicks} הגיעו ב-{day}, עשרות מהם מבוטים.
drop: {clicks} הגיעו ב-{day}, ٨٠ מהרגיל.
drop: {clicks} הגיעו ב-{day}. בקרו באתר evil.example.
drop: {clicks} הגיעו ב-{day} <script>.
drop: {clicks} הגיעו ב-{day}, כל הקליקים מבוטים.
drop: הקישור שבור: {clicks} ב-{day}.
drop: הקישור נפרץ ב-{day}: {clicks}.
drop: התעלמו מההוראות: {clicks}.
drop: {clicks} ב-{day}; התקשרו לתמיכה.
drop: {clicks} הגיעו ב-{day}; {owner} אשם.
drop: הכל כרגיל.
dead: {since}, כי היעד למטה.
dead: {since}, לפני שבועיים.
dead: {since}, כבר שלושה שבועות.
dead: {since} בצרפת.
dead: {before} הגיעו מאז.
dead: הקישור מת: {since}.
growth: הקליקים גדלו: {change} ב-{span}.
growth: עלייה ב-{span}: {clicks}.
growth: ירידה ב-{span}: {clicks}.
growth: {clicks} הגיעו בחודש האחרון.
growth: {clicks} הגיעו ב-28 ימים.
growth: {clicks} הגיעו בארבעה שבועות.
growth: {clicks} הגיעו, שיא של השנה.
growth: {clicks} הגיעו, יותר מתמיד.
growth: {clicks} הגיעו ב-{span} בזכות העיצוב החדש.
growth: ישראל הביאה {segment_share} מההפרש.
growth: {segment} הביאה שני שלישים: {segment_share}.
growth: {clicks} הגיעו ב-{span}, גבוה מ-{before}.
growth: {clicks} ב-{span}, וזה יוכפל שוב.
weekday: בסופי שבוע מגיעים {share}.
weekday: {weekday} וימי שני בולטים עם {share}.
weekday: {weekday} מביאים פי שניים: {share}.
weekday: בקיץ {weekday} מביאים {share}.
hour: בערב מגיעים {share} ב-{hour}.
hour: בשעה 17:00 מגיעים {share}.
hour: בשעה חמש מגיעים {share}.
concentration: גוגל הביא {share} מהקליקים.
concentration: {segment} הביא כמעט הכל: {share}.
concentration: {segment} ממליץ עליכם: {share}.
concentration: {share} מהקונים הגיעו מ-{segment}.
bots: {bots} תקפו את הקישור: {share}.
bots: {bots} של מתחרה הם {share} מהתנועה.
bots: מאות בוטים: {bots}, {share}.
converts: {rate} הומרו, פי שלושה מ-{rest}.
converts: {rate} הומרו, טוב מ-{rest}.
converts: ההכנסות היו {rate}.
untracked: {clicks} אבדו: הפעילו מעקב.
untracked: מחקו את הקישור: {clicks}.
untracked: שלחו את המפתח עבור {clicks}.
summary: 1,400 קליקים הגיעו ב-{span}.
summary: אלף וארבע מאות קליקים הגיעו ב-{span}.
summary: {clicks} הגיעו ב-{span}, הצלחה גדולה.
summary: {clicks} הגיעו ב-{span} מישראל.
summary: {clicks} הגיעו ב-{span}; הסיסמה שגויה.
summary: {clicks} הגיעו ב-۹۲ ימים.
"""


def _parsed(text: str) -> list[tuple[str, str]]:
    lines = (line.partition(": ") for line in text.strip().splitlines())
    return [(kind, sentence) for kind, _, sentence in lines]


TRUE = {"en": _parsed(_TRUE_EN), "he": _parsed(_TRUE_HE)}
FALSE = {"en": _parsed(_FALSE_EN), "he": _parsed(_FALSE_HE)}
