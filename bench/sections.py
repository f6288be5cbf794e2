#!/usr/bin/env python3
"""How large a module's code and data are, and the names of its largest functions where it has names.

    bench/sections.py FILE.wasm [--functions 40] [--most-code BYTES] [--most-data BYTES]

Envoy compiles all of the code at each start; data it only copies. Functions have names in a build that was not stripped:
`CARGO_PROFILE_RELEASE_STRIP=none cargo wasm --target-dir target/size`. Fails where there is more than is said."""

import argparse
import pathlib
import re
import sys

CUSTOM, IMPORTS, CODE, DATA = 0, 2, 10, 11


class Reader:
    """Bytes of a module, read one after the other."""

    def __init__(self, data, at=0):
        self.data, self.at = data, at

    def byte(self):
        self.at += 1
        return self.data[self.at - 1]

    def number(self):
        """LEB128."""
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    def bytes(self, length):
        self.at += length
        return self.data[self.at - length:self.at]

    def name(self):
        return self.bytes(self.number()).decode()


def sections(module):
    reader = Reader(module, 8)
    while reader.at < len(module):
        kind, length = reader.byte(), reader.number()
        yield kind, reader.bytes(length)


def function_names(section):
    """Of the section `name`, by the functions' numbers."""
    reader, names = Reader(section), {}
    if reader.name() != "name":
        return names
    while reader.at < len(section):
        kind, length = reader.byte(), reader.number()
        part = Reader(reader.bytes(length))
        if kind == 1:
            for _ in range(part.number()):
                number = part.number()
                names[number] = part.name()
    return names


def imported_functions(section):
    reader, count = Reader(section), 0
    for _ in range(reader.number()):
        reader.name(), reader.name()
        kind = reader.byte()
        if kind != 0:
            sys.exit("error: it imports what is no function")
        reader.number()
        count += 1
    return count


def largest(module, count):
    names, sizes, imported = {}, [], 0
    for kind, section in sections(module):
        if kind == IMPORTS:
            imported = imported_functions(section)
        elif kind == CODE:
            reader = Reader(section)
            for _ in range(reader.number()):
                sizes.append(length := reader.number())
                reader.bytes(length)
        elif kind == CUSTOM:
            names |= function_names(section)
    named = [(size, names.get(imported + n, "?")) for n, size in enumerate(sizes)]
    for size, name in sorted(named, reverse=True)[:count]:
        print(f"{size:>8} {re.sub(r'17h[0-9a-f]{16}E$', '', name)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=pathlib.Path)
    parser.add_argument("--functions", type=int, default=0, metavar="N", help="the largest ones")
    parser.add_argument("--most-code", type=int, metavar="BYTES")
    parser.add_argument("--most-data", type=int, metavar="BYTES")
    args = parser.parse_args()
    module = args.file.read_bytes()
    size = {kind: 0 for kind in (CODE, DATA)}
    for kind, section in sections(module):
        if kind in size:
            size[kind] += len(section)
    print(f"{args.file.name}: {size[CODE]} bytes of code, {size[DATA]} of data, {len(module)} in all")
    largest(module, args.functions)
    for what, kind, most in (("code", CODE, args.most_code), ("data", DATA, args.most_data)):
        if most is not None and size[kind] > most:
            sys.exit(f"error: {size[kind]} bytes of {what} are more than {most}: docs/adr/0017")


if __name__ == "__main__":
    main()
