"""What fails a leg, and what makes two expressions one shape."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests import legs, shapes
from tests.shapes import Use
from tools import legs as suite
from tools.template import functions

COMMITTED = legs.BASELINE


@pytest.fixture(autouse=True)
def baseline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For each function, a hundred runs."""
    path = tmp_path / "legs.json"
    path.write_text(json.dumps({"faults": {"fault runs": 100.0}}))
    monkeypatch.setattr(legs, "BASELINE", path)


@pytest.mark.parametrize(("runs", "is_too_much"), [(90, False), (110, False), (111, True)])
def test_a_tenth_more_for_each_function_is_too_much(runs: int, is_too_much: bool) -> None:
    done = {"fault runs": runs * len(functions())}
    assert bool(list(legs.grown("faults", done))) is is_too_much


def test_a_leg_that_has_lost_a_tenth_of_its_tests_fails() -> None:
    legs.BASELINE.write_text(json.dumps({"unit": {"tests": 10.0, "requests": 10.0}}))
    fewer = dict.fromkeys(("tests", "requests"), 8 * len(functions()))
    [line] = legs.grown("unit", fewer)
    assert line == "the leg 'unit' has 8.0 tests per function, and had 10.0: are some lost?"


def test_the_message_says_which_leg_and_by_how_much() -> None:
    [line] = legs.grown("faults", {"fault runs": 150 * len(functions())})
    assert "the leg 'faults' does 150.0 fault runs per function, 50% more" in line


def test_what_the_baseline_does_not_know_is_named() -> None:
    [line] = legs.grown("faults", {"fault runs": 1, "requests": 7, "tests": 0})
    assert "nothing is known of the requests of the leg 'faults'" in line


def test_a_leg_without_a_baseline_is_not_judged() -> None:
    assert list(legs.grown("in memory", {"tests": 1_000_000})) == []


def test_what_is_accepted_is_the_baseline() -> None:
    done = {"fault runs": 300 * len(functions()), "requests": 0}
    legs.accept("faults", done)
    assert legs.baseline() == {"faults": {"fault runs": 300.0}}
    assert list(legs.grown("faults", done)) == []


def test_an_expression_that_no_test_uses_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    known = Use("update", {"update": "SET #a = :a"}, {":a": "S"})
    monkeypatch.setattr(shapes, "listed", lambda: {known.shape: known})
    monkeypatch.setattr(shapes, "SEEN", {})
    assert [known.shape in line for line in legs.unused(legs.INTEGRATION)] == [True]
    assert list(legs.unused("faults")) == []
    shapes.SEEN[known.shape] = known
    assert list(legs.unused(legs.INTEGRATION)) == []


def _shape(update: str, condition: str = "#v = :v", **types: str) -> str:
    kinds = {f":{name}": kind for name, kind in {"v": "N", **types}.items()}
    return Use("update", {"condition": condition, "update": update}, kinds).shape


def test_one_shape_whatever_the_names_and_however_many_are_set() -> None:
    one = _shape("SET #status = :s, #v = :w", s="S", w="N")
    assert one == _shape("SET #a = :a, #b = :b, #v = :w", a="L", b="BOOL", w="N")
    assert one == "update | #0 = :N | SET # = :any, #0 = :any"


@pytest.mark.parametrize(
    ("update", "condition"),
    [
        ("SET #a = :w REMOVE #b", "#v = :v"),
        ("SET #a = if_not_exists(#a, :w)", "#v = :v"),
        ("SET #a = :w", "#v = :v OR #a = :w"),
        ("SET #a = :w", "attribute_not_exists(#v) OR #v = :v"),
    ],
)
def test_another_shape(update: str, condition: str) -> None:
    assert _shape(update, condition, w="N") != _shape("SET #a = :w", w="N")


def test_another_type_is_another_shape() -> None:
    assert _shape("ADD #a :w", w="N") != _shape("ADD #a :w", w="SET")


@pytest.mark.parametrize(
    ("leg", "what"),
    [
        *((leg.name, "tests") for leg in suite.LEGS["baseline"]),
        ("faults", "fault runs"),
        ("integration", "requests"),
    ],
)
def test_the_committed_baseline_knows_what_each_leg_does(leg: str, what: str) -> None:
    assert json.loads(COMMITTED.read_text())[leg][what] > 0


def test_a_leg_that_asks_a_part_is_not_judged_by_the_whole() -> None:
    """It would have lost most of its tests, and fail each time."""
    parts = [leg for leg in suite.LEGS["quick"] if "--part" in leg.command]
    assert len(parts) >= 3
    assert not {leg.name for leg in parts} & set(json.loads(COMMITTED.read_text()))


def test_what_runs_beside_a_leg_fails_it_and_is_told_behind_it(
    capfd: pytest.CaptureFixture[str],
) -> None:
    check = suite.Leg("types", (sys.executable, "-c", "print('is wrong'); raise SystemExit(2)"))
    results = suite.Leg("unit", (sys.executable, "-c", "print('is fine')"), check).run()
    assert [(one.name, one.code) for one in results] == [("unit", 0), ("types", 2)]
    assert capfd.readouterr().out.split() == [
        "----",
        "unit",
        "is",
        "fine",
        "----",
        "types",
        "is",
        "wrong",
    ]


def test_a_leg_that_a_signal_ends_fails_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    killed = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    legs_of = tuple(
        suite.Leg(name, (sys.executable, "-c", code))
        for name, code in (("fine", ""), ("killed", killed), ("not begun", "1 / 0"))
    )
    monkeypatch.setitem(suite.LEGS, "quick", legs_of)
    assert suite.main("quick") == -9


# A leg that tidies up when Ctrl-C asks it to, with a child that does not; and one that is behind.
_STOPPED = r"""
import sys
from tools import legs

tidy = (
    "import subprocess, sys\n"
    "try:\n"
    " child = subprocess.Popen(['sleep', '60'])\n"
    " print('begun', flush=True)\n"
    " child.wait()\n"
    "except KeyboardInterrupt:\n"
    " child.wait(5), print('tidied up')\n"
    " raise SystemExit(2)\n"
)
legs.LEGS["quick"] = tuple(
    legs.Leg(name, (sys.executable, "-c", code)) for name, code in (("busy", tidy), ("next", ""))
)
sys.exit(legs.run("quick"))
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_who_ends_the_runner_ends_what_it_has_begun(number: signal.Signals) -> None:
    """Sent to the runner alone, as whoever watches over it does; a terminal asks all of them."""
    command = [sys.executable, "-c", _STOPPED]
    with subprocess.Popen(command, cwd=suite.ROOT, text=True, stdout=subprocess.PIPE) as runner:
        assert runner.stdout is not None
        assert any("begun" in line for line in runner.stdout)
        runner.send_signal(number)
        said = runner.stdout.read()
    assert (runner.returncode, "tidied up" in said) == (2, True)
    assert "---- next" not in said
