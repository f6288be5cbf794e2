"""What the section `lambda` measures: a function's invocation through Sekisho, the same through an Envoy that only forwards it,
and a plain backend through Sekisho."""

import http.server
import json
import socket
import threading
import time

ARN = "arn:aws:lambda:us-east-1:123456789012:function:bench"
INVOKE = "/2015-03-31/functions/bench/invocations"
RETURNED = {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": '{"id":42}'}
# An order of about ten thousand bytes, with as many quotes as JSON has.
ORDER = json.dumps([{"id": f"{n:08}", "article": "a line of an order", "count": n, "price": n / 4} for n in range(125)])
JSON = {"content-type": "application/json"}
# Of one client, one after the other, in each round.
ASKED = 200


def document(upstream_port):
    """An API of which one path is a function's, and another one a backend's."""
    return {
        "defaultApiId": "bench",
        "endpoints": {"lambda": f"http://127.0.0.1:{upstream_port}"},
        "apis": [{
            "apiId": "bench",
            "protocolType": "HTTP",
            "routes": [
                {"routeKey": "ANY /function/{id}", "target": "integrations/function"},
                {"routeKey": "ANY /backend/{id}", "target": "integrations/backend"},
            ],
            "integrations": [
                {"integrationId": "function", "integrationType": "AWS_PROXY", "payloadFormatVersion": "2.0", "integrationUri": ARN},
                {
                    "integrationId": "backend", "integrationType": "HTTP_PROXY", "integrationMethod": "ANY",
                    "integrationUri": f"http://127.0.0.1:{upstream_port}/items/{{id}}",
                },
            ],
            "stages": [{"stageName": "$default"}],
        }],
    }


class Listener(http.server.BaseHTTPRequestHandler):
    """Stands for Lambda once, and keeps the event."""

    def do_POST(self):
        self.server.event = self.rfile.read(int(self.headers["content-length"]))
        body = json.dumps(RETURNED).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Overheard:
    """A place where an event is overheard; its port, and the event once it has come."""

    def __enter__(self):
        self.server = http.server.HTTPServer(("127.0.0.1", 0), Listener)
        self.port, self.server.event = self.server.server_port, None
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    @property
    def event(self):
        return self.server.event


def request(path, headers, body):
    """The bytes of a request."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    if not body:
        return f"GET {path} HTTP/1.1\r\nhost: bench\r\n{lines}\r\n".encode()
    return f"POST {path} HTTP/1.1\r\nhost: bench\r\n{lines}content-length: {len(body)}\r\n\r\n".encode() + body


def latencies(port, asked):
    """Seconds from a request's first byte to its answer's last one, of one client that has nothing else to do."""
    taken = []
    with socket.create_connection(("127.0.0.1", port)) as connection, connection.makefile("rb") as answers:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(ASKED):
            begun = time.perf_counter()
            connection.sendall(asked)
            if b" 200 " not in answers.readline():
                raise RuntimeError("an answer that is no 200")
            length = 0
            while (line := answers.readline()) not in (b"\r\n", b""):
                name, _, value = line.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
            answers.read(length)
            taken.append(time.perf_counter() - begun)
    return taken
