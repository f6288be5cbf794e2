"""Operations of services as a gateway calls them, one JSON object a line of standard input, compared with botocore's models of
those services. One JSON object a line of standard output: the operation's name, how many parameters were compared, what differs."""

import json
import sys

import botocore.session

# Where AWS Query writes a list or a map: botocore's model of SQS is that of its JSON protocol, which has no such names.
QUERY = {
    "AttributeNames": "AttributeName",
    "MessageAttributeNames": "MessageAttributeName",
    "MessageAttributes": {"sqs": "MessageAttribute", "sns": "MessageAttributes.entry"},
    "MessageSystemAttributes": "MessageSystemAttribute",
}
MODELS = {"states": "stepfunctions", "sync-states": "stepfunctions"}
KINDS = {
    "string": {"text", "code", "queue", "bucket"},
    "integer": {"number"},
    "boolean": {"flag"},
    "timestamp": {"time", "text"},
    "map": {"object", "attributes"},
    "list": {"list"},
    "blob": {"bytes", "text"},
}
# AWS's own list of parameters requires them, where botocore's leaves a choice.
MORE = {
    ("EventBridge-PutEvents", "Detail"),
    ("EventBridge-PutEvents", "DetailType"),
    ("EventBridge-PutEvents", "Source"),
    ("Kinesis-PutRecord", "StreamName"),
    ("Kinesis-PutRecord", "PartitionKey"),
}


def compare(session, ours):
    service, wrong = ours["service"], []
    model = session.get_service_model(MODELS.get(service["name"], service["name"]))
    name = ours["operation"]
    operation = model.operation_model("ListObjectsV2" if name == "ListObjects" else name)
    protocol, shape = ours["protocol"], operation.input_shape

    def equal(what, found, wanted):
        if found != wanted:
            wrong.append(f"{what} is {found!r}, botocore says {wanted!r}")

    prefix = (operation.endpoint or {}).get("hostPrefix", "")
    equal("the host", service["name"], prefix + model.endpoint_prefix)
    equal("the signing name", service["signingName"], model.signing_name)
    if protocol["kind"] == "json":
        equal("the version", protocol["version"], model.metadata["jsonVersion"])
        equal("the target", protocol["target"], f"{model.metadata['targetPrefix']}.{operation.name}")
        if protocol["within"]:
            shape = shape.members[protocol["within"]].member
    elif protocol["kind"] == "query":
        equal("the version", protocol["version"], model.api_version)
        equal("the action", protocol["action"], operation.name)
    else:
        equal("the method", protocol["method"], operation.http["method"])
        equal("the path", protocol["path"], operation.http["requestUri"])
    members = {member.lower(): (member, of) for member, of in shape.members.items()}
    required = {member.lower() for member in shape.required_members}
    for parameter in ours["parameters"]:
        known = parameter["name"]
        if known.lower() not in members:
            wrong.append(f"botocore knows no {known}")
            continue
        member, of = members[known.lower()]
        place, at = parameter["place"], parameter["at"]
        location = {"uri": "path", "querystring": "query", "header": "header"}.get(of.serialization.get("location"))
        if protocol["kind"] == "query" and known == "QueueUrl":
            location = "path"
        payload = getattr(operation.input_shape, "serialization", {}).get("payload")
        equal(f"the place of {known}", place, "body" if member == payload else location or "member")
        if place in ("query", "header"):
            equal(f"the name of {known}", at, of.serialization["name"].lower() if place == "header" else of.serialization["name"])
        elif place == "member":
            written = QUERY.get(known, member) if protocol["kind"] == "query" else member
            equal(f"the name of {known}", at, written[service["name"]] if isinstance(written, dict) else written)
        if parameter["kind"] not in KINDS[of.type_name]:
            wrong.append(f"{known} is {parameter['kind']}, botocore says {of.type_name}")
        if (ours["name"], known) not in MORE:
            equal(f"whether {known} is required", parameter["required"], known.lower() in required)
    for member in required - {parameter["name"].lower() for parameter in ours["parameters"]}:
        wrong.append(f"{member} is required, and cannot be given")
    return {"name": ours["name"], "compared": len(ours["parameters"]), "wrong": wrong}


session = botocore.session.Session()
for line in sys.stdin:
    print(json.dumps(compare(session, json.loads(line))), flush=True)
