//! A gateway that changes while it serves: `sekisho render --dynamic` and `sekisho apply`, as they are typed.

use crate::gateway::{Gateway, Options, temporary_folder};
use crate::toolchain;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// A running Envoy that watches a folder, and the command that changes it.
#[derive(Debug)]
pub struct Dynamic {
    gateway: Gateway,
    folder: TempDir,
    command: PathBuf,
}

/// What the command said.
#[derive(Debug)]
pub struct Said {
    /// Its exit code.
    pub code: Option<i32>,
    /// Both outputs.
    pub text: String,
}

impl Dynamic {
    /// Renders a document with a command, `env!("CARGO_BIN_EXE_sekisho-as-built")`, and starts Envoy with it.
    ///
    /// # Panics
    /// If the document is refused, or Envoy does not listen.
    pub async fn start(command: &str, document: &Value, options: &Options) -> Self {
        let program = PathBuf::from(command);
        let folder = temporary_folder();
        let (file, files) = (folder.path().join("gateway.json"), folder.path().join("dynamic"));
        fs::write(&file, document.to_string()).expect("the temporary folder can be written to");
        let any = "127.0.0.1:0";
        let mut command = Command::new(&program);
        command.arg("render").arg(&file).arg("--dynamic").arg(&files);
        command
            .args(["--listen", any, "--tls-listen", any, "--admin", any, "--wasm"])
            .arg(toolchain::module());
        let said = Said::from(run(command).await);
        assert_eq!(said.code, Some(0), "{}", said.text);
        let gateway = Gateway::run(&files.join("bootstrap.yaml"), temporary_folder(), options)
            .await
            .unwrap_or_else(|problem| panic!("{problem}"));
        Self { gateway, folder, command: program }
    }

    /// The running Envoy.
    #[must_use]
    pub fn gateway(&self) -> &Gateway {
        &self.gateway
    }

    /// The folder that Envoy watches.
    #[must_use]
    pub fn files(&self) -> PathBuf {
        self.folder.path().join("dynamic")
    }

    /// Applies a document; an Envoy is asked first.
    pub async fn apply(&self, document: &Value) -> Said {
        let mut command = self.command(document);
        command.env("ENVOY_BIN", toolchain::envoy(None));
        Said::from(run(command).await)
    }

    /// Applies a document with another module, and nobody but the running Envoy to ask.
    pub async fn apply_unasked(&self, document: &Value, module: &Path) -> Said {
        let mut command = self.command(document);
        command.arg("--wasm").arg(module).env_remove("ENVOY_BIN").env("PATH", "");
        Said::from(run(command).await)
    }

    fn command(&self, document: &Value) -> Command {
        let file = self.folder.path().join("gateway.json");
        fs::write(&file, document.to_string()).expect("the temporary folder can be written to");
        let mut command = Command::new(&self.command);
        command.arg("apply").arg(file).arg("--dynamic").arg(self.files());
        command.args(["--admin", &self.gateway.admin_address().to_string()]);
        // Of requests that go on, the shortest ones are waited for.
        command.args(["--drain", "1"]);
        command
    }
}

/// The module of the probe, for a gateway whose filter is another one.
#[must_use]
pub fn probe_module() -> &'static Path {
    toolchain::probe()
}

/// The product's module.
#[must_use]
pub fn product_module() -> &'static Path {
    toolchain::module()
}

async fn run(mut command: Command) -> Output {
    let running = tokio::task::spawn_blocking(move || command.stdin(Stdio::null()).output());
    running.await.expect("it does not panic").expect("the command can be run")
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        let text = [output.stdout, output.stderr].concat();
        Self { code: output.status.code(), text: String::from_utf8_lossy(&text).into_owned() }
    }
}
