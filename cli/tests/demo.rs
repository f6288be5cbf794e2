//! The demo as people run it: the real command, and as far as a test can go without a working gateway.

#![allow(clippy::unwrap_used)] // A test that cannot go on fails.

mod common;

use common::{Demo, sekisho};
use sekisho_cases::needs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

fn errors(args: &[&str]) -> String {
    let output = sekisho().arg("demo").args(args).output().unwrap();
    assert!(!output.status.success());
    String::from_utf8(output.stderr).unwrap()
}

fn script(folder: &Path, text: &str) -> PathBuf {
    let path = folder.join("envoy");
    std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

#[test]
fn a_taken_port_is_told_with_its_flag() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    for (args, flag) in [
        (["--port", &port, "--admin-port", "0", "--page-port", "0"], "--port"),
        (["--admin-port", &port, "--port", "0", "--page-port", "0"], "--admin-port"),
        (["--page-port", &port, "--port", "0", "--admin-port", "0"], "--page-port"),
    ] {
        let errors = errors(&args);
        assert!(errors.contains(&format!("127.0.0.1:{port} is taken")), "{errors}");
        assert!(errors.contains(&format!("`{flag} N`")), "{errors}");
    }
}

#[test]
fn missing_tools_are_told_all_at_once_with_what_to_do() {
    let empty = tempfile::tempdir().unwrap();
    let output = sekisho()
        .args(["demo", "--port", "0", "--admin-port", "0", "--once"])
        .env_clear()
        .env("PATH", empty.path())
        // No Envoy is installed there.
        .env("CARGO_TARGET_DIR", empty.path())
        .output()
        .unwrap();
    assert!(!output.status.success());
    let errors = String::from_utf8(output.stderr).unwrap();
    for (tool, help) in [
        ("`cargo` is missing", "https://rustup.rs"),
        ("`cc` is missing", "apt-get install gcc libc6-dev"),
        ("`python3 (3.10 or newer, with venv)` is missing", "$ENVOY_BIN"),
    ] {
        assert!(errors.contains(tool) && errors.contains(help), "{tool}: {errors}");
    }
    assert_eq!(std::fs::read_dir(empty.path()).unwrap().count(), 0, "nothing was begun");
}

#[test]
fn a_named_envoy_must_be_one() {
    for (path, problem) in [("/nowhere/envoy", "there is no such file"), ("/bin/false", "`--version` failed")]
    {
        let errors = errors(&["--port", "0", "--admin-port", "0", "--envoy", path]);
        assert!(
            errors.contains(&format!("`{path}`, named by --envoy, is not an Envoy: {problem}")),
            "{errors}"
        );
    }
}

#[test]
fn nothing_is_left_when_envoy_fails_half_way() {
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("envoy.json");
    let envoy = script(
        folder.path(),
        &format!(
            "if [ \"$1\" = --version ]; then echo 'envoy  version: 0/1.40.0/x'; exit; fi\ncp \"$2\" {}\necho no such luck >&2\nexit 1",
            kept.display()
        ),
    );
    let errors = errors(&["--port", "0", "--admin-port", "0", "--once", "--envoy", envoy.to_str().unwrap()]);
    assert!(errors.contains("Envoy ended by itself (exit status: 1)"), "{errors}");
    assert!(errors.contains("no such luck"), "{errors}");
    let bootstrap: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(&kept).unwrap()).unwrap();
    let text = bootstrap.to_string();
    assert!(!text.contains("127.0.0.1:8081"), "the service's real address stands in the document");
    let (_, rest) = text.split_once("http://127.0.0.1:").unwrap();
    let port: String = rest.chars().take_while(char::is_ascii_digit).collect();
    assert!(TcpStream::connect(format!("127.0.0.1:{port}")).is_err(), "the service still listens");
}

#[test]
fn once_shows_ten_routes_and_two_kinds_of_404() {
    let output = sekisho().args(["demo", "--port", "0", "--admin-port", "0", "--once"]).output().unwrap();
    let (said, errors) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}{errors}");
    let statuses: Vec<&str> = said
        .lines()
        .filter(|line| line.len() > 4 && line.as_bytes().iter().take(3).all(u8::is_ascii_digit))
        .filter_map(|line| line.get(..3))
        .collect();
    let wanted = ["201", "201", "200", "200", "200", "200", "200", "200", "204", "204", "404", "404"];
    assert_eq!(statuses, wanted, "{said}");
    assert_eq!(said.matches("$ curl ").count(), 12);
    assert!(said.contains("{\"message\":\"there is no user `1`\"}"), "{said}");
    assert!(said.contains(r#"{"message":"Not Found"}"#), "{said}");
}

#[test]
fn by_https_the_lines_that_it_prints_work() {
    needs!("curl", "curl");
    let demo = Demo::start(&["--https", "--https-port", "0"]);
    let line = demo.command("/users?limit=2");
    assert!(line.contains("--cacert ") && line.contains("https://localhost:"), "{line}");
    assert!(common::shell(line).starts_with("HTTP/2 200"), "{line}");
    // Nobody trusts it unless told so.
    let (_, untold) = line.split_once("--cacert ").unwrap();
    let (_, untold) = untold.split_once(' ').unwrap();
    assert_eq!(common::shell(&format!("curl -s -i {untold}")), "");
    let plain = common::shell(&format!("curl -s -i '{}/users?limit=2'", demo.gateway()));
    assert!(plain.starts_with("HTTP/1.1 200"), "{plain}");
    assert_eq!(demo.process.terminate(), Some(0));
}

#[test]
fn a_signal_ends_it_well_and_nothing_is_left() {
    let demo = Demo::start(&[]);
    assert_eq!(demo.process.children().len(), 2, "Envoy and the service");
    let (gateway, admin) = (demo.gateway().to_owned(), demo.admin().to_owned());
    assert_eq!(demo.process.terminate(), Some(0));
    common::nobody_listens(&gateway);
    common::nobody_listens(&admin);
}

#[test]
fn nothing_is_left_when_it_is_killed() {
    let demo = Demo::start(&[]);
    let (gateway, children) = (demo.gateway().to_owned(), demo.process.children());
    demo.process.kill();
    common::nobody_listens(&gateway);
    common::all_end(&children);
}

#[test]
fn its_page_tells_of_the_requests_that_it_made() {
    needs!("curl", "curl");
    let demo = Demo::start(&[]);
    let page = demo.endpoint("page");
    let get = |path: &str| -> serde_json::Value {
        let authority = page.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(authority).unwrap();
        let head = format!("GET {path} HTTP/1.1\r\nhost: {authority}\r\nconnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
        serde_json::from_str(body).unwrap()
    };
    let told = get("/description");
    let routes = told.pointer("/apis/0/stages/0/routes").unwrap().as_array().unwrap();
    assert_eq!(routes.len(), 10);
    let create = routes.iter().find(|route| route["key"] == "POST /users").unwrap();
    assert!(create["curl"].as_str().unwrap().contains("ann@example.com"), "{create}");
    assert!(common::shell(create["curl"].as_str().unwrap()).starts_with("HTTP/1.1 201"), "{create}");
    // Each of the story, and the one above.
    let counted = || {
        let figures = get("/figures");
        let lines = figures["total"]["lines"].as_array().cloned().unwrap_or_default();
        let of = |route: &str| {
            let line = lines.iter().find(|line| line["route"] == route)?;
            Some((line["requests"].as_u64()?, line["clientErrors"].as_u64()?))
        };
        [of("POST /users"), of("PATCH /posts/{id}"), of("DELETE /users/{id}"), of("GET /users/{id}")]
    };
    common::until("figures", || counted() == [Some((2, 0)), Some((1, 0)), Some((1, 0)), Some((2, 1))]);
    let page = page.to_owned();
    assert_eq!(demo.process.terminate(), Some(0));
    common::nobody_listens(&page);
}

#[test]
fn kept_data_is_there_again() {
    let data = tempfile::tempdir().unwrap();
    let keep = ["--keep-data", data.path().to_str().unwrap()];
    for _ in 0..2 {
        assert_eq!(Demo::start(&keep).process.terminate(), Some(0));
    }
    assert!(data.path().join("users-posts.redb").is_file());
}

#[test]
fn the_readme_says_what_is_answered() {
    needs!("curl", "curl");
    let readme = std::fs::read_to_string(common::root().join("examples/users-posts/README.md")).unwrap();
    let demo = Demo::start(&[]);
    let steps = common::console(&readme);
    assert_eq!(steps.len(), 15, "every line of the README");
    for (command, answer) in steps {
        let given = common::shell(&command.replace("http://127.0.0.1:8080", demo.gateway()));
        assert_eq!(common::timeless(&given), common::timeless(&answer), "{command}");
    }
}
