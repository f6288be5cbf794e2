"""Sections that look at one thing each, closer than `all` does: every variant of a section gets the same request, where nothing else is said."""

import dataclasses

import documents
import firewall
import invocations
import limits
import native
import observe
import tokens
from documents import HEADERS, Gateway
from harness import places
from harness.traffic import Request, Stream
from harness.variants import PATH, Variant


@dataclasses.dataclass
class Section:
    plan: object
    # What its variants add to those that they are compared with, if any are.
    added: str = ""
    rounds: int = 40
    # Whether its variants are compared with a plain and an empty one.
    has_floor: bool = True


def filters(options):
    yield Variant("no filter")
    yield Variant("empty, SDK", places.built("empty_sdk.wasm"))
    yield Variant("empty, bare ABI", places.built("empty_abi.wasm"))
    for label, module in options.modules:
        for routes in options.routes:
            yield Variant(f"{label}, {routes:,} routes", module, Gateway(routes), decides=True)


def jwt(options):
    """All of them by the same generator, whether tokens differ or not."""
    try:
        made = {algorithm: tokens.make(places.kept(), algorithm) for algorithm in tokens.ALGORITHMS}
    except ImportError as error:
        for label in ("sekisho", "native"):
            yield Variant(label, absent=f"{error} (Debian: `python3-cryptography`)")
        return
    sent = lambda algorithm, count: Request(PATH, HEADERS, tokens=Stream(made[algorithm], count))
    yield Variant("no filter", request=sent("RS256", 1))
    yield Variant("empty, SDK", places.built("empty_sdk.wasm"), request=sent("RS256", 1))
    for label, module in options.modules:
        open_route = f"{label}, open route"
        yield Variant(open_route, module, decides=True, request=sent("RS256", 1))
        for algorithm in tokens.ALGORITHMS:
            secured = Gateway(authorizer=documents.jwt_authorizer(algorithm, made[algorithm].jwks))
            for kind, count in (("cached", 1), ("uncached", tokens.DISTINCT)):
                yield Variant(f"{label}, {algorithm} {kind}", module, secured, decides=True, request=sent(algorithm, count), over=open_route)
    for algorithm in tokens.ALGORITHMS:
        for kind, count, cache in (("cached", 1, {}), ("uncached", tokens.DISTINCT, None)):
            yield Variant(
                f"native, {algorithm} {kind}", native=[native.jwt_authn(made[algorithm].jwks, cache)], over="no filter",
                hits=cache is not None, request=sent(algorithm, count),
            )


def throttle(options):
    """With an API key in every request."""
    for workers in options.workers:
        same = {"workers": workers, "request": Request(PATH, HEADERS | limits.HEADER)}
        yield Variant("no filter", **same)
        yield Variant("empty, SDK", places.built("empty_sdk.wasm"), **same)
        for name, module in options.modules:
            for label, limited, over in limits.variants():
                named = lambda label: label and label.replace("sekisho", name)
                yield Variant(named(label), module, Gateway(limits=limited), decides=True, over=named(over), **same)
        for label, chain in [
            ("native, local_ratelimit", [native.local_ratelimit()]),
            ("native, api_key_auth", [native.api_key_auth(100)]),
            ("native, both", [native.api_key_auth(100), native.local_ratelimit()]),
        ]:
            yield Variant(label, native=chain, over="no filter", **same)


def functions(options):
    """A request of a browser, and an order of ten thousand bytes."""
    path = "/{}/42?expand=lines".format
    for method, body in (("GET", None), ("POST", invocations.ORDER.encode())):
        headers = HEADERS | (invocations.JSON if body else {})
        same = {"gateway": Gateway(function=True), "decides": True, "waits": True}
        told = Variant(f"{method} that is overheard", options.modules[0][1], request=Request(path("function"), headers, body), **same)
        direct = f"no filter, {method}'s event"
        # What the gateway sends to Lambda, sent by the client itself.
        yield Variant(
            direct, gateway=Gateway(function=True), waits=True, event_of=told, request=Request(invocations.INVOKE, invocations.JSON))
        for label, module in options.modules:
            backend = f"{label}, {method}, backend"
            yield Variant(backend, module, request=Request(path("backend"), headers, body), over=direct, **same)
            yield Variant(f"{label}, {method}, function", module, request=Request(path("function"), headers, body), over=backend, **same)


def waf(options):
    """A request of a browser, and an order of four thousand bytes."""
    sent = lambda body=None: Request(firewall.PATH, HEADERS | firewall.HOST | (firewall.JSON if body else {}), body)
    yield Variant("no filter", request=sent())
    yield Variant("empty, SDK", places.built("empty_sdk.wasm"), request=sent())
    for method, body in (("GET", None), ("POST", firewall.ORDER.encode())):
        for label, module in options.modules:
            without = f"{label}, {method}, no web ACL"
            gateway = Gateway(method=method)
            yield Variant(without, module, gateway, decides=True, request=sent(body))
            for acl, told in (("ten", "10 rules"), ("hundred", "100 rules"), ("managed", "managed"), ("managed_ten", "managed, 10")):
                judged = dataclasses.replace(gateway, acl=acl)
                yield Variant(f"{label}, {method}, {told}", module, judged, decides=True, request=sent(body), over=without)


def observed(options):
    """Of a REST API with the stage in its path."""
    yield Variant("no filter")
    yield Variant("no filter, Envoy's access log", access_log=[native.access_log()], over="no filter")
    yield Variant("empty, SDK", places.built("empty_sdk.wasm"))
    for name, module in options.modules:
        for label, told, over in observe.variants():
            named = lambda label: label and label.replace("sekisho", name)
            file = observe.silenced(module, places.kept() / name) if observe.is_silent(label) else module
            gateway, request = Gateway(observed=told), Request(told.base + PATH, HEADERS)
            yield Variant(named(label), file, gateway, decides=True, request=request, over=named(over))


SECTIONS = {
    "filters": Section(filters),
    "jwt": Section(jwt, "authorization alone"),
    "throttle": Section(throttle, "what is added alone", rounds=12),
    "lambda": Section(functions, "what is added", rounds=12, has_floor=False),
    "waf": Section(waf, "the web ACL alone"),
    "observe": Section(observed, "what is told, alone"),
}
