//! `sekisho deploy`: snapshots of an API, and which of them a stage and its canary serve.
//!
//! Everything happens in the document: what a release was, its history says.

use crate::diff::{self, Document};
use crate::ui::YELLOW;
use crate::{Error, Ui, validate};
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

mod release;
mod snapshot;
mod text;

pub use release::{Order, Released, What, release};

/// Make a deployment of an API, promote a canary, or go back to a deployment, in the document.
///
/// A deployment is a snapshot of the API's live `routes`, `integrations` and `authorizers`. It never changes; a stage, or its
/// canary, serves the one that it names. The document is printed, changed where it must be and nowhere else, and what
/// changes for clients on stderr; `sekisho apply` brings it into a running Envoy.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
#[command(group = clap::ArgGroup::new("what").required(true).args(["snapshot", "promote", "to"]))]
pub struct Args {
    /// The document; `-` is stdin.
    file: String,
    /// Make a deployment of the live lists; one of the same content is used again. With `--stage`, serve it there.
    #[arg(long)]
    snapshot: bool,
    /// Give the stage its canary's deployment and variables, and the canary 0 % of the requests.
    #[arg(long, conflicts_with = "canary")]
    promote: bool,
    /// Let the stage serve this deployment, which is there already: a rollback. A canary of the stage ends.
    #[arg(long, value_name = "ID")]
    to: Option<String>,
    /// The API; may be absent where there is one.
    #[arg(long, value_name = "ID")]
    api: Option<String>,
    /// The stage; may be absent where there is one, but with `--snapshot`, which changes none then.
    #[arg(long, value_name = "NAME")]
    stage: Option<String>,
    /// Let the stage's canary serve it, to this share of the requests, and the stage what it serves.
    #[arg(long, value_name = "PERCENT")]
    canary: Option<f64>,
    /// Name the new deployment; when absent its content does.
    #[arg(long, value_name = "ID", requires = "snapshot", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    id: Option<String>,
    /// Write the document back, all or nothing, in the place of printing it.
    #[arg(long, short = 'w')]
    in_place: bool,
}

const EXAMPLES: &str = "\
Examples:
  sekisho deploy gateway.json --snapshot --stage prod -w               # release what the live lists are
  sekisho deploy gateway.json --snapshot --stage prod --canary 10 -w   # to a tenth of the requests
  sekisho deploy gateway.json --to 8b20c41f7a --stage prod --canary 50 -w
  sekisho deploy gateway.json --promote --stage prod -w                # the canary was good
  sekisho deploy gateway.json --to 3f1c0a92de --stage prod -w          # it was not: everybody gets this one

Exit status: 0 if it is done, 1 if not, and then nothing is written.";

/// Changes the document.
///
/// # Errors
/// If the document is refused as it is or as it would be, has not what is named, or cannot be written.
pub fn run(args: &Args, ui: &Ui) -> Result<ExitCode, Error> {
    if args.in_place && args.file == "-" {
        return Err(Error::usage("stdin has no place to write to").help("leave `--in-place` out"));
    }
    let bytes = validate::read(&args.file)?;
    let before = Document::of_text(&args.file, &bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let released = release(&text, before.config(), &order(args))?;
    let after = Document::of_text(&args.file, released.text.as_bytes())?;
    for line in &released.done {
        ui.note(&crate::ui::printable(line));
    }
    for line in &released.warnings {
        ui.note(&format!("{YELLOW}warning{YELLOW:#}: {}", crate::ui::printable(line)));
    }
    ui.note(diff::text(&diff::documents(&before, &after)).trim_end());
    if !args.in_place {
        ui.print(&released.text)?;
    } else if released.text != text {
        write(Path::new(&args.file), &released.text)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn order(args: &Args) -> Order {
    let what = match (&args.to, args.promote) {
        (Some(id), _) => What::To(id.clone()),
        (None, true) => What::Promote,
        (None, false) => What::Snapshot(args.id.clone()),
    };
    Order { api: args.api.clone(), stage: args.stage.clone(), what, canary: args.canary }
}

/// Puts a new file in the place of an old one: whoever reads it sees the one or the other.
fn write(file: &Path, text: &str) -> Result<(), Error> {
    let failed =
        |error: std::io::Error| Error::failed(format!("cannot write `{}`", file.display())).because(error);
    // A link stays one.
    let file = file.canonicalize().map_err(failed)?;
    let folder = file.parent().unwrap_or(Path::new("."));
    let mut new = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    new.write_all(text.as_bytes()).map_err(failed)?;
    let permissions = std::fs::metadata(&file).map_err(failed)?.permissions();
    new.as_file().set_permissions(permissions).map_err(failed)?;
    new.as_file().sync_all().map_err(failed)?;
    new.persist(&file).map_err(|error| failed(error.error))?;
    Ok(())
}
