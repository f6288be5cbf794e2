//! The page of limits, made from the tables: `docs/limits.md`.

use super::absent::ABSENT;
use super::own::{OWN, Own};
use super::quotas::{QUOTAS, Quota};
use super::requests::{LIMITS, Limit};
use super::{Aws, Number, Place, Shown};
use std::fmt::Write;

const INTRODUCTION: &str = "\
<!-- Made by `SEKISHO_BLESS=1 cargo test -p sekisho-cli --lib limits`; do not edit. -->

# Limits

Amazon's limits against ours. Limits that a request meets are enforced, with AWS's answers; quotas of how many there may be never
refuse anything, and `sekisho validate --aws-limits` lists what AWS would refuse. S is a soft limit, which AWS raises on request, H a
hard one; a dash means that AWS tells none, or has no such thing. Numbers of ours lead to where the code has them, and tests compare
them with it. AWS's are those of its [quotas](https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html); in its
column of WebSocket APIs the same is meant of connections that pass through an HTTP API, because there are no WebSocket APIs yet.
";

const REQUESTS: &str = "
## What a request, an answer or a document meets

| limit | HTTP APIs | REST APIs | WebSocket APIs | Sekisho | beyond it | where it differs, and why | how to set ours | shown by |
|---|---|---|---|---|---|---|---|---|
";

const COUNTS: &str = "
## How many there may be

Sekisho has no such quotas: what a document may hold is bounded by memory alone.

```console
$ sekisho validate --aws-limits gateway.json
warning: apis[0].stages: `stages` has 11 elements, more than the 10 that AWS allows
  help: a soft limit: AWS raises it on request; Sekisho serves the document as it is
gateway.json: good: 1 API, 1 route; 1 warning
```

Beside these it lists throttles that are faster than AWS's account, and `limits` of the document that are wider than AWS's.

| quota | HTTP APIs | REST APIs | WebSocket APIs | counted in | |
|---|---|---|---|---|---|
";

const OURS: &str = "
## Limits of our own

What AWS does not have, or does not tell. They bound memory, time, and what clients can make grow.
";

const NONE: &str = "
## Limits without a counterpart

| limit | AWS | here |
|---|---|---|
";

/// The page.
#[must_use]
pub fn markdown() -> String {
    let mut page = INTRODUCTION.to_owned();
    page.push_str(REQUESTS);
    for limit in LIMITS {
        request(&mut page, limit);
    }
    page.push_str(COUNTS);
    for quota in QUOTAS {
        count(&mut page, quota);
    }
    page.push_str(OURS);
    for group in OWN {
        line(
            &mut page,
            &format!("\n### {}\n\n| limit | | beyond it | how to set it |\n|---|---|---|---|", group.title),
        );
        for own in group.limits {
            ours(&mut page, own);
        }
    }
    page.push_str(NONE);
    for absent in ABSENT {
        line(&mut page, &format!("| {} | {} | {} |", absent.item, absent.aws, absent.why));
    }
    page
}

fn request(page: &mut String, limit: &Limit) {
    let Limit { item, aws, ours, beyond, differs, set, shown } = limit;
    let ours: Vec<String> = ours.iter().map(number).collect();
    let ours = if ours.is_empty() { "none".to_owned() } else { ours.join("; ") };
    let shown: Vec<String> = shown.iter().map(test).collect();
    let shown = shown.join("; ");
    line(page, &format!("| {item} | {} | {ours} | {beyond} | {differs} | {set} | {shown} |", columns(aws)));
}

fn count(page: &mut String, quota: &Quota) {
    let Quota { item, aws, counted, note } = quota;
    line(page, &format!("| {item} | {} | {counted} | {note} |", columns(aws)));
}

fn ours(page: &mut String, own: &Own) {
    let Own { item, most, beyond, set } = own;
    line(page, &format!("| {item} | {} | {beyond} | {set} |", number(most)));
}

fn columns(aws: &Aws) -> String {
    format!("{} | {} | {}", aws.http, aws.rest, aws.websocket)
}

/// A number as a link to where it is.
fn number(number: &Number) -> String {
    let told = number.unit.tell(number.value);
    let link = match number.place {
        Place::Source(file, name) => format!("[{told}](../{file} \"{name}\")"),
        Place::Schema(_) => format!("[{told}](reference/configuration.md)"),
    };
    if number.of.is_empty() { link } else { format!("{link} ({})", number.of) }
}

fn test(Shown(file, name): &Shown) -> String {
    format!("[{}](../{file})", name.replace('_', " "))
}

fn line(page: &mut String, text: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(page, "{text}");
}
