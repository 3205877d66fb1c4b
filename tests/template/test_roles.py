"""What a function's author is told: the role that fits, or the statements of a new one."""

import pytest

from tests.template.checkout import listed, real, thing
from tests.template.roles import advice, statements
from tools.template import Function, functions, parse


@pytest.mark.parametrize("function", functions(), ids=lambda function: function.file)
def test_the_role_that_a_function_has_is_the_one_that_fits(function: Function) -> None:
    said = advice(real(), function, real().allowed(function))
    role = real().role(function)
    assert said == f"{function.logical_id}: {role} allows exactly what it uses"


def test_a_worker_is_not_given_the_role_of_an_endpoint_nor_the_other_way_round() -> None:
    by_file = {function.file: function for function in functions()}
    used = real().allowed(by_file["note_status"])
    assert "no role" in advice(real(), by_file["dial_call"], used)
    assert "no role" in advice(real(), by_file["get_call"], real().allowed(by_file["dial_call"]))


def test_what_a_new_role_needs_is_said_in_the_words_of_the_template() -> None:
    (function,) = (function for function in functions() if function.file == "get_call")
    used = {
        ("dynamodb:Query", "CoreTable"),
        ("dynamodb:GetItem", "CoreTable"),
        ("dynamodb:Query", "CoreTable/index/gsi2"),
    }
    assert advice(real(), function, used).splitlines() == [
        "GetCall: no role allows exactly what it uses; a new one needs",
        "- {Effect: Allow, Action: [dynamodb:GetItem, dynamodb:Query],"
        " Resource: !GetAtt CoreTable.Arn}",
        '- {Effect: Allow, Action: [dynamodb:Query], Resource: !Sub "${CoreTable.Arn}/index/gsi2"}',
    ]


@pytest.mark.parametrize("role", sorted(real().roles_of_functions()))
def test_the_words_mean_what_they_stand_for(role: str) -> None:
    written = [parse(one) for one in statements(real(), real().rights(role))]
    assert {
        (action, thing(resource))
        for statement in written
        for action in statement["Action"]
        for resource in listed(statement["Resource"])
    } == real().rights(role)
