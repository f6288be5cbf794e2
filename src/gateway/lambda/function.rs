//! Which function it is, and where it is invoked.

use crate::gateway::aws::{LAMBDA, is_region};
use crate::gateway::clusters::{Endpoint, endpoint};
use crate::gateway::integrations::backend_uri::encode_component;
use std::collections::BTreeMap;

/// The ARN of a function: `arn:aws:lambda:REGION:ACCOUNT:function:NAME[:QUALIFIER]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionArn {
    text: String,
    region: String,
    account_id: String,
    name: String,
    qualifier: Option<String>,
}

/// A function, and where it is invoked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    /// The Invoke operation of this one function.
    pub endpoint: Endpoint,
    /// What its cluster is derived from.
    pub url: String,
}

/// Who invokes it.
#[derive(Debug, Clone, Copy)]
pub struct Caller<'a> {
    /// The gateway's region.
    pub region: &'a str,
    /// The gateway's account.
    pub account_id: &'a str,
    /// Whether the gateway signs for an execution role.
    pub assumes_role: bool,
}

// === impl FunctionArn ===

impl FunctionArn {
    /// Reads a function's ARN, or the invocation ARN that AWS's authorizers and integrations wrap it in.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = match text.split_once(":lambda:path/2015-03-31/functions/") {
            Some((prefix, rest)) => {
                if !prefix.starts_with("arn:") || prefix.split(':').nth(2) != Some("apigateway") {
                    return Err(format!("`{text}` is no invocation ARN"));
                }
                rest.strip_suffix("/invocations").ok_or("`/invocations` is missing at its end")?
            }
            None => text,
        };
        let parts: Vec<&str> = text.split(':').collect();
        let (region, account_id, name, qualifier) = match *parts.as_slice() {
            ["arn", _, "lambda", region, account_id, "function", name] => (region, account_id, name, None),
            ["arn", _, "lambda", region, account_id, "function", name, qualifier] => {
                (region, account_id, name, Some(qualifier))
            }
            _ => return Err(format!("`{text}` is not `arn:aws:lambda:REGION:ACCOUNT:function:NAME`")),
        };
        let word = |text: &str, more: &[u8]| {
            !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || more.contains(&byte))
        };
        if !is_region(region) {
            return Err(format!("`{region}` is not a region"));
        }
        if account_id.len() != 12 || !account_id.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(format!("`{account_id}` is not an account: twelve digits"));
        }
        if !word(name, b"-_") || name.len() > 140 {
            return Err(format!("`{name}` is not the name of a function"));
        }
        if qualifier.is_some_and(|qualifier| !word(qualifier, b"-_$") || qualifier.len() > 128) {
            return Err(format!("`{}` is neither a version nor an alias", qualifier.unwrap_or_default()));
        }
        Ok(Self {
            text: text.to_owned(),
            region: region.to_owned(),
            account_id: account_id.to_owned(),
            name: name.to_owned(),
            qualifier: qualifier.map(str::to_owned),
        })
    }

    /// Its region.
    #[must_use]
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The keys of `endpoints` under which this one function may stand, the nearest first.
    fn keys(&self) -> [&str; 2] {
        let qualifier = self.qualifier.as_deref().unwrap_or_default();
        let unqualified = self.text.strip_suffix(qualifier).map(|text| text.trim_end_matches(':'));
        [&self.text, unqualified.unwrap_or(&self.text)]
    }

    /// How the Invoke operation names it: by its name where the caller's own region and account are meant, else whole. A role's
    /// account is whose the token service says it is, and Envoy does not verify that service's certificate: what names its
    /// account cannot be sent to another one.
    fn path(&self, caller: Caller<'_>) -> String {
        let own = (caller.region, caller.account_id) == (self.region.as_str(), self.account_id.as_str());
        if !own || caller.assumes_role {
            return format!("/2015-03-31/functions/{}/invocations", encode_component(&self.text));
        }
        let qualifier = self.qualifier.as_ref();
        let qualifier = qualifier.map(|text| format!("?Qualifier={}", encode_component(text)));
        let name = &self.name;
        format!("/2015-03-31/functions/{name}/invocations{}", qualifier.unwrap_or_default())
    }
}

// === impl Function ===

impl Function {
    /// Finds a function's place: in `endpoints` under its ARN, where a path stands for the whole operation, or where Lambda
    /// lives for its region, else at AWS.
    ///
    /// # Errors
    /// If that is no URL: what is wrong with it.
    pub fn locate(
        arn: &FunctionArn,
        endpoints: &BTreeMap<String, String>,
        caller: Caller<'_>,
    ) -> Result<Self, String> {
        let own = arn.keys().into_iter().find_map(|key| endpoints.get(key));
        let url = own.cloned().unwrap_or_else(|| LAMBDA.url(&arn.region, endpoints));
        let mut endpoint =
            endpoint(&url).map_err(|problem| format!("`{url}` of `endpoints` is not a URL: {problem}"))?;
        let is_whole = own.is_some() && endpoint.path != "/";
        if !is_whole {
            let prefix = endpoint.path.trim_end_matches('/');
            endpoint.path = format!("{prefix}{}", arn.path(caller));
        }
        Ok(Self { endpoint, url })
    }
}

#[cfg(test)]
mod tests {
    use super::{Caller, Function, FunctionArn};
    use std::collections::BTreeMap;

    const OWN: Caller<'static> =
        Caller { region: "us-east-1", account_id: "123456789012", assumes_role: false };
    const ARN: &str = "arn:aws:lambda:us-east-1:123456789012:function:login";

    fn path(arn: &str, endpoints: &[(&str, &str)]) -> Result<String, String> {
        let endpoints = endpoints.iter().map(|(key, url)| ((*key).to_owned(), (*url).to_owned())).collect();
        let arn = FunctionArn::parse(arn).unwrap();
        Function::locate(&arn, &endpoints, OWN)
            .map(|function| format!("{}{}", function.endpoint.cluster, function.endpoint.path))
    }

    #[test]
    fn arns_are_read_bare_and_wrapped() {
        let wrapped = format!(
            "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{ARN}:$LATEST/invocations"
        );
        let arn = FunctionArn::parse(&wrapped).unwrap();
        assert_eq!(arn.text, format!("{ARN}:$LATEST"));
        assert_eq!(FunctionArn::parse(&arn.text), Ok(arn));
        for wrong in [
            "",
            "login",
            "arn:aws:lambda:us-east-1:123456789012:function:",
            "arn:aws:lambda:us-east-1:123456789012:function:a/b",
            "arn:aws:lambda:us-east-1:12345678901:function:a",
            "arn:aws:lambda:us east:123456789012:function:a",
            "arn:aws:lambda:us-east-1:123456789012:function:a:b:c",
            "arn:aws:lambda:us-east-1:123456789012:function:a:b?c",
            "arn:aws:lambda:us-east-1:123456789012:layer:a",
            "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/a/invocations",
            "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:123456789012:function:a",
        ] {
            assert!(FunctionArn::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_nearest_endpoint_is_the_functions_place() {
        let all = [("lambda", "http://all.test"), ("lambda.us-east-1", "http://region.test/aws/")];
        let invoke = "/2015-03-31/functions/login/invocations";
        assert_eq!(path(ARN, &all[..1]), Ok(format!("http://all.test:80{invoke}")));
        assert_eq!(path(ARN, &all), Ok(format!("http://region.test:80/aws{invoke}")));
        let own = [all[0], all[1], (ARN, "http://own.test/here?a=1")];
        assert_eq!(path(ARN, &own), Ok("http://own.test:80/here?a=1".to_owned()));
        assert_eq!(path(&format!("{ARN}:v1"), &own), Ok("http://own.test:80/here?a=1".to_owned()));
        assert_eq!(path(ARN, &[(ARN, "https://own.test")]), Ok(format!("https://own.test:443{invoke}")));
        let at_aws = format!("https://lambda.us-east-1.amazonaws.com:443{invoke}");
        assert_eq!(path(ARN, &[("lambda.eu-west-1", "http://x.test")]), Ok(at_aws));
        assert!(path(ARN, &[("lambda", "ftp://x")]).is_err());
    }

    #[test]
    fn whoever_assumes_a_role_names_the_account() {
        let caller = Caller { assumes_role: true, ..OWN };
        let function = Function::locate(&FunctionArn::parse(ARN).unwrap(), &BTreeMap::new(), caller).unwrap();
        let whole = "arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Alogin";
        assert_eq!(function.endpoint.path, format!("/2015-03-31/functions/{whole}/invocations"));
    }

    #[test]
    fn a_function_of_somebody_else_is_named_in_full() {
        let all = [("lambda", "http://all.test")];
        assert_eq!(
            path(&format!("{ARN}:$LATEST"), &all),
            Ok("http://all.test:80/2015-03-31/functions/login/invocations?Qualifier=%24LATEST".to_owned())
        );
        assert_eq!(
            path("arn:aws:lambda:eu-west-1:123456789012:function:login", &all),
            Ok("http://all.test:80/2015-03-31/functions/arn%3Aaws%3Alambda%3Aeu-west-1%3A123456789012%3Afunction%3Alogin/invocations".to_owned())
        );
    }
}
