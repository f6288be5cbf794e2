//! What is logged of web ACLs.

use super::{Sources, WEB_ACLS, by_arn};
use crate::gateway::compile::scope::Scope;
use crate::gateway::config::Config;
use crate::gateway::waf::log::Logging;

/// Tells what is wrong with logging configurations.
pub(super) fn check(config: &Config, scope: &mut Scope<'_>) {
    let known: Vec<&str> = config.web_acls.iter().map(|acl| acl.arn.as_str()).collect();
    for (i, written) in config.logging_configurations.iter().enumerate() {
        let at = format!("loggingConfigurations[{i}]");
        by_arn(&written.resource_arn, &WEB_ACLS, &known, &format!("{at}.ResourceArn"), scope);
        let before = config.logging_configurations.iter().take(i);
        if before.into_iter().any(|other| other.resource_arn == written.resource_arn) {
            scope.error(&format!("{at}.ResourceArn"), "the web ACL has a logging configuration already");
        }
        for (member, problem) in Logging::new(written).err().unwrap_or_default() {
            scope.error(&format!("{at}.{member}"), problem);
        }
    }
}

impl Sources<'_> {
    /// The log of a web ACL, if it has one.
    pub(super) fn logging(&self, arn: &str) -> Option<Logging> {
        let mut written = self.config.logging_configurations.iter();
        Logging::new(written.find(|logging| logging.resource_arn == arn)?).ok()
    }
}

#[cfg(test)]
mod tests {
    use crate::gateway::compile::compile;
    use crate::gateway::config::load;
    use crate::gateway::surroundings::Elsewhere;
    use serde_json::{Value, json};

    const ARN: &str = "arn:aws:wafv2:us-east-1:123456789012:regional/webacl/edge/1";

    fn document(configurations: Value) -> Vec<u8> {
        let visibility = json!({ "SampledRequestsEnabled": false, "CloudWatchMetricsEnabled": true, "MetricName": "edge" });
        let document = json!({
            "webAcls": [{
                "Name": "edge", "Id": "1", "ARN": ARN, "DefaultAction": { "Allow": {} }, "Rules": [],
                "VisibilityConfig": visibility,
            }],
            "loggingConfigurations": configurations,
            "apis": [{
                "apiId": "a", "protocolType": "HTTP", "stages": [{ "stageName": "$default", "webAclArn": ARN }],
            }],
        });
        document.to_string().into_bytes()
    }

    fn problems(configurations: Value) -> String {
        let config = load(&document(configurations)).unwrap();
        compile(&config, &Elsewhere).map(|_| ()).unwrap_err().to_string()
    }

    #[test]
    fn a_web_acl_is_logged_that_has_a_configuration() {
        let logged = |configurations: Value| {
            let config = load(&document(configurations)).unwrap();
            let gateway = compile(&config, &Elsewhere).unwrap().gateway;
            let stage = gateway.api("a").unwrap().stage("$default").unwrap().clone();
            (stage.web_acl.as_ref().unwrap().logging.is_some(), gateway.named_counters())
        };
        let (is_logged, counters) = logged(json!([]));
        assert!(!is_logged);
        let of_acls = |name: &&str| name.starts_with("sekisho_waf;");
        let counters: Vec<&str> = counters.iter().map(AsRef::as_ref).filter(of_acls).collect();
        let name = |event| format!("sekisho_waf;edge;ALL;{event}_requests_total");
        let expected = ["allowed", "blocked", "counted"].map(name);
        assert_eq!(counters, expected);
        let printed =
            json!({ "LoggingConfiguration": { "ResourceArn": ARN, "LogDestinationConfigs": ["arn:x"] } });
        assert!(logged(json!([printed])).0);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let told = problems(json!([
            { "ResourceArn": ARN, "RedactedFields": [{ "Method": {} }, { "Body": {} }] },
            { "ResourceArn": ARN },
            { "ResourceArn": "arn:aws:wafv2:us-east-1:123456789012:regional/webacl/edge/2" },
        ]));
        for part in [
            "loggingConfigurations[0].RedactedFields[1]: only `SingleHeader`",
            "loggingConfigurations[1].ResourceArn: the web ACL has a logging configuration already",
            "loggingConfigurations[2].ResourceArn: no web ACL has the ARN",
        ] {
            assert!(told.contains(part), "{told}");
        }
    }
}
