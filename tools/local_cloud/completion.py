"""What MiniStack leaves out of a deployment, made afterwards from the same, expanded template.

It reads neither the routes in an HTTP API's OpenAPI body nor a table's time to live.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from mypy_boto3_apigatewayv2 import ApiGatewayV2Client
from mypy_boto3_apigatewayv2.type_defs import RouteTypeDef
from mypy_boto3_dynamodb import DynamoDBClient

from tools.local_cloud.deployment import STACK, cloudformation, session
from tools.local_cloud.processes import REGION, LocalCloudError

ANY_METHOD = "x-amazon-apigateway-any-method"
INTEGRATION = "x-amazon-apigateway-integration"
DEFAULT_ROUTE = "$default"


def complete(endpoint: str) -> str:
    """Bring routes and times to live to what the deployed template says; the API's id."""
    template = _processed_template(endpoint)
    names = _physical_names(endpoint)
    _enable_time_to_live(endpoint, template, names)
    return _make_routes(endpoint, template, names)


def _enable_time_to_live(
    endpoint: str, template: Mapping[str, Any], names: Mapping[str, str]
) -> None:
    client: DynamoDBClient = session().client("dynamodb", endpoint_url=endpoint)
    for name, resource in template["Resources"].items():
        wanted = resource.get("Properties", {}).get("TimeToLiveSpecification")
        if resource["Type"] != "AWS::DynamoDB::Table" or not wanted:
            continue
        state = client.describe_time_to_live(TableName=names[name])["TimeToLiveDescription"]
        if state["TimeToLiveStatus"] == "DISABLED":
            client.update_time_to_live(TableName=names[name], TimeToLiveSpecification=wanted)


def _make_routes(endpoint: str, template: Mapping[str, Any], names: Mapping[str, str]) -> str:
    api_name, body = _api_body(template)
    api_id = names[api_name]
    wanted = {key: names[function] for key, function in routes_of(body)}
    client: ApiGatewayV2Client = session().client("apigatewayv2", endpoint_url=endpoint)
    integrations = _integrations(client, api_id, set(wanted.values()))
    existing = {route["RouteKey"]: route for route in _existing_routes(client, api_id)}
    for key in existing.keys() - wanted.keys():
        client.delete_route(ApiId=api_id, RouteId=existing[key]["RouteId"])
    for key, function in wanted.items():
        target = f"integrations/{integrations[function]}"
        if key not in existing:
            client.create_route(ApiId=api_id, RouteKey=key, Target=target)
        elif existing[key].get("Target") != target:
            client.update_route(ApiId=api_id, RouteId=existing[key]["RouteId"], Target=target)
    return api_id


def routes_of(body: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Route key and logical id of its function, for each operation of an OpenAPI body."""
    for path, operations in body["paths"].items():
        for method, operation in operations.items():
            if not isinstance(operation, Mapping) or INTEGRATION not in operation:
                continue
            if path == DEFAULT_ROUTE:
                key = DEFAULT_ROUTE
            else:
                key = f"{'ANY' if method == ANY_METHOD else method.upper()} {path}"
            yield key, _function_of(operation[INTEGRATION]["uri"])


def _function_of(uri: str | Mapping[str, str]) -> str:
    """The logical id in SAM's `Fn::Sub: arn:...:lambda:path/.../${Name.Arn}/invocations`."""
    text = uri["Fn::Sub"] if isinstance(uri, Mapping) else uri
    return str(text).rsplit("${", 1)[1].split(".Arn}", 1)[0]


def _processed_template(endpoint: str) -> Mapping[str, Any]:
    answer = cloudformation(endpoint).get_template(StackName=STACK, TemplateStage="Processed")
    body: Any = answer["TemplateBody"]
    if not isinstance(body, Mapping):
        raise LocalCloudError("MiniStack answered a processed template that is not JSON.")
    return body


def _physical_names(endpoint: str) -> dict[str, str]:
    found: dict[str, str] = {}
    pages = cloudformation(endpoint).get_paginator("list_stack_resources")
    for page in pages.paginate(StackName=STACK):
        for item in page["StackResourceSummaries"]:
            found[item["LogicalResourceId"]] = item.get("PhysicalResourceId", "")
    return found


def _api_body(template: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    apis = [
        (name, resource["Properties"]["Body"])
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::ApiGatewayV2::Api" and "Body" in resource["Properties"]
    ]
    if len(apis) != 1:
        raise LocalCloudError(
            f"The template has {len(apis)} HTTP APIs; the local cloud serves one."
        )
    return apis[0]


def _existing_routes(client: ApiGatewayV2Client, api_id: str) -> list[RouteTypeDef]:
    pages = client.get_paginator("get_routes").paginate(ApiId=api_id)
    return [route for page in pages for route in page["Items"]]


def _integrations(client: ApiGatewayV2Client, api_id: str, functions: set[str]) -> dict[str, str]:
    """Integration id by function name; one for each function, made if it is missing."""
    found: dict[str, str] = {}
    for page in client.get_paginator("get_integrations").paginate(ApiId=api_id):
        for item in page["Items"]:
            found[item.get("IntegrationUri", "").rsplit(":", 1)[-1]] = item["IntegrationId"]
    for function in functions - found.keys():
        made = client.create_integration(
            ApiId=api_id,
            IntegrationType="AWS_PROXY",
            IntegrationUri=f"arn:aws:lambda:{REGION}:000000000000:function:{function}",
            PayloadFormatVersion="2.0",
        )
        found[function] = made["IntegrationId"]
    return found
