//! The command line: a variant and an arm for each verb.

use crate::{
    Error, Ui, apply, completions, demo, deploy, diff, explain, hash_key, image, lambda, local_ca, render,
    schema, top, usage, validate,
};
use clap::{Parser, Subcommand, ValueEnum};
use std::process::ExitCode;

/// Amazon API Gateway's model as one filter for a stock Envoy.
///
/// One JSON document in AWS's own names describes a gateway: APIs, routes, authorizers, stages, usage plans. This command
/// checks such documents and shows what they do.
#[derive(Debug, Parser)]
#[command(name = "sekisho", version, after_help = EXAMPLES, arg_required_else_help = true)]
pub struct Cli {
    /// Colours: `auto` (on a terminal), `always` or `never`.
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    #[arg(hide_possible_values = true, hide_default_value = true)]
    pub color: Color,
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Run a gateway with everything it needs, and show what it answers.
    Demo(demo::Args),
    /// Report everything that is wrong with a document.
    Validate(validate::Args),
    /// Show what becomes of one request, without Envoy.
    Explain(explain::Args),
    /// Write the Envoy configuration of a document.
    Render(Box<render::Args>),
    /// Show what changes for clients between two documents, or between two deployments of one.
    Diff(diff::Args),
    /// Make a deployment of an API, promote a canary, or go back to a deployment, in the document.
    Deploy(deploy::Args),
    /// Bring a changed document into a running Envoy.
    Apply(apply::Args),
    /// Run functions on this machine, behind Lambda's Invoke API.
    Lambda(lambda::Args),
    /// Put the filter into an image that registries and meshes take, and print its digest.
    Image(image::Args),
    /// Show how often API keys were used, and what is left of their quotas.
    Usage(usage::Args),
    /// Show what a running gateway does: rates, errors, latencies, refusals.
    Top(top::Args),
    /// Make a certificate authority of your own, and certificates by it, to try custom domains.
    LocalCa(local_ca::Args),
    /// Print the JSON Schema of the document.
    Schema(schema::Args),
    /// Print the hash of an API key, which stands in a document in the key's place.
    HashKey(hash_key::Args),
    /// Print a completion script for a shell.
    Completions(completions::Args),
}

const EXAMPLES: &str = "\
Examples:
  sekisho demo
  sekisho validate gateway.json
  sekisho explain gateway.json 'GET /users/7' -H 'authorization: Bearer …'
  sekisho schema > gateway.schema.json";

// === impl Cli ===

impl Cli {
    /// Runs the verb: 0 if all is well, 1 if not, 2 if the command was not called as it must be.
    #[must_use]
    pub fn run(&self) -> ExitCode {
        self.color.apply();
        let ui = Ui::new();
        let result = match &self.verb {
            Verb::Demo(args) => demo::run(args, &ui),
            Verb::Validate(args) => validate::run(args, &ui),
            Verb::Explain(args) => explain::run(args, &ui),
            Verb::Render(args) => render::run(args, &ui),
            Verb::Diff(args) => diff::run(args, &ui),
            Verb::Deploy(args) => deploy::run(args, &ui),
            Verb::Apply(args) => apply::run(args, &ui),
            Verb::Lambda(args) => lambda::run(args, &ui),
            Verb::Image(args) => image::run(args, &ui),
            Verb::Usage(args) => usage::run(args, &ui),
            Verb::Top(args) => top::run(args, &ui),
            Verb::LocalCa(args) => local_ca::run(args, &ui),
            Verb::Schema(args) => schema::run(args, &ui),
            Verb::HashKey(args) => hash_key::run(args, &ui),
            Verb::Completions(args) => completions::run(args, &ui),
        };
        result.unwrap_or_else(|error| {
            ui.error(&error);
            match error {
                Error::Usage(_) => ExitCode::from(2),
                Error::Refused { .. } | Error::Failed(_) => ExitCode::FAILURE,
            }
        })
    }
}

// === impl Color ===

impl Color {
    fn apply(self) {
        let choice = match self {
            Self::Auto => anstream::ColorChoice::Auto,
            Self::Always => anstream::ColorChoice::Always,
            Self::Never => anstream::ColorChoice::Never,
        };
        choice.write_global();
    }
}
