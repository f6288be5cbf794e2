#!/usr/bin/env python3
"""How much our managed rule groups find, and how much they find wrongly, measured on texts that others collected.

Corpora, none of which is kept here, and from none of which a rule was made:

crs: the regression tests of the OWASP Core Rule Set (Apache-2.0): requests, with the rules of CRS that they shall fit (attacks),
or shall not (harmless, most of them; they are written to be close to an attack);
gotestwaf: the cases of Wallarm's GoTestWAF (MIT), as its encoders and placeholders put them into requests, and its harmless texts;
libinjection: the SQL and scripts that libinjection is tested with, and its false positives (BSD-3-Clause);
payloads, fuzzdb, waf-bypass: the lists of PayloadsAllTheThings (MIT), of FuzzDB (BSD) and of Nemesida's WAF Bypass (MIT), held out:
nobody looks at single texts of them when rules are written, and this script never prints one;
harmless: requests of APIs, made of Debian's fortunes, of Markdown and code of crates, and of names and addresses by Faker (MIT).

Requests are judged by the core itself, natively, each rule of every group counting: detection is the share of attacks that at
least one rule fits, as if each of them blocked. `--beside-crs` has CRS judge the same requests, at its paranoia level 1.

    bench/waf/run.py [--corpora DIR] [--fetch] [--beside-crs] [--only gotestwaf,harmless] [--missed CORPUS] [--json FILE]

`--fetch` brings the corpora into DIR (target/corpora); a DIR that holds them already (as folders or as bare git repositories, named
as in `corpora.py`) is used as it is. Needs cargo, git, and the Python package `pyyaml`; for CRS and harmless requests, Debian's apt.
"""

import argparse
import collections
import concurrent.futures
import hashlib
import json
import pathlib
import subprocess
import sys

import corpora
import harmless
import heldout

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
HELD_OUT = {"payloads": corpora.payloads, "fuzzdb": heldout.fuzzdb, "waf-bypass": heldout.waf_bypass}
ALL = {"gotestwaf": corpora.gotestwaf, "crs": corpora.crs, "libinjection": corpora.libinjection, **HELD_OUT}
# Groups for any application; others are for one system or one language.
BASE = ("Core", "KnownBadInputs", "SqlDatabase", "Injection")
# Most cases of a class of a corpus; of more, evenly spread ones.
MOST = 2000


def main():
    args = parse_arguments()
    if args.fetch:
        corpora.fetch(args.corpora)
        harmless.fetch(args.corpora)
    cases = spread(read(args))
    if not cases:
        sys.exit("error: no corpora")
    judge = [args.judge] if args.judge else ["cargo", "run", "--quiet", "--release", "-p", "sekisho", "--example", "waf-judge", "--"]
    judge += [args.groups] if args.groups else []
    with concurrent.futures.ThreadPoolExecutor() as both:
        theirs = both.submit(beside, args.corpora, cases) if args.beside_crs else None
        ours = both.submit(judged, judge, cases).result()
        theirs = theirs.result() if theirs else None
    if args.missed:
        print_missed(cases, ours, theirs or ours, args.missed)
    table = tabulated(cases, ours, theirs)
    print_table("attacks", [row for row in table if row["attacks"]])
    print_table("harmless", [row for row in table if not row["attacks"]])
    if args.json:
        args.json.write_text(json.dumps(table, indent=1))


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpora", type=pathlib.Path, default=ROOT / "target/corpora", metavar="DIR")
    parser.add_argument("--fetch", action="store_true")
    parser.add_argument("--beside-crs", action="store_true")
    parser.add_argument("--only", type=lambda text: text.split(","), help="the corpora that are judged")
    parser.add_argument("--judge", help="the program that judges, built already")
    parser.add_argument("--groups", type=lambda it: str(pathlib.Path(it).resolve()), metavar="DIR", help="JSON of groups; what is built in, if absent")
    printed = sorted({*ALL, "harmless"} - set(HELD_OUT))
    parser.add_argument("--missed", choices=printed, help="prints what is judged wrongly, and CRS judges right")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE")
    return parser.parse_args()


def read(args):
    for name, cases in ALL.items():
        if args.only and name not in args.only:
            continue
        if corpora.is_there(args.corpora, name):
            yield from cases(corpora.Tree(args.corpora, name))
        else:
            print(f"{name}: not in {args.corpora}; --fetch brings it", file=sys.stderr)
    if not args.only or "harmless" in args.only:
        if (args.corpora / "fortunes").exists():
            yield from harmless.harmless(args.corpora)
        else:
            print(f"harmless: not in {args.corpora}; --fetch brings it", file=sys.stderr)


def spread(cases):
    few = []
    for of_class in by(cases, lambda case: (case.corpus, case.kind, case.is_attack)).values():
        count = min(len(of_class), MOST)
        few += [of_class[i * len(of_class) // count] for i in range(count)]
    return few


def judged(command, cases):
    """The rules that each request fits."""
    lines = "".join(json.dumps(case.request) + "\n" for case in cases)
    done = subprocess.run(command, cwd=ROOT, input=lines, text=True, stdout=subprocess.PIPE, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def beside(folder, cases):
    """What CRS refuses. Its verdicts are kept, for a state of it, of its driver and of requests."""
    tree = corpora.Tree(folder, "crs")
    files = {name: tree.read(name) for name in [*tree.names("rules"), "crs-setup.conf.example"]}
    driver = ROOT / "bench/waf/modsecurity.py"
    state = hashlib.sha256(driver.read_bytes() + b"".join(files[name] for name in sorted(files))).hexdigest()[:16]
    place = ROOT / "target/modsecurity" / state
    for name, text in files.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(text)
    verdicts = []
    for corpus, of_corpus in by(cases, lambda case: case.corpus).items():
        requests = hashlib.sha256(json.dumps([case.request for case in of_corpus]).encode()).hexdigest()[:16]
        kept = place / f"{corpus}-{requests}.json"
        if not kept.exists():
            kept.write_text(json.dumps(judged([sys.executable, driver, "--crs", place], of_corpus)))
        verdicts += json.loads(kept.read_text())
    return verdicts


def by(items, key):
    groups = collections.defaultdict(list)
    for item in items:
        groups[key(item)].append(item)
    return groups


def tabulated(cases, ours, theirs):
    rows = list(zip(cases, ours, theirs or ours, strict=True))
    groups = by(rows, lambda row: (row[0].corpus, row[0].kind, row[0].is_attack))
    groups |= by(rows, lambda row: (row[0].corpus, "all", row[0].is_attack))
    names = [*ALL, "harmless"]
    order = sorted(groups, key=lambda key: (names.index(key[0]), not key[2], key[1] != "all", key[1]))
    return [row_of(key, groups[key], theirs is not None) for key in order]


def row_of(key, rows, is_beside):
    corpus, kind, is_attack = key
    base = sum(any(rule.split("/")[0] in BASE for rule in rules) for _, rules, _ in rows)
    row = {"corpus": corpus, "class": kind, "attacks": is_attack, "count": len(rows)}
    row |= {"base": base, "all": sum(bool(rules) for _, rules, _ in rows)}
    return row | ({"crs": sum(bool(refused) for _, _, refused in rows)} if is_beside else {})


def print_missed(cases, ours, theirs, corpus):
    for case, rules, refused in zip(cases, ours, theirs, strict=True):
        if case.corpus == corpus and case.is_attack != bool(rules):
            also = "by both" if bool(refused) == bool(rules) else "by us"
            print("missed" if case.is_attack else "wrong ", also, case.kind, ascii(case.text), *rules)


def print_table(what, rows):
    """In Markdown; of us with all groups and of CRS, the better one is bold."""
    is_beside = any("crs" in row for row in rows)
    print(f"\n| corpus | class | {what} | base groups | all groups |{' CRS, level 1 |' if is_beside else ''}")
    print(f"|---|---|---:|---:|---:|{'---:|' if is_beside else ''}")
    for row in rows:
        best = (max if row["attacks"] else min)(row["all"], row.get("crs", row["all"]))
        shares = {who: f"{row[who] / row['count']:.1%}" for who in ("base", "all", "crs") if who in row}
        bold = [who for who in ("all", "crs") if row.get(who) == best and row["all"] != row.get("crs", best)]
        cells = [f"**{share}**" if who in bold else share for who, share in shares.items()]
        print(f"| {row['corpus']} | {row['class']} | {row['count']} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
