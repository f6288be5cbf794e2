"""What the section `throttle` measures: limits and API keys of a document."""

import dataclasses
import hashlib

STAGE = "$default"
# Far above the load of any round; and leased, so that a worker takes tokens in advance.
LEASED = {"rateLimit": 1_000_000, "burstLimit": 1_000_000}
# Far above it too, and not leased: in the time that a fiftieth of the burst lasts, the rate gives fewer than 64 tokens.
UNLEASED = {"rateLimit": 1_000_000, "burstLimit": 3_000}
# The largest that stands exactly in JSON.
QUOTA = {"limit": 2**53, "period": "MONTH"}


def key(n):
    return f"bench-{n:06}-0123456789abcdef"


# What every request of the section carries: all variants forward the same one.
HEADER = {"x-api-key": key(7)}


@dataclasses.dataclass(frozen=True)
class Limits:
    """What stands in the way of a request. The account always has a bucket."""

    account: dict = dataclasses.field(default_factory=lambda: LEASED)
    route: dict | None = None
    keys: int = 0
    plan: dict | None = None
    quota: dict | None = None

    def add_to(self, document):
        document["accountThrottle"] = self.account
        (api,) = document["apis"]
        if self.route:
            (stage,) = api["stages"]
            stage["defaultRouteSettings"] = {f"throttling{name[0].upper()}{name[1:]}": n for name, n in self.route.items()}
        if self.keys:
            for route in api["routes"]:
                route["apiKeyRequired"] = True
            self.add_keys(document, api["apiId"])

    def add_keys(self, document, api):
        names = range(self.keys)
        hashed = lambda n: "sha256:" + hashlib.sha256(key(n).encode()).hexdigest()
        plan = {"id": "plan", "apiStages": [{"apiId": api, "stage": STAGE}], "throttle": self.plan, "quota": self.quota}
        document["apiKeys"] = [{"id": f"key{n}", "value": hashed(n), "enabled": True} for n in names]
        document["usagePlans"] = [plan]
        document["usagePlanKeys"] = [{"usagePlanId": "plan", "keyId": f"key{n}", "keyType": "API_KEY"} for n in names]


def variants():
    """Label, limits, and the variant of the same request without what is added: its key, its buckets, or most of its keys."""
    account, leased, unleased = "sekisho, account", "sekisho, key, 3 leased", "sekisho, key, 3 unleased"
    three = {"route": LEASED, "keys": 10, "plan": LEASED}
    three_unleased = {"account": UNLEASED, "route": UNLEASED, "keys": 10, "plan": UNLEASED}
    return [
        (account, Limits(), None),
        ("sekisho, account unleased", Limits(account=UNLEASED), account),
        ("sekisho, account, route", Limits(route=LEASED), account),
        ("sekisho, key", Limits(keys=10), account),
        (leased, Limits(**three), account),
        (unleased, Limits(**three_unleased), account),
        (f"{leased}, quota", Limits(**three, quota=QUOTA), leased),
        (f"{unleased}, quota", Limits(**three_unleased, quota=QUOTA), unleased),
        ("sekisho, 1 key of 100,000", Limits(**three | {"keys": 100_000}), leased),
    ]
