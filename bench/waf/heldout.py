"""Lists of attacks at which nobody looks when rules are written; nothing of them is ever printed."""

import json
import pathlib

from corpora import FORM, Case, both, lines, placed, quoted, request

# === FuzzDB

# Lists that are attacks as they stand; others are names, commands or signs that do no harm alone.
FUZZDB = {
    "sql-injection": "sql", "path-traversal": "file inclusion", "lfi/JHADDIX": "file inclusion", "rfi/": "remote inclusion",
    "server-side-include/": "include", "xml/": "xml", "xpath/": "directory query", "ldap/": "directory query",
    "no-sql-injection/": "nosql", "xss/xss-": "xss", "xss/XSSPolyglot": "xss", "html_js_fuzz/HTML5sec": "xss",
    "html_js_fuzz/js_inject": "xss", "os-cmd-execution/command-": "shell", "os-cmd-execution/OSCommandInject": "shell",
    "http-protocol/crlf": "header injection",
}


def fuzzdb(tree):
    for name in tree.names("attack"):
        under = name.removeprefix("attack/")
        kind = next((kind for begins, kind in FUZZDB.items() if under.startswith(begins)), None)
        if not kind or not name.endswith(".txt"):
            continue
        for text in lines(tree.read(name)):
            # Which file is read is left to who uses the list.
            text = text.replace("{FILE}", "etc/passwd")
            yield from both(text, "fuzzdb", kind, is_attack=True)


# === WAF Bypass

WAF_BYPASS = {
    "CM": "shell", "RCE": "shell", "LFI": "file inclusion", "RFI": "remote inclusion", "SQLi": "sql", "XSS": "xss", "SSTI": "template",
    "SSI": "include", "NoSQLi": "nosql", "LDAP": "directory query", "SSRF": "request forgery", "OR": "redirect",
    "UWA": "unwanted access", "MFD": "uploads", "API": "api", "GraphQL": "graphql", "Misc": "others", "FP": "harmless",
}


def waf_bypass(tree):
    """Its cases without the encodings that it adds, each in all the places that a case names."""
    for name in tree.names("utils/payload"):
        path = pathlib.Path(name)
        if path.suffix != ".json":
            continue
        for case in json.loads(tree.read(name))["payload"]:
            kind = WAF_BYPASS.get(path.parent.name, path.parent.name)
            for zone in ("URL", "ARGS", "BODY", "COOKIE", "USER-AGENT", "REFERER", "HEADER"):
                text = (case.get(zone) or "").replace("%RND%", "a1b2c3")
                if text and (made := in_zone(zone, text, case)):
                    where = "headers" if zone in ("USER-AGENT", "REFERER", "HEADER") else "cookies" if zone == "COOKIE" else "values"
                    yield Case("waf-bypass", f"{kind} in {where}", case.get("BLOCKED", True) is not False, made, text)


def in_zone(zone, text, case):
    match zone:
        case "URL":
            return request(target="/" + quoted(text, safe="/?&=%;:@+,~").lstrip("/"))
        case "ARGS":
            return request(target="/?" + quoted(text, safe="=&%;/?:@+,[]~"))
        case "BODY" if case.get("BOUNDARY"):
            return request("POST", headers=[("content-type", f"multipart/form-data; boundary={case['BOUNDARY']}")], body=text)
        case "BODY" if case.get("JSON"):
            return request("POST", headers=[("content-type", "application/json")], body=text)
        case "BODY":
            return request("POST", headers=[("content-type", FORM)], body=text)
        case _ if any(sign in text for sign in "\r\n\0"):
            return None
        case "COOKIE":
            return request(headers=[("cookie", text if "=" in text else f"session={text}")])
        case "USER-AGENT":
            return placed(text, "Plain", "UserAgent")
        case "REFERER":
            return request(headers=[("referer", text)])
        case _:
            return placed(text, "Plain", "Header")
