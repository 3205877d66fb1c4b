"""The demo data: made once, and of it only what is missing."""

from pathlib import Path

from linkwright import auth, tokens
from linkwright.table import Table, get, update
from tests.stack import Stack
from tools import demo
from tools.local_cloud import demo_data


def test_tokens_are_kept_and_only_one_that_is_no_longer_good_is_replaced(stack: Stack) -> None:
    first = demo.ensure_all({})
    assert demo.ensure_all(first) == first
    revoked = auth.api_key(first["TOKEN_READ"])
    update(Table.ACCESS, revoked, "SET #revoked_at = :at", values={"at": "2026-01-01T00:00:00Z"})
    again = demo.ensure_all(first | {"TOKEN_OTHER": tokens.new("live")})
    changed = {name for name in first if again[name] != first[name]}
    assert changed == {"TOKEN_READ", "TOKEN_OTHER"}
    # One that was mixed up with another is as good as none.
    mixed = demo.ensure_all(again | {"TOKEN": again["TOKEN_FREE"], "TOKEN_READ": again["TOKEN"]})
    assert mixed["TOKEN"] not in again.values()
    assert mixed["TOKEN_READ"] not in again.values()
    assert mixed["TOKEN_FREE"] == again["TOKEN_FREE"]


def test_every_token_has_what_its_name_says(stack: Stack) -> None:
    made = demo.ensure_all({})
    shown = {name: get(Table.ACCESS, auth.api_key(made[name])) for name in made if "TOKEN" in name}
    told = {
        name: (item["workspace_id"], item["mode"], item["plan"], item["scopes"] == ["*:read"])
        for name, item in shown.items()
        if item
    }
    assert told == {
        "TOKEN": ("ws_demo", "live", "pro", False),
        "TOKEN_READ": ("ws_demo", "live", "pro", True),
        "TOKEN_TEST": ("ws_demo", "test", "pro", False),
        "TOKEN_OTHER": ("ws_other", "live", "pro", False),
        "TOKEN_FREE": ("ws_free", "live", "free", False),
        "TOKEN_ENTERPRISE": ("ws_enterprise", "live", "enterprise", False),
    }


def test_the_file_of_the_run_before_is_read_and_none_is_no_trouble(tmp_path: Path) -> None:
    assert demo_data.read(tmp_path) == {}
    demo_data.write(tmp_path, {"TOKEN": "a=b", "AGENT_ID": "agt_1"})
    assert demo_data.read(tmp_path) == {"TOKEN": "a=b", "AGENT_ID": "agt_1"}
    assert (tmp_path / demo_data.FILE).stat().st_mode & 0o777 == 0o600
