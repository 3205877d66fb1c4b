"""Settings: the rules for a workspace's calls, of live and of test mode apart.

They lie on the workspace's own item, so that one read tells them with its plan.
"""

from linkwright import clock, usage
from linkwright.auth import Account
from linkwright.errors import Conflict
from linkwright.fields import QuietHours
from linkwright.http import IfMatch
from linkwright.table import Item, Table
from linkwright.transaction import Transaction
from linkwright.workspace import workspaces
from linkwright.workspace.mailed import digest_job
from linkwright.workspace.models import (
    MOST_CONVERSION_DAYS,
    Settings,
    UpdateSettings,
    usual_thresholds,
)

ATTRIBUTES = {"live": "settings", "test": "settings_test"}

# Not validated: a model is built at its first use, which for most functions never comes.
OFF = Settings.model_construct(
    calls="on",
    allowed_countries=None,
    consent="off",
    calls_per_callee_per_day=None,
    calls_per_day=None,
    quiet_hours=None,
    model=None,
    retention_days=365,
    time_zone="UTC",
    usage_thresholds=usual_thresholds(),
    weekly_digest="off",
    language="en",
    conversion_window_days=MOST_CONVERSION_DAYS,
    version=1,
    updated_at=None,
)
_STRICT = OFF.model_copy(
    update={
        "consent": "enforce",
        "calls_per_callee_per_day": 3,
        "quiet_hours": QuietHours.model_construct(start="21:00", end="08:00"),
    }
)
_DEFAULTS = {"live": _STRICT, "test": OFF}


def of_new(country: str) -> Settings:
    """Those of a new workspace: it calls its own country, until it says otherwise."""
    return _STRICT.model_copy(update={"allowed_countries": [country]})


def of(workspace: Item, mode: str) -> Settings:
    stored = workspace.get(ATTRIBUTES[mode])
    return Settings.model_validate(stored) if stored else _DEFAULTS[mode]


def get(account: Account) -> Settings:
    return of(workspaces.existing(account.workspace_id), account.mode)


def change(
    account: Account, wanted: UpdateSettings, if_match: IfMatch, tx: Transaction
) -> Settings:
    """Make the next version. Raises `Conflict` if the settings are not at the version named."""
    workspace = workspaces.existing(account.workspace_id)
    current = of(workspace, account.mode)
    if current.version != if_match.version:
        raise _outdated()
    before = current.model_dump(mode="json")
    after = before | wanted.changes()
    if after == before:
        return current
    after |= {"version": current.version + 1, "updated_at": clock.timestamp()}
    name = ATTRIBUTES[account.mode]
    unchanged = (
        f"#{name}.#version = :seen" if name in workspace else f"attribute_not_exists(#{name})"
    )
    tx.update(
        Table.CORE,
        workspaces.key(account.workspace_id),
        f"SET #{name} = :settings",
        condition=f"attribute_exists(#pk) AND {unchanged}",
        values={"settings": after} | ({"seen": current.version} if name in workspace else {}),
        otherwise=_outdated,
    )
    if after["usage_thresholds"] != before["usage_thresholds"]:
        usage.look_again(account.partition, account.anchor_day, tx)
    _have_digest(tx, before, after)
    changed = {rule: after[rule] for rule in wanted.changes() if after[rule] != before[rule]}
    details = {"mode": account.mode, "version": after["version"], "changed": changed}
    tx.audit("settings.changed", account.workspace_id, details)
    return Settings.model_validate(after)


def _have_digest(tx: Transaction, before: Item, after: Item) -> None:
    """One that is switched off ends itself, when it would be due."""
    if after["weekly_digest"] == "off":
        return
    if before["weekly_digest"] == "off":
        digest_job.request(tx, after["time_zone"])
    elif after["time_zone"] != before["time_zone"]:
        digest_job.move(tx, before["time_zone"], after["time_zone"])


def _outdated() -> Conflict:
    return Conflict("The settings were changed since that version.", reason="version_mismatch")
