"""cfn-lint on the template and on what SAM makes of it: the raw one hides half of the faults."""

import copy
import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.template.checkout import Json, expanded
from tools.template import TEMPLATE, template


def lint(file: Path) -> list[str]:
    """What cfn-lint finds: errors and warnings."""
    program = Path(sys.executable).with_name("cfn-lint")
    command = [program, "--format", "json", file]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert not done.stderr
    found = json.loads(done.stdout)
    return [f"{one['Rule']['Id']} {one['Message']} {one['Location']['Path']}" for one in found]


def saved(document: Json, file: Path) -> Path:
    file.write_text(json.dumps(document))
    return file


def test_the_template_is_clean() -> None:
    assert lint(TEMPLATE) == []


def test_the_expanded_template_is_clean(tmp_path: Path) -> None:
    assert lint(saved(expanded(template()), tmp_path / "expanded.json")) == []


@pytest.mark.parametrize("form", ["raw", "expanded"])
def test_a_fault_is_found(form: str, tmp_path: Path) -> None:
    broken = copy.deepcopy(template())
    broken["Resources"]["IdemTable"]["Properties"]["BillingMode"] = "FREE"
    document = broken if form == "raw" else expanded(broken)
    assert any("BillingMode" in found for found in lint(saved(document, tmp_path / "broken.json")))


def test_the_short_forms_are_read_as_cloudformation_reads_them() -> None:
    assert yaml.safe_dump(template()["Outputs"]["ApiUrl"]["Value"]).strip() == (
        "Fn::GetAtt:\n- Api\n- ApiEndpoint"
    )
