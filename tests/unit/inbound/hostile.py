"""Messages that somebody made to keep a parser busy, or to break it; by what is wrong with them."""

FROM = b"From: a@b.example\r\n"
HTML = FROM + b"Content-Type: text/html\r\n\r\n"
PLAIN = FROM + b"Content-Type: text/plain"
REPORT = (
    FROM + b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b"
)


def nested(depth: int, end: bytes = b"hello\r\n") -> bytes:
    """Multiparts, each in the one before."""
    opened = (
        b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (one, one)
        for one in range(depth)
    )
    return FROM + b"".join(opened) + b"Content-Type: text/plain\r\n\r\n" + end


def flat(parts: int) -> bytes:
    one = b"--b\r\nContent-Type: text/plain\r\n\r\nx\r\n"
    return FROM + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + one * parts + b"--b--"


# None of them is a message.
UNREADABLE = {
    "2,000 nested parts": nested(2_000),
    "nested parts with 200,000 lines": nested(45, b"\n" * 200_000),
    "a subject of 820 kB": FROM + b"Subject: " + b"=?utf-8?B?eHh4eHh4?=\r\n " * 34_000 + b"\r\n",
    "20,000 addresses": FROM + b"To: " + b"u@x.example, " * 20_000 + b"\r\n\r\nhi",
    "a header without an end": FROM * 20_000,
    "nothing": b"",
    "blank lines": b"\r\n\r\n",
    "every byte": bytes(range(256)) * 1_000,
}

# Of these there is something to be read.
READABLE = {
    "100,000 parts": flat(100_000),
    "2,000 attached messages": FROM + b"Content-Type: message/rfc822\r\n\r\n" * 2_000 + b"hi",
    "a subject of 60 kB": FROM + b"Subject: " + b"=?utf-8?q?" * 6_000 + b"\r\n\r\nhi",
    "encoded quotes": FROM + b"Subject: " + b"=?utf-8?q?a?=" * 4_000 + b"\r\n\r\nhi",
    "4 kB of (": b"From: " + b"(" * 4_000 + b"\r\n\r\nhi",
    "1.9 kB of (": b"From: " + b"(" * 1_900 + b"\r\n\r\nhi",
    "48 kB of quotes": b"From: " + b'"\\' * 24_000 + b"\r\n\r\nhi",
    "4,000 addresses": FROM + b"To: " + b"u@x.example, " * 4_000 + b"\r\n\r\nhi",
    "NUL": FROM + b"Subject: a\0b\r\n\r\na\0b\x1b[31m",
    "no boundary": FROM + b"Content-Type: multipart/mixed\r\n\r\nhi",
    "a boundary that never comes": FROM + b"Content-Type: multipart/mixed; boundary=z\r\n\r\nhi",
    "semicolons": PLAIN + b";" * 60_000 + b"\r\n\r\nhi",
    "semicolons in a part": nested(1).replace(b"text/plain", b"text/plain" + b";" * 200_000),
    "parameters": PLAIN + b"".join(b";a*%d=b" % one for one in range(6_000)) + b"\r\n\r\nhi",
    "a parameter of a large number": PLAIN + b"; charset*99999999999999=x\r\n\r\nhi",
    "40,000 blocks of status": REPORT
    + b"\r\nContent-Type: message/delivery-status\r\n\r\n"
    + b"a: b\n\n" * 40_000,
    "9,000 headers": FROM * 3_000 + b"\r\nhi",
    "comments without an end": HTML + b"<!--" * 65_000,
    "<": HTML + b"<" * 260_000,
    "tags without an end": HTML + b"<a" * 130_000,
    "styles": HTML + b"<style>" * 37_000,
    "nested quotes": HTML + b"<blockquote>" * 21_000 + b"x",
    "nested divisions": HTML + b"<div>x" * 43_000,
    "a large number of a character": HTML + b"&#" + b"9" * 200_000 + b";" + b"&" * 50_000,
    "60,000 attributes": HTML + b"<p " + b"a=b " * 60_000 + b">x",
    "punycode": PLAIN + b"; charset=punycode\r\n\r\n" + b"\xff-abcdef" * 20_000,
    "zlib": PLAIN + b"; charset=zlib\r\n\r\n\xff\xffhi",
    "utf-7": PLAIN + b"; charset=utf-7\r\n\r\n" + b"+AGE-" * 50_000,
    "a charset with NUL": FROM + b"Subject: =?x\0y?b?YQ==?= =?utf-8?b?YQ=?=\r\n\r\nhi",
    "carriage returns": FROM + b"\r\r" + b"\r" * 200_000,
    "line feeds": FROM + b"\r\n" + b"\n" * 250_000,
    "no base64": FROM + b"Content-Transfer-Encoding: base64\r\n\r\n" + b"!" * 250_000,
    "equal signs": FROM + b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" + b"=" * 250_000,
    "uuencode": FROM
    + b"Content-Transfer-Encoding: x-uuencode\r\n\r\nbegin 644 x\n"
    + b"M" * 250_000,
    "10,000 references": FROM + b"References: " + b"<a@b> " * 10_000 + b"\r\n\r\nhi",
    "no references": FROM + b"References: " + b"<" * 60_000 + b"\r\n\r\nhi",
    "no date": FROM + b"Date: Mon, 99 Foo 99999999999999999999 99:99:99 +99999999\r\n\r\nhi",
}
