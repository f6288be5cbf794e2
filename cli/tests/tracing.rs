//! Traces of a real Envoy, seen by the collector that they are sent to and by the backend behind the gateway.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // A test that cannot go on fails.

mod common;

use common::{sekisho, shell};
use sekisho_cli::Ui;
use sekisho_cli::process::{Probe, Process};
use sekisho_cli::toolchain::{self, ENVOY_VERSION};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);
/// Envoy sends spans when it has five, or after five seconds.
const REQUESTS: usize = 5;

struct Asked {
    path: String,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

/// A server that answers 200 to whatever it is asked, and tells.
fn server() -> (SocketAddr, Receiver<Asked>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let sender = sender.clone();
            std::thread::spawn(move || {
                let mut reader = BufReader::new(stream);
                while let Some(asked) = read(&mut reader) {
                    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
                    if reader.get_mut().write_all(answer).is_err() || sender.send(asked).is_err() {
                        return;
                    }
                }
            });
        }
    });
    (address, receiver)
}

fn read(reader: &mut BufReader<TcpStream>) -> Option<Asked> {
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let path = line.split(' ').nth(1)?.to_owned();
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim().split_once(": ") else { break };
        headers.insert(name.to_lowercase(), value.to_owned());
    }
    let mut body = Vec::new();
    if headers.get("transfer-encoding").is_some_and(|coding| coding == "chunked") {
        loop {
            let mut size = String::new();
            reader.read_line(&mut size).ok()?;
            let piece = piece(reader, usize::from_str_radix(size.trim(), 16).ok()?)?;
            // The line behind it.
            reader.read_line(&mut size).ok()?;
            if piece.is_empty() {
                break;
            }
            body.extend(piece);
        }
    } else {
        body = piece(reader, headers.get("content-length").map_or(0, |length| length.parse().unwrap()))?;
    }
    Some(Asked { path, headers, body })
}

fn piece(reader: &mut BufReader<TcpStream>, length: usize) -> Option<Vec<u8>> {
    let mut piece = vec![0; length];
    reader.read_exact(&mut piece).ok()?;
    Some(piece)
}

struct Gateway {
    address: String,
    _envoy: Process,
}

fn gateway(folder: &Path, backend: SocketAddr, options: &[&str]) -> Gateway {
    let ui = Ui::new();
    let envoy = toolchain::envoy_at(&ui, None, ENVOY_VERSION).unwrap();
    let document = folder.join("gateway.json");
    let integration = format!(
        r#"{{ "integrationId": "i", "integrationType": "HTTP_PROXY", "integrationMethod": "ANY", "integrationUri": "http://{backend}/" }}"#
    );
    let api = format!(
        r#"{{ "apis": [{{ "apiId": "a", "protocolType": "HTTP", "routes": [{{ "routeKey": "$default", "target": "integrations/i" }}],
            "integrations": [{integration}], "stages": [{{ "stageName": "$default" }}] }}] }}"#
    );
    std::fs::write(&document, api).unwrap();
    let (bootstrap, admin) = (folder.join("envoy.yaml"), folder.join("admin"));
    let module = toolchain::module(&ui).unwrap();
    let rendered = sekisho()
        .args(["render", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--wasm"])
        .arg(module)
        .arg("--out")
        .args([&bootstrap, &document])
        .args(options)
        .output()
        .unwrap();
    assert!(rendered.status.success(), "{}", String::from_utf8_lossy(&rendered.stderr));
    let args = [
        "--config-path".into(),
        bootstrap.into_os_string(),
        "--admin-address-path".into(),
        admin.clone().into_os_string(),
        "--use-dynamic-base-id".into(),
        "--concurrency".into(),
        "1".into(),
    ];
    let mut envoy = Process::start("Envoy", &envoy, args, &folder.join("log")).unwrap();
    let address = envoy.wait_until("answering", PATIENCE, |_| match listening(&admin) {
        Some(address) if get(&address, "/", "").is_some_and(|answer| answer.contains(" 200 ")) => {
            Probe::Ready(address)
        }
        _ => Probe::NotYet(String::new()),
    });
    Gateway { address: address.unwrap(), _envoy: envoy }
}

fn listening(admin: &Path) -> Option<String> {
    let admin = std::fs::read_to_string(admin).ok()?;
    let page = get(admin.trim(), "/listeners", "")?;
    let line = page.lines().find(|line| line.contains("::127.0.0.1:"))?;
    Some(line.rsplit_once("::").unwrap().1.to_owned())
}

fn get(address: &str, path: &str, headers: &str) -> Option<String> {
    let mut stream = TcpStream::connect(address).ok()?;
    write!(stream, "GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{headers}\r\n").ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).ok()?;
    Some(text)
}

fn bytes(hex: &str) -> Vec<u8> {
    let digit = |digit: u8| u8::try_from(char::from(digit).to_digit(16).unwrap()).unwrap();
    hex.as_bytes().chunks(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect()
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

/// The requests that the backend saw with this in their paths.
fn seen(backend: &Receiver<Asked>, path: &str) -> Vec<Asked> {
    let mut found = Vec::new();
    while found.len() < REQUESTS {
        let asked = backend.recv_timeout(PATIENCE).unwrap();
        if asked.path.contains(path) || asked.headers.get("x-mark").is_some_and(|mark| mark == path) {
            found.push(asked);
        }
    }
    found
}

/// Version, trace, parent and flags.
fn parts(asked: &Asked) -> (String, String, String) {
    let parent =
        asked.headers.get("traceparent").unwrap_or_else(|| panic!("no traceparent: {:?}", asked.headers));
    let parts: Vec<&str> = parent.split('-').collect();
    assert_eq!((parts.len(), parts[0]), (4, "00"), "{parent}");
    (parts[1].to_owned(), parts[2].to_owned(), parts[3].to_owned())
}

#[test]
fn requests_are_traced_from_the_client_to_the_backend() {
    let folder = tempfile::tempdir().unwrap();
    let ((backend, asked), (collector, spans)) = (server(), server());
    let options = ["--tracing", &format!("http://{collector}"), "--tracing-sampling", "100"];
    let gateway = gateway(folder.path(), backend, &options);

    // A client's trace goes on, with its state; the gateway's span is the backend's parent.
    let (trace, parent) = ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331");
    let headers = format!("x-mark: own\r\ntraceparent: 00-{trace}-{parent}-01\r\ntracestate: a=b\r\n");
    for _ in 0..REQUESTS {
        assert!(get(&gateway.address, "/own", &headers).unwrap().contains(" 200 "));
    }
    let mut sent = Vec::new();
    for asked in seen(&asked, "own") {
        let (id, span, flags) = parts(&asked);
        assert_eq!((id.as_str(), flags.as_str()), (trace, "01"));
        assert_ne!(span, parent);
        assert_eq!(asked.headers.get("tracestate").map(String::as_str), Some("a=b"));
        assert!(asked.headers["x-amzn-trace-id"].starts_with("Root=1-"), "AWS's own is there too");
        sent.push(span);
    }

    // The collector is told of them: the trace, and each span.
    let mut told = Vec::new();
    while !sent.iter().all(|span| contains(&told, &bytes(span))) {
        let asked = spans.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("{} bytes were told", told.len()));
        assert_eq!(asked.path, "/v1/traces");
        assert_eq!(asked.headers["content-type"], "application/x-protobuf");
        told.extend(asked.body);
    }
    for word in [bytes(trace), bytes(parent), b"sekisho".to_vec(), b"service.name".to_vec()] {
        assert!(contains(&told, &word));
    }

    // Requests without a trace begin one each.
    for _ in 0..REQUESTS {
        get(&gateway.address, "/none", "x-mark: none\r\n").unwrap();
    }
    let mut traces: Vec<String> = seen(&asked, "none").iter().map(|asked| parts(asked).0).collect();
    traces.sort();
    traces.dedup();
    assert_eq!(traces.len(), REQUESTS);

    // Who says that it is not sampled is not: the backend is told so, and the collector of nothing.
    let headers = format!("x-mark: not\r\ntraceparent: 00-{}-{parent}-00\r\n", trace.replace("0af7", "0bf7"));
    for _ in 0..REQUESTS {
        get(&gateway.address, "/not", &headers).unwrap();
    }
    assert!(seen(&asked, "not").iter().all(|asked| parts(asked).2 == "00"));
}

#[test]
fn nothing_is_sampled_at_nought_percent_and_nothing_is_touched_without_tracing() {
    let folder = tempfile::tempdir().unwrap();
    let ((backend, asked), (collector, spans)) = (server(), server());
    {
        let options = ["--tracing", &format!("http://{collector}"), "--tracing-sampling", "0"];
        let gateway = gateway(folder.path(), backend, &options);
        for _ in 0..REQUESTS {
            get(&gateway.address, "/", "x-mark: nought\r\n").unwrap();
        }
        assert!(seen(&asked, "nought").iter().all(|asked| parts(asked).2 == "00"));
    }
    // Envoy has ended: what it had to say it has said.
    assert!(spans.try_recv().is_err(), "a span was sent");

    let gateway = gateway(folder.path(), backend, &[]);
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    for _ in 0..REQUESTS {
        get(&gateway.address, "/", &format!("x-mark: plain\r\ntraceparent: {parent}\r\n")).unwrap();
    }
    assert!(seen(&asked, "plain").iter().all(|asked| asked.headers["traceparent"] == parent));
}

#[test]
fn a_collector_is_an_address_or_a_cluster_of_the_document() {
    let folder = tempfile::tempdir().unwrap();
    // One whose access log makes a cluster that takes gRPC.
    let logging = folder.path().join("logging.json");
    let text = std::fs::read_to_string(common::root().join("examples/users-posts/gateway.json")).unwrap();
    let mut document: serde_json::Value = serde_json::from_str(&text).unwrap();
    document["apis"][0]["stages"][0]["accessLogSettings"] =
        serde_json::json!({ "format": "$context.requestId", "destination": "otlp:http://127.0.0.1:4317" });
    std::fs::write(&logging, document.to_string()).unwrap();
    let render = |options: &[&str]| {
        let mut command = sekisho();
        command.args(["render", "--offline"]).arg(&logging).args(options);
        let output = command.current_dir(common::root()).output().unwrap();
        (output.status.success(), [output.stdout, output.stderr].concat())
    };
    let text = |options: &[&str]| {
        let (well, text) = render(options);
        (well, String::from_utf8(text).unwrap())
    };
    let (well, said) = text(&["--tracing", "otlp:nowhere"]);
    assert!(!well && said.contains("--tracing: the document makes no cluster `nowhere`"), "{said}");
    // That of an integration speaks HTTP/1.1.
    let (well, said) = text(&["--tracing", "otlp:http://127.0.0.1:8081"]);
    assert!(!well && said.contains("no cluster `http://127.0.0.1:8081` that speaks HTTP/2"), "{said}");
    let (well, said) = text(&["--tracing", "otlp:http://127.0.0.1:4317"]);
    assert!(well && said.contains("grpc_service") && said.contains("parent_based"), "{said}");
    assert!(said.contains(r#"authority: "127.0.0.1:4317""#), "{said}");
    let bootstrap = folder.path().join("envoy.yaml");
    let module = toolchain::module(&Ui::new()).unwrap();
    std::fs::write(&bootstrap, said.replace("sekisho.wasm", module.to_str().unwrap())).unwrap();
    let envoy = toolchain::envoy_at(&Ui::new(), None, ENVOY_VERSION).unwrap();
    let validated = Command::new(envoy)
        .args(["--mode", "validate", "--use-dynamic-base-id", "--log-level", "error", "--config-path"])
        .arg(&bootstrap)
        .output()
        .unwrap();
    assert!(validated.status.success(), "{}", String::from_utf8_lossy(&validated.stderr));
    let http = "http://127.0.0.1:4318";
    for wrong in [
        ["--tracing", "https://otel:4318"].as_slice(),
        &["--tracing-sampling", "5"],
        &["--tracing", http, "--tracing-sampling", "101"],
        &["--tracing", http, "--filter"],
        &["--tracing", http, "--istio"],
    ] {
        assert!(!render(wrong).0, "{wrong:?}");
    }
    // What `apply` reads later has it too.
    let (dynamic, options) = (folder.path().join("dynamic"), ["--tracing", http, "--dynamic"]);
    assert!(render(&[options.as_slice(), &[dynamic.to_str().unwrap()]].concat()).0);
    let settings = std::fs::read_to_string(dynamic.join("settings.json")).unwrap();
    let settings: serde_json::Value = serde_json::from_str(&settings).unwrap();
    assert!(settings.to_string().contains(r#""sampledPerMillion":50000"#), "{settings}");
    let served = shell(&format!("cat {0}/cds/* {0}/lds/*", dynamic.display()));
    assert!(served.contains("sekisho_traces") && served.contains("parent_based"), "{served}");

    let (_, plain) = text(&[]);
    assert!(!plain.contains("tracing") && !plain.contains("request_id_extension"));
}
