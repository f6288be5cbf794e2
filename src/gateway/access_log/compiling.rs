//! `accessLogSettings` → an access log.

use super::destination::Destination;
use super::format::Format;
use super::{AccessLog, MOST_OF_FORMAT};
use crate::gateway::compile::{Clusters, Scope};
use crate::gateway::config::AccessLogSettings;
use crate::gateway::integrations::backend_uri::BackendUri;
use std::rc::Rc;

const SAMPLE: &str = "AWS's sample is `{\"requestId\":\"$context.requestId\",\"ip\":\"$context.identity.sourceIp\",\"status\":\"$context.status\"}`";
const DESTINATIONS: &str = "write `stdout`, `file:/PATH`, `otlp:CLUSTER` or `als:CLUSTER`; in the place of a cluster that exists already \
                            `http://HOST:PORT` makes one";

/// Compiles the access log of a stage; what cannot be goes to the diagnostics.
pub(in crate::gateway) fn compile(
    written: &AccessLogSettings,
    clusters: &mut Clusters<'_>,
    scope: &mut Scope<'_>,
) -> Option<Rc<AccessLog>> {
    let destination = destination(written, clusters, scope);
    let format = format(written, scope);
    let (destination, mut format) = (destination?, format?);
    if destination.ends_lines() {
        format.end_line();
    }
    let state = destination.state().into();
    clusters.log_to(destination);
    Some(Rc::new(AccessLog { state, format }))
}

fn format(written: &AccessLogSettings, scope: &mut Scope<'_>) -> Option<Format> {
    let Some(text) = &written.format else {
        scope.error("format", "the access log has no format").help(SAMPLE);
        return None;
    };
    if text.len() > MOST_OF_FORMAT {
        let problem = format!("{} bytes are more than {MOST_OF_FORMAT}", text.len());
        scope.error("format", problem);
        return None;
    }
    // AWS lets the line end where the format does.
    let line = text.strip_suffix('\n').unwrap_or(text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.chars().any(|c| c.is_control() && c != '\t') {
        scope.error("format", "a format is one line, without control characters");
        return None;
    }
    Format::compile(line, "format", scope)
}

fn destination(
    written: &AccessLogSettings,
    clusters: &mut Clusters<'_>,
    scope: &mut Scope<'_>,
) -> Option<Destination> {
    if let Some(arn) = &written.destination_arn {
        check_arn(arn, written, scope);
    }
    let text = written.destination.as_deref().unwrap_or("stdout");
    match text.split_once(':') {
        None if text == "stdout" => Some(Destination::Stdout),
        Some(("file", path)) => file(path, scope),
        Some(("otlp", cluster)) => cluster_of(cluster, clusters, scope).map(Destination::Otlp),
        Some(("als", cluster)) => cluster_of(cluster, clusters, scope).map(Destination::Als),
        Some(_) | None => {
            scope.error("destination", format!("`{text}` is no destination")).help(DESTINATIONS);
            None
        }
    }
}

/// What AWS prints stays in the document; its lines go elsewhere.
fn check_arn(arn: &str, written: &AccessLogSettings, scope: &mut Scope<'_>) {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let is_destination = match parts.as_slice() {
        ["arn", _, "logs", _, _, resource] => resource.starts_with("log-group:"),
        ["arn", _, "firehose", _, _, resource] => resource.starts_with("deliverystream/amazon-apigateway-"),
        _ => false,
    };
    if !is_destination {
        scope
            .error("destinationArn", format!("`{arn}` is neither a log group nor a stream of Firehose's"))
            .help("AWS takes `arn:aws:logs:REGION:ACCOUNT:log-group:NAME` and `arn:aws:firehose:REGION:ACCOUNT:deliverystream/amazon-apigateway-NAME`");
    } else if written.destination.is_none() {
        scope
            .warning(
                "destinationArn",
                "nothing is sent to AWS: the lines go to Envoy's standard output, where a collector may take them",
            )
            .help("add `destination` to say where: `stdout`, `file:/PATH`, `otlp:CLUSTER` or `als:CLUSTER`");
    }
}

fn file(path: &str, scope: &mut Scope<'_>) -> Option<Destination> {
    if !path.starts_with('/') || path.ends_with('/') || path.chars().any(char::is_control) {
        scope
            .error("destination", format!("`{}` is not the path of a file", path.escape_debug()))
            .help("write it from the root on: `file:/var/log/sekisho/access.log`");
        return None;
    }
    Some(Destination::File(path.to_owned()))
}

/// The name of a cluster: one that exists already, or one that is made of an address.
fn cluster_of(text: &str, clusters: &mut Clusters<'_>, scope: &mut Scope<'_>) -> Option<String> {
    if !text.starts_with("http://") && !text.starts_with("https://") {
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            scope.error("destination", "a cluster's name is visible ASCII characters").help(DESTINATIONS);
            return None;
        }
        return Some(text.to_owned());
    }
    let parsed = BackendUri::parse(text).and_then(|uri| match (uri.path(None).as_str(), uri.query(None)) {
        _ if uri.variables().next().is_some() => Err("it has a variable".to_owned()),
        ("/", None) => Ok(uri),
        _ => Err("a gRPC service has no path of its own".to_owned()),
    });
    match parsed {
        Ok(uri) => Some(clusters.derive_grpc(&uri)),
        Err(problem) => {
            let problem = format!("`{text}` cannot be logged to: {problem}");
            scope.error("destination", problem).help("write it as `otlp:http://HOST:PORT`");
            None
        }
    }
}
