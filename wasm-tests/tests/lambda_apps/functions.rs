//! `sekisho lambda` with both apps, each as its author would deploy it.

use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use tempfile::TempDir;
use wasm_tests::{Python, lambda_app};

const PACKAGES: [&str; 2] = ["mangum==0.22.0", "starlette==1.10.0"];
/// The stage whose name apps have to know.
pub const STAGE: &str = "dev";

/// A running `sekisho lambda`. Dropped, it is stopped; if the test failed, what it said is printed.
pub struct Functions {
    process: Child,
    pub address: SocketAddr,
    said: Arc<Mutex<Vec<u8>>>,
    _folder: TempDir,
}

impl Functions {
    /// Starts them; `None`, and the test is counted as skipped, if PyPI cannot be reached.
    pub fn start(test: &str) -> Option<Self> {
        let python = Python::with(test, "lambda_apps", &PACKAGES)?;
        let folder = tempfile::tempdir().unwrap();
        deployment_package(&python, &folder.path().join("app"));
        let file = folder.path().join("functions.json");
        fs::write(&file, functions().to_string()).unwrap();
        let mut process = Command::new(env!("CARGO_BIN_EXE_sekisho-as-built"))
            .args(["lambda", "--port", "0"])
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let said = Arc::new(Mutex::new(Vec::new()));
        let (mut errors, kept) = (process.stderr.take().unwrap(), Arc::clone(&said));
        std::thread::spawn(move || {
            let mut piece = [0; 4096];
            while let Ok(count @ 1..) = errors.read(&mut piece) {
                kept.lock().unwrap().extend_from_slice(&piece[..count]);
            }
        });
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let address = lines.by_ref().find_map(|line| {
            line.unwrap().strip_prefix("endpoint ")?.trim().strip_prefix("http://")?.parse().ok()
        });
        // A pipe that nobody reads would stop it.
        std::thread::spawn(move || lines.for_each(drop));
        let mut functions = Self { process, address: ([127, 0, 0, 1], 0).into(), said, _folder: folder };
        functions.address = address.expect("it says where it listens");
        Some(functions)
    }
}

impl Drop for Functions {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        if std::thread::panicking() {
            let said = self.said.lock().unwrap();
            let said = String::from_utf8_lossy(&said);
            let lines: Vec<_> = said.lines().collect();
            eprintln!(
                "--- the functions said at last\n{}\n---",
                lines[lines.len().saturating_sub(40)..].join("\n")
            );
        }
    }
}

/// The app and all that it imports in one folder.
fn deployment_package(python: &Python, folder: &Path) {
    fs::create_dir(folder).unwrap();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lambda_apps/app.py");
    fs::copy(source, folder.join("app.py")).unwrap();
    let ask = "import sysconfig; print(sysconfig.get_path('purelib'))";
    let told = python.command("python3").args(["-c", ask]).output().unwrap();
    let packages = String::from_utf8(told.stdout).unwrap();
    for entry in fs::read_dir(packages.trim()).unwrap() {
        let entry = entry.unwrap();
        symlink(entry.path(), folder.join(entry.file_name())).unwrap();
    }
}

/// Each app twice: as it is, and told the name of a stage, as its client wants to be told.
fn functions() -> Value {
    let function = |name: &str, more: Value, variables: Value| {
        let mut function = json!({
            "FunctionName": name, "Timeout": 30, "MemorySize": 512, "Environment": { "Variables": variables },
        });
        function.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        function
    };
    let python = json!({ "Runtime": "python3.12", "Handler": "app.handler", "CodeUri": "app" });
    let rust = json!({ "Runtime": "provided.al2023", "CodeUri": lambda_app() });
    json!({ "Functions": [
        function("mangum", python.clone(), json!({})),
        function("mangum-told", python, json!({ "BASE_PATH": format!("/{STAGE}") })),
        function("lambda-http", rust.clone(), json!({})),
        function("lambda-http-told", rust, json!({ "AWS_LAMBDA_HTTP_IGNORE_STAGE_IN_PATH": "true" })),
    ] })
}
