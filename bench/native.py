"""Envoy's own filters that do what Sekisho does, as far as they can."""

import json

import firewall
import limits
import observe
import tokens

# What native filters have no word for. It stands in the page, beside what they cost.
CANNOT = [
    "quotas by day, week or month, and what is left of them",
    "usage plans: a bucket and a quota for each API key, and keys that are for some stages only",
    "scopes of a token for each route by its route key (`jwt_authn` checks scopes not at all; `rbac` can, by one more filter)",
    "API Gateway's answers: its statuses, bodies and headers for each refusal, and gateway responses of REST APIs",
    "rules that ask how long a query string or a header is: the presence of a header stands for one",
    "rules that find SQL injection and cross-site scripting: regular expressions stand for them",
    "rules that transform what they look at (URL decoding, HTML entities), count only, label, or count by rates",
    "metrics under AWS's names by stage and route, with latencies of the integration apart",
]


def native(name, message, settings):
    kind = f"type.googleapis.com/envoy.extensions.filters.http.{name}.v3.{message}"
    return {"name": f"envoy.filters.http.{name}", "typed_config": {"@type": kind} | settings}


def chain(jwks, cache):
    """The whole of it, in the order in which Sekisho does the same: rules, token, key, buckets, and headers."""
    return [
        rules(), jwt_authn(jwks, cache), api_key_auth(10),
        *(local_ratelimit(name) for name in ("account", "route", "plan")), scripted(),
    ]


def jwt_authn(jwks, cache):
    """The token goes on to the backend, as it does from Sekisho. Without `jwt_cache_config` nothing is remembered."""
    provider = {
        "issuer": tokens.ISSUER, "audiences": [tokens.AUDIENCE], "forward": True,
        "local_jwks": {"inline_string": json.dumps(jwks)},
    }
    if cache is not None:
        provider["jwt_cache_config"] = cache
    return native("jwt_authn", "JwtAuthentication", {
        "providers": {"login": provider},
        "rules": [{"match": {"prefix": "/"}, "requires": {"provider_name": "login"}}],
    })


def api_key_auth(count):
    return native("api_key_auth", "ApiKeyAuth", {
        "credentials": [{"key": limits.key(n), "client": f"key{n}"} for n in range(count)],
        "key_sources": [{"header": "x-api-key"}],
    })


def local_ratelimit(name="bench"):
    always = {"default_value": {"numerator": 100}}
    return native("local_ratelimit", "LocalRateLimit", {
        "stat_prefix": name,
        "token_bucket": {"max_tokens": 1_000_000, "tokens_per_fill": 1_000_000, "fill_interval": "1s"},
        "filter_enabled": always,
        "filter_enforced": always,
    })


# === ten rules ===


def rules():
    """`rbac` with ten policies that deny: the ten rules of `firewall.py`, as far as it has words for them."""
    office, refused, *_ = firewall.IP_SETS.values()
    path = lambda expression: header(":path", expression)
    policies = [
        policy(principal=any_address(refused)),
        policy(header("user-agent", r"(?i)^(?:sqlmap|nikto|nmap|masscan|zgrab)(?:/|\s|$).*")),
        policy({"url_path": {"path": {"prefix": "/wp-admin"}}}),
        policy(path(r"(?i)[^?]*\.(?:bak|sql|env|git|old)(?:\?.*)?")),
        policy({"url_path": {"path": {"prefix": "/admin"}}}, {"not_id": any_address(office)}),
        # For how long a query string is there is no word: what else people refuse stands for it.
        policy({"header": {"name": "x-original-url", "present_match": True}}),
        policy(path(r"(?i)[^?]*\?.*(?:union.+select|'\s*or\s|;\s*drop\s).*")),
        policy(path(r"(?i)[^?]*\?.*(?:<|%3c)\s*(?:script|img|svg|iframe).*")),
        policy(path(r"(?i)[^?]*\?.*<script.*")),
        policy({"header": {"name": "x-debug", "string_match": {"exact": "on", "ignore_case": True}}}),
    ]
    return native("rbac", "RBAC", {"rules": {"action": "DENY", "policies": {f"rule-{n}": it for n, it in enumerate(policies)}}})


def policy(permission=None, principal=None):
    return {"permissions": [permission or {"any": True}], "principals": [principal or {"any": True}]}


def header(name, expression):
    return {"header": {"name": name, "string_match": {"safe_regex": {"regex": expression}}}}


def any_address(ranges):
    split = [text.split("/") for text in ranges]
    addresses = [{"address_prefix": address, "prefix_len": int(length)} for address, length in split]
    return {"or_ids": {"ids": [{"remote_ip": address} for address in addresses]}}


# === what is left, and routes ===

SCRIPT = """
function envoy_on_request(handle)
  local headers = handle:headers()
  local address = handle:streamInfo():downstreamDirectRemoteAddress():match("^(.*):%d+$")
  local host = headers:get(":authority")
  headers:replace("forwarded", "by=127.0.0.1;for=" .. address .. ";host=" .. host .. ";proto=http")
  if not headers:get("x-amzn-trace-id") then
    headers:add("x-amzn-trace-id", string.format("Root=1-%08x-%012x%012x", os.time(), math.random(0, 2^47), math.random(0, 2^47)))
  end
end
function envoy_on_response(handle)
  handle:headers():add("apigw-requestid", string.format("%08x%08x", math.random(0, 2^31 - 1), math.random(0, 2^31 - 1)))
end
"""


def scripted():
    """Ids and `forwarded`, by Lua."""
    return native("lua", "Lua", {"default_source_code": {"inline_string": SCRIPT}})


def routed(bootstrap, count, cluster):
    """Routes as Envoy finds them fastest, by a tree of prefixes, each with statistics of its own; instead of the one that is there."""
    manager = bootstrap["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"]
    (host,) = manager["route_config"]["virtual_hosts"]
    (model,) = host.pop("routes")

    def route(n):
        forwarded = model["route"] | {"cluster": cluster, "prefix_rewrite": "/items/"}
        kind = {"@type": "type.googleapis.com/envoy.config.route.v3.Route"}
        named = {"name": f"GET /r{n}/{{id}}", "stat_prefix": f"r{n}"}
        return kind | model | named | {"match": {"prefix": f"/r{n}/"}, "route": forwarded}

    host["matcher"] = {"matcher_tree": {
        "input": {"name": "path", "typed_config": {
            "@type": "type.googleapis.com/envoy.type.matcher.v3.HttpRequestHeaderMatchInput", "header_name": ":path"}},
        "prefix_match_map": {"map": {f"/r{n}/": {"action": {"name": "route", "typed_config": route(n)}} for n in range(count)}},
    }}


def access_log():
    """Envoy's own logger of a line like ours."""
    line = json.dumps({name: f"%{operator}%" for name, operator in observe.OPERATORS.items()}) + "\n"
    return {
        "name": "envoy.access_loggers.file",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog",
            "path": "/dev/null",
            "log_format": {"text_format_source": {"inline_string": line}},
        },
    }
