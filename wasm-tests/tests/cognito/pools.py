"""Makes two user pools in the emulator whose URL is given, signs a user into each, and prints what came of it as JSON."""

import gzip
import json
import pathlib
import sys

import boto3
import moto.cognitoidp
from joserfc import jwk, jwt

cognito = boto3.client(
    "cognito-idp", region_name="eu-west-1", endpoint_url=sys.argv[1], aws_access_key_id="test", aws_secret_access_key="test"
)


def pool(name):
    pool = cognito.create_user_pool(PoolName=name)["UserPool"]
    client = cognito.create_user_pool_client(
        UserPoolId=pool["Id"], ClientName="web", ExplicitAuthFlows=["ALLOW_ADMIN_USER_PASSWORD_AUTH"]
    )["UserPoolClient"]["ClientId"]
    user = {"UserPoolId": pool["Id"], "Username": "ann"}
    cognito.admin_create_user(**user, TemporaryPassword="Temporary-1", UserAttributes=[{"Name": "email", "Value": "ann@shop.test"}])
    cognito.admin_set_user_password(**user, Password="Permanent-1", Permanent=True)
    for group in ["Admins", "Readers"]:
        cognito.create_group(UserPoolId=pool["Id"], GroupName=group)
        cognito.admin_add_user_to_group(**user, GroupName=group)
    signed_in = cognito.admin_initiate_auth(
        UserPoolId=pool["Id"],
        ClientId=client,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ann", "PASSWORD": "Permanent-1"},
    )["AuthenticationResult"]
    return {"id": pool["Id"], "arn": pool["Arn"], "client": client, "idToken": signed_in["IdToken"], "accessToken": signed_in["AccessToken"]}


resources = pathlib.Path(moto.cognitoidp.__file__).parent / "resources"
key = jwk.RSAKey.import_key(json.loads(gzip.open(resources / "jwks-private.json.gz").read()))


def expired(token):
    """The same token as if it had been signed two hours ago: the emulator's clock cannot be set, but its key can be had."""
    decoded = jwt.decode(token, key)
    for claim in ["iat", "auth_time", "exp"]:
        decoded.claims[claim] -= 7200
    return jwt.encode(decoded.header, decoded.claims, key)


shop, other = pool("shop"), pool("other")
# The emulator keeps groups in a set: only the token tells their order.
groups = jwt.decode(shop["idToken"], key).claims["cognito:groups"]
print(json.dumps({"shop": shop, "other": other, "expired": expired(shop["idToken"]), "groups": groups}))
