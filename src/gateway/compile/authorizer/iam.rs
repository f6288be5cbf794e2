//! Compiles what `AWS_IAM` routes share: the callers that the document's `credentials` name.

use crate::gateway::authorizers::iam::{Caller, IamAuthorizer, Key, KnownCaller, SERVICE};
use crate::gateway::compile::scope::Scope;
use crate::gateway::compile::{self, policy};
use crate::gateway::config::{Config, Credential};
use crate::gateway::policy::{Kind, Policy};
use crate::gateway::surroundings::Secret;
use std::collections::HashMap;
use std::rc::Rc;

/// Compiles the callers; what cannot be goes to the diagnostics. The scope is the document's.
pub(in crate::gateway::compile) fn iam(config: &Config, scope: &mut Scope<'_>) -> Option<IamAuthorizer> {
    let mut callers = HashMap::new();
    for (i, written) in config.credentials.iter().enumerate() {
        let below = &mut scope.below(&format!("credentials[{i}]"));
        let id = written.access_key_id.clone();
        let plain = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if !plain || !(16..=128).contains(&id.len()) {
            let problem = format!("`{id}` is not the id of an access key");
            below.error("accessKeyId", problem).help("16 to 128 letters, digits and `_`");
        }
        let known = caller(written, config, below).map(Rc::new);
        if callers.insert(id.clone(), known).is_some() {
            below.error("accessKeyId", format!("the access key `{id}` stands twice"));
        }
    }
    if callers.is_empty() {
        return None;
    }
    let region = compile::region(config).to_owned();
    let callers = callers.into_iter().filter_map(|(id, known)| Some((id, known?))).collect();
    Some(IamAuthorizer { region, service: SERVICE, callers })
}

fn caller(written: &Credential, config: &Config, scope: &mut Scope<'_>) -> Option<KnownCaller> {
    let (account_id, user_arn) = identity(written, config, scope);
    let secret = secret(&written.secret_access_key_env, "secretAccessKeyEnv", scope);
    let token = written.session_token_env.as_deref().map(|name| secret_of_token(name, scope));
    let policy = policy_of(written, scope);
    let key = Key::new(&secret?)?;
    let token = match token {
        None => None,
        Some(token) => Some(key.tag(&token?.0)),
    };
    let caller = Caller { access_key_id: written.access_key_id.clone(), account_id, user_arn };
    Some(KnownCaller { caller: Rc::new(caller), key, token, policy })
}

/// Account and ARN. An ARN names its account; where the document says neither, the caller is of the gateway's account.
fn identity(written: &Credential, config: &Config, scope: &mut Scope<'_>) -> (String, String) {
    let in_arn = written.user_arn.as_deref().map(|arn| {
        let account = arn.strip_prefix("arn:").and_then(|rest| rest.split(':').nth(3));
        let account = account.filter(|account| is_account(account));
        if account.is_none() {
            let problem = format!("`{arn}` is not the ARN of a user or a role");
            scope.error("userArn", problem).help("as in `arn:aws:iam::123456789012:user/ann`");
        }
        account.unwrap_or_default().to_owned()
    });
    if let Some(account) = &written.account_id {
        if !is_account(account) {
            scope.error("accountId", format!("`{account}` is not the 12 digits of an account"));
        } else if in_arn.as_ref().is_some_and(|in_arn| !in_arn.is_empty() && in_arn != account) {
            scope.error("userArn", format!("the ARN is of another account than `{account}`"));
        }
    }
    let own = || compile::account_id(config).to_owned();
    let account = written.account_id.clone().or(in_arn).unwrap_or_else(own);
    let arn = || format!("arn:aws:iam::{account}:user/{}", written.access_key_id);
    let arn = written.user_arn.clone().unwrap_or_else(arn);
    (account, arn)
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A line's end that came along with the secret would make every signature wrong.
fn secret(variable: &str, at: &str, scope: &mut Scope<'_>) -> Option<Secret> {
    let secret = scope.secret(at, variable)?;
    if secret.0.iter().all(u8::is_ascii_graphic) {
        return Some(secret);
    }
    let problem = format!("what is in `{variable}` has spaces, line ends or other bytes that no secret has");
    scope.error(at, problem);
    None
}

fn secret_of_token(variable: &str, scope: &mut Scope<'_>) -> Option<Secret> {
    secret(variable, "sessionTokenEnv", scope)
}

fn policy_of(written: &Credential, scope: &mut Scope<'_>) -> Option<Policy> {
    let Some(document) = &written.policy else {
        scope
            .warning("policy", "the caller has no policy: only an API's resource policy can let him in")
            .help("add a `policy` that allows `execute-api:Invoke`");
        return None;
    };
    policy::read(document, Kind::Identity, scope)
}

#[cfg(test)]
mod tests;
