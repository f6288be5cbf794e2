//! `sekisho top` before servers that are no Envoy, or an unkind one.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

use sekisho_cases::needs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::process::{Command, Output, Stdio};
use std::thread::JoinHandle;

const COMMAND: &str = env!("CARGO_BIN_EXE_sekisho");

type Answering = Box<dyn Fn(&mut dyn Write) + Send>;

/// A server that gives each connection in turn one of these answers, and then ends.
fn serve(answers: Vec<Answering>) -> (JoinHandle<()>, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = std::thread::spawn(move || {
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let mut head = Vec::new();
            let mut byte = [0];
            while !head.ends_with(b"\r\n\r\n") {
                stream.read_exact(&mut byte).unwrap();
                head.extend(byte);
            }
            let head = String::from_utf8(head).unwrap();
            assert!(head.starts_with("GET /stats/prometheus?filter="), "{head}");
            answer(&mut stream);
        }
    });
    (server, address)
}

/// What the command says of such a server.
fn top(answers: Vec<Answering>, args: &[&str]) -> (Output, SocketAddr) {
    let (server, address) = serve(answers);
    let output = Command::new(COMMAND)
        .args(["top", "--admin", &address.to_string()])
        .args(args)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    server.join().unwrap();
    (output, address)
}

/// A page as a whole.
fn page(text: &[u8]) -> Answering {
    let text = text.to_vec();
    Box::new(move |stream| {
        let _ =
            write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", text.len());
        let _ = stream.write_all(&text);
    })
}

fn said(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn a_hostile_page_is_shown_as_text_where_there_is_no_terminal() {
    let (output, address) = top(vec![page(include_bytes!("golden/top/page.prom"))], &[]);
    assert!(output.status.success(), "{}", said(&output.stderr));
    let said = said(&output.stdout);
    assert!(
        said.starts_with(&format!("Envoy {address}, up 2 h 3 m, document 5e85db717817 loaded ")),
        "{said}"
    );
    assert!(said.contains("\\u{1b}]0;x") && said.contains("\\u{202e}"), "{said}");
    assert!(said.bytes().all(|byte| byte == b'\n' || byte == b' ' || byte.is_ascii_graphic()), "{said}");
}

#[test]
fn two_pages_are_compared_and_two_lives_are_not() {
    let count = |count: u64, uptime: u64| {
        let place = "api_id=\"a\",stage=\"s\"";
        let text = format!("sekisho_api_count_total{{{place}}} {count}\nenvoy_server_uptime{{}} {uptime}\n");
        page(text.as_bytes())
    };
    let of = |before, after| {
        let (output, _) = top(vec![before, after], &["--once", "--interval", "250ms"]);
        let said = said(&output.stdout);
        let line = said.lines().find(|line| line.starts_with("all ")).unwrap();
        line.split_whitespace().take(2).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(of(count(100, 10), count(142, 11)), "all 42");
    assert_eq!(of(count(100, 10), count(3, 11)), "all 3", "it counts less");
    assert_eq!(of(count(100, 10), count(150, 1)), "all 150", "it is younger");
}

#[test]
fn what_is_no_page_is_refused() {
    let endless: Answering = Box::new(|stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n");
        // Until the command has read enough.
        while stream.write_all(&[b'x'; 1 << 16]).is_ok() {}
    });
    let moved: Answering = Box::new(|stream| {
        let _ = stream.write_all(
            b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
        );
    });
    for (answer, problem) in [
        (page(b"<html>\n"), "it runs no gateway that tells its metrics"),
        (page(b""), "it runs no gateway that tells its metrics"),
        (
            page(b"sekisho_config_digest{} 1\nsekisho_api_count_total{\x1b[2J\n"),
            "line 2 of its statistics is no sample",
        ),
        (moved, "answers 302"),
        (endless, "cannot read its statistics"),
    ] {
        let (output, _) = top(vec![answer], &["--once"]);
        let errors = said(&output.stderr);
        assert!(output.status.code() == Some(1) && errors.contains(problem), "{problem}: {errors}");
        assert!(output.stdout.is_empty() && !errors.contains('\u{1b}'), "{errors}");
    }
}

#[test]
fn on_a_terminal_q_quits_and_the_terminal_is_as_it_was() {
    needs!("script", "bsdutils");
    let (server, address) = serve(vec![page(include_bytes!("golden/top/page.prom"))]);
    // It makes a terminal, and ends as what runs there ended.
    let mut terminal = Command::new("timeout")
        .args(["60", "script", "--quiet", "--return", "--command"])
        .arg(format!("stty cols 132 rows 30; '{COMMAND}' top --admin {address} --interval 60m"))
        .arg("/dev/null")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut keys = terminal.stdin.take().unwrap();
    let mut out = terminal.stdout.take().unwrap();
    let (mut shown, mut piece) = (Vec::new(), [0; 4096]);
    let has = |shown: &[u8], what: &str| String::from_utf8_lossy(shown).contains(what);
    while !has(&shown, "/users/{id}") {
        let length = out.read(&mut piece).unwrap();
        assert!(length > 0, "{}", String::from_utf8_lossy(&shown));
        shown.extend(piece.iter().take(length));
    }
    keys.write_all(b"q").unwrap();
    out.read_to_end(&mut shown).unwrap();
    assert_eq!(terminal.wait().unwrap().code(), Some(0));
    server.join().unwrap();
    // The other screen is left, and the cursor is there again.
    assert!(has(&shown, "\u{1b}[?1049h") && has(&shown, "\u{1b}[?1049l") && has(&shown, "\u{1b}[?25h"));
    assert!(!has(&shown, "\u{1b}]0;") && has(&shown, "\\u{1b}]0;x"), "a name moved the terminal");
}
