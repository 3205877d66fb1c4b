"""Made-up requests against every operation of the description, over HTTP, from one seed.

The good and the bad: no answer may be a 5xx or outside the description.
"""

from collections.abc import Callable

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.database import InMemoryExampleDatabase
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.system.conftest import Api
from tools.openapi import TARGET

SEED = 20261122
EXAMPLES = 40
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
OPERATIONS = {
    result.ok().label: result.ok()
    for result in schemathesis.openapi.from_path(TARGET).get_all_operations()
}


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
@pytest.mark.parametrize("label", sorted(OPERATIONS))
def test_no_answer_is_outside_the_description(api: Api, label: str, mode: GenerationMode) -> None:
    statuses = set()

    def ask(case: Case) -> None:
        # The plan with the highest limits; each example is a request of its own.
        headers = {"Authorization": f"Bearer {api.demo['TOKEN_ENTERPRISE']}"}
        answer = case.call(base_url=str(api.http.base_url), headers=headers, timeout=60)
        case.validate_response(answer, checks=CHECKS)
        statuses.add(answer.status_code)

    _examples(label, mode, ask)()
    assert statuses


def _examples(label: str, mode: GenerationMode, ask: Callable[[Case], None]) -> Callable[[], None]:
    from hypothesis import given

    strategy = OPERATIONS[label].as_strategy(generation_mode=mode)
    bounded = settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=InMemoryExampleDatabase(),
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    test: Callable[[], None] = bounded(seed(SEED)(given(case=strategy)(lambda case: ask(case))))
    return test
