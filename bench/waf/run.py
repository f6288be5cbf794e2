#!/usr/bin/env python3
"""How much our managed rule groups find, and how much they find wrongly, measured on texts that others collected.

Four corpora, none of which is kept here, and from none of which a rule was made:

crs: the regression tests of the OWASP Core Rule Set (Apache-2.0): requests, with the rules of CRS that they shall fit (attacks),
or shall not (harmless, most of them; they are written to be close to an attack);
gotestwaf: the cases of Wallarm's GoTestWAF (MIT), as its encoders and placeholders put them into requests, and its harmless texts;
libinjection: the SQL and scripts that libinjection is tested with, and its false positives (BSD-3-Clause);
payloads: the lists of PayloadsAllTheThings (MIT), held out: nobody looks at single texts of it when rules are written, and this
script never prints one.

Requests are judged by the core itself, natively, each rule of every group counting: detection is the share of attacks that at
least one rule fits, as if each of them blocked.

    bench/waf/run.py [--corpora DIR] [--fetch] [--groups Core,SqlDatabase] [--missed crs|gotestwaf|libinjection] [--json FILE]

`--fetch` clones the corpora from GitHub into DIR (target/corpora); a DIR that holds them already (as folders or as bare git
repositories, named `coreruleset`, `gotestwaf`, `libinjection`, `PayloadsAllTheThings`) is used as it is. Needs cargo, git, and
the Python package `pyyaml`.
"""

import argparse
import collections
import json
import pathlib
import subprocess
import sys

import corpora

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def main():
    args = parse_arguments()
    if args.fetch:
        corpora.fetch(args.corpora)
    command = ["cargo", "run", "--quiet", "--release", "-p", "sekisho", "--example", "waf-judge", "--"]
    judge = args.judge and [args.judge] or command
    rows, table = [], []
    for name, read in corpora.ALL.items():
        if not corpora.is_there(args.corpora, name):
            print(f"{name}: not in {args.corpora}; --fetch brings it", file=sys.stderr)
            continue
        cases = list(read(corpora.Tree(args.corpora, name)))
        fired = judged(judge + (args.groups.split(",") if args.groups else []), cases)
        rows += list(zip(cases, fired, strict=True))
        if args.missed == name:
            print_missed(zip(cases, fired, strict=True))
    if not rows:
        sys.exit("error: no corpora")
    for key, of_class in grouped(rows).items():
        found = sum(1 for _, rules in of_class if rules)
        table.append((*key, found, len(of_class)))
    print_table(table)
    if args.json:
        args.json.write_text(json.dumps(table, indent=1))


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpora", type=pathlib.Path, default=ROOT / "target/corpora", metavar="DIR")
    parser.add_argument("--fetch", action="store_true")
    parser.add_argument("--groups", help="the groups that judge; all when absent")
    parser.add_argument("--judge", help="the program that judges, built already")
    parser.add_argument("--missed", choices=sorted(set(corpora.ALL) - {"payloads"}), help="prints what is judged wrongly")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE")
    return parser.parse_args()


def judged(command, cases):
    """The rules that each request fits."""
    lines = "".join(json.dumps(case.request) + "\n" for case in cases)
    done = subprocess.run(command, cwd=ROOT, input=lines, text=True, stdout=subprocess.PIPE, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def grouped(rows):
    groups = collections.defaultdict(list)
    for case, rules in rows:
        groups[case.corpus, case.kind, case.is_attack].append((case, rules))
    return dict(sorted(groups.items(), key=lambda item: (item[0][0], not item[0][2], item[0][1])))


def print_missed(rows):
    for case, rules in rows:
        if case.is_attack != bool(rules):
            print("missed" if case.is_attack else "wrong ", case.kind, ascii(case.text), *rules)


def print_table(table):
    print("| corpus | class | attacks | found | |\n|---|---|---:|---:|---:|")
    for corpus, kind, is_attack, found, count in table:
        if is_attack:
            print(f"| {corpus} | {kind} | {count} | {found} | {found / count:.1%} |")
    print("\n| corpus | class | harmless | found wrongly | |\n|---|---|---:|---:|---:|")
    for corpus, kind, is_attack, found, count in table:
        if not is_attack:
            print(f"| {corpus} | {kind} | {count} | {found} | {found / count:.1%} |")


if __name__ == "__main__":
    main()
