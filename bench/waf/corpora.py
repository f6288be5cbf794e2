"""Corpora of attacks and of harmless texts, as requests."""

import base64
import dataclasses
import json
import pathlib
import re
import subprocess
import sys
import urllib.parse

import yaml

REPOSITORIES = {
    "crs": ("coreruleset", "https://github.com/coreruleset/coreruleset"),
    "gotestwaf": ("gotestwaf", "https://github.com/wallarm/gotestwaf"),
    "libinjection": ("libinjection", "https://github.com/client9/libinjection"),
    "payloads": ("PayloadsAllTheThings", "https://github.com/swisskyrepo/PayloadsAllTheThings"),
    "fuzzdb": ("fuzzdb", "https://github.com/fuzzdb-project/fuzzdb"),
    "waf-bypass": ("waf-bypass", "https://github.com/nemesida-waf/waf-bypass"),
}
AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36"
FORM = "application/x-www-form-urlencoded"


@dataclasses.dataclass
class Case:
    corpus: str
    kind: str
    is_attack: bool
    # A character for each byte (Latin-1).
    request: dict
    text: str


class Tree:
    """The files of a corpus: a folder, or a bare git repository."""

    def __init__(self, folder, name):
        self.root = where(folder, name)

    def names(self, under):
        if (self.root / "HEAD").exists():
            listed = self.git("ls-tree", "-r", "-z", "--name-only", "HEAD", under)
            return sorted(filter(None, listed.decode().split("\0")))
        files = (self.root / under).rglob("*")
        return sorted(str(file.relative_to(self.root)) for file in files if file.is_file())

    def read(self, name):
        if (self.root / "HEAD").exists():
            try:
                return self.git("show", f"HEAD:{name}")
            except subprocess.CalledProcessError:
                print(f"{name}: left out, for the clone lacks it", file=sys.stderr)
                return b""
        return (self.root / name).read_bytes()

    def git(self, *command):
        return subprocess.run(["git", "-C", self.root, *command], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout


def where(folder, name):
    return pathlib.Path(folder) / REPOSITORIES[name][0]


def is_there(folder, name):
    return where(folder, name).exists()


def fetch(folder):
    folder.mkdir(parents=True, exist_ok=True)
    for name, (_, url) in REPOSITORIES.items():
        if not is_there(folder, name):
            subprocess.run(["git", "clone", "--quiet", "--depth", "1", url, where(folder, name)], check=True)


def request(method="GET", target="/", headers=(), body=b""):
    """A request as the judge reads it; what an honest client sends is added where it is not given."""
    headers = [(name.lower(), str(value)) for name, value in headers]
    names = {name for name, _ in headers}
    for name, value in (("host", "api.example.com"), ("user-agent", AGENT), ("accept", "*/*")):
        if name not in names:
            headers.append((name, value))
    text = body if isinstance(body, bytes) else latin(body)
    return {
        "method": method,
        "target": latin(target).decode("latin-1"),
        "headers": [(name, latin(value).decode("latin-1")) for name, value in headers],
        "body": text.decode("latin-1"),
    }


def latin(text):
    return text.encode("utf-8", "surrogateescape")


def quoted(text, safe=""):
    return urllib.parse.quote(latin(text), safe=safe)


# === OWASP Core Rule Set

# Other classes of its tests are of the protocol, of what a proxy in front refuses, or of responses.
CRS = {
    "913": "scanners", "930": "file inclusion", "931": "remote inclusion", "932": "shell", "933": "php", "934": "generic",
    "941": "xss", "942": "sql", "944": "java",
}


def crs(tree):
    levels = paranoia(tree)
    for name in tree.names("tests/regression/tests"):
        rule = pathlib.Path(name).stem
        kind = CRS.get(rule[:3])
        if not kind or not name.endswith((".yaml", ".yml")):
            continue
        for test in yaml.safe_load(tree.read(name))["tests"]:
            for stage in test["stages"]:
                stage = stage.get("stage", stage)
                wanted = stage["output"].get("log", {})
                if "encoded_request" in stage["input"] or not (wanted.get("expect_ids") or wanted.get("no_expect_ids")):
                    continue
                sent = stage["input"]
                uri = sent.get("uri", "/")
                body = sent.get("data") or ""
                if "encoded_data" in sent:
                    body = base64.b64decode(sent["encoded_data"])
                headers = list((sent.get("headers") or {}).items())
                # Hosts and agents of its tests say nothing about the attack.
                headers = [(key, value) for key, value in headers if not is_of_test(key, str(value))]
                made = request(sent.get("method", "GET"), uri.replace(" ", "%20"), headers, body)
                # What CRS itself looks for at its first level, and what it takes a more suspicious one for.
                what = f"{kind} (level {'1' if levels.get(rule, 1) == 1 else '2 to 4'})"
                yield Case("crs", what, bool(wanted.get("expect_ids")), made, f"{rule}-{test['test_id']} {uri} {body}")


def paranoia(tree):
    """The paranoia level of each rule."""
    levels = {}
    for name in tree.names("rules"):
        if name.endswith(".conf"):
            for rule in tree.read(name).decode().split("SecRule ")[1:]:
                number = re.search(r"\bid:(\d+)", rule)
                level = re.search(r"paranoia-level/(\d)", rule)
                if number and level:
                    levels[number[1]] = int(level[1])
    return levels


def is_of_test(name, value):
    return name.lower() == "host" or (name.lower() == "user-agent" and "CRS test" in value)


# === GoTestWAF


def gotestwaf(tree):
    for name in tree.names("testcases"):
        if not name.endswith(".yml"):
            continue
        group, kind = pathlib.Path(name).parts[1], pathlib.Path(name).stem
        # Bodies of more than a web ACL inspects, and protocols of other kinds.
        if group == "owasp-api" or "kb-" in kind:
            continue
        # Go's reader of YAML knows this escape, Python's does not.
        case = yaml.safe_load(re.sub(rb"(?m)^( *- \".*)$", lambda line: line[0].replace(rb"\'", b"'"), tree.read(name)))
        for text in case["payload"]:
            for encoder in case["encoder"]:
                for placeholder in case["placeholder"]:
                    placeholder = placeholder if isinstance(placeholder, str) else next(iter(placeholder))
                    # It puts plain texts into URLs as they are, percent signs and all.
                    is_raw = encoder == "Plain" and placeholder.startswith("URL")
                    made = placed(str(text), "Raw" if is_raw else encoder, placeholder)
                    if made:
                        # Base64 is what applications decode themselves; no rule does.
                        what = kind + (" in base64" if encoder.startswith("Base64") else "")
                        yield Case("gotestwaf", what, group != "false-pos", made, f"{encoder} {placeholder} {text}")


ENCODERS = {
    "Plain": lambda text: text,
    "URL": lambda text: quoted(text),
    "Raw": lambda text: quoted(text.split("#")[0], safe="%/?&=;+,@!$'()*~[]:|"),
    "Base64": lambda text: base64.b64encode(latin(text)).decode(),
    "Base64Flat": lambda text: base64.b64encode(latin(text)).decode().rstrip("="),
    "JSUnicode": lambda text: "".join(f"\\u{ord(sign):04x}" for sign in text),
    "XMLEntity": lambda text: "".join(f"&#x{ord(sign):x};" for sign in text),
}


def placed(text, encoder, placeholder):
    """A request with a text in one place; nothing where it cannot stand there."""
    text = ENCODERS[encoder](text)
    is_encoded = encoder in ("URL", "Raw")
    match placeholder:
        case "URLParam":
            return request(target="/?q=" + (text if is_encoded else quoted(text)))
        case "URLPath":
            return request(target="/" + (text if is_encoded else quoted(text)))
        case "HTMLForm":
            body = "q=" + (text if is_encoded else quoted(text))
            return request("POST", headers=[("content-type", FORM)], body=body)
        case "HTMLMultipartForm":
            body = f'--b\r\ncontent-disposition: form-data; name="q"\r\n\r\n{text}\r\n--b--\r\n'
            return request("POST", headers=[("content-type", "multipart/form-data; boundary=b")], body=body)
        case "JSONBody" | "JSONRequest":
            body = f'{{"q": "{text}"}}' if encoder == "JSUnicode" else json.dumps({"q": text})
            return request("POST", headers=[("content-type", "application/json")], body=body)
        case "XMLBody":
            return request("POST", headers=[("content-type", "text/xml")], body=text)
        case "RequestBody" | "SOAPBody" | "RawRequest":
            return request("POST", headers=[("content-type", "text/plain")], body=text)
        case "Header" | "UserAgent":
            if any(sign in text for sign in "\r\n\0"):
                return None
            return request(headers=[("user-agent" if placeholder == "UserAgent" else "x-test", text)])
        case _:
            return None


# === libinjection


def libinjection(tree):
    for name in tree.names("data"):
        stem = pathlib.Path(name).stem
        kind = {"sqli": "sql", "xss-": "xss", "fals": "sql"}.get(stem[:4])
        if not kind:
            continue
        for line in lines(tree.read(name)):
            # Some files are percent-encoded already, as all may be: what is not stays.
            text = urllib.parse.unquote(line, errors="surrogateescape")
            yield from both(text, "libinjection", kind, is_attack=stem[:4] != "fals")


def lines(data):
    """Lines of a list, without empty ones and remarks."""
    texts = (line.decode("utf-8", "surrogateescape").strip("\r\n") for line in data.split(b"\n"))
    return [text for text in texts if text.strip() and not text.startswith("#")]


def both(text, corpus, kind, is_attack):
    """An argument, and a field of a form."""
    yield Case(corpus, kind, is_attack, placed(text, "Plain", "URLParam"), text)
    yield Case(corpus, kind, is_attack, placed(text, "Plain", "JSONBody"), text)


# === PayloadsAllTheThings

# Folders of lists that are attacks as they stand; others are names, hosts, or lists for other uses.
PAYLOADS = {
    "Command Injection": "shell", "Directory Traversal": "file inclusion", "File Inclusion": "file inclusion",
    "NoSQL Injection": "nosql", "SQL Injection": "sql", "Server Side Template Injection": "template",
    "XSS Injection": "xss", "XXE Injection": "xml", "LDAP Injection": "ldap",
}
NOT_ATTACKS = ("LDAP_attributes", "jsonp_endpoint", "Web-files", "event_handlers", "xss_swf", "Mac-files", "BSD-files")


def payloads(tree):
    for name in tree.names("."):
        path = pathlib.Path(name)
        kind = PAYLOADS.get(path.parts[0])
        if not kind or not path.parent.name.startswith("Intruder") or any(part in path.name for part in NOT_ATTACKS):
            continue
        for text in lines(tree.read(name)):
            yield from both(text, "payloads", kind, is_attack=True)


ALL = {"crs": crs, "gotestwaf": gotestwaf, "libinjection": libinjection, "payloads": payloads}
