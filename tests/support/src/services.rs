//! Whom the gateway asks itself: issuers, functions, authorizers.

use crate::format::Answer;
use crate::placeholders;
use serde::{Deserialize, Deserializer, de::Error};
use serde_json::Value;
use std::collections::BTreeSet;

/// A question, and its answer.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// The question.
    pub request: Question,
    /// The answer.
    pub answer: ServiceAnswer,
}

/// A question; what is absent may be anything.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// The authority, as it is asked for.
    pub host: String,
    /// The request target, byte for byte.
    pub path: Option<String>,
    /// The method.
    pub method: Option<String>,
}

/// What a service does with a question.
#[derive(Debug, Clone)]
pub enum ServiceAnswer {
    /// It answers.
    Given(Answer),
    /// It takes the question, and never answers.
    Hang,
    /// It takes the question, and closes the connection.
    Reset,
}

/// Those who answer a request's questions.
#[derive(Debug, Clone, Default)]
pub struct Services {
    entries: Vec<Service>,
    hosts: BTreeSet<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Written {
    status: u16,
    headers: Vec<(String, String)>,
    body: Option<String>,
    json: Option<Value>,
}

// === impl Services ===

impl Services {
    /// Of these entries the first that fits answers; hosts among these are no backends even if none does.
    #[must_use]
    pub fn new<'a>(entries: impl IntoIterator<Item = &'a Service>, hosts: BTreeSet<String>) -> Self {
        Self { entries: entries.into_iter().cloned().collect(), hosts }
    }

    /// What a question is answered, and none if its host is no service's. A service that is asked something else says 404.
    #[must_use]
    pub fn answer(&self, host: &str, method: &str, path: &str) -> Option<ServiceAnswer> {
        let fits = |wanted: &Option<String>, is: &str| wanted.as_deref().is_none_or(|wanted| wanted == is);
        let entry = self.entries.iter().find(|entry| {
            let question = &entry.request;
            question.host == host && fits(&question.path, path) && fits(&question.method, method)
        });
        match entry {
            Some(entry) => Some(entry.answer.clone()),
            None => self.hosts.contains(host).then(|| {
                ServiceAnswer::Given(Answer {
                    status: 404,
                    headers: Vec::new(),
                    body: "no service of the case answers this".to_owned(),
                })
            }),
        }
    }
}

// === impl Written, ServiceAnswer ===

impl Default for Written {
    fn default() -> Self {
        Self { status: 200, headers: Vec::new(), body: None, json: None }
    }
}

impl<'de> Deserialize<'de> for ServiceAnswer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::String(text) if text == "hang" => Ok(Self::Hang),
            Value::String(text) if text == "reset" => Ok(Self::Reset),
            value @ Value::Object(_) => {
                let written: Written = serde_json::from_value(value).map_err(D::Error::custom)?;
                given(written).map(Self::Given).map_err(D::Error::custom)
            }
            other => Err(D::Error::custom(format!("{other} is neither `hang` nor `reset` nor an answer"))),
        }
    }
}

fn given(written: Written) -> Result<Answer, String> {
    let mut headers = written.headers;
    for (_, value) in &mut headers {
        *value = placeholders::text(value);
    }
    let body = match (written.body, written.json) {
        (Some(_), Some(_)) => return Err("`body` and `json` are the same thing twice".to_owned()),
        (Some(body), None) => placeholders::text(&body),
        (None, Some(mut json)) => {
            placeholders::json(&mut json);
            if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
                headers.push(("content-type".to_owned(), "application/json".to_owned()));
            }
            json.to_string()
        }
        (None, None) => String::new(),
    };
    Ok(Answer { status: written.status, headers, body })
}

#[cfg(test)]
mod tests {
    use super::{Service, ServiceAnswer, Services};
    use std::collections::BTreeSet;

    fn services(entries: &str) -> Services {
        let entries: Vec<Service> = serde_yaml_ng::from_str(entries).unwrap();
        let hosts: BTreeSet<String> = entries.iter().map(|entry| entry.request.host.clone()).collect();
        Services::new(&entries, hosts)
    }

    fn said(services: &Services, host: &str, method: &str, path: &str) -> Option<(u16, String)> {
        match services.answer(host, method, path)? {
            ServiceAnswer::Given(answer) => Some((answer.status, answer.body)),
            ServiceAnswer::Hang => Some((0, "hang".to_owned())),
            ServiceAnswer::Reset => Some((0, "reset".to_owned())),
        }
    }

    #[test]
    fn the_first_that_fits_answers_and_others_hosts_are_nobodys() {
        let services = services(
            "[{ request: { host: a.test, path: /x, method: POST }, answer: { status: 201, json: { a: '<b*2>' } } },
              { request: { host: a.test, path: /x }, answer: { body: '<c*3>' } },
              { request: { host: b.test }, answer: hang }, { request: { host: c.test }, answer: reset }]",
        );
        let some = |status: u16, body: &str| Some((status, body.to_owned()));
        assert_eq!(said(&services, "a.test", "POST", "/x"), some(201, r#"{"a":"bb"}"#));
        assert_eq!(said(&services, "a.test", "GET", "/x"), some(200, "ccc"));
        assert_eq!(said(&services, "a.test", "GET", "/x?y=1").unwrap().0, 404);
        assert_eq!(said(&services, "b.test", "PUT", "/any"), some(0, "hang"));
        assert_eq!(said(&services, "c.test", "PUT", "/any"), some(0, "reset"));
        assert_eq!(said(&services, "backend.test", "GET", "/x"), None);
    }

    #[test]
    fn an_answer_is_written_in_one_way() {
        for wrong in ["sleep", "{ body: a, json: {} }", "{ stauts: 1 }", "7"] {
            let entry = format!("{{ request: {{ host: a.test }}, answer: {wrong} }}");
            assert!(serde_yaml_ng::from_str::<Service>(&entry).is_err(), "{wrong}");
        }
    }
}
