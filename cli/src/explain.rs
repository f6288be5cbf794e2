//! `sekisho explain`: what becomes of one request, decided by the gateway's core without Envoy.
//!
//! The core tells of each check ([`sekisho::gateway::notes`]), and asks questions of services as it does in Envoy: they are
//! answered by hand or over the network, or the explanation ends with the question.

use crate::{Error, Ui, validate};
use answers::{Answers, By, is_grpc};
use report::{Decision, Found, Question, Report, Request, Step};
use secrets::Secrets;
use sekisho::gateway::authorizers::software::Software;
use sekisho::gateway::connection::Connection;
use sekisho::gateway::domains;
use sekisho::gateway::flow::Flow;
use sekisho::gateway::head::Head;
use sekisho::gateway::notes::{Note, Notes};
use sekisho::gateway::shared::Memory;
use sekisho::gateway::{Env, Exchange, Millis, Nanos};
use std::cell::RefCell;
use std::process::ExitCode;
use std::rc::Rc;
use world::Environment;
pub(crate) use world::now;

mod answers;
mod report;
mod secrets;
mod text;
mod world;

/// Shows what becomes of one request, and why, without Envoy.
///
/// Each check of authorization is shown with what was found and what was wanted, also behind the first that fails. Where the
/// gateway would ask a service (a function, an issuer's keys), the question is shown and the explanation ends, unless it is
/// carried out (`--ask`) or answered by hand (`--answer`).
///
/// Limits and quotas are shown as the first request finds them: every bucket is full and every quota unused, because what
/// other requests have taken is not known here.
///
/// What the document names by environment variable is read from this command's own environment. Signatures of tokens and
/// secrets of the request are not printed. Request ids are the same each time, so that two explanations can be compared.
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
    /// When the request arrives, if not now: `2026-01-31T12:00:00Z`, or seconds since 1970.
    #[arg(long, value_name = "TIME", value_parser = world::time)]
    at: Option<Millis>,
    /// Carry out the gateway's questions over the network. What Envoy would sign with AWS credentials is not asked, because
    /// this command has none; nor is a service that counts quotas of a fleet, because it would count.
    #[arg(long)]
    ask: bool,
    /// Answer the gateway's next question: `'STATUS BODY'`, `'STATUS @FILE'`, or a file that holds the body of a 200; `OK` or
    /// `OVER_LIMIT` is what a rate-limit service says. May be given more than once, in the order of the questions; `--ask`
    /// carries out those that are left.
    #[arg(long = "answer", value_name = "ANSWER")]
    answers: Vec<String>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  sekisho explain gateway.json 'GET /users/7'
  sekisho explain gateway.json /users/7 --host api.example.com -H 'x-api-key: …'
  sekisho explain gateway.json 'POST /users' -H 'content-type: application/json' --body '{\"name\": \"a\"}' --json
  sekisho explain gateway.json /orders -H \"authorization: Bearer $TOKEN\" --ask
  sekisho explain gateway.json /orders -H \"authorization: Bearer $TOKEN\" --at 2026-01-31T12:00:00Z --answer jwks.json
  sekisho explain gateway.json /orders -H 'authorization: abc' --answer '200 {\"isAuthorized\": true}'
  sekisho explain gateway.json /orders -H 'authorization: abc' --answer '503'
  sekisho explain gateway.json /orders -H 'x-api-key: …' --answer OVER_LIMIT

Exit status: 0 whatever becomes of the request, 1 if the document is refused.";

/// A core that asks again and again is a bug; a person should see that, not wait.
const MOST_STEPS: usize = 12;

/// Prints what becomes of the request.
///
/// # Errors
/// If the document is refused, or the request or an answer is not one.
pub fn run(args: &Args, ui: &Ui) -> Result<ExitCode, Error> {
    let request = request(args)?;
    let by_hand = args.answers.iter().map(|answer| answers::parse(answer)).collect::<Result<_, _>>()?;
    let config = validate::load(&args.file)?;
    let environment = Environment::default();
    let compiled = validate::compile_in(&args.file, &config, &environment)?;
    ui.diagnostics(&compiled.warnings);
    ui.diagnostics(&environment.missing());
    let secrets = Secrets::of(&request.head, &config);
    let mut answers = Answers::new(by_hand, args.ask, compiled.clusters);
    let exchange = Exchange::new(Rc::new(compiled.gateway));
    let report = follow(exchange, request, args, &mut answers);
    let shown = if args.json { report.json() } else { report.text() };
    ui.print(&secrets.hidden(&shown))?;
    if report.asks_limits() {
        ui.note(
            "every bucket is full here, and every quota unused: what other requests have taken is not known",
        );
    }
    if report.wants_certificate() {
        ui.note("the client is taken to have proved itself to its domain: certificates are Envoy's to judge");
    }
    match &report.decision {
        Decision::Call { headers, .. } if is_grpc(headers) => {
            ui.note("the explanation ends with a question that would count a request: `--answer OK` or `--answer OVER_LIMIT` answers it");
        }
        Decision::Call { .. } if !args.ask => {
            ui.note(
                "the explanation ends with a question: `--ask` carries it out, `--answer` answers it by hand",
            );
        }
        Decision::Call { .. }
        | Decision::Forward { .. }
        | Decision::Answer { .. }
        | Decision::Body { .. } => {}
    }
    if let left @ 1.. = answers.left() {
        ui.note(&format!("{left} of the answers given by hand were not asked for"));
    }
    Ok(ExitCode::SUCCESS)
}

/// What the core tells while it decides.
#[derive(Debug, Default)]
struct Trail(RefCell<Vec<Note>>);

impl Notes for Trail {
    fn take(&self, note: Note) {
        self.0.borrow_mut().push(note);
    }
}

/// A client that has proved itself to the domain that it asks for: Envoy judges certificates, and Envoy is not here.
#[derive(Debug)]
struct Proved(String);

impl Proved {
    fn to(request: &Request) -> Self {
        let authority = request.head.iter().find(|(name, _)| name == ":authority");
        let host = authority.map(|(_, value)| domains::host(value.as_bytes()));
        Self(host.and_then(Result::ok).unwrap_or_default())
    }
}

impl Connection for Proved {
    fn server_name(&self) -> Vec<u8> {
        self.0.clone().into_bytes()
    }

    fn has_client_cert(&self) -> bool {
        true
    }
}

/// Lets the request pass through the core as far as it goes.
fn follow(mut exchange: Exchange, request: Request, args: &Args, answers: &mut Answers) -> Report {
    let body = args.body.as_deref().unwrap_or_default().as_bytes();
    let (worker, shared, trail) = (RefCell::default(), Memory::default(), Trail::default());
    let proved = Proved::to(&request);
    let env = Env {
        wall: args.at.unwrap_or_else(world::now),
        // Every bucket is full: what other requests took is not known here.
        monotonic: Nanos(0),
        dice: [0; 32],
        source_address: args.source_address.as_bytes(),
        client_cert_digest: b"",
        connection: &proved,
        worker: &worker,
        shared: &shared,
        signatures: &Software,
        watcher: Some(&trail),
    };
    let head = Head::from_pairs(&request.head, body.is_empty());
    let mut on = "request headers";
    let mut flow = exchange.on_request_headers(Ok(head), &env);
    let mut steps: Vec<Step> = Vec::new();
    loop {
        let mut notes = trail.0.take();
        if let Flow::Call(callout) = &flow {
            notes.extend(answers.signature(callout));
        }
        let mut step = Step::new(on, &flow, notes);
        let next = match &flow {
            Flow::Body(_) if steps.len() < MOST_STEPS => {
                Some(("request body", exchange.on_request_body(body, true, &env)))
            }
            Flow::Call(callout) if steps.len() < MOST_STEPS => answers.to(callout).map(|answer| {
                step.question = Some(Question::new(callout, &answer));
                let on = match answer.by {
                    By::Hand => "the answer by hand",
                    By::Network => "the answer",
                };
                (on, exchange.on_callout(&answer.reply, &env))
            }),
            Flow::Body(_) | Flow::Call(_) | Flow::Forward(_) | Flow::Answer(_) => None,
        };
        steps.push(step);
        match next {
            Some(next) => (on, flow) = next,
            None => break,
        }
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
