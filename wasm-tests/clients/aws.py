"""AWS as moto plays it, and boto3 beside it: one command as JSON for each line of standard input, one answer for each.

The first line of output says where the services listen: `{"address": "127.0.0.1:PORT"}`. Commands:

`{"service": "sqs", "call": "send_message", "with": {...}, "region": "..."}`
    boto3 makes the call: `{"result": {...}}`, or `{"error": "THE CODE OF AWS"}`.
`{"service": "sqs", "wire": "send_message", "with": {...}, "region": "..."}`
    The request that botocore would send, which is not sent: `{"result": {"method", "path", "query", "headers", "body"}}`.

The argument is a folder of service models to which the second command looks first: SQS is asked by AWS Query, which is how API
Gateway asks it, in models of 2023 only.

Bytes are `{"$bytes": "BASE64"}`, in both directions; text that stands for a file is not.
"""

import base64
import datetime
import io
import json
import os
import sys
import threading
import time
import urllib.parse

import boto3
import botocore.exceptions
from botocore.config import Config
from moto.core.config import default_user_config
from moto.core.responses import ActionResult
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from moto.stepfunctions.responses import StepFunctionResponse
from werkzeug.serving import make_server


class AsIfSigned(DomainDispatcherApplication):
    """moto knows service and region of a request by its signature's scope alone, and takes what nobody signed for S3's.

    Here the host says them, as it does at AWS: `sqs.eu-west-1.amazonaws.com`, whatever follows.
    """

    def get_application(self, environ):
        if "HTTP_AUTHORIZATION" not in environ:
            service, region, *_ = environ["HTTP_HOST"].split(".")
            scope = f"Credential=test/20260101/{region}/{service}/aws4_request"
            environ["HTTP_AUTHORIZATION"] = f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0"
        return super().get_application(environ)


def start_sync_execution(self):
    """moto has the interpreter, and not this call."""
    arn, name = self._get_param("stateMachineArn"), self._get_param("name")
    run = self.stepfunction_backend.start_execution(arn, name, self._get_param("input", if_none="{}"))
    until = time.monotonic() + 20
    while run.status == "RUNNING" and time.monotonic() < until:
        time.sleep(0.005)
    return ActionResult({
        "executionArn": run.execution_arn,
        "stateMachineArn": arn,
        "name": run.name,
        "status": run.status,
        "startDate": run.start_date,
        "stopDate": run.stop_date,
        "input": run.execution_input,
        "output": json.dumps(run.output),
    })


class Quiet(MotoRequestHandler):
    def log(self, kind, message, *arguments):
        pass


class Captured(Exception):
    """Takes a request out of botocore in the place of an answer."""


def capture(request, **_):
    raise Captured(request)


StepFunctionResponse.start_sync_execution = start_sync_execution
# State machines run, in an interpreter of their language.
default_user_config["stepfunctions"]["execute_state_machine"] = True
server = make_server("127.0.0.1", 0, AsIfSigned(create_backend_app), threaded=True, request_handler=Quiet)
threading.Thread(target=server.serve_forever, daemon=True).start()
address = f"127.0.0.1:{server.server_port}"

session, older = (boto3.session.Session("test", "test") for _ in range(2))
older._session.get_component("data_loader").search_paths.insert(0, sys.argv[1])
clients = {}


def client(service, region, wire):
    key = (service, region, wire)
    if key not in clients:
        config = Config(
            retries={"max_attempts": 0},
            s3={"addressing_style": "path"},
            # What SDKs add to requests of their own accord is no part of the service's interface.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            inject_host_prefix=False,
        )
        chosen = older if wire and service == "sqs" else session
        clients[key] = chosen.client(service, region, endpoint_url=f"http://{address}", config=config)
        if wire:
            clients[key].meta.events.register("before-send.*", capture)
    return clients[key]


def given(value):
    if isinstance(value, list):
        return [given(item) for item in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"$bytes"}:
        return base64.b64decode(value["$bytes"])
    return {name: given(member) for name, member in value.items()}


def told(value):
    if isinstance(value, datetime.datetime):
        return value.timestamp()
    if hasattr(value, "read"):
        value = value.read()
    if isinstance(value, (bytes, bytearray)):
        return {"$bytes": base64.b64encode(value).decode()}
    raise TypeError(f"{type(value)} has no form in JSON")


def sent(request):
    url = urllib.parse.urlsplit(request.url)
    body = request.body
    if isinstance(body, io.IOBase):
        body = body.read()
    headers = {
        name.lower(): value.decode() if isinstance(value, bytes) else str(value) for name, value in request.headers.items()
    }
    body = body.encode() if isinstance(body, str) else bytes(body or b"")
    return {"method": request.method, "path": url.path, "query": url.query, "headers": headers, "body": body}


def run(job):
    wire = "wire" in job
    call = getattr(client(job["service"], job.get("region", "us-east-1"), wire), job.get("wire") or job["call"])
    try:
        result = call(**given(job.get("with", {})))
        result.pop("ResponseMetadata", None)
        return {"result": result}
    except Captured as captured:
        return {"result": sent(captured.args[0])}
    except botocore.exceptions.ClientError as error:
        return {"error": error.response["Error"]["Code"]}


print(json.dumps({"address": address}), flush=True)
for line in sys.stdin:
    print(json.dumps(run(json.loads(line)), default=told), flush=True)
# Threads of executions that wait do not hold it.
os._exit(0)
