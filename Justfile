# Shorthands. Each line is a plain command that can be typed without `just`.

# What there is.
default:
    @just --list --unsorted

# The filter: target/wasm32-wasip1/release/sekisho.wasm.
wasm:
    cargo wasm

# The filter that verifies all signatures: target/software-signatures/wasm32-wasip1/release/sekisho.wasm.
wasm-software:
    cargo wasm --features software-signatures --target-dir target/software-signatures

# Everything native.
build:
    cargo build --workspace

# All tests; those that need Envoy install it under target/.
test:
    cargo test --workspace

# The cases, and more, through a real Envoy.
wasm-test:
    cargo test -p wasm-tests

# Everything in one go: `just demo --port 8888`.
demo *args:
    cargo run -p sekisho-cli -- demo {{ args }}

# What a request costs, beside other filters.
bench *args:
    python3 bench/run.py {{ args }}

# What parts of the core cost, natively: `just micro routing`.
micro *args:
    cargo bench -p sekisho-micro -- {{ args }}

# What requests cost, counted, beside what is pinned.
cost:
    cargo test -p sekisho-guard -- --nocapture

# Writes golden files anew. Read the difference before you commit it.
bless:
    SEKISHO_BLESS=1 cargo test --workspace

# What must hold before anything is sent.
check: fmt clippy deny links fuzz-build

# Formatting.
fmt:
    cargo fmt --all --check

# Lints, natively and for the filter.
clippy:
    cargo clippy --workspace --all-targets -- -D warnings
    cargo clippy -p sekisho --lib --target wasm32-wasip1 -- -D warnings

# Licences, sources and bans of dependencies (`cargo install cargo-deny`); `just advisories` asks the network too.
deny:
    cargo deny check bans licenses sources

# Known vulnerabilities of dependencies, from the RustSec database.
advisories:
    cargo deny check advisories

# The fuzz targets build; `cargo +nightly fuzz run TARGET` runs one (`cargo install cargo-fuzz`).
fuzz-build:
    cargo check --manifest-path fuzz/Cargo.toml --locked --target-dir target/fuzz

# Links of the texts to files of this repository, and of the code's documentation.
links:
    #!/usr/bin/env python3
    import pathlib, re, subprocess, sys
    tracked = subprocess.run(["git", "ls-files", "*.md"], capture_output=True, text=True, check=True).stdout.split("\n")
    checked, broken = 0, []
    for page in filter(None, tracked):
        text = re.sub(r"```.*?```", "", pathlib.Path(page).read_text(), flags=re.S)
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            if re.match(r"[a-z]+:|#", target):
                continue
            checked += 1
            if not (pathlib.Path(page).parent / target.split("#")[0]).exists():
                broken.append(f"{page}: {target}")
    print(f"{checked} links to files, {len(broken)} broken", *broken, sep="\n  ")
    built = subprocess.run("RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps --quiet", shell=True)
    sys.exit(1 if broken else built.returncode)
