use super::{Asked, Kind, Policy, Problem, Verdict};
use crate::gateway::request::Request;
use crate::gateway::testing::{env, gateway, head, proxy, rest};
use crate::gateway::{Env, Gateway, Millis};
use serde_json::{Value, json};
use std::rc::Rc;

mod conditions;
mod language;
mod naive;
mod principals;
mod properties;
mod resources;

const ARN: &str = "arn:aws:execute-api:us-east-1:123456789012:shop/prod/GET/users/7";

/// A request as conditions see it.
struct World {
    headers: Vec<(&'static str, &'static str)>,
    address: &'static str,
    millis: u64,
}

impl Default for World {
    fn default() -> Self {
        Self { headers: Vec::new(), address: "192.0.2.1:4711", millis: 1_587_481_701_067 }
    }
}

impl World {
    fn request(&self) -> Request {
        thread_local! {
            static GATEWAY: Rc<Gateway> = gateway(&rest(&["ANY /{proxy+}"], proxy("http://b.test/", json!({}))));
        }
        let gateway = GATEWAY.with(Rc::clone);
        let env = Env { source_address: self.address.as_bytes(), wall: Millis(self.millis), ..env() };
        Request::new(gateway, head("GET", "/prod/users/7", &self.headers, true), &env)
    }
}

fn policy(statements: Value, kind: Kind) -> Policy {
    let document = json!({ "Version": "2012-10-17", "Statement": statements });
    Policy::parse(&document, kind).unwrap_or_else(|problems| panic!("{}", told(&problems)))
}

fn asked<'a>(arn: &'a str, caller: Option<&'a str>, request: &'a Request) -> Asked<'a> {
    Asked { action: "execute-api:Invoke", arn, caller, request }
}

/// What statements of an authorizer's policy say of a request.
fn of(statements: Value, arn: &str) -> Verdict {
    policy(statements, Kind::Identity).evaluate(&asked(arn, None, &World::default().request()))
}

/// A statement of an authorizer's policy.
fn statement(effect: &str, resource: impl Into<Value>) -> Value {
    json!({ "Effect": effect, "Action": "execute-api:Invoke", "Resource": resource.into() })
}

fn told(problems: &[Problem]) -> String {
    let line = |problem: &Problem| format!("{}: {}", problem.path, problem.problem);
    problems.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// What is wrong with a document.
fn problems(document: &Value, kind: Kind) -> String {
    told(&Policy::parse(document, kind).expect_err("the document is refused"))
}
