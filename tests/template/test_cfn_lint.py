"""cfn-lint on what SAM makes of the template; `make template` shows it the template itself.

That one hides half of the faults: what SAM passes on is not looked at.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.template.checkout import Json, expanded, real, transformed
from tools.template import template


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What cfn-lint finds in each of them, errors and warnings: one run, for it starts slowly."""
    folder = tmp_path_factory.mktemp("templates")
    for name, document in {"expanded": expanded(template()), "broken": broken()}.items():
        (folder / f"{name}.json").write_text(json.dumps(document))
    program = Path(sys.executable).with_name("cfn-lint")
    command = [program, "--format", "json", *sorted(folder.iterdir())]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert not done.stderr
    said: dict[str, list[str]] = {"expanded": [], "broken": []}
    for one in json.loads(done.stdout):
        text = f"{one['Rule']['Id']} {one['Message']} {one['Location']['Path']}"
        said[Path(one["Filename"]).stem].append(text)
    return said


def broken() -> Json:
    """A table alone, which is paid for in no way that there is."""
    resource = real().copy().raw["Resources"]["IdemTable"]
    resource["Properties"]["BillingMode"] = "FREE"
    return {"AWSTemplateFormatVersion": "2010-09-09", "Resources": {"IdemTable": resource}}


def test_the_expanded_template_is_clean(found: dict[str, list[str]]) -> None:
    assert found["expanded"] == []


def test_a_fault_is_found(found: dict[str, list[str]]) -> None:
    assert any("BillingMode" in fault for fault in found["broken"])


def test_the_short_forms_are_read_as_cloudformation_reads_them() -> None:
    assert yaml.safe_dump(template()["Outputs"]["ApiUrl"]["Value"]).strip() == (
        "Fn::GetAtt:\n- Api\n- ApiEndpoint"
    )


def test_expanding_its_own_resources_is_expanding_the_whole() -> None:
    assert expanded(template()) == transformed(json.dumps(template()))
