//! Where the compiler stands in the document, and what it has found there.

use crate::gateway::Wants;
use crate::gateway::context::Variable;
use crate::gateway::diagnostics::{Diagnostic, Diagnostics};
use crate::gateway::flow::Bytes;
use crate::gateway::integrations::headers::is_header_name;
use crate::gateway::surroundings::{Secret, Surroundings};

/// A place in the document, and where its problems go.
#[derive(Debug)]
pub struct Scope<'a> {
    prefix: String,
    diagnostics: &'a mut Diagnostics,
    wants: &'a mut Wants,
    /// What the document is compiled for.
    pub surroundings: &'a dyn Surroundings,
}

// === impl Scope ===

impl<'a> Scope<'a> {
    /// A place.
    pub fn new(
        prefix: String,
        diagnostics: &'a mut Diagnostics,
        wants: &'a mut Wants,
        surroundings: &'a dyn Surroundings,
    ) -> Self {
        Self { prefix, diagnostics, wants, surroundings }
    }

    /// A place below this one.
    #[inline(never)]
    pub fn below(&mut self, at: &str) -> Scope<'_> {
        Scope {
            prefix: self.path(at),
            diagnostics: self.diagnostics,
            wants: self.wants,
            surroundings: self.surroundings,
        }
    }

    /// The document itself.
    pub fn root(&mut self) -> Scope<'_> {
        Scope {
            prefix: String::new(),
            diagnostics: self.diagnostics,
            wants: self.wants,
            surroundings: self.surroundings,
        }
    }

    /// Adds an error at a path below this place.
    #[cold]
    #[inline(never)]
    pub fn error(&mut self, at: &str, problem: impl Into<String>) -> &mut Diagnostic {
        let path = self.path(at);
        self.diagnostics.error(path, problem)
    }

    /// Adds a warning at a path below this place.
    #[cold]
    #[inline(never)]
    pub fn warning(&mut self, at: &str, problem: impl Into<String>) -> &mut Diagnostic {
        let path = self.path(at);
        self.diagnostics.warning(path, problem)
    }

    /// Whether anything in the document was found to be wrong.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.has_errors()
    }

    /// Notes that requests need the client's address.
    pub fn want_source_address(&mut self) {
        self.wants.source_address = true;
    }

    /// Notes that requests need the client's certificate.
    pub fn want_client_cert(&mut self) {
        self.wants.client_cert = true;
    }

    /// Notes that the filter must be the one that is built with `software-signatures`.
    pub fn want_software_signatures(&mut self) {
        self.wants.software_signatures = true;
    }

    /// A `$context` variable by its name without `$context.`.
    pub fn context_variable(&mut self, at: &str, name: &str) -> Option<Variable> {
        let variable = Variable::parse(name);
        match &variable {
            Some(variable) => {
                self.wants.source_address |= variable.wants_source_address();
                self.wants.client_cert |= variable.wants_client_cert();
            }
            None => {
                let problem = format!("no `$context` variable is named `{name}`");
                self.error(at, problem).suggest("a variable", name, Variable::names());
            }
        }
        variable
    }

    /// The secret in an environment variable that the document names.
    pub fn secret(&mut self, at: &str, variable: &str) -> Option<Secret> {
        let secret = self.surroundings.secret(variable).filter(|secret| !secret.0.is_empty());
        if secret.is_none() {
            let problem = format!("the environment variable `{variable}` is not set, or is empty");
            self.error(at, problem).help(
                "Envoy hands it to the filter where `host_env_keys` names it; `sekisho render` writes that",
            );
        }
        secret
    }

    /// A header's name in lower case, if it can be one (RFC 9110, 5.6.2).
    pub fn header_name(&mut self, at: &str, name: &str) -> Option<Bytes> {
        if !is_header_name(name) {
            self.error(at, format!("`{name}` is not the name of a header"));
            return None;
        }
        Some(name.to_ascii_lowercase().into_bytes().into())
    }

    /// A header's name as [`Scope::header_name`], if an answer of the gateway's own may carry it: framing is Envoy's, because
    /// a length that is not the body's would shift every later response of the connection.
    pub fn answer_header(&mut self, at: &str, name: &str) -> Option<Bytes> {
        const FRAMING: [&str; 6] =
            ["connection", "content-length", "keep-alive", "trailer", "transfer-encoding", "upgrade"];
        let lower = name.to_ascii_lowercase();
        if FRAMING.contains(&lower.as_str()) {
            self.error(at, format!("the header `{name}` is written by Envoy"));
            return None;
        }
        self.header_name(at, name)
    }

    /// The path of what is below this place, from the document on.
    pub(super) fn path(&self, at: &str) -> String {
        match (self.prefix.as_str(), at) {
            ("", at) => at.to_owned(),
            (prefix, "") => prefix.to_owned(),
            (prefix, at) => format!("{prefix}.{at}"),
        }
    }
}
