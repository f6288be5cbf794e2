//! Who changed a gateway, and when: the audit file of `sekisho render --dynamic` and `sekisho apply`; and what becomes of
//! two commands at once, and of one that is killed.
// Helpers of tests are tests.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice
)]

mod render_support;

use render_support::backend::Backend;
use render_support::envoy::{self, Envoy};
use render_support::stub_wasm;
use sekisho_cli::audit::Who;
use sekisho_cli::render::dynamic::Layout;
use sekisho_cli::render::lock::Held;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

const KEY: &str = "a-plain-key-of-a-partner-0123456789";

/// A folder that a command rendered, and an Envoy that watches it.
struct World {
    envoy: Envoy,
    layout: Layout,
    file: PathBuf,
    backend: Backend,
    _folder: tempfile::TempDir,
}

impl World {
    fn start() -> Self {
        let binary = envoy::binary();
        let backend = Backend::start("users");
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::new(&folder.path().join("dynamic")).unwrap();
        let file = folder.path().join("gateway.json");
        std::fs::write(&file, document(&backend, "first").to_string()).unwrap();
        let any = "127.0.0.1:0";
        let mut render =
            command(&["render", "--listen", any, "--admin", any, "--by", "the first deployment"]);
        render.arg(&file).arg("--dynamic").arg(layout.folder()).arg("--wasm").arg(stub_wasm());
        let output = render.output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
        let envoy = Envoy::start(&binary, &layout.bootstrap());
        Self { envoy, layout, file, backend, _folder: folder }
    }

    /// A document in the file, by its name.
    fn write(&self, name: &str) {
        std::fs::write(&self.file, document(&self.backend, name).to_string()).unwrap();
    }

    fn apply(&self) -> Command {
        let mut apply = command(&["apply", "--drain", "1", "--admin", &self.envoy.admin.to_string()]);
        apply.arg(&self.file).arg("--dynamic").arg(self.layout.folder());
        apply
    }

    fn ecds(&self) -> String {
        std::fs::read_to_string(self.layout.ecds().path()).unwrap()
    }

    fn lines(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(self.layout.audit()).unwrap();
        assert!(!text.contains(KEY), "a secret is told: {text}");
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The last lines, and no others since `from`.
    fn outcomes(&self, from: usize) -> Vec<String> {
        self.lines()[from..].iter().map(|line| line["outcome"].as_str().unwrap().to_owned()).collect()
    }
}

/// The running Envoy alone decides: no other is found to ask.
fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sekisho"));
    command.args(args).env_remove("ENVOY_BIN").env("PATH", "").env("SUDO_USER", "ann").stdin(Stdio::null());
    command
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout)
}

fn document(backend: &Backend, name: &str) -> Value {
    json!({
        "apis": [{
            "apiId": "shop", "name": name, "protocolType": "HTTP", "stages": [{ "stageName": "$default" }],
            "routes": [{ "routeKey": "GET /", "target": "integrations/i" }],
            "integrations": [{
                "integrationId": "i", "integrationType": "HTTP_PROXY", "integrationMethod": "ANY",
                "payloadFormatVersion": "1.0", "integrationUri": format!("http://{}/", backend.address),
            }],
        }],
        "apiKeys": [{ "id": "k", "name": "partner", "value": KEY, "enabled": true }],
    })
}

#[test]
fn every_change_and_every_attempt_has_a_line() {
    let world = World::start();
    let lines = world.lines();
    assert_eq!(world.outcomes(0), ["started", "written"]);
    let first = lines[1]["after"].as_str().unwrap().to_owned();
    assert_eq!((&lines[1]["verb"], &lines[1]["before"]), (&"render".into(), &Value::Null));
    assert_eq!(lines[1]["who"]["by"], "the first deployment");
    assert_eq!(lines[1]["who"]["sudoUser"], "ann");
    assert!(first.starts_with("sha256:") && first.len() == 71, "{first}");

    world.write("second");
    let output = world.apply().args(["--by", "run 2"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_eq!(world.outcomes(2), ["started", "applied"]);
    let applied = &world.lines()[3];
    let second = applied["after"].as_str().unwrap().to_owned();
    assert_eq!(applied["before"], first, "by Envoy's word what was written by render's");
    assert_eq!((&applied["digest"], &applied["who"]["by"]), (&json!(second), &"run 2".into()));
    assert_eq!(applied["file"], json!(world.file));
    assert_eq!(applied["folder"], json!(world.layout.folder()));
    assert_ne!(first, second);

    // The same again.
    assert_eq!(world.apply().output().unwrap().status.code(), Some(0));
    assert_eq!(world.outcomes(4), ["unchanged"]);
    assert_eq!((&world.lines()[4]["before"], &world.lines()[4]["after"]), (&json!(second), &json!(second)));

    // Refused by the command.
    let good = std::fs::read_to_string(&world.file).unwrap();
    std::fs::write(&world.file, good.replace("integrations/i", "integrations/none\\u001b")).unwrap();
    assert_eq!(world.apply().output().unwrap().status.code(), Some(1));
    assert_eq!(world.outcomes(5), ["refused"]);
    let refused = &world.lines()[5];
    assert!(refused["reason"].as_str().unwrap().contains("apis[0].routes[0].target"), "{refused}");
    assert_eq!((&refused["before"], &refused["after"]), (&json!(second), &json!(second)));
    assert_eq!(refused["digest"], Value::Null, "there is no form of it that the filter reads");

    // Refused by Envoy.
    world.write("stub-refuses-this");
    let output = world.apply().output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert_eq!(world.outcomes(6), ["started", "taken back"]);
    let back = &world.lines()[7];
    assert!(back["reason"].as_str().unwrap().contains("Envoy refused"), "{back}");
    assert_eq!((&back["before"], &back["after"]), (&json!(second), &json!(second)));
    assert_ne!(back["digest"], json!(second));

    // `render` again, over a folder that an Envoy watches.
    let any = "127.0.0.1:0";
    let mut render = command(&["render", "--listen", any, "--admin", any, "--audit", "-"]);
    render.arg(&world.file).arg("--dynamic").arg(world.layout.folder()).arg("--wasm").arg(stub_wasm());
    let output = render.output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    let printed: Vec<Value> =
        String::from_utf8_lossy(&output.stdout).lines().map(|it| serde_json::from_str(it).unwrap()).collect();
    assert_eq!((&printed[1]["outcome"], &printed[1]["before"]), (&"written".into(), &json!(second)));
    assert_eq!(world.lines().len(), 8, "told elsewhere");
}

#[test]
fn what_cannot_be_told_is_not_done() {
    let world = World::start();
    let (before, lines) = (world.ecds(), world.lines().len());
    world.write("second");
    let folder = world.layout.folder().to_str().unwrap().to_owned();
    for full in ["/dev/full", &folder] {
        let output = world.apply().args(["--audit", full]).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{}", said(&output));
        assert!(
            said(&output).contains(&format!("the audit file {full} cannot be written"))
                && said(&output).contains("nothing is changed without a line"),
            "{}",
            said(&output)
        );
        assert_eq!(world.ecds(), before);
    }
    let closed = world
        .apply()
        .args(["--audit", "-"])
        .stdout(std::fs::File::options().write(true).open("/dev/full").unwrap())
        .output()
        .unwrap();
    assert_eq!(closed.status.code(), Some(1), "{}", said(&closed));
    assert_eq!((world.ecds(), world.lines().len()), (before, lines));
    // And `render` makes no folder.
    let elsewhere = world.layout.folder().with_file_name("elsewhere");
    let mut render = command(&["render", "--audit", "/dev/full", "--wasm"]);
    let output = render.arg(stub_wasm()).arg(&world.file).arg("--dynamic").arg(&elsewhere).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(!elsewhere.join("bootstrap.yaml").exists() && !elsewhere.join("ecds").exists());
}

#[test]
fn the_second_of_two_says_who_the_first_is() {
    let world = World::start();
    world.write("second");
    let before = world.ecds();
    let first = Who { user: Some("zoe".to_owned()), ..Who::here(Some("run 9".to_owned())) };
    let held = Held::take(&world.layout, &first).unwrap();
    let output = world.apply().output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let who = format!("at work in this folder: zoe (uid {}) on", first.uid);
    assert!(said(&output).contains(&who), "{}", said(&output));
    assert!(said(&output).contains(&format!("for run 9, process {}, since 2", std::process::id())));
    assert_eq!((world.outcomes(2), world.ecds()), (vec!["refused".to_owned()], before));
    drop(held);
    assert_eq!(world.apply().output().unwrap().status.code(), Some(0));
}

#[test]
fn an_apply_that_is_killed_leaves_what_the_next_one_starts_from() {
    let world = World::start();
    for (kind, file) in [("clusters", world.layout.cds().path()), ("filter", world.layout.ecds().path())] {
        let seen = world.lines().len();
        // It is killed between two steps; one that was faster has another document to bring.
        let killed = (0..20).find(|n| {
            let other = Backend::start("other");
            std::fs::write(&world.file, document(&other, &format!("{kind}-{n}")).to_string()).unwrap();
            let old = std::fs::read_to_string(&file).unwrap();
            let mut child = world.apply().stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            while std::fs::read_to_string(&file).unwrap() == old && child.try_wait().unwrap().is_none() {
                std::hint::spin_loop();
            }
            let _ = child.kill();
            !child.wait().unwrap().success()
        });
        println!("{kind}: killed at the attempt {killed:?}");
        assert!(killed.is_some());
        let lines = world.lines();
        let cut = lines.last().unwrap();
        assert!(lines.len() > seen && cut["outcome"] == "started", "{cut}");
        assert_eq!(lines.iter().filter(|line| line["id"] == cut["id"]).count(), 1);
        // The old clusters stay as long as a filter may name them: every request is answered by one of the two.
        world.write(&format!("after {kind}"));
        let output = world.apply().output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        let name = format!("http://{}", world.backend.address);
        assert_eq!(world.envoy.get("/", &[("x-stub-cluster", &name)]).status, 200);
        let dump = world.envoy.admin_json("/config_dump?resource=dynamic_active_clusters");
        assert_eq!(dump["configs"].as_array().unwrap().len(), 1, "what was left half-way is gone");
        let applied = world.lines().last().unwrap().clone();
        assert_eq!((&applied["outcome"], &applied["after"]), (&"applied".into(), &applied["digest"]));
    }
}
