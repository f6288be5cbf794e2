"""Documents that are measured: one API with one integration, and what a variant has of everything else."""

import dataclasses
import json

import firewall
import invocations
import tokens
from limits import STAGE, Limits
from observe import Observed

# What a browser sends, so that reading a head costs what it costs: fourteen headers.
HEADERS = {
    "accept": "application/json, text/plain, */*",
    "accept-encoding": "gzip, deflate, br",
    "accept-language": "en-GB,en;q=0.9,ja;q=0.8",
    "authorization": "Bearer 0123456789abcdef0123456789abcdef",
    "cache-control": "no-cache",
    "origin": "https://app.example.com",
    "pragma": "no-cache",
    "referer": "https://app.example.com/orders/42",
    "sec-ch-ua-mobile": "?0",
    "sec-ch-ua-platform": '"Linux"',
    "sec-fetch-dest": "empty",
    "sec-fetch-mode": "cors",
    "sec-fetch-site": "same-site",
    "user-agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36",
}


@dataclasses.dataclass(frozen=True)
class Gateway:
    """What a document has."""

    routes: int = 10
    # An authorizer of all routes.
    authorizer: dict | None = None
    limits: Limits = Limits()
    # Which of the web ACLs of `firewall.py`, or its rules.
    acl: str | list | None = None
    observed: Observed = Observed()
    # Whether it is the document of the section `lambda`.
    function: bool = False
    method: str = "GET"

    def document(self, upstream_port):
        if self.function:
            document = invocations.document(upstream_port)
            self.limits.add_to(document)
            return json.dumps(document)
        document = self.plain(upstream_port)
        firewall.add_to(document, self.acl)
        # AWS's own limit of an account would refuse the load.
        self.limits.add_to(document)
        self.observed.add_to(document)
        return json.dumps(document)

    def plain(self, upstream_port):
        secured = {"authorizationType": "JWT", "authorizerId": "login"} if self.authorizer else {}
        return {
            "defaultApiId": "bench",
            "apis": [{
                "apiId": "bench",
                "protocolType": "HTTP",
                "routes": [
                    {"routeKey": f"{self.method} /r{n}/{{id}}", "target": "integrations/up"} | secured for n in range(self.routes)
                ],
                "authorizers": [self.authorizer] if self.authorizer else [],
                "integrations": [{
                    "integrationId": "up",
                    "integrationType": "HTTP_PROXY",
                    "integrationMethod": "ANY",
                    "integrationUri": f"http://127.0.0.1:{upstream_port}/items/{{id}}",
                }],
                "stages": [{"stageName": STAGE}],
            }],
        }


def jwt_authorizer(algorithm, jwks):
    return {
        "authorizerId": "login",
        "authorizerType": "JWT",
        "identitySource": ["$request.header.Authorization"],
        # Amazon's HTTP APIs verify RSA only: the others are an extension.
        "jwtConfiguration": {
            "issuer": tokens.ISSUER, "audience": [tokens.AUDIENCE], "jwks": jwks,
            "algorithms": [] if algorithm.startswith("RS") else [algorithm],
        },
    }
