"""Harmless requests of APIs, made of texts that people wrote for people, and of what Faker (MIT) makes up.

Nothing of it is kept here: proverbs and jokes are those of Debian's package `fortunes`, Markdown and code those of the crates in
`Cargo.lock`, names and addresses Faker's with a fixed seed. All texts of a kind are taken, or evenly spread ones.
"""

import base64
import datetime
import json
import pathlib
import random
import subprocess
import sys
import urllib.parse

from corpora import FORM, Case, quoted, request

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
FAKER = "40.54.0"
LOCALES = ["en_US", "en_GB", "en_IE", "de_DE", "fr_FR", "es_ES", "it_IT", "pl_PL", "tr_TR", "ja_JP"]
SPREAD = 2000
# Faker counts from now otherwise, and no two runs would have the same requests.
UNTIL = datetime.datetime(2026, 1, 1)


def fetch(folder):
    """Brings what harmless requests are made of."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "fortunes").exists():
        subprocess.run(["apt-get", "download", "fortunes"], cwd=folder, stdout=subprocess.DEVNULL, check=True)
        subprocess.run(["dpkg-deb", "-x", next(folder.glob("fortunes_*.deb")), folder / "fortunes"], check=True)
    if not (folder / "faker").exists():
        wanted = [f"faker=={FAKER}", "--target", folder / "faker"]
        subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", *wanted], check=True)


def harmless(folder):
    sys.path.insert(0, str(folder / "faker"))
    from faker import Faker

    Faker.seed(7)
    fakes = {locale: Faker(locale) for locale in LOCALES}
    dice = random.Random(7)
    for i in range(SPREAD):
        fake = fakes[LOCALES[i % len(LOCALES)]]
        yield made("forms", form(fake))
        yield made("json", order(fake, dice))
        yield made("queries", search(fake, dice))
        yield made("tokens", tokens(fake, dice))
        yield made("images", image(fake))
        yield made("graphql", graphql(fake, dice))
    for i, text in enumerate(spread(fortunes(folder))):
        yield made("prose", prose(text, i))
    for kind, pattern in (("markdown", "*.md"), ("code", "src/**/*.rs")):
        for text in spread(pieces(pattern)):
            article = {"id": dice.randrange(10**6), "title": "Notes", "format": kind, "content": text, "draft": False}
            yield made(kind, as_json(article))


def made(kind, what):
    return Case("harmless", kind, False, what, what["target"] + " " + what["body"])


def spread(texts):
    """Evenly spread ones."""
    return [texts[i * len(texts) // SPREAD] for i in range(SPREAD)] if len(texts) > SPREAD else texts


# === Texts


def fortunes(folder):
    texts = []
    for file in sorted((folder / "fortunes").rglob("games/fortunes/*")):
        if file.is_file() and not file.is_symlink() and file.suffix != ".dat":
            texts += [text.strip("\n") for text in file.read_text("utf-8", "replace").split("\n%\n")]
    return [text for text in texts if 0 < len(text) < 4000]


def pieces(pattern):
    """Pieces of the files of crates, as one might keep in a wiki or send for review."""
    listed = subprocess.run(["cargo", "metadata", "--format-version", "1", "--locked"], cwd=ROOT, stdout=subprocess.PIPE, check=True)
    texts = []
    for package in sorted(json.loads(listed.stdout)["packages"], key=lambda it: it["id"]):
        if package["source"] is None:
            continue
        for file in sorted(pathlib.Path(package["manifest_path"]).parent.glob(pattern)):
            of_file = file.read_text("utf-8", "replace").splitlines()
            texts += ["\n".join(of_file[at : at + 40])[:4000] for at in range(0, len(of_file), 40)]
    return [text for text in texts if text.strip()]


# === Requests


def as_json(value, method="POST", headers=()):
    body = json.dumps(value, ensure_ascii=False)
    return request(method, "/v1/items", [("content-type", "application/json"), *headers], body)


def prose(text, i):
    match i % 3:
        case 0:
            return as_json({"rating": 5, "text": text})
        case 1:
            return request("POST", "/comments", [("content-type", FORM)], "author=Ada&text=" + urllib.parse.quote_plus(text))
        case _:
            return request(target="/search?q=" + quoted(text[:300]))


def form(fake):
    fields = {
        "name": fake.name(), "email": fake.email(), "company": fake.company(), "address": fake.address(), "city": fake.city(),
        "phone": fake.phone_number(), "password": fake.password(length=16), "birthday": fake.date(end_datetime=UNTIL), "website": fake.url(),
        "about": fake.catch_phrase() if hasattr(fake, "catch_phrase") else fake.job(), "newsletter": "on",
    }
    return request("POST", "/register", [("content-type", FORM), ("cookie", cookies(fake))], urllib.parse.urlencode(fields))


def order(fake, dice):
    return as_json({
        "id": fake.uuid4(), "createdAt": fake.iso8601(end_datetime=UNTIL) + "Z", "currency": fake.currency_code(), "total": dice.randrange(10**5) / 100,
        "customer": {"name": fake.name(), "email": fake.email(), "vat": None, "address": {"street": fake.street_address(), "city": fake.city()}},
        "items": [
            {"sku": fake.bothify("??-####"), "title": fake.sentence(), "quantity": dice.randrange(1, 9), "size": "10 x 20 (cm)"}
            for _ in range(dice.randrange(1, 5))
        ],
        "card": {"number": fake.credit_card_number(), "expires": f"{dice.randrange(1, 13):02}/{dice.randrange(26, 36)}", "holder": fake.name()},
        "note": dice.choice(["", fake.text(), f"c/o {fake.name()}; ring twice & wait", f"call {fake.phone_number()} or leave it at no. {dice.randrange(99)}"]),
        "callback": fake.uri(), "tags": ["#new", "50% off", "2-for-1", "<3", "a&b"], "paid": True,
    })


def search(fake, dice):
    fields = {
        "q": dice.choice([fake.job(), fake.company(), fake.name(), f'"{fake.last_name()}" -{fake.city()}', f"{fake.city()} AND {fake.job()}"]),
        "page": dice.randrange(9), "sort": "-created_at,name", "fields[user]": "id,name,e-mail", "filter[status]": "open|closed",
        "from": fake.iso8601(end_datetime=UNTIL) + "+02:00", "price": "10..20", "bbox": "6.1,49.4,6.5,49.8", "redirect_uri": fake.uri(), "utm_source": "mail",
        "state": fake.sha256()[:40], "select": "id,title", "where": "me", "order": "asc",
    }
    asked = dict(dice.sample(sorted(fields.items()), 6))
    headers = [("referer", fake.uri() + "?" + urllib.parse.urlencode(fields)), ("cookie", cookies(fake)), ("user-agent", fake.user_agent())]
    return request(target="/v1/users?" + urllib.parse.urlencode(asked), headers=headers)


def cookies(fake):
    parts = {
        "_ga": fake.numerify("GA1.2.##########.##########"), "session": base64.b64encode(fake.binary(32)).decode(), "theme": "dark",
        "consent": quoted(json.dumps({"ads": False, "at": fake.iso8601(end_datetime=UNTIL)})), "csrftoken": fake.sha1(), "_gcl_au": fake.numerify("1.1.#########.##########"),
    }
    return "; ".join(f"{name}={value}" for name, value in parts.items())


def tokens(fake, dice):
    part = lambda value: base64.urlsafe_b64encode(value).rstrip(b"=").decode()
    claims = {"iss": fake.url(), "sub": fake.uuid4(), "name": fake.name(), "exp": dice.randrange(10**9), "scope": "read:all write:own"}
    jwt = ".".join([part(b'{"alg":"RS256","typ":"JWT"}'), part(json.dumps(claims).encode()), part(fake.binary(256))])
    value = {"refresh_token": jwt, "nonce": base64.b64encode(fake.binary(60)).decode(), "sha256": fake.sha256(), "expires": 3600}
    parent = ("traceparent", f"00-{fake.md5()}-{fake.md5()[:16]}-01")
    return as_json(value, headers=[("authorization", f"Bearer {jwt}"), parent])


def image(fake):
    return as_json({"name": fake.name(), "avatar": "data:image/png;base64," + base64.b64encode(fake.binary(600)).decode()})


GRAPHQL = [
    "query Users($first: Int!, $after: String) { users(first: $first, after: $after, orderBy: {field: NAME, direction: ASC}) { edges { node { id name email } cursor } pageInfo { hasNextPage endCursor } } }",
    "mutation Create($input: CreateOrderInput!) { createOrder(input: $input) { order { id total(currency: EUR) } errors { field message } } }",
    "query { search(text: %s, type: [USER, ORDER]) { __typename ... on User { id name } ... on Order { id total } } }",
    "fragment Parts on Order { id lines { sku quantity } }\nquery Order($id: ID!) { order(id: $id) { ...Parts customer @include(if: true) { name } } }",
    "query IntrospectionQuery { __schema { queryType { name } types { kind name fields(includeDeprecated: true) { name args { name defaultValue } } } } }",
    "subscription { changed(where: {status: {_in: [\"open\", \"new\"]}, total: {_gt: 10}}) { id status } }",
]


def graphql(fake, dice):
    query = dice.choice(GRAPHQL)
    query = query % json.dumps(fake.name(), ensure_ascii=False) if "%s" in query else query
    variables = {"id": fake.uuid4(), "first": 20, "after": base64.b64encode(fake.binary(12)).decode(), "input": {"name": fake.name(), "note": fake.sentence()}}
    return as_json({"operationName": None, "query": query, "variables": variables})
