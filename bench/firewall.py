#!/usr/bin/env python3
"""What the section `waf` measures: web ACLs as they are exported from AWS, of ten rules and of a hundred, and our managed groups.

Run by itself it prints them for the micro-benchmark: `bench/firewall.py | cargo run --release --example waf-cost`."""

import base64
import json
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parent.parent
ARN = "arn:aws:wafv2:eu-central-1:123456789012"
ACL = f"{ARN}:regional/webacl/bench/1"
# Two arguments, as a list in a shop has them.
PATH = "/r7/42?expand=lines&sort=-created"
# A managed rule refuses who names an address of this machine.
HOST = {"Host": "shop.example.com"}
JSON = {"content-type": "application/json"}
# An order of about four thousand bytes that nothing is wrong with.
ORDER = json.dumps({
    "customer": "c-10842", "currency": "EUR", "note": "Please ring twice; it's the door on the left.",
    "lines": [
        {"id": f"{n:08}", "article": f"Cup & saucer, {n} cm (white)", "count": n, "price": n / 4} for n in range(48)
    ],
})
GROUPS = [
    "Core", "KnownBadInputs", "SqlDatabase", "Injection", "Linux", "Unix", "Windows", "Php", "WordPress", "AdminProtection",
    "IpReputation",
]
IP_SETS = {
    f"{ARN}:regional/ipset/office/1": ["198.51.100.0/24", "203.0.113.128/25"],
    f"{ARN}:regional/ipset/refused/1": [f"10.{n}.0.0/16" for n in range(250)],
} | {
    f"arn:aws:wafv2:::sekisho/ipset/{name}": [f"10.{n}.0.0/16" for n in range(250)]
    for name in ("IPReputationList", "ReconnaissanceList", "IPDDoSList")
}


def rules(acl):
    """The rules of a web ACL: `none`, `ten`, `hundred`, `managed`, `managed_ten`, or `counting`, where no managed rule ends it."""
    managed = [{"ManagedRuleGroupStatement": {"VendorName": "Sekisho", "Name": name}} for name in GROUPS]
    statements = {
        "none": [], "ten": ten(), "hundred": [it for n in range(10) for it in ten(n)], "managed": managed,
        "managed_ten": managed + ten(), "counting": [counting(statement) for statement in managed],
    }[acl]
    return [rule(n, statement) for n, statement in enumerate(statements)]


def counting(statement):
    """A managed group each rule of which counts."""
    group = statement["ManagedRuleGroupStatement"]
    file = re.sub(r"(?<!^)(?=[A-Z])", "_", group["Name"]).lower().replace("word_press", "wordpress")
    text = (ROOT / f"src/gateway/waf/managed/{file}.json").read_text()
    names = [rule["Name"] for rule in json.loads(text)["ruleGroups"][0]["Rules"]]
    overrides = [{"Name": name, "ActionToUse": {"Count": {}}} for name in names]
    return {"ManagedRuleGroupStatement": group | {"RuleActionOverrides": overrides}}


def rule(n, statement):
    decides = {"OverrideAction": {"None": {}}} if "ManagedRuleGroupStatement" in statement else {"Action": {"Block": {}}}
    return {"Name": f"rule-{n}", "Priority": n, "Statement": statement, "VisibilityConfig": visibility(f"rule-{n}")} | decides


def visibility(metric):
    return {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": metric}


def ten(n=0):
    """Ten statements of the kinds that people write; those of another number look for other texts in the same places."""
    none, lower = steps("NONE"), steps("LOWERCASE")
    path = {"UriPath": {}}
    header = lambda name: {"SingleHeader": {"Name": name}}
    vary = f"{n}" if n else ""
    return [
        {"IPSetReferenceStatement": {"ARN": f"{ARN}:regional/ipset/refused/1"}},
        regex(header("user-agent"), rf"^(?:sqlmap|nikto|nmap|masscan|zgrab){vary}(?:/|\s|$)", lower),
        text(path, f"/wp-admin{vary}", "STARTS_WITH", steps("URL_DECODE", "NORMALIZE_PATH")),
        regex(path, rf"\.(?:bak|sql|env|git|old){vary}$", steps("URL_DECODE", "LOWERCASE")),
        both(
            text(path, f"/admin{vary}", "STARTS_WITH", steps("URL_DECODE", "NORMALIZE_PATH")),
            {"NotStatement": {"Statement": {"IPSetReferenceStatement": {"ARN": f"{ARN}:regional/ipset/office/1"}}}},
        ),
        {"SizeConstraintStatement": {
            "FieldToMatch": {"QueryString": {}}, "ComparisonOperator": "GT", "Size": 2048 + n, "TextTransformations": none}},
        {"SqliMatchStatement": {
            "FieldToMatch": {"AllQueryArguments": {}}, "SensitivityLevel": "LOW", "TextTransformations": steps("URL_DECODE")}},
        {"XssMatchStatement": {
            "FieldToMatch": {"AllQueryArguments": {}}, "TextTransformations": steps("URL_DECODE", "HTML_ENTITY_DECODE")}},
        text({"QueryString": {}}, f"<script{vary}", "CONTAINS", steps("URL_DECODE", "LOWERCASE")),
        text(header("x-debug"), f"on{vary}", "EXACTLY", lower),
    ]


def steps(*types):
    return [{"Priority": n, "Type": type_} for n, type_ in enumerate(types)]


def text(field, sought, constraint, transformations):
    return {"ByteMatchStatement": {
        "FieldToMatch": field, "SearchString": base64.b64encode(sought.encode()).decode(), "PositionalConstraint": constraint,
        "TextTransformations": transformations}}


def regex(field, expression, transformations):
    return {"RegexMatchStatement": {
        "FieldToMatch": field, "RegexString": expression, "TextTransformations": transformations}}


def both(*statements):
    return {"AndStatement": {"Statements": list(statements)}}


def add_to(document, acl):
    """The document with this web ACL, or one of these rules, on its stage."""
    if not acl:
        return
    document["apis"][0]["stages"][0]["webAclArn"] = ACL
    document["ipSets"] = [
        {"Name": arn.split("/")[1], "ARN": arn, "IPAddressVersion": "IPV4", "Addresses": addresses}
        for arn, addresses in IP_SETS.items()
    ]
    document["webAcls"] = [{
        "Name": "bench", "ARN": ACL, "DefaultAction": {"Allow": {}}, "VisibilityConfig": visibility("bench"),
        "Rules": rules(acl) if isinstance(acl, str) else acl,
    }]


def main():
    acls = {}
    for acl in ("none", "ten", "hundred", "managed", "managed_ten", "counting"):
        acls[acl] = document = {"apis": [{
            "apiId": "bench", "protocolType": "HTTP",
            "routes": [{"routeKey": "ANY /{proxy+}", "target": "integrations/up"}],
            "integrations": [{
                "integrationId": "up", "integrationType": "HTTP_PROXY", "integrationMethod": "ANY",
                "integrationUri": "http://127.0.0.1:1"}],
            "stages": [{"stageName": "$default"}],
        }]}
        add_to(document, acl)
    print(json.dumps({"path": PATH, "order": ORDER, "acls": acls}))


if __name__ == "__main__":
    main()
