"""An app on Starlette under mangum, as its author would write it for API Gateway: it tells what it was asked, and answers as it is
asked to."""

import base64
import os

from mangum import Mangum
from starlette.applications import Starlette
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def lists(pairs):
    told = {}
    for name, value in pairs:
        told.setdefault(name, []).append(value)
    return told


async def echo(request):
    event = request.scope["aws.event"]
    return JSONResponse({
        "method": request.method,
        "path": request.scope["path"],
        "rawPath": event.get("rawPath", event.get("path")),
        "query": lists(request.query_params.multi_items()),
        "pathParameters": lists((event.get("pathParameters") or {}).items()),
        "stageVariables": lists((event.get("stageVariables") or {}).items()),
        "headers": lists(request.headers.items()),
        "cookies": request.cookies,
        "stage": event["requestContext"]["stage"],
        "body": base64.b64encode(await request.body()).decode(),
        "isText": not event["isBase64Encoded"],
    })


async def all_bytes(request):
    return Response(bytes(range(256)), media_type="application/octet-stream")


async def cookies(request):
    response = PlainTextResponse("cookies")
    response.headers.append("set-cookie", "a=1; Path=/; HttpOnly")
    response.headers.append("set-cookie", "b=2; Expires=Wed, 21 Oct 2026 07:28:00 GMT")
    response.headers.append("set-cookie", "c=3")
    return response


async def headers(request):
    response = PlainTextResponse("headers")
    response.headers.append("x-many", "one")
    response.headers.append("x-many", "two")
    response.headers["x-one"] = "a, b"
    return response


async def typeless(request):
    return Response("typeless")


async def mirror(request):
    return Response(await request.body(), media_type=request.headers["content-type"])


async def large(request):
    return PlainTextResponse("0123456789abcdef" * 65536)


async def redirect(request):
    return RedirectResponse("https://elsewhere.test/?a=b%26c", status_code=302)


async def fail(request):
    raise ValueError("the app has failed")


async def status(request):
    code = request.path_params["code"]
    if code == 204:
        return Response(status_code=204)
    return PlainTextResponse(f"status {code}", status_code=code)


app = Starlette(routes=[
    Route("/bytes", all_bytes),
    Route("/cookies", cookies),
    Route("/headers", headers),
    Route("/typeless", typeless),
    Route("/mirror", mirror, methods=METHODS),
    Route("/large", large),
    Route("/redirect", redirect),
    Route("/fail", fail),
    Route("/status/{code:int}", status, methods=METHODS),
    Route("/{rest:path}", echo, methods=METHODS),
])

adapter = Mangum(app, lifespan="off", api_gateway_base_path=os.environ.get("BASE_PATH", "/"))


def handler(event, context):
    path = event.get("rawPath") or event.get("path")
    if path.endswith("/panic"):
        raise RuntimeError("the function has failed")
    return adapter(event, context)
