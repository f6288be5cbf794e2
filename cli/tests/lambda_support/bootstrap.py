#!/usr/bin/env python3
"""A runtime for tests that speaks the Runtime API and misbehaves as its event says."""
import http.client
import json
import os
import sys
import time

API = "/2018-06-01/runtime"


def ask(method, path, body=None, headers={}):
    connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    connection.request(method, path, body, headers)
    response = connection.getresponse()
    return response.status, dict(response.getheaders()), response.read()


def answer(request, value):
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    status, _, told = ask("POST", f"{API}/invocation/{request}/response", body)
    return status, json.loads(told)


def await_file(path):
    while not os.path.exists(path):
        time.sleep(0.01)


def main():
    if os.environ.get("ON_START") == "exit":
        sys.exit(3)
    if os.environ.get("ON_START") == "hang":
        time.sleep(600)
    earlier = []
    while True:
        _, headers, event = ask("GET", f"{API}/invocation/next")
        headers = {name.lower(): value for name, value in headers.items()}
        request, event = headers["lambda-runtime-aws-request-id"], json.loads(event)
        told = {"pid": os.getpid(), "event": event, "earlier": earlier}
        earlier = []
        what = event.get("do") if isinstance(event, dict) else None
        if what == "headers":
            told["headers"] = headers
        elif what == "error":
            body = json.dumps({"errorType": "Mine", "errorMessage": "on purpose"})
            ask("POST", f"{API}/invocation/{request}/error", body, {"Lambda-Runtime-Function-Error-Type": "Mine"})
            continue
        elif what == "meet":
            with open(os.path.join(event["folder"], event["name"]), "w") as mark:
                mark.write(str(os.getpid()))
            await_file(os.path.join(event["folder"], "go"))
        elif what == "twice":
            answer(request, told)
            earlier.append(answer(request, {"second": True}))
            continue
        elif what == "another":
            earlier.append(answer("00000000-0000-4000-8000-000000000000", {"wrong": True}))
            told["earlier"] = earlier[:]
            earlier = []
        elif what == "garbage":
            told["statuses"] = [ask(*line)[0] for line in [
                ("GET", "/"),
                ("GET", "/2018-06-01/runtime/invocation/%00%ff/response"),
                ("POST", "/2018-06-01/runtime/invocation/%00%ff/response", b"{}"),
                ("POST", "/2018-06-01/runtime/invocation//response", b"{}"),
                ("POST", f"/2018-06-01/runtime/invocation/{'x' * 9000}/error", b"{}"),
                ("POST", "/2018-06-01/runtime/init/error", b"{}"),
                ("GET", f"{API}/invocation/next"),
                ("GET", f"{API}/invocation/next", None, {"Sec-Fetch-Site": "cross-site"}),
            ]]
        elif what == "die":
            print("last words", flush=True)
            os._exit(event["status"])
        elif what == "crash":
            os.kill(os.getpid(), 9)
        elif what == "hang":
            if os.fork() == 0:
                time.sleep(600)
            time.sleep(600)
        elif what == "answer and hang":
            answer(request, told)
            time.sleep(600)
        elif what == "flood":
            line = b"f" * 99 + b"\n"
            for _ in range(event["bytes"] // 10_000):
                os.write(1, line * 100)
        elif what == "long line":
            os.write(2, b"l" * event["bytes"])
        elif what == "print":
            sys.stdout.write(event["text"])
            sys.stdout.flush()
        elif what == "large":
            status, refused = answer(request, b'"' + b"x" * (event["bytes"] - 2) + b'"')
            earlier.append((status, refused))
            continue
        answer(request, told)


main()
