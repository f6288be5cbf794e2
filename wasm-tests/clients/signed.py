"""What botocore would have written into `authorization`, for each request that arrived: one JSON object a line, one line of output.

The request is signed again as it was seen: of its headers those that it says were signed, at the time that it names.
"""

import base64
import datetime
import json
import sys

import botocore.auth
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

# What botocore adds by itself.
OWN = {"host", "x-amz-date", "x-amz-security-token", "authorization"}


def expected(seen):
    headers = dict(seen["headers"])
    signed = headers["authorization"].split("SignedHeaders=")[1].split(",")[0].split(";")
    at = datetime.datetime.strptime(headers["x-amz-date"], "%Y%m%dT%H%M%SZ")
    botocore.auth.get_current_datetime = lambda *_, **__: at
    request = AWSRequest(
        method=seen["method"],
        url=f"https://{headers['host']}{seen['path']}",
        headers={name: value for name, value in headers.items() if name in signed and name not in OWN},
        data=base64.b64decode(seen["body"]),
    )
    credentials = Credentials(seen["key"], seen["secret"], seen.get("token"))
    SigV4Auth(credentials, seen["service"], seen["region"]).add_auth(request)
    return request.headers["Authorization"]


for line in sys.stdin:
    print(expected(json.loads(line)), flush=True)
