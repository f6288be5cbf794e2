//! Compiles what is logged of web ACLs.
//! <https://docs.aws.amazon.com/waf/latest/developerguide/logging.html>

use super::super::scope::Scope;
use super::{WEB_ACLS, by_arn};
use crate::gateway::config::Config;
use crate::gateway::waf::log::Logging;

/// Each is of a web ACL of the document, which has no other one.
pub(super) fn check(config: &Config, scope: &mut Scope<'_>) {
    let arns: Vec<_> = config.web_acls.iter().map(|acl| acl.arn.as_str()).collect();
    for (i, written) in config.logging_configurations.iter().enumerate() {
        let scope = &mut scope.below(&format!("loggingConfigurations[{i}]"));
        by_arn(&written.resource_arn, &WEB_ACLS, &arns, "ResourceArn", scope);
        let mut before = config.logging_configurations.iter().take(i);
        if before.any(|known| known.resource_arn == written.resource_arn) {
            scope.error("ResourceArn", "another configuration says what is logged of this web ACL");
        }
        for (at, problem) in Logging::new(written).err().unwrap_or_default() {
            scope.error(&at, problem);
        }
    }
}

/// What is logged of a web ACL; nothing where nothing says so.
pub(super) fn of(arn: &str, config: &Config) -> Option<Logging> {
    let written = config.logging_configurations.iter().find(|it| it.resource_arn == arn)?;
    Logging::new(written).ok()
}
