"""Where what is measured lies, how it is built, and what must be installed."""

import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
TARGET = "wasm32-wasip1/release"


def target():
    return pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).absolute()


def kept():
    """What is made once and kept: tokens, modules that were changed."""
    return target() / "bench"


def built(name):
    """One of the filters of bench/filters."""
    return ROOT / "bench/filters/target" / TARGET / name


def module():
    return target() / TARGET / "sekisho.wasm"


def command():
    return target() / "release/sekisho"


def envoy():
    installed = sorted(path for pattern in ("envoy/*/envoy", "envoy/bin/envoy") for path in target().glob(pattern))
    found = os.environ.get("ENVOY_BIN") or shutil.which("envoy") or (str(installed[-1]) if installed else None)
    if not found:
        sys.exit("error: there is no Envoy\n  help: `sekisho demo --once` installs one under target/, or name one in $ENVOY_BIN")
    return found


def build():
    """All that is measured. Crates are not fetched where they are here."""
    if not shutil.which("cargo"):
        sys.exit("error: there is no cargo, which builds what is measured\n  help: install Rust (https://rustup.rs), or measure what is "
                 "built already: --no-build")
    for directory, *arguments in [
        (ROOT, "wasm"),
        (ROOT, "build", "--release", "-p", "sekisho-cli"),
        (ROOT / "bench/filters", "build", "--release", "--target", "wasm32-wasip1", "--target-dir", "target"),
    ]:
        told = f"cargo {' '.join(arguments)}"
        print(f"building: {told}", file=sys.stderr, flush=True)
        if subprocess.run(["cargo", "--quiet", *arguments], cwd=directory).returncode:
            sys.exit(f"error: `{told}` failed\n  help: what it says above; `rustup target add wasm32-wasip1` if the target is missing")


def check_built():
    """Says what is missing, all of it."""
    files = [module(), command(), built("empty_sdk.wasm"), built("empty_abi.wasm")]
    if missing := [str(file) for file in files if not file.exists()]:
        sys.exit(f"error: not built: {', '.join(missing)}\n  help: run without --no-build")
