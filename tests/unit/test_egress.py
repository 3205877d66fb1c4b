"""No URL that somebody chose leads inside, for longer, or for more than is allowed."""

import gzip
import socket
import ssl
import time
import traceback
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkwright import clock, deadline, egress, egress_dialling, egress_limits, egress_targets
from tests.unit import egress_addresses as table
from tests.unit.egress_network import OK, Authority, Network, Reply, Server, redirect

pytestmark = pytest.mark.usefixtures("environment")

PUBLIC, OTHER = "93.184.216.34", "8.8.8.8"
WEB = frozenset({80, 443})
SECRET = "s3cr3t"
SHOP = f"http://shop.example/path?key={SECRET}"
# What a total of this many seconds may take on a busy machine; what drips lasts five.
TOTAL_S, GRACE_S = 0.4, 2.5


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Iterator[Network]:
    made = Network()
    monkeypatch.setattr(egress_dialling, "_lookup", made.lookup)
    monkeypatch.setattr(egress_dialling, "_dial", made.dial)
    yield made
    made.close()


def fetch(url: str = SHOP, **options: Any) -> egress.Answer:
    return egress.fetch(url, **{"timeout_s": 5, "ports": WEB, **options})


def answered(network: Network, *replies: bytes | Reply, **options: Any) -> egress.Answer:
    network.serve("shop.example", PUBLIC, *replies)
    return fetch(**options)


# ---- Addresses --------------------------------------------------------------------------------


def test_the_table_has_not_shrunk() -> None:
    assert len(table.REFUSED) >= 60
    assert len(table.ALLOWED) >= 30


@pytest.mark.parametrize("address", table.REFUSED)
def test_refused_addresses_are_not_dialled(network: Network, address: str) -> None:
    network.name("shop.example", [address])
    with pytest.raises(egress.Refused, match="not public"):
        fetch()
    with pytest.raises(egress.Refused):
        egress.judge(SHOP, ports=WEB)
    assert network.dialled == []


@pytest.mark.parametrize("address", table.ALLOWED)
def test_public_addresses_are_dialled(network: Network, address: str) -> None:
    network.name("shop.example", [address])
    with pytest.raises(egress.Unreachable):
        fetch()
    assert network.dialled == [(address, 80)]


@given(st.ip_addresses())
def test_nothing_is_public_that_the_standard_library_calls_otherwise(address: Any) -> None:
    if not address.is_global or address.is_multicast or address.is_reserved:
        assert not egress_targets.is_public(str(address))


@pytest.mark.parametrize("mixed", [[PUBLIC, "127.0.0.1"], ["10.0.0.1", PUBLIC], [PUBLIC, "::1"]])
def test_one_refused_address_refuses_the_host(network: Network, mixed: list[str]) -> None:
    network.name("shop.example", mixed)
    with pytest.raises(egress.Refused):
        fetch()
    assert network.dialled == []


def test_an_address_of_another_family_is_refused(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        egress_dialling, "_lookup", lambda host, port: [(socket.AF_UNIX, (PUBLIC, port))]
    )
    with pytest.raises(egress.Refused):
        fetch()


def test_the_next_address_is_dialled_if_one_refuses(network: Network) -> None:
    network.serve("", OTHER, OK)
    network.name("shop.example", [PUBLIC, OTHER])
    assert fetch().body == b"hello"
    assert network.dialled == [(PUBLIC, 80), (OTHER, 80)]


def test_of_many_addresses_four_are_dialled(network: Network) -> None:
    network.name("shop.example", [f"8.8.8.{last}" for last in range(50)])
    with pytest.raises(egress.Unreachable):
        fetch()
    assert len(network.dialled) == 4


def test_a_host_without_an_address_is_unreachable(network: Network) -> None:
    network.name("shop.example", [])
    for url in (SHOP, "http://unknown.example/"):
        with pytest.raises(egress.Unreachable, match="no address"):
            fetch(url)
    assert network.dialled == []


def test_a_name_is_resolved_once_and_what_it_says_later_is_not_dialled(network: Network) -> None:
    trap = network.serve("trap.example", "127.0.0.1", OK)
    shop = network.serve("", PUBLIC, OK)
    network.name("shop.example", [PUBLIC], ["127.0.0.1"])
    assert fetch().body == b"hello"
    assert network.lookups == ["shop.example"]
    assert network.dialled == [(PUBLIC, 80)]
    assert (shop.connections, trap.connections) == (1, 0)


def test_what_is_behind_a_name_is_judged_again_for_each_request(network: Network) -> None:
    trap = network.serve("trap.example", "127.0.0.1", OK)
    network.serve("", PUBLIC, redirect("/again"))
    network.name("shop.example", [PUBLIC], ["127.0.0.1"])
    with pytest.raises(egress.Refused):
        fetch(redirects=3)
    assert network.lookups == ["shop.example", "shop.example"]
    assert trap.connections == 0


def test_a_name_is_looked_up_for_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def getaddrinfo(*name: Any, **kinds: Any) -> list[Any]:
        asked.append((name, kinds))
        return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (PUBLIC, 443))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    assert egress_dialling._lookup("shop.example", 443) == [(socket.AF_INET, (PUBLIC, 443))]
    kinds = {"type": socket.SOCK_STREAM, "proto": socket.IPPROTO_TCP}
    assert asked == [(("shop.example", 443), kinds)]


def test_dialling_has_an_end_of_its_own() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        egress_dialling._dial(socket.AF_INET, listener.getsockname(), 3.5) as connection,
    ):
        assert connection.gettimeout() == 3.5


# ---- URLs -------------------------------------------------------------------------------------


@pytest.mark.parametrize("url", table.REFUSED_FORMS)
def test_refused_forms_are_not_even_resolved(network: Network, url: str) -> None:
    with pytest.raises(egress.Refused, match="form"):
        fetch(url)
    with pytest.raises(egress.Refused, match="form"):
        egress.judge(url)
    assert (network.lookups, network.dialled) == ([], [])


@pytest.mark.parametrize("url", table.REFUSED_LITERALS)
def test_refused_literals_are_not_dialled(network: Network, url: str) -> None:
    with pytest.raises(egress.Refused, match="not public"):
        fetch(url)
    assert network.dialled == []


@pytest.mark.parametrize(("url", "host", "path"), table.SPELLINGS)
def test_a_url_has_one_spelling(url: str, host: str, path: str) -> None:
    target = egress_targets.parse(url)
    assert target == egress_targets.Target("https", host, 443, path)
    assert egress_targets.parse(target.url) == target


@pytest.mark.parametrize(
    ("url", "ports"),
    [
        ("http://shop.example/", {443}),
        ("https://shop.example:80/", WEB),
        ("http://shop.example:443/", WEB),
        ("https://shop.example:22/", WEB),
        ("https://shop.example:8443/", WEB),
        ("https://shop.example/", {80}),
    ],
)
def test_other_ports_are_refused_and_not_resolved(
    network: Network, url: str, ports: set[int]
) -> None:
    with pytest.raises(egress.Refused, match="port"):
        fetch(url, ports=frozenset(ports))
    assert network.lookups == []


def test_by_default_port_443_is_all_there_is(network: Network) -> None:
    network.name("shop.example", [PUBLIC])
    egress.judge("https://shop.example/")
    with pytest.raises(egress.Refused):
        egress.judge("http://shop.example/")
    with pytest.raises(egress.Refused):
        egress.fetch("http://shop.example/")
    assert network.dialled == []


def test_any_port_may_be_named(network: Network) -> None:
    network.name("shop.example", [PUBLIC])
    with pytest.raises(egress.Unreachable):
        fetch("https://shop.example:8443/", ports=frozenset({8443}))
    assert network.dialled == [(PUBLIC, 8443)]


# ---- Loopback ---------------------------------------------------------------------------------


@pytest.fixture
def local_server() -> Iterator[Server]:
    server = Server(OK)
    yield server
    server.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
@pytest.mark.usefixtures("loopback")
def test_the_setting_opens_this_machine_at_any_port(local_server: Server, host: str) -> None:
    answer = egress.fetch(f"http://{host}:{local_server.port}/a?b")
    assert (answer.status, answer.body) == (200, b"hello")
    assert answer.url == f"http://{host}:{local_server.port}/a?b"
    assert f"host: {host}:{local_server.port}\r\n".encode() in local_server.requests[0]


@pytest.mark.parametrize("value", [None, "", "false", "True", "1"])
def test_without_the_setting_this_machine_is_closed(
    local_server: Server, monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    if value is not None:
        monkeypatch.setenv("EGRESS_ALLOW_LOOPBACK", value)
    for host in ("127.0.0.1", "localhost"):
        with pytest.raises(egress.Refused):
            fetch(f"http://{host}:{local_server.port}/", ports=frozenset({local_server.port, 80}))
        with pytest.raises(egress.Refused):
            fetch(f"http://{host}/")
    assert local_server.connections == 0


@pytest.mark.usefixtures("loopback")
def test_the_setting_opens_nothing_else(network: Network) -> None:
    network.name("shop.example", ["127.0.0.1"])
    network.name("localhost", ["10.0.0.1"])
    for host in ("shop.example", "localhost", "127.0.0.2", "10.0.0.1", "169.254.169.254"):
        with pytest.raises(egress.Refused, match="not public"):
            fetch(f"http://{host}/")
    with pytest.raises(egress.Refused, match="port"):
        fetch("http://shop.example:8080/")
    assert network.dialled == []


# ---- Requests ---------------------------------------------------------------------------------


def test_what_is_sent(network: Network) -> None:
    shop = network.serve("shop.example", PUBLIC, OK)
    fetch(
        "http://SHOP.example/a?b=c#d",
        method="POST",
        body=b"{}",
        headers={"Content-Type": "application/json", "Host": "inside", "Connection": "keep-alive"},
    )
    line, *headers = shop.requests[0].split(b"\r\n")
    assert line == b"POST /a?b=c HTTP/1.1"
    assert sorted(headers[:-2]) == [
        b"Accept-Encoding: identity",
        b"Content-Length: 2",
        b"connection: close",
        b"content-type: application/json",
        b"host: shop.example",
    ]
    assert headers[-1] == b"{}"


@pytest.mark.parametrize(
    "options",
    [
        {"headers": {"x-key": f"{SECRET}\r\nx: y"}},
        {"headers": {"x-key": f"{SECRET}€"}},
        {"headers": {f"x\n{SECRET}": "y"}},
        {"method": f"GET /{SECRET}\r\n"},
    ],
)
def test_nothing_is_sent_of_what_is_not_http(network: Network, options: Any) -> None:
    shop = network.serve("shop.example", PUBLIC, OK)
    with pytest.raises(egress.Refused) as refused:
        fetch(**options)
    assert shop.requests == []
    assert SECRET not in "".join(traceback.format_exception(refused.value))


def test_a_connection_that_breaks_while_it_is_asked_is_unreachable(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: Any) -> None:
        raise BrokenPipeError(SECRET)

    network.serve("shop.example", PUBLIC, OK)
    monkeypatch.setattr(egress.Wire, "sendall", breaks)
    with pytest.raises(egress.Unreachable, match="not taken") as broken:
        fetch()
    assert SECRET not in "".join(traceback.format_exception(broken.value))


def test_an_address_of_letters_is_asked_as_it_is_written(network: Network) -> None:
    """What follows its last colon is no port."""
    address = "2606:4700::6810:84ab"
    shop = network.serve(address, address, OK)
    answer = fetch(f"http://[{address}]/a")
    assert (answer.body, answer.url) == (b"hello", f"http://[{address}]/a")
    assert network.dialled == [(address, 80)]
    assert f"\r\nhost: [{address}]\r\n".encode() in shop.requests[0]


def test_the_answer_has_lower_case_headers_and_the_url(network: Network) -> None:
    head = b"HTTP/1.1 418 Teapot\r\nX-A: 1\r\nx-a: 2\r\nContent-Length: 2\r\n\r\nok"
    answer = answered(network, head)
    assert answer == egress.Answer(418, {"x-a": "1, 2", "content-length": "2"}, b"ok", SHOP)


# ---- Redirects --------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_followed_as_often_as_allowed(network: Network, status: int) -> None:
    shop = network.serve(
        "shop.example", PUBLIC, redirect("/b?c", status), redirect("d", status), OK
    )
    answer = fetch(redirects=2)
    assert (answer.body, answer.url) == (b"hello", "http://shop.example/d")
    assert [request.split()[1] for request in shop.requests[1:]] == [b"/b?c", b"/d"]


def test_a_question_for_the_head_alone_is_redirected_as_one(network: Network) -> None:
    shop = network.serve("shop.example", PUBLIC, redirect("/b"), OK)
    answer = fetch(method="HEAD", redirects=1)
    assert (answer.status, answer.url) == (200, "http://shop.example/b")
    assert [request.split()[:2] for request in shop.requests][1] == [b"HEAD", b"/b"]


def test_a_redirect_too_many_is_the_answer(network: Network) -> None:
    shop = network.serve("shop.example", PUBLIC, redirect("/again"))
    answer = fetch(redirects=3)
    assert (answer.status, shop.connections) == (302, 4)
    assert egress.fetch(SHOP, ports=WEB).status == 302
    assert shop.connections == 5


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_only_reads_are_redirected(network: Network, method: str) -> None:
    shop = network.serve("shop.example", PUBLIC, redirect("/b", 307))
    assert fetch(method=method, body=b"x", redirects=3).status == 307
    assert shop.connections == 1


@pytest.mark.parametrize("status", [200, 300, 304])
def test_other_statuses_do_not_redirect(network: Network, status: int) -> None:
    shop = network.serve("shop.example", PUBLIC, redirect("/b", status))
    assert fetch(redirects=3).status == status
    assert shop.connections == 1


@pytest.mark.parametrize(
    "location",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://127.0.0.1/",
        "//127.0.0.1/",
        "http://[::ffff:127.0.0.1]/",
        "http://inside.example/",
        "http://shop.example:22/",
        "http://2130706433/",
        "http://shop.example@127.0.0.1/",
        "http://127.0.0.1\\@shop.example/",
        "\\\\127.0.0.1\\",
        "http://１２７.0.0.1/",
        "http://bücher.example/",
        "file:///etc/passwd",
        "gopher://shop.example/",
        "http://[/",
    ],
)
def test_no_redirect_leads_inside(network: Network, location: str) -> None:
    trap = network.serve("inside.example", "127.0.0.1", OK)
    shop = network.serve("shop.example", PUBLIC, redirect(location))
    with pytest.raises(egress.Refused):
        fetch(redirects=3)
    assert network.dialled == [(PUBLIC, 80)]
    assert (shop.connections, trap.connections) == (1, 0)


def test_a_redirect_to_a_path_with_spaces_and_letters_is_followed(network: Network) -> None:
    shop = network.serve("shop.example", PUBLIC, redirect("/a b/é?ü"), OK)
    fetch(redirects=1)
    assert shop.requests[1].split()[1] == b"/a%20b/%C3%A9?%C3%BC"


SENT = {"Authorization": SECRET, "X-Api-Key": SECRET, "Cookie": SECRET, "X-Own": SECRET}


@pytest.mark.parametrize("onward", ["http://other.example/", "//other.example/b"])
def test_another_host_gets_no_secret(network: Network, onward: str) -> None:
    other = network.serve("other.example", OTHER, redirect("http://shop.example/"))
    shop = network.serve("shop.example", PUBLIC, redirect(onward), OK)
    fetch("http://shop.example/", headers={**SENT, "Accept": "text/html"}, redirects=2)
    first, last = shop.requests
    assert first.count(SECRET.encode()) == len(SENT)
    assert SECRET.encode() not in other.requests[0]
    assert b"accept: text/html\r\n" in other.requests[0]
    assert b"host: other.example\r\n" in other.requests[0]
    # What was taken away does not come back.
    assert SECRET.encode() not in last


def test_the_same_host_gets_the_headers_again(network: Network) -> None:
    shop = network.serve("shop.example", PUBLIC, redirect("http://SHOP.example:80/b"), OK)
    fetch("http://shop.example/", headers=SENT, redirects=1)
    assert [request.count(SECRET.encode()) for request in shop.requests] == [len(SENT)] * 2


# ---- TLS --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture
def trusted(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    """What `egress` trusts, and the authority of the tests."""
    context = egress_dialling.tls.__wrapped__()
    context.load_verify_locations(cadata=authority.pem())
    monkeypatch.setattr(egress_dialling, "tls", lambda: context)


@pytest.mark.usefixtures("trusted")
def test_tls_is_with_the_host_of_the_url_at_the_judged_address(
    network: Network, authority: Authority, tmp_path: Path
) -> None:
    names: list[str | None] = []
    tls = authority.server("shop.example", tmp_path)
    tls.sni_callback = lambda _socket, name, _context: names.append(name)
    shop = network.serve("shop.example", PUBLIC, OK, tls=tls)
    answer = egress.fetch("https://Shop.example/a", timeout_s=5)
    assert (answer.status, answer.body, answer.url) == (200, b"hello", "https://shop.example/a")
    assert names == ["shop.example"]
    assert network.dialled == [(PUBLIC, 443)]
    assert b"\r\nhost: shop.example\r\n" in shop.requests[0]


@pytest.mark.usefixtures("trusted")
def test_a_certificate_of_another_name_is_refused(
    network: Network, authority: Authority, tmp_path: Path
) -> None:
    tls = authority.server("other.example", tmp_path)
    shop = network.serve("shop.example", PUBLIC, OK, tls=tls)
    with pytest.raises(egress.Unreachable, match="SSLCertVerificationError"):
        egress.fetch("https://shop.example/", timeout_s=5)
    assert shop.requests == []


def test_a_certificate_of_nobody_is_refused(
    network: Network, authority: Authority, tmp_path: Path
) -> None:
    tls = authority.server("shop.example", tmp_path)
    shop = network.serve("shop.example", PUBLIC, OK, tls=tls)
    with pytest.raises(egress.Unreachable, match="SSLCertVerificationError"):
        egress.fetch("https://shop.example/", timeout_s=5)
    assert shop.requests == []


def test_a_host_without_tls_is_unreachable(network: Network) -> None:
    network.serve("shop.example", PUBLIC, OK)
    with pytest.raises(egress.Unreachable):
        egress.fetch("https://shop.example/", timeout_s=1)


@pytest.mark.usefixtures("trusted")
def test_https_is_never_left_for_http(
    network: Network, authority: Authority, tmp_path: Path
) -> None:
    tls = authority.server("shop.example", tmp_path)
    network.serve("shop.example", PUBLIC, redirect("http://other.example/"), tls=tls)
    other = network.serve("other.example", OTHER, OK)
    with pytest.raises(egress.Refused):
        fetch("https://shop.example/", redirects=1)
    assert other.connections == 0


@pytest.mark.usefixtures("trusted")
def test_http_may_be_left_for_https(network: Network, authority: Authority, tmp_path: Path) -> None:
    tls = authority.server("other.example", tmp_path)
    network.serve("shop.example", PUBLIC, redirect("https://other.example/"))
    other = network.serve("other.example", OTHER, OK, tls=tls)
    assert fetch(headers=SENT, redirects=1).url == "https://other.example/"
    assert SECRET.encode() not in other.requests[0]


# ---- Time -------------------------------------------------------------------------------------


def dripping(head: bytes, drop: bytes) -> Reply:
    def drip(connection: socket.socket) -> None:
        connection.sendall(head)
        for _ in range(100):
            connection.sendall(drop)
            time.sleep(0.05)

    return drip


def silent(connection: socket.socket) -> None:
    connection.recv(1)


SLOW = {
    "silent": silent,
    "status line": dripping(b"HTTP/1.1 200 ", b"O"),
    "headers": dripping(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
    "interim": dripping(b"", b"HTTP/1.1 102 Processing\r\n\r\n"),
    "body": dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", b"x"),
    "body to the end": dripping(b"HTTP/1.1 200 OK\r\n\r\n", b"x"),
    "chunks": dripping(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
}


def assert_stops_in_time(ask: Callable[[], object], total_s: float = TOTAL_S) -> None:
    began = time.monotonic()
    with pytest.raises(egress.TooSlow):
        ask()
    assert total_s - 0.05 <= time.monotonic() - began <= total_s + GRACE_S


@pytest.mark.parametrize("reply", SLOW.values(), ids=SLOW)
def test_the_total_holds_whatever_drips(network: Network, reply: Reply) -> None:
    network.serve("shop.example", PUBLIC, reply)
    assert_stops_in_time(lambda: fetch(timeout_s=TOTAL_S))


def test_the_total_holds_over_redirects(network: Network) -> None:
    def slowly(connection: socket.socket) -> None:
        time.sleep(0.1)
        connection.sendall(redirect("/again"))

    network.serve("shop.example", PUBLIC, slowly)
    assert_stops_in_time(lambda: fetch(timeout_s=TOTAL_S, redirects=100))


def test_the_total_holds_for_what_is_sent(network: Network, monkeypatch: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        monkeypatch.setattr(
            egress_dialling, "_dial", lambda *_: socket.create_connection(deaf.getsockname(), 1)
        )
        network.name("shop.example", [PUBLIC])
        assert_stops_in_time(
            lambda: fetch(method="POST", body=bytes(20_000_000), timeout_s=TOTAL_S)
        )


def test_the_total_holds_for_tls(network: Network) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf, pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            egress_dialling, "_dial", lambda *_: socket.create_connection(deaf.getsockname(), 1)
        )
        network.name("shop.example", [PUBLIC])
        # Reading the authorities is not part of what is measured.
        context = ssl.create_default_context()
        patch.setattr(egress_dialling, "tls", lambda: context)
        assert_stops_in_time(lambda: fetch("https://shop.example/", timeout_s=TOTAL_S))


def test_the_total_holds_for_names(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    def slowly(host: str, port: int) -> list[Any]:
        time.sleep(TOTAL_S + GRACE_S)
        return network.lookup(host, port)

    monkeypatch.setattr(egress_dialling, "_lookup", slowly)
    network.name("shop.example", [PUBLIC])
    assert_stops_in_time(lambda: fetch(timeout_s=TOTAL_S))
    assert_stops_in_time(lambda: egress.judge(SHOP, ports=WEB, timeout_s=TOTAL_S))
    assert network.dialled == []


def test_connecting_takes_five_seconds_at_most(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[float] = []

    def dial(family: Any, address: Any, timeout_s: float) -> socket.socket:
        given.append(timeout_s)
        raise TimeoutError

    monkeypatch.setattr(egress_dialling, "_dial", dial)
    network.name("shop.example", [PUBLIC])
    for total_s in (60, 2):
        with pytest.raises(egress.Unreachable):
            fetch(timeout_s=total_s)
    assert given[0] == pytest.approx(5, abs=0.1)
    assert 1 < given[1] <= 2


@pytest.mark.parametrize("count", [2, 3, 4, 9])
def test_addresses_that_are_dead_leave_time_for_one_that_is_not(
    network: Network, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    """As of a host with two addresses, of a network that is down."""
    spent: list[float] = []
    monotonic, dial = clock.monotonic, network.dial
    monkeypatch.setattr(clock, "monotonic", lambda: monotonic() + sum(spent))

    def slow(family: Any, address: Any, timeout_s: float) -> socket.socket:
        if address[0] == OTHER:
            return dial(family, address, timeout_s)
        spent.append(timeout_s)
        raise TimeoutError

    monkeypatch.setattr(egress_dialling, "_dial", slow)
    network.serve("", OTHER, OK)
    dead = [f"8.8.8.{last}" for last in range(count)]
    network.name("shop.example", [*dead[: egress_dialling.MAX_DIALLED - 1], OTHER])
    assert fetch(timeout_s=10).body == b"hello"
    # Time for one more SYN, which comes after a second.
    assert all(share_s > 1.2 for share_s in spent)
    assert sum(spent) < 4


def test_the_total_holds_for_connecting(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    def dial(family: Any, address: Any, timeout_s: float) -> socket.socket:
        time.sleep(timeout_s)
        raise TimeoutError

    monkeypatch.setattr(egress_dialling, "_dial", dial)
    network.name("shop.example", [PUBLIC])
    assert_stops_in_time(lambda: fetch(timeout_s=TOTAL_S))


class Remaining:
    def __init__(self, milliseconds: int) -> None:
        self._end = time.monotonic() + milliseconds / 1000

    def get_remaining_time_in_millis(self) -> int:
        return int(1000 * (self._end - time.monotonic()))


def test_the_function_keeps_a_second_for_itself(network: Network) -> None:
    def within(milliseconds: int) -> object:
        with deadline.of(Remaining(milliseconds)):
            return fetch(timeout_s=10)

    network.serve("shop.example", PUBLIC, silent)
    assert_stops_in_time(lambda: within(1400), 0.4)
    network.dialled.clear()
    with deadline.of(Remaining(900)), pytest.raises(egress.TooSlow):
        fetch(timeout_s=10)
    assert network.dialled == []


# ---- Size -------------------------------------------------------------------------------------


def sized(count: int) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % count + b"x" * count


def chunked(*chunks: bytes) -> bytes:
    body = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in (*chunks, b""))
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body


def packed(body: bytes, encoding: bytes = b"gzip") -> bytes:
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: %s\r\nContent-Length: %d\r\n\r\n"
    return head % (encoding, len(body)) + body


def endless(head: bytes, more: bytes) -> Reply:
    def pour(connection: socket.socket) -> None:
        connection.sendall(head)
        while True:
            connection.sendall(more * 1000)

    return pour


CAP = 50_000
FULL = {
    "sized": sized(CAP),
    "chunked": chunked(*[b"x" * 10] * (CAP // 10)),
    "tiny chunks": chunked(*[b"x"] * CAP),
    "to the end": b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * CAP,
    "gzip": packed(gzip.compress(b"x" * CAP)),
    "deflate": packed(zlib.compress(b"x" * CAP), b"deflate"),
}
TOO_LARGE = {
    "sized": sized(CAP + 1),
    "announced": b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
    "chunked": chunked(b"x" * CAP, b"x"),
    "to the end": b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * (CAP + 1),
    "gzip": packed(gzip.compress(b"x" * (CAP + 1))),
    "bomb": packed(gzip.compress(bytes(30_000_000), compresslevel=1)),
    "deflated bomb": packed(zlib.compress(bytes(30_000_000), level=1), b"deflate"),
    "endless body": endless(b"HTTP/1.1 200 OK\r\n\r\n", b"x"),
    "endless chunks": endless(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1;aaaaaaaaaaaaaaaaa\r\nx\r\n"
    ),
    "negative chunk": endless(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n", b"x"),
    "endless interim answers": endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "endless hints": endless(b"", b"HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n"),
    "large headers": b"HTTP/1.1 200 OK\r\n" + (b"X: " + b"y" * 30_000 + b"\r\n") * 3 + b"\r\n",
}


@pytest.mark.parametrize("reply", FULL.values(), ids=FULL)
def test_as_much_as_is_taken_comes_whole(network: Network, reply: bytes) -> None:
    assert answered(network, reply, max_bytes=CAP).body == b"x" * CAP


@pytest.mark.parametrize("reply", TOO_LARGE.values(), ids=TOO_LARGE)
def test_more_than_is_taken_is_refused(network: Network, reply: bytes | Reply) -> None:
    with pytest.raises(egress.TooLarge):
        answered(network, reply, max_bytes=CAP)


def test_nothing_is_taken_where_nothing_is_allowed(network: Network) -> None:
    network.serve("shop.example", PUBLIC, sized(0), chunked(), sized(1), chunked(b"x"))
    assert [fetch(max_bytes=0).body for _ in range(2)] == [b"", b""]
    for _ in range(2):
        with pytest.raises(egress.TooLarge):
            fetch(max_bytes=0)


def test_headers_without_end_are_no_answer(network: Network) -> None:
    with pytest.raises(egress.BadAnswer):
        answered(network, endless(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"))


@pytest.mark.slow
def test_a_bomb_is_never_unpacked(network: Network) -> None:
    bomb = packed(gzip.compress(bytes(100_000_000), compresslevel=1))
    tracemalloc.start()
    try:
        with pytest.raises(egress.TooLarge):
            answered(network, bomb)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 5_000_000


# ---- Answers ----------------------------------------------------------------------------------

ZIPPED = gzip.compress(b"hello" * 1000)
GOOD = {
    "plain": (OK, b"hello"),
    "old": (b"HTTP/1.0 200 OK\r\n\r\nhello", b"hello"),
    "no reason": (b"HTTP/1.1 200\r\nContent-Length: 5\r\n\r\nhello", b"hello"),
    "more than announced": (OK + b"world", b"hello"),
    "chunked": (chunked(b"hel", b"lo"), b"hello"),
    "trailers": (chunked(b"hello").removesuffix(b"\r\n") + b"X: y\r\n\r\n", b"hello"),
    "continue": (b"HTTP/1.1 100 Continue\r\n\r\n" + OK, b"hello"),
    "interim": (
        b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n" + OK,
        b"hello",
    ),
    "empty": (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
    "no gzip at all": (packed(b""), b""),
    "identity": (packed(b"hello", b"identity"), b"hello"),
}
BAD = {
    "nothing": b"",
    "garbage": b"garbage\r\n\r\n",
    "binary": bytes(range(256)) * 10,
    "another protocol": b"SSH-2.0-OpenSSH_9.6\r\n",
    "half a status line": b"HTTP/1.1 200",
    "half a header": b"HTTP/1.1 200 OK\r\nContent-Len",
    "half a head": b"HTTP/1.1 200 OK\r\nX: y\r\n",
    "no status": b"HTTP/1.1 OK\r\n\r\n",
    "a low status": b"HTTP/1.1 20 OK\r\n\r\n",
    "a high status": b"HTTP/1.1 2000 OK\r\n\r\n",
    "HTTP/2": b"HTTP/2 200\r\n\r\n",
    "101": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n",
    "only interim": b"HTTP/1.1 103 Early Hints\r\n\r\n",
    "101 headers": b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 101 + b"\r\n",
    "a cut body": b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello",
    "no body": b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n",
    "a cut chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nhello",
    "no last chunk": chunked(b"hello").removesuffix(b"0\r\n\r\n"),
    "a strange chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nhello\r\n",
    "a negative length": b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nhello",
    "no number": b"HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\nhello",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 4\r\n\r\nhello",
    "another coding": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\nhello",
    "an encoding not asked for": packed(b"hello", b"br"),
    "two encodings": packed(gzip.compress(ZIPPED), b"gzip, gzip"),
    "not gzip": packed(b"hello"),
    "cut gzip": packed(ZIPPED[:-10]),
    "gzip of another sum": packed(ZIPPED[:-8] + bytes(8)),
    "something after gzip": packed(ZIPPED + b"hello"),
}


@pytest.mark.parametrize(("reply", "body"), GOOD.values(), ids=GOOD)
def test_answers_are_read(network: Network, reply: bytes, body: bytes) -> None:
    assert answered(network, reply).body == body


@pytest.mark.parametrize("reply", BAD.values(), ids=BAD)
def test_bad_answers_are_named_and_nothing_of_the_url_is(network: Network, reply: bytes) -> None:
    with pytest.raises(egress.BadAnswer) as bad:
        answered(network, reply)
    assert SECRET not in "".join(traceback.format_exception(bad.value))


def test_an_answer_to_head_has_no_body(network: Network) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\nContent-Encoding: gzip\r\n\r\n"
    answer = answered(network, head, method="HEAD")
    assert (answer.status, answer.body) == (200, b"")


def test_a_reset_connection_is_a_bad_answer(network: Network) -> None:
    def reset(connection: socket.socket) -> None:
        linger = (1).to_bytes(4, "little") + bytes(4)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)

    with pytest.raises(egress.BadAnswer, match="ConnectionResetError"):
        answered(network, reset)


@pytest.mark.parametrize(
    "url",
    [
        f"https://user:{SECRET}@shop.example/",
        f"https://2130706433/?{SECRET}",
        f"https://127.0.0.1/?{SECRET}",
        f"https://unknown.example/?{SECRET}",
        f"https://shop.example:22/{SECRET}",
        f"https://shop.example/{SECRET}\x00",
        f"https://[{SECRET}]/",
        f"https://shop.example/{SECRET}",
    ],
)
def test_no_error_quotes_the_url(network: Network, url: str) -> None:
    network.name("shop.example", [PUBLIC])
    with pytest.raises(egress.EgressError) as failed:
        fetch(url)
    assert SECRET not in "".join(traceback.format_exception(failed.value))


# ---- Bodies that nobody wants -----------------------------------------------------------------

CHUNKS = b"HTTP/1.1 418 Teapot\r\nTransfer-Encoding: chunked\r\n\r\n"
UNWANTED = {
    "too large": endless(CHUNKS, b"1;aaaaaaaaaaaaaaaaa\r\nx\r\n"),
    "cut": CHUNKS + b"6\r\nhello",
    "no number": CHUNKS + b"hello\r\n",
    "less than nothing": CHUNKS + b"-2\r\nhello",
}


def test_a_body_that_is_not_wanted_is_not_given(network: Network) -> None:
    head = b"HTTP/1.1 418 Teapot\r\nX-A: 1\r\nx-a: 2\r\nContent-Length: 2\r\n\r\nok"
    answer = answered(network, head, wants_body=False)
    assert answer == egress.Answer(418, {"x-a": "1, 2", "content-length": "2"}, b"", SHOP)


@pytest.mark.parametrize("reply", UNWANTED.values(), ids=UNWANTED)
def test_whatever_comes_of_a_body_that_is_not_wanted_there_is_an_answer(
    network: Network, reply: bytes | Reply
) -> None:
    with pytest.raises((egress.BadAnswer, egress.TooLarge)):
        answered(network, reply, max_bytes=CAP)
    answer = answered(network, reply, max_bytes=CAP, wants_body=False)
    assert answer == egress.Answer(418, {"transfer-encoding": "chunked"}, b"", SHOP)


def test_a_connection_that_breaks_in_a_body_that_is_not_wanted_has_answered(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: Any) -> bytes:
        raise ConnectionResetError(SECRET)

    monkeypatch.setattr(egress.Response, "read", breaks)
    network.serve("shop.example", PUBLIC, OK)
    with pytest.raises(egress.BadAnswer, match="ConnectionResetError"):
        fetch()
    assert fetch(wants_body=False).status == 200


def test_of_a_body_that_is_not_wanted_no_more_is_read_than_is_allowed(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    came: list[int] = []
    into = egress.Wire.readinto

    def counted(wire: egress.Wire, buffer: Any) -> int:
        came.append(into(wire, buffer))
        return came[-1]

    monkeypatch.setattr(egress.Wire, "readinto", counted)
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"
    answer = answered(network, endless(head, b"x"), max_bytes=CAP, wants_body=False)
    assert (answer.status, answer.body) == (200, b"")
    # The head may come with what is buffered, and so may the last of the body.
    assert CAP <= sum(came) <= CAP + 2 * egress_limits.BUFFER_BYTES
