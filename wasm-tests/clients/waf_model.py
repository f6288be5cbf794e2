"""The JSON Schema of our document on standard input, compared with botocore's model of AWS WAF: what AWS's commands print must be
readable. One JSON object on standard output: the shapes and members that were compared, and what differs."""

import json
import sys

import botocore.session

# The lists of the document, and what a command prints into them.
LISTS = {
    "webAcls": "WebACL",
    "ipSets": "IPSet",
    "regexPatternSets": "RegexPatternSet",
    "ruleGroups": "RuleGroup",
    "loggingConfigurations": "LoggingConfiguration",
}

# What AWS prints always, though its model does not say so.
ALWAYS = {
    ("GeoMatchStatement", "CountryCodes"),
    ("Regex", "RegexString"),
    ("RegexPatternSet", "RegularExpressionList"),
    ("RegexPatternSet", "ARN"),
}

schema = json.load(sys.stdin)
model = botocore.session.Session().get_service_model("wafv2")
wrong, refused, compared, seen = [], [], 0, set()


def resolve(ours):
    """What a reference refers to, and what may be null without it."""
    while True:
        if "$ref" in ours:
            ours = schema["$defs"][ours["$ref"].rsplit("/", 1)[1]]
        elif "anyOf" in ours:
            ours = next(one for one in ours["anyOf"] if one.get("type") != "null")
        elif "else" in ours:
            ours = ours["else"]
        else:
            return ours


def words(ours):
    """The values of an enumeration."""
    return set(ours.get("enum", [])) | {one["const"] for one in ours.get("oneOf", []) if "const" in one}


def compare(shape, ours, path):
    global compared
    ours = resolve(ours) if isinstance(ours, dict) else ours
    # What is not supported is refused in words of its own; what is ignored may be anything.
    if isinstance(ours, dict) and ours.get("type") == "null":
        refused.append(path)
        return
    if ours is True or ours == {} or "type" not in ours and "oneOf" not in ours and "enum" not in ours:
        return
    if shape.type_name == "structure":
        if "properties" not in ours and shape.members:
            return
        if (shape.name, ours.get("title"), id(ours)) in seen:
            return
        seen.add((shape.name, ours.get("title"), id(ours)))
        members = ours.get("properties", {})
        for name, member in shape.members.items():
            compared += 1
            if name not in members:
                wrong.append(f"{path}.{name}: botocore has it in {shape.name}, the document has not")
            else:
                compare(member, members[name], f"{path}.{name}")
        for name in set(members) - set(shape.members):
            wrong.append(f"{path}.{name}: the document has it, botocore's {shape.name} has not")
        for name in set(ours.get("required", [])) - set(shape.required_members):
            if (shape.name, name) not in ALWAYS:
                wrong.append(f"{path}.{name}: the document requires it, botocore's {shape.name} does not")
    elif shape.type_name == "list":
        if "items" not in ours:
            wrong.append(f"{path}: botocore has a list")
        else:
            compare(shape.member, ours["items"], f"{path}[]")
    elif shape.type_name == "map":
        if "additionalProperties" not in ours:
            wrong.append(f"{path}: botocore has a map")
        else:
            compare(shape.value, ours["additionalProperties"], f"{path}.*")
    elif shape.type_name == "string" and getattr(shape, "enum", None):
        compared += len(shape.enum)
        if words(ours) and words(ours) != set(shape.enum):
            wrong.append(f"{path}: {sorted(words(ours) ^ set(shape.enum))} differ from botocore's {shape.name}")


for name, shape in LISTS.items():
    of = schema["properties"][name]
    compare(model.shape_for(shape), resolve(of)["items"], name)
print(json.dumps({"shapes": len(seen), "compared": compared, "refused": sorted(set(refused)), "wrong": wrong}))
