//! `MOCK`: an answer made by the gateway. <https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-mock-integration.html>
//!
//! The request template yields a status code, the code selects an integration response, and that makes the answer.

use super::bodiless::is_bodiless;
use crate::gateway::compile::Scope;
use crate::gateway::config;
use crate::gateway::flow::{Answer, Bytes};
use crate::gateway::regex::Regex;
use crate::gateway::rejection::Rejection;
use crate::gateway::request::Facts;
use crate::gateway::rest_value::RestValue;
use crate::gateway::template::Template;

/// A compiled `MOCK` integration.
#[derive(Debug)]
pub struct Mock {
    /// Request templates by media type.
    requests: Vec<(Vec<u8>, Template)>,
    responses: Vec<MockResponse>,
}

#[derive(Debug)]
struct MockResponse {
    /// `None` is the default answer.
    pattern: Option<Regex>,
    status: u16,
    headers: Vec<(Bytes, RestValue)>,
    /// Media type and template; `application/json` first.
    body: Option<(Bytes, Template)>,
}

// === impl Mock ===

impl Mock {
    /// Compiles the integration; what cannot be goes to the diagnostics.
    #[must_use]
    pub fn compile(written: &config::Integration, at: &str, scope: &mut Scope<'_>) -> Self {
        let mut requests = Vec::new();
        for (media_type, text) in &written.request_templates {
            if let Some(template) =
                Template::compile(text, &format!("{at}.requestTemplates[{media_type:?}]"), scope)
            {
                if template.fixed().is_some_and(|text| status_code(text).is_none()) {
                    scope
                        .error(
                            &format!("{at}.requestTemplates[{media_type:?}]"),
                            "the template yields no `statusCode`",
                        )
                        .help("a MOCK integration selects its answer by it: `{\"statusCode\": 200}`");
                }
                requests.push((media_type.clone().into_bytes(), template));
            }
        }
        if written.request_templates.is_empty() {
            scope
                .warning(&format!("{at}.requestTemplates"), "without a template the integration answers 500")
                .help("add `{\"application/json\": \"{\\\"statusCode\\\": 200}\"}`");
        }
        if written.integration_responses.is_empty() {
            scope
                .error(&format!("{at}.integrationResponses"), "a MOCK integration has no answer")
                .help("add `{\"statusCode\": 200}`");
        }
        let responses = written.integration_responses.iter().enumerate();
        let responses = responses.map(|(i, response)| {
            MockResponse::compile(response, &format!("{at}.integrationResponses[{i}]"), scope)
        });
        Self { requests, responses: responses.collect() }
    }

    /// The answer.
    ///
    /// # Errors
    /// AWS's configuration error if no template applies, or none of the answers is selected.
    pub fn answer(&self, facts: &Facts<'_>) -> Result<Answer, Rejection> {
        let code = self.selected(facts).ok_or(Rejection::ApiConfiguration)?;
        let digits = code.to_string();
        let matching = |response: &&MockResponse| {
            response.pattern.as_ref().is_some_and(|pattern| pattern.is_match(&digits))
        };
        let default = |response: &&MockResponse| response.pattern.is_none();
        let response = self.responses.iter().find(matching).or_else(|| self.responses.iter().find(default));
        Ok(response.ok_or(Rejection::ApiConfiguration)?.answer(facts))
    }

    /// The status code that the request template yields.
    fn selected(&self, facts: &Facts<'_>) -> Option<u16> {
        let sent = facts.request.head.only(b"content-type").unwrap_or(b"application/json");
        let media_type = sent.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
        let (_, template) = self.requests.iter().find(|(known, _)| known == media_type)?;
        status_code(&template.render(facts))
    }
}

// === impl MockResponse ===

impl MockResponse {
    fn compile(written: &config::IntegrationResponse, at: &str, scope: &mut Scope<'_>) -> Self {
        let status = written.status_code;
        if !(200..=599).contains(&status) {
            scope.error(&format!("{at}.statusCode"), format!("{status} is not a status from 200 to 599"));
        }
        let pattern = written.selection_pattern.as_deref().filter(|pattern| !pattern.is_empty());
        let pattern = pattern.and_then(|pattern| {
            // AWS matches the whole status.
            let compiled = Regex::new(&format!("^(?:{pattern})$"));
            compiled.map_err(|error| scope.error(&format!("{at}.selectionPattern"), error).clone()).ok()
        });
        let mut headers = Vec::new();
        for (key, value) in &written.response_parameters {
            let at = format!("{at}.responseParameters[{key:?}]");
            let Some(name) = key.strip_prefix("method.response.header.") else {
                scope.error(&at, "a key is `method.response.header.` and a header name");
                continue;
            };
            if let (Some(name), Some(value)) =
                (scope.answer_header(&at, name), RestValue::compile(value, &at, scope))
            {
                headers.push((name, value));
            }
        }
        let templates = &written.response_templates;
        let chosen = templates.get_key_value("application/json").or_else(|| templates.iter().next());
        let body = chosen.and_then(|(media_type, text)| {
            let template =
                Template::compile(text, &format!("{at}.responseTemplates[{media_type:?}]"), scope)?;
            Some((Bytes::from(media_type.clone().into_bytes()), template))
        });
        Self { pattern, status, headers, body }
    }

    fn answer(&self, facts: &Facts<'_>) -> Answer {
        let (media_type, body) = match &self.body {
            Some((media_type, _)) if is_bodiless(self.status) => (media_type.clone(), Vec::new()),
            Some((media_type, template)) => (media_type.clone(), template.render(facts).into_bytes()),
            None => (b"application/json".into(), Vec::new()),
        };
        let mut headers: Vec<(Bytes, Bytes)> = vec![(b"content-type".into(), media_type)];
        for (name, value) in &self.headers {
            if let Some(value) = value.header_value(facts) {
                headers.retain(|(known, _)| known != name);
                headers.push((name.clone(), value.into()));
            }
        }
        Answer { status: self.status, headers, body: body.into(), details: "sekisho_mock".into() }
    }
}

/// The integer behind `statusCode` in text that need not be strict JSON: `{statusCode: 200}` is accepted, as on AWS.
fn status_code(text: &str) -> Option<u16> {
    let (_, after) = text.split_once("statusCode")?;
    let after = after.trim_start_matches(['"', '\'']).trim_start().strip_prefix(':')?.trim_start();
    let after = after.trim_start_matches(['"', '\'']);
    let digits = after.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
    digits.parse().ok()
}

#[cfg(test)]
mod tests;
