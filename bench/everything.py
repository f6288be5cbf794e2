"""The section `all`: what the whole gateway costs, from one of its features to all of them, beside empty filters and Envoy's own.

Every variant gets the same request: fourteen headers, a token of 800 bytes and an API key."""

import dataclasses

import documents
import limits
import native
import observe
import tokens
from documents import Gateway
from harness import loading, places, rounds
from harness.traffic import Request, Stream
from harness.variants import PATH, Variant

NO_FILTER = "no filter"
SDK = "empty filter, SDK"
ABI = "empty filter, bare ABI"
NATIVE = "native chain, jwt_authn as it is"
NATIVE_CACHED = "native chain, jwt_authn with its cache"
SIMPLEST = "sekisho, 10 routes"
EVERYTHING = "sekisho, everything"
UNLEASED = "sekisho, everything, unleased"
COLD = "sekisho, everything, cold token"
ROUTES = 300
HEADERS = documents.HEADERS | limits.HEADER


def steps(jwks):
    """From the simplest route to everything, each with all of those before it."""
    gateway = Gateway()
    yield SIMPLEST, gateway
    leased = {"route": limits.LEASED, "keys": 10, "plan": limits.LEASED}
    for label, change in [
        ("… 300 routes", {"routes": ROUTES}),
        ("… + RS256 token, cached", {"authorizer": documents.jwt_authorizer("RS256", jwks)}),
        ("… + API key", {"limits": limits.Limits(keys=10)}),
        ("… + three buckets, leased", {"limits": limits.Limits(**leased)}),
        ("… + ten WAF rules", {"acl": "ten"}),
        ("… + metrics by route", {"observed": observe.Observed(by_route=True)}),
        (EVERYTHING, {"observed": observe.Observed(by_route=True, access_log=True)}),
    ]:
        gateway = dataclasses.replace(gateway, **change)
        yield label, gateway


def whole(jwks):
    *_, (_, gateway) = steps(jwks)
    return gateway


def unleased(gateway):
    return dataclasses.replace(gateway, limits=limits.Limits(
        account=limits.UNLEASED, route=limits.UNLEASED, keys=gateway.limits.keys, plan=limits.UNLEASED))


def variants(module, made):
    def request(count=1):
        return Request(PATH, HEADERS, tokens=Stream(made, count))

    yield Variant(NO_FILTER, request=request())
    yield Variant(SDK, places.built("empty_sdk.wasm"), request=request())
    yield Variant(ABI, places.built("empty_abi.wasm"), request=request())
    for label, cache in ((NATIVE, None), (NATIVE_CACHED, {})):
        yield Variant(
            label, native=native.chain(made.jwks, cache), native_routes=ROUTES, access_log=[native.access_log()],
            hits=cache is not None, request=request(),
        )
    for label, gateway in steps(made.jwks):
        yield Variant(label, module, gateway, decides=True, request=request())
    full = whole(made.jwks)
    yield Variant(UNLEASED, module, unleased(full), decides=True, request=request())
    yield Variant(COLD, module, full, decides=True, request=request(tokens.DISTINCT))


def direct(module, made):
    """Those that a backend of its own would tell nothing more of."""
    for variant in variants(module, made):
        if variant.label in (NO_FILTER, SDK, ABI, NATIVE_CACHED, SIMPLEST, EVERYTHING):
            yield dataclasses.replace(variant, direct=True)


def measure(plan, options):
    module = options.modules[0][1]
    made = tokens.make(places.kept(), "RS256")
    measured = list(variants(module, made))
    rounds.measure(measured, plan)
    answered_here = list(direct(module, made))
    rounds.measure(answered_here, dataclasses.replace(plan, rate=None), "direct response, ")
    full = whole(made.jwks)
    large = dataclasses.replace(full, routes=10_000, limits=dataclasses.replace(full.limits, keys=100_000))
    return {
        "variants": [variant.told() for variant in measured],
        "direct": [variant.told() for variant in answered_here],
        "module_bytes": module.stat().st_size,
        "loading": [
            loading.measure(told, gateway, module, plan.envoy, plan.starts)
            for told, gateway in ((loading.SMALL, full), (loading.LARGE, large))
        ],
        "memory": loading.memory({
            NO_FILTER: Variant(NO_FILTER, request=Request(PATH, HEADERS)),
            EVERYTHING: Variant(EVERYTHING, module, full, decides=True, request=Request(PATH, HEADERS, tokens=Stream(made, 1))),
        }, plan),
    }
