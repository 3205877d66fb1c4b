"""Broken endpoints, forgotten steps, imports the wrong way, and code that is too long."""

from pathlib import Path

from tests.template import rules_code as code
from tests.template import rules_lock as lock
from tests.template import rules_routes as routes
from tests.template.broken import breaks, remove, rewrite, write
from tests.template.checkout import LAYER, Checkout, real

GET_CALL = "functions/voice/get_call.py"
CALLS = f"{LAYER}/voice/calls/placing.py"


@breaks(routes.public_routes_are_listed)
def an_endpoint_without_a_key(checkout: Checkout) -> None:
    rewrite(checkout, GET_CALL, '@endpoint(scope="calls:read")', "@public")


@breaks(routes.public_routes_are_listed)
def a_catch_all_that_asks_for_a_key(checkout: Checkout) -> None:
    path = "functions/gateway/answer_unmatched.py"
    rewrite(checkout, path, "@public", "@endpoint(scope=None)")


@breaks(routes.endpoints_declare_a_scope)
def an_endpoint_that_does_not_say(checkout: Checkout) -> None:
    rewrite(checkout, GET_CALL, 'scope="calls:read"', "status=200")


@breaks(routes.endpoints_declare_a_scope)
def a_scope_that_does_not_exist(checkout: Checkout) -> None:
    rewrite(checkout, GET_CALL, "calls:read", "phones:read")


@breaks(routes.endpoints_declare_a_scope)
def a_write_for_readers(checkout: Checkout) -> None:
    rewrite(checkout, "functions/voice/place_call.py", "calls:write", "calls:read")


@breaks(routes.the_catch_all_knows_every_route)
def a_route_that_the_catch_all_does_not_know(checkout: Checkout) -> None:
    rewrite(checkout, f"{LAYER}/routes.json", '"POST"', '"PUT"')


@breaks(routes.endpoints_have_a_row)
def a_row_forgotten(checkout: Checkout) -> None:
    rewrite(checkout, routes.ROWS, '"GET /v1/whoami": Row([Cost([], 0, 1)]),', "")


@breaks(routes.endpoints_have_a_row)
def a_row_of_no_route(checkout: Checkout) -> None:
    rewrite(checkout, routes.ROWS, "ENDPOINTS = {", 'ENDPOINTS = {"GET /v1/nobody": Row([]),')


@breaks(routes.sample_events_are_there)
def a_sample_event_forgotten(checkout: Checkout) -> None:
    remove(checkout, "events/voice/get_call.json")


@breaks(routes.sample_events_are_there)
def a_sample_event_left_over(checkout: Checkout) -> None:
    write(checkout, "events/voice/transfer_call.json", "{}")


@breaks(routes.sam_local_is_told_what_it_passes_on)
def a_variable_that_sam_local_drops(checkout: Checkout) -> None:
    rewrite(checkout, "events/env.json", '"STAGE"', '"AWS_ENDPOINT_URL"')


@breaks(routes.sam_local_is_told_what_it_passes_on)
def a_table_that_sam_local_cannot_know(checkout: Checkout) -> None:
    rewrite(checkout, "events/env.json", '"CORE_TABLE"', '"STAGE"')


@breaks(routes.sam_local_is_told_what_it_passes_on)
def a_secret_that_sam_local_cannot_know(checkout: Checkout) -> None:
    rewrite(checkout, "events/env.json", '"SECRET_ARN"', '"STAGE"')


@breaks(routes.public_routes_are_listed)
def a_callback_that_asks_for_a_key(checkout: Checkout) -> None:
    rewrite(checkout, "functions/callbacks/note_status.py", "@public", "@endpoint(scope=None)")


@breaks(routes.functions_have_a_test)
def a_function_that_no_test_mentions(checkout: Checkout) -> None:
    for path in set(checkout.within("tests", ".py")) - {Path(routes.ROWS)}:
        text = checkout.files[path]
        checkout.files[path] = text.replace("/v1/whoami", "/v1/nobody").replace("get_whoami", "")


@breaks(code.handlers_import_the_layer_only)
def a_handler_that_imports_a_sibling(checkout: Checkout) -> None:
    rewrite(checkout, GET_CALL, "from linkwright.voice.calls import reading", "import place_call")


@breaks(code.handlers_import_the_layer_only)
def a_handler_that_imports_a_package(checkout: Checkout) -> None:
    rewrite(checkout, GET_CALL, "from linkwright.voice.calls import reading", "import phonenumbers")


@breaks(code.the_layer_stands_alone)
def a_layer_that_imports_a_function(checkout: Checkout) -> None:
    write(checkout, f"{LAYER}/voice/again.py", "from functions.voice import place_call\n")


@breaks(code.packages_stay_behind_one_face)
def a_second_way_to_the_table(checkout: Checkout) -> None:
    write(checkout, f"{LAYER}/voice/fast.py", "from pydynox import pydynox_core\n")


@breaks(code.packages_stay_behind_one_face)
def boto3_within_a_function(checkout: Checkout) -> None:
    later = "def client() -> object:\n    import boto3.session\n\n    return boto3\n"
    write(checkout, f"{LAYER}/voice/fast.py", later)


@breaks(code.packages_stay_behind_one_face)
def a_second_way_out(checkout: Checkout) -> None:
    write(checkout, f"{LAYER}/voice/fetch.py", "from urllib.request import urlopen\n")


@breaks(code.packages_stay_behind_one_face)
def a_handler_with_a_way_out(checkout: Checkout) -> None:
    rewrite(
        checkout, GET_CALL, "from linkwright.voice.calls import reading", "from http import client"
    )


@breaks(code.domains_meet_in_operations)
def a_domain_inside_another(checkout: Checkout) -> None:
    rewrite(checkout, CALLS, "voice import agent_items", "workspace import keys as agent_items")


@breaks(code.domains_meet_in_operations)
def a_domain_inside_the_kernel(checkout: Checkout) -> None:
    write(checkout, f"{LAYER}/lookup.py", "import linkwright.voice.calls\n")


@breaks(code.domains_meet_in_operations)
def a_port_that_knows_a_domain(checkout: Checkout) -> None:
    known = "from linkwright.voice.calls.states import Status\n"
    write(checkout, f"{LAYER}/providers/mail/port.py", known)


@breaks(code.domains_meet_in_operations)
def a_port_that_knows_the_operations_of_a_domain(checkout: Checkout) -> None:
    later = "def late() -> None:\n    from linkwright.workspace import operations\n"
    write(checkout, f"{LAYER}/providers/mail/port.py", later)


@breaks(code.imports_form_no_circle)
def two_files_that_import_each_other(checkout: Checkout) -> None:
    write(checkout, f"{LAYER}/one.py", "from linkwright import another\n")
    write(checkout, f"{LAYER}/another.py", "from linkwright.one import something\n")


@breaks(code.imports_form_no_circle)
def a_room_that_looks_into_the_one_above_it(checkout: Checkout) -> None:
    write(checkout, f"{LAYER}/voice/language/again.py", "import linkwright.voice.calls.states\n")


@breaks(code.imports_form_no_circle)
def a_circle_within_a_function(checkout: Checkout) -> None:
    later = "def later() -> None:\n    from linkwright.voice.dialling import dialler\n"
    write(checkout, f"{LAYER}/voice/compliance/again.py", later)


@breaks(code.nothing_is_there_that_nobody_reads)
def a_function_for_tests_alone(checkout: Checkout) -> None:
    text = checkout.read(CALLS)
    write(checkout, CALLS, f"{text}\n\ndef is_for_tests() -> bool:\n    return True\n")
    write(checkout, "tests/unit/test_it.py", "from linkwright.voice.calls import placing as p\n")


@breaks(code.nothing_is_there_that_nobody_reads)
def a_type_that_no_item_has(checkout: Checkout) -> None:
    write(checkout, f"{LAYER}/shape.py", "class Shape:\n    pk: str\n")


@breaks(code.folders_show_what_is_in_them)
def a_row_of_files(checkout: Checkout) -> None:
    for at in range(code.FILES_IN_A_FOLDER + 1):
        write(checkout, f"{LAYER}/mail/f{at}.py", "")


@breaks(code.files_fit_a_screen)
def a_long_handler(checkout: Checkout) -> None:
    rewrite(checkout, GET_CALL, "\n\n\n@endpoint", "\n" * code.HANDLER_LINES + "@endpoint")


@breaks(code.files_fit_a_screen)
def a_long_module(checkout: Checkout) -> None:
    write(checkout, f"{LAYER}/long.py", "LINE = 1\n" * (code.LAYER_LINES + 1))


@breaks(code.functions_are_short)
def one_long_function(checkout: Checkout) -> None:
    write(checkout, f"{LAYER}/long.py", _function("long", code.FUNCTION_LINES + 1))


@breaks(code.functions_are_short)
def many_middling_functions(checkout: Checkout) -> None:
    for at in range(_number_of_functions() + 1):
        write(checkout, f"{LAYER}/f{at}.py", _function("middling", code.MEDIAN_LINES + 1))


@breaks(code.functions_are_short)
def some_longer_functions(checkout: Checkout) -> None:
    for at in range(_number_of_functions() // 8):
        write(checkout, f"{LAYER}/f{at}.py", _function("longer", code.P90_LINES + 1))


def _number_of_functions() -> int:
    modules = [*real().layer.values(), *real().handlers.values()]
    return sum(len(code.functions_of(module)) for module in modules)


def _function(name: str, lines: int) -> str:
    # It calls itself: else nobody would read it.
    return f"def {name}() -> None:\n" + f"    {name}()\n" * (lines - 1)


@breaks(code.functions_say_what_they_return)
def a_function_that_does_not_say(checkout: Checkout) -> None:
    write(checkout, f"{LAYER}/mute.py", "async def mute():\n    pass\n")


@breaks(lock.packages_are_hashed)
def a_package_without_a_hash(checkout: Checkout) -> None:
    rewrite(checkout, "uv.lock", ', hash = "sha256:', ', was = "sha256:')


@breaks(lock.packages_are_hashed)
def a_package_from_a_repository(checkout: Checkout) -> None:
    added = '\n[[package]]\nname = "x"\nversion = "1"\nsource = { git = "https://example.com/x" }\n'
    write(checkout, "uv.lock", checkout.read("uv.lock") + added)


@breaks(lock.the_layer_is_built_from_the_lock)
def a_layer_of_whatever_there_is(checkout: Checkout) -> None:
    rewrite(checkout, lock.LAYER_MAKEFILE, "--require-hashes ", "")
