//! `sekisho deploy`: what it writes, what it refuses, and that nothing changes for clients but what was asked for.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::string_slice)]

use sekisho_cases::File;
use sekisho_cli::deploy::{Order, What, release};
use sekisho_cli::diff::{Document, documents};
use serde_json::{Value, json};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// As somebody would write it: not as a program does.
const DOCUMENT: &str = r#"{ "$schema": "gateway.schema.json",
  "apis": [ {
    "apiId": "shop",  "protocolType": "REST",
    "routes": [
      { "routeKey": "GET /users",  "target": "integrations/users" },
    	{ "target": "integrations/users", "routeKey": "GET /posts" }
    ],
    "integrations": [ { "integrationId": "users", "integrationType": "HTTP_PROXY", "integrationMethod": "ANY",
                        "integrationUri": "http://users.internal/" } ],
    "stages": [ { "stageName": "prod", "stageVariables": { "a": "1" } }, { "stageName": "dev" } ]
  } ],
  "trustedHops": 0
}
"#;

struct Desk(TempDir);

impl Desk {
    fn new(text: &str) -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        std::fs::write(desk.file(), text).unwrap();
        desk
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("gateway.json")
    }

    fn text(&self) -> String {
        std::fs::read_to_string(self.file()).unwrap()
    }

    fn value(&self) -> Value {
        serde_json::from_str(&self.text()).unwrap()
    }

    fn run(&self, args: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sekisho"));
        command.current_dir(self.0.path()).args(["deploy", "gateway.json"]).args(args).output().unwrap()
    }

    /// Gives what it says beside the document.
    #[track_caller]
    fn deploy(&self, args: &[&str]) -> String {
        let output = self.run(&[args, &["-w"]].concat());
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), output.stdout), (Some(0), Vec::new()), "{said}");
        said
    }

    /// Gives why it does not.
    #[track_caller]
    fn refused(&self, args: &[&str]) -> String {
        let before = self.text();
        let output = self.run(&[args, &["-w"]].concat());
        let said = String::from_utf8(output.stderr).unwrap();
        assert_ne!(output.status.code(), Some(0), "{said}");
        assert_eq!(self.text(), before, "nothing is written");
        said
    }
}

fn id_of(desk: &Desk, at: usize) -> String {
    desk.value()["apis"][0]["deployments"][at]["deploymentId"].as_str().unwrap().to_owned()
}

#[test]
fn a_snapshot_changes_what_it_must_and_nothing_else() {
    let desk = Desk::new(DOCUMENT);
    let said = desk.deploy(&["--snapshot", "--stage", "prod"]);
    let id = id_of(&desk, 0);
    assert!(id.len() == 10 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
    assert!(said.contains(&format!("the live lists are the new deployment `{id}`\n")), "{said}");
    assert!(said.ends_with("nothing changes for clients\n"), "{said}");

    let text = desk.text();
    let without = text.replacen(&format!(r#", "deploymentId": "{id}""#), "", 1);
    let (begin, end) =
        (without.find(",\n    \"deployments\"").unwrap(), without.rfind("\n    ]\n  } ]").unwrap());
    assert_eq!([&without[..begin], &without[end + "\n    ]".len()..]].concat(), DOCUMENT);
    assert!(
        text.contains("        { \"routeKey\": \"GET /users\",  \"target\": \"integrations/users\" },"),
        "{text}"
    );
    let value = desk.value();
    for list in ["routes", "integrations"] {
        assert_eq!(value["apis"][0]["deployments"][0][list], value["apis"][0][list]);
    }
    // The same content is the same deployment, everywhere.
    let other = Desk::new(&desk.value().to_string());
    let said = other.deploy(&["--snapshot", "--stage", "dev"]);
    assert!(
        said.contains(&format!("the live lists are the deployment `{id}` already: it is used again")),
        "{said}"
    );
    assert_eq!(other.value()["apis"][0]["deployments"].as_array().unwrap().len(), 1);
    assert_eq!(other.value()["apis"][0]["stages"][1]["deploymentId"], json!(id));
    let before = desk.text();
    desk.deploy(&["--snapshot"]);
    assert_eq!(desk.text(), before);
}

#[test]
fn a_deployment_never_changes() {
    let desk = Desk::new(DOCUMENT);
    desk.deploy(&["--snapshot", "--id", "first"]);
    let said = desk.deploy(&["--snapshot", "--id", "first"]);
    assert!(said.contains("`first` already"), "{said}");
    let first = desk.value()["apis"][0]["deployments"][0].clone();
    std::fs::write(desk.file(), desk.text().replacen("GET /posts", "GET /news", 1)).unwrap();
    let said = desk.refused(&["--snapshot", "--id", "first"]);
    assert!(said.contains("deployments never change"), "{said}");
    desk.deploy(&["--snapshot", "--id", "second"]);
    assert_eq!(desk.value()["apis"][0]["deployments"][0], first);
    assert_eq!(id_of(&desk, 1), "second");
}

#[test]
fn a_canary_is_begun_grown_and_promoted_as_on_aws() {
    let desk = Desk::new(DOCUMENT);
    let said = desk.refused(&["--promote", "--stage", "prod"]);
    assert!(said.contains("error: Promotion not available. Canary does not exist.\n"), "{said}");
    desk.deploy(&["--snapshot", "--id", "d1", "--stage", "prod"]);
    std::fs::write(desk.file(), desk.text().replacen("GET /posts", "GET /news", 1)).unwrap();
    let said = desk.deploy(&["--snapshot", "--id", "d2", "--stage", "prod", "--canary", "12.5"]);
    assert!(said.contains("the canary of `prod` serves `d2` to 12.5 % of the requests\n"), "{said}");
    assert!(said.contains("+ route `GET /news`"), "{said}");
    let settings = json!({ "percentTraffic": 12.5, "deploymentId": "d2" });
    assert_eq!(desk.value()["apis"][0]["stages"][0]["canarySettings"], settings);

    // A stage with a canary takes no deployment; the canary does.
    let said = desk.refused(&["--snapshot", "--stage", "prod"]);
    assert!(said.contains("has a canary, and takes no deployment until that ends"), "{said}");
    desk.deploy(&["--to", "d2", "--stage", "prod", "--canary", "50"]);
    let text = desk.text();
    let with = text.replacen(
        "\"percentTraffic\": 50",
        "\"stageVariableOverrides\": { \"b\": \"2\", \"a\": \"3\" }, \"percentTraffic\": 50",
        1,
    );
    assert_ne!(text, with);
    std::fs::write(desk.file(), with).unwrap();
    let said = desk.deploy(&["--promote", "--stage", "prod"]);
    assert!(said.contains("the stage `prod` has its canary's variables: `a`, `b`\n"), "{said}");
    let stage = desk.value()["apis"][0]["stages"][0].clone();
    assert_eq!(stage["deploymentId"], json!("d2"));
    assert_eq!(stage["stageVariables"], json!({ "a": "3", "b": "2" }));
    // As on AWS the settings stay.
    assert_eq!(stage["canarySettings"]["percentTraffic"], json!(0));
    assert_eq!(stage["canarySettings"]["stageVariableOverrides"], json!({ "a": "3", "b": "2" }));

    let said = desk.deploy(&["--to", "d1", "--stage", "prod"]);
    assert!(said.contains("serves `d1` in the place of `d2`\nthe canary of `prod` ends\n"), "{said}");
    let stage = desk.value()["apis"][0]["stages"][0].clone();
    assert_eq!((stage["deploymentId"].as_str(), stage.get("canarySettings")), (Some("d1"), None));
}

#[test]
fn a_canary_beside_live_lists_is_warned_of() {
    let desk = Desk::new(DOCUMENT);
    let said = desk.deploy(&["--snapshot", "--stage", "dev", "--canary", "10"]);
    assert!(said.contains("warning: the stage `dev` serves the live lists, not a deployment"), "{said}");
}

#[test]
fn what_is_not_there_is_refused_and_nothing_is_written() {
    let desk = Desk::new(DOCUMENT);
    desk.deploy(&["--snapshot", "--id", "first"]);
    for (args, problem) in [
        (&["--to", "frist", "--stage", "prod"][..], "there is one with a similar name: `first`"),
        (&["--to", "first", "--stage", "prd"], "there is one with a similar name: `prod`"),
        (&["--to", "first"], "the API has several stages"),
        (&["--snapshot", "--api", "shp"], "there is one with a similar name: `shop`"),
        (&["--snapshot", "--canary", "10"], "a canary is a stage's"),
        (&["--snapshot", "--stage", "prod", "--canary", "101"], "from 0 to 100 percent"),
        (&["--snapshot", "--stage", "prod", "--canary", "NaN"], "from 0 to 100 percent"),
        (&["--promote", "--canary", "1"], "cannot be used with"),
        (&["--snapshot", "--promote"], "cannot be used with"),
        (&["--stage", "prod"], "required"),
        (&["--snapshot", "--id", ""], "value"),
    ] {
        let said = desk.refused(args);
        assert!(said.contains(problem), "{args:?}: {said}");
    }
    let none =
        Desk::new(r#"{"apis": [{"apiId": "a", "protocolType": "HTTP", "stages": [{"stageName": "s"}]}]}"#);
    let said = none.refused(&["--snapshot"]);
    assert!(said.contains("At least one route is required before deploying the Api."), "{said}");
}

#[test]
fn a_document_that_would_be_refused_is_never_written() {
    let bad = DOCUMENT.replacen("integrations/users", "integrations/missing", 1);
    assert!(Desk::new(&bad).refused(&["--snapshot"]).contains("no integration is named `missing`"));

    // What was good as it was, and is not with the other deployment: settings of a route that it has not.
    let desk = Desk::new(DOCUMENT);
    desk.deploy(&["--snapshot", "--id", "d1"]);
    let text = desk.text().replacen("GET /posts", "GET /news", 1);
    let settings = r#""stageName": "prod", "routeSettings": { "GET /news": { "throttlingRateLimit": 1, "throttlingBurstLimit": 1 } }"#;
    std::fs::write(desk.file(), text.replacen(r#""stageName": "prod""#, settings, 1)).unwrap();
    let said = desk.refused(&["--to", "d1", "--stage", "prod"]);
    assert!(said.contains("no route of the stage has the key `GET /news`"), "{said}");
}

#[test]
fn the_document_goes_from_stdin_to_stdout() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_sekisho"))
        .args(["deploy", "-", "--snapshot", "--stage", "prod"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(DOCUMENT.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let desk = Desk::new(DOCUMENT);
    desk.deploy(&["--snapshot", "--stage", "prod"]);
    assert_eq!(String::from_utf8(output.stdout).unwrap(), desk.text());
    assert_eq!(Desk::new(DOCUMENT).run(&["--snapshot"]).status.code(), Some(0));
}

#[cfg(unix)]
#[test]
fn a_link_stays_one_and_a_mode_too() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let desk = Desk::new(DOCUMENT);
    let real = desk.0.path().join("real.json");
    std::fs::rename(desk.file(), &real).unwrap();
    symlink("real.json", desk.file()).unwrap();
    std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o640)).unwrap();
    desk.deploy(&["--snapshot"]);
    assert!(std::fs::symlink_metadata(desk.file()).unwrap().is_symlink());
    assert_eq!(std::fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
    assert_eq!(std::fs::read_dir(desk.0.path()).unwrap().count(), 2, "nothing else is left");
}

#[test]
fn a_release_of_what_is_served_changes_nothing_for_clients() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut texts: Vec<String> = ["users-posts", "lambda-crud"]
        .iter()
        .map(|story| std::fs::read_to_string(root.join("examples").join(story).join("gateway.json")).unwrap())
        .collect();
    for entry in std::fs::read_dir(root.join("tests/cases")).unwrap() {
        let file = File::parse(&std::fs::read_to_string(entry.unwrap().path()).unwrap()).unwrap();
        texts.push(file.config.to_string());
        texts.push(serde_json::to_string_pretty(&file.config).unwrap());
    }
    let mut released = 0;
    for text in texts {
        // Some need secrets of their environment.
        let Ok(before) = Document::of_text("before", text.as_bytes()) else { continue };
        for api in &before.config().apis {
            for stage in &api.stages {
                let order = Order {
                    api: Some(api.api_id.clone()),
                    stage: Some(stage.stage_name.clone()),
                    what: What::Snapshot(None),
                    canary: None,
                };
                if api.routes.is_empty() || stage.canary_settings.is_some() || stage.deployment_id.is_some() {
                    continue;
                }
                let after = release(&text, before.config(), &order).unwrap().text;
                let after = Document::of_text("after", after.as_bytes()).unwrap();
                assert_eq!(documents(&before, &after), [], "{text}");
                released += 1;
            }
        }
    }
    assert!(released >= 150, "{released}");
}
