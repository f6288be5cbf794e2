//! What `demo --all` runs, seen from outside: its processes' arguments and variables, and its answers.

use crate::common::{self, Demo, sekisho};
use crate::{can_run, read};
use sekisho_cli::demo::parts::{FUNCTION, Here, PARTS, Part};
use sekisho_cli::process::on_path;
use std::collections::BTreeMap;
use std::path::Path;

/// Arguments of a process, its program first; or its variables.
fn of_process(pid: u32, what: &str) -> Vec<String> {
    let bytes = std::fs::read(format!("/proc/{pid}/{what}")).unwrap_or_default();
    let text = String::from_utf8(bytes).unwrap();
    text.split_terminator('\0').map(str::to_owned).collect()
}

/// Whether an argument is one of the table's: places may be any.
fn fits(argument: &str, template: &str) -> bool {
    match template.split_once('{') {
        None => argument == template,
        Some((start, rest)) => {
            let (_, end) = rest.split_once('}').unwrap();
            argument
                .strip_prefix(start)
                .and_then(|rest| rest.strip_suffix(end))
                .is_some_and(|it| !it.is_empty())
        }
    }
}

fn runs(part: &Part, program: &str, arguments: &[String]) -> bool {
    let Some((found, rest)) = arguments.split_first() else { return false };
    // Envoy is also told where to write down its admin address.
    let fit = part.command.iter().zip(rest).all(|(template, argument)| fits(argument, template));
    Path::new(found).file_name().is_some_and(|name| name == program)
        && fit
        && rest.len() >= part.command.len()
}

#[test]
fn demo_runs_each_part_as_the_file_does() {
    if !can_run("demo_runs_each_part_as_the_file_does") {
        return;
    }
    let demo = Demo::start(&["--all"]);
    let children = demo.process.children();
    let processes: Vec<Vec<String>> = children.iter().map(|pid| of_process(*pid, "cmdline")).collect();
    let mut same = 0;
    for part in PARTS {
        let Here::Same { program } = part.here else { continue };
        if program == "prometheus" && on_path(program).is_none() {
            sekisho_cases::skip("demo_runs_each_part_as_the_file_does (Prometheus)", program);
            continue;
        }
        assert!(processes.iter().any(|it| runs(part, program, it)), "{}: {processes:?}", part.name);
        same += 1;
    }
    assert!(same >= 3);

    let variables = |pid: &u32| -> BTreeMap<String, String> {
        let all = of_process(*pid, "environ");
        all.iter().filter_map(|it| it.split_once('=')).map(|(a, b)| (a.to_owned(), b.to_owned())).collect()
    };
    let functions = children.iter().map(variables);
    let mut functions =
        functions.filter(|all| all.get("AWS_LAMBDA_FUNCTION_NAME").is_some_and(|it| it == "function"));
    let function = functions.next().expect("a function runs");
    for (name, value) in FUNCTION.variables {
        match (*name, function.get(*name)) {
            // Only the emulator has to be told; here functions.json says it.
            ("AWS_LAMBDA_FUNCTION_TIMEOUT", found) => assert_eq!(found, None),
            ("AWS_ENDPOINT_URL", found) => assert_eq!(found.map(String::as_str), Some(demo.endpoint("moto"))),
            (name, found) => assert_eq!(found.map(String::as_str), Some(*value), "{name}"),
        }
    }
    assert_eq!(function["_HANDLER"], FUNCTION.command[0]);
    let code = common::root().join(FUNCTION.files[0].0).canonicalize().unwrap();
    assert_eq!(Path::new(&function["LAMBDA_TASK_ROOT"]).canonicalize().unwrap(), code);

    // Requests for the address are for none of the three APIs.
    let status = |host: &str| {
        let gateway = demo.gateway().replace("127.0.0.1", host);
        common::shell(&format!("curl -s -o /dev/null -w '%{{http_code}}' {gateway}/users"))
    };
    if on_path("curl").is_some() {
        assert_eq!((status("localhost"), status("127.0.0.1")), ("200".to_owned(), "403".to_owned()));
    } else {
        sekisho_cases::skip("demo_runs_each_part_as_the_file_does (hosts)", "curl");
    }

    let endpoints: Vec<String> = ["gateway", "admin", "service", "issuer", "lambda", "moto"]
        .map(|name| demo.endpoint(name).to_owned())
        .into();
    assert_eq!(demo.process.terminate(), Some(0));
    common::all_end(&children);
    endpoints.iter().for_each(|endpoint| common::nobody_listens(endpoint));
}

#[test]
fn once_asks_each_part() {
    if !can_run("once_asks_each_part") {
        return;
    }
    let output =
        sekisho().args(["demo", "--all", "--port", "0", "--admin-port", "0", "--once"]).output().unwrap();
    let (said, errors) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}{errors}");
    let statuses: Vec<&str> = said
        .lines()
        .filter(|line| line.len() > 4 && line.as_bytes().iter().take(3).all(u8::is_ascii_digit))
        .filter_map(|line| line.get(..3))
        .collect();
    assert_eq!(statuses, ["201", "200", "201", "200", "401", "200", "404"], "{said}");
    assert!(said.contains("$ TOKEN=$(curl -s http://127.0.0.1:"), "{said}");
    assert!(said.contains(r#"-H "authorization: Bearer $TOKEN""#), "{said}");
    assert!(!said.contains("eyJ"), "no token is printed: {said}");
    assert!(errors.contains("no Grafana: "), "{errors}");
    if on_path("prometheus").is_some() {
        let counted = |api: &str| -> u64 {
            let sample = format!(r#"{{"metric":{{"api_id":"{api}"}},"value":["#);
            let (_, rest) = said.split_once(&sample).unwrap_or_else(|| panic!("{api}: {said}"));
            rest.split(['"', ']']).nth(1).unwrap().parse().unwrap_or_else(|_| panic!("{api}: {said}"))
        };
        // The function is also asked until it answers.
        assert!(counted("private") == 2 && counted("functions") >= 1, "{said}");
    } else {
        assert!(
            errors.contains("no Prometheus: it is not installed (`apt-get install prometheus`)"),
            "{errors}"
        );
    }
}

#[test]
fn all_is_no_story() {
    for other in [["--all", "users-posts"].as_slice(), &["--all", "--https"], &["--all", "--keep-data", "x"]]
    {
        let output = sekisho().arg("demo").args(other).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{other:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("cannot be used with"), "{other:?}");
    }
}

/// What the demo has by default is what the file publishes.
#[test]
fn the_gateway_has_the_same_port() {
    let help = String::from_utf8(sekisho().args(["demo", "--help"]).output().unwrap().stdout).unwrap();
    for default in ["[default: 8080]", "[default: 9901]"] {
        assert!(help.contains(default), "{help}");
    }
    assert!(read("docker-compose.yml").contains("127.0.0.1:8080:8080"));
}
