"""Requests signed by botocore and sent by it, one for each line of standard input; one line of output says what came of it.

The process works as a client of API Gateway would: the signer is told service and region, and gets the request as it is sent.
"""

import datetime
import json
import sys

from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.httpsession import URLLib3Session
import botocore.auth


def shifted_clock(seconds):
    def now(remove_tzinfo=True):
        at = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=seconds)
        return at.replace(tzinfo=None) if remove_tzinfo else at

    return now


def prepared(job):
    credentials = Credentials(job["key"], job["secret"], job.get("token"))
    request = AWSRequest(
        method=job.get("method", "GET"),
        url=job["url"],
        headers=dict(job.get("headers", {})),
        params=[tuple(pair) for pair in job["params"]] if "params" in job else None,
        data=job.get("body", "").encode() or None,
    )
    genuine = botocore.auth.get_current_datetime
    botocore.auth.get_current_datetime = shifted_clock(job.get("age", 0))
    try:
        region = job.get("region", "us-east-1")
        if "presign" in job:
            auth = SigV4QueryAuth(credentials, "execute-api", region, expires=job["presign"])
        else:
            auth = SigV4Auth(credentials, "execute-api", region)
        auth.add_auth(request)
    finally:
        botocore.auth.get_current_datetime = genuine
    ready = request.prepare()
    for name, value in job.get("then", {}).items():
        if name == "url":
            for old, new in value:
                if old not in ready.url:
                    raise SystemExit(f"{old} does not stand in {ready.url}")
                ready.url = ready.url.replace(old, new)
        elif name == "headers":
            ready.headers.update(value)
        elif name == "body":
            ready.body = value.encode()
            ready.headers["Content-Length"] = str(len(ready.body))
        else:
            setattr(ready, name, value)
    return ready


session = URLLib3Session()
for line in sys.stdin:
    job = json.loads(line)
    response = session.send(prepared(job))
    print(json.dumps({"name": job["name"], "status": response.status_code, "body": response.text}), flush=True)
