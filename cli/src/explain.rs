//! `sekisho explain`: what becomes of one request, decided by the gateway's core without Envoy.
//!
//! Services are not asked: where the gateway would call one, the explanation ends with the question.

use crate::{Error, Ui, validate};
use report::{Decision, Found, Report, Request, Step};
use sekisho::gateway::authorizers::software::Software;
use sekisho::gateway::flow::Flow;
use sekisho::gateway::head::Head;
use sekisho::gateway::shared::Memory;
use sekisho::gateway::{Env, Exchange, Millis};
use std::cell::RefCell;
use std::process::ExitCode;
use std::rc::Rc;
use std::time::{SystemTime, UNIX_EPOCH};

mod report;

/// Shows what becomes of one request, without Envoy.
///
/// Services are not asked: where the gateway would call one (a Lambda function, a JWKS endpoint), the question is shown
/// and the explanation ends.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The document; `-` is stdin.
    file: String,
    /// Method and path: `GET /users/7`; the method may be left out.
    request: String,
    /// A header of the request; may be given more than once.
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE")]
    headers: Vec<String>,
    /// The host that the client asks for.
    #[arg(long, default_value = "localhost")]
    host: String,
    /// The body.
    #[arg(long, value_name = "TEXT")]
    body: Option<String>,
    /// The client's address.
    #[arg(long, value_name = "IP:PORT", default_value = "192.0.2.1:4711")]
    source_address: String,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  sekisho explain gateway.json 'GET /users/7'
  sekisho explain gateway.json /users/7 --host api.example.com -H 'x-api-key: …'
  sekisho explain gateway.json 'POST /users' -H 'content-type: application/json' --body '{\"name\": \"a\"}' --json

Exit status: 0 whatever becomes of the request, 1 if the document is refused.";

/// A core that asks for the body again and again is a bug; a person should see that, not wait.
const MOST_STEPS: usize = 8;

/// Prints what becomes of the request.
///
/// # Errors
/// If the document is refused, or the request is not one.
pub fn run(args: &Args, ui: &Ui) -> Result<ExitCode, Error> {
    let request = request(args)?;
    let config = validate::load(&args.file)?;
    let compiled = validate::compile(&args.file, &config)?;
    ui.diagnostics(&compiled.warnings);
    let body = args.body.as_deref().unwrap_or_default().as_bytes();
    let exchange = Exchange::new(Rc::new(compiled.gateway));
    let report = follow(exchange, request, body, args.source_address.as_bytes());
    let text = if args.json { report.json() } else { report.text() };
    ui.print(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// Lets the request pass through the core as far as it goes by itself.
fn follow(mut exchange: Exchange, request: Request, body: &[u8], source_address: &[u8]) -> Report {
    let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let wall = Millis(u64::try_from(wall.as_millis()).unwrap_or(u64::MAX));
    let (worker, shared) = (RefCell::default(), Memory::default());
    let env = Env {
        wall,
        dice: [0; 32],
        source_address,
        client_cert_digest: b"",
        worker: &worker,
        shared: &shared,
        signatures: &Software,
    };
    let head = Head::from_pairs(&request.head, body.is_empty());
    let mut flow = exchange.on_request_headers(Ok(head), &env);
    let mut steps = vec![Step::new("request headers", &flow)];
    while let (Flow::Body(_), true) = (&flow, steps.len() < MOST_STEPS) {
        flow = exchange.on_request_body(body, true, &env);
        steps.push(Step::new("request body", &flow));
    }
    let found = exchange.request().map(Found::new).unwrap_or_default();
    let decision = Decision::new(flow, &request);
    Report { request, found, steps, decision }
}

/// The request as Envoy would hand it over: pseudo-headers first, names in lower case.
fn request(args: &Args) -> Result<Request, Error> {
    let (method, path) = match args.request.trim().split_once(' ') {
        Some((method, path)) => (method, path.trim_start()),
        None => ("GET", args.request.trim()),
    };
    if !path.starts_with('/') || path.contains(char::is_whitespace) {
        return Err(Error::usage(format!("`{}` is not a method and a path", args.request))
            .help("write it as `'GET /users/7'`; the path begins with `/` and spaces in it are `%20`"));
    }
    let mut head: Vec<(String, String)> =
        [(":method", method), (":scheme", "http"), (":authority", &args.host), (":path", path)]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into();
    for header in &args.headers {
        let (name, value) =
            header.split_once(':').filter(|(name, _)| !name.trim().is_empty()).ok_or_else(|| {
                Error::usage(format!("`{header}` is not a header")).help("write it as `'name: value'`")
            })?;
        let (name, value) = (name.trim().to_ascii_lowercase(), value.trim().to_owned());
        match head.iter_mut().find(|(pseudo, _)| pseudo == ":authority") {
            Some(authority) if name == "host" => authority.1 = value,
            _ => head.push((name, value)),
        }
    }
    if let (Some(body), false) = (&args.body, head.iter().any(|(name, _)| name == "content-length")) {
        head.push(("content-length".to_owned(), body.len().to_string()));
    }
    Ok(Request { head })
}

#[cfg(test)]
mod tests;
