//! Where AWS's services live: <https://docs.aws.amazon.com/general/latest/gr/rande.html>.

use super::flow::CalloutReply;
use std::collections::BTreeMap;

/// On the answer that Envoy gives itself where it had no credentials to sign with: nothing has left.
pub const UNSIGNED_HEADER: &str = "x-sekisho-unsigned";

/// The domains of AWS's own endpoints.
const DOMAINS: [&str; 6] =
    ["amazonaws.com", "amazonaws.com.cn", "amazonaws.eu", "api.aws", "c2s.ic.gov", "sc2s.sgov.gov"];

/// A service as hosts and signatures name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Service {
    /// Its name in `endpoints` and in AWS's hosts: `sqs`, `sync-states`.
    pub name: &'static str,
    /// The name under which `endpoints` may hold it too, as one emulator serves both: `states` for `sync-states`.
    pub alias: Option<&'static str>,
    /// Its name in signatures: `sqs`, `states`.
    pub signing_name: &'static str,
}

/// Lambda.
pub const LAMBDA: Service = Service { name: "lambda", alias: None, signing_name: "lambda" };

// === impl Service ===

impl Service {
    /// The URL under which the service is asked: that of `endpoints` under `NAME.REGION` or `NAME`, else AWS's own.
    #[must_use]
    pub fn url(&self, region: &str, endpoints: &BTreeMap<String, String>) -> String {
        let names = [Some(self.name), self.alias].into_iter().flatten();
        let mut keys = names.flat_map(|name| [format!("{name}.{region}"), name.to_owned()]);
        let found = keys.find_map(|key| endpoints.get(&key));
        found.cloned().unwrap_or_else(|| format!("https://{}.{region}.{}", self.name, domain(region)))
    }
}

/// The domain of a region's endpoints, by its partition.
fn domain(region: &str) -> &'static str {
    const PARTITIONS: [(&str, &str); 4] = [
        ("cn-", "amazonaws.com.cn"),
        ("eusc-", "amazonaws.eu"),
        ("us-iso-", "c2s.ic.gov"),
        ("us-isob-", "sc2s.sgov.gov"),
    ];
    let found = PARTITIONS.iter().find(|(prefix, _)| region.starts_with(prefix));
    found.map_or("amazonaws.com", |(_, domain)| domain)
}

/// Whether a host is one of AWS's own: what goes there is signed, VPC endpoints among them.
#[must_use]
pub fn is_aws_host(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    DOMAINS.iter().any(|domain| host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.')))
}

/// Whether a text is a region's name, as far as a host or a signature is concerned.
#[must_use]
pub fn is_region(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 32
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// Whether a question was not sent, because there was nothing to sign it with.
#[must_use]
pub fn is_unsigned(reply: &CalloutReply) -> bool {
    match reply {
        CalloutReply::Answered { status, head, .. } => {
            *status == 500 && head.first(UNSIGNED_HEADER.as_bytes()).is_some()
        }
        CalloutReply::Failed | CalloutReply::TooLarge | CalloutReply::TooMany => false,
    }
}

/// The status that whoever was asked gave; none where Envoy answered in his place. Services of AWS's give each answer an id:
/// of anybody else's 502, 503 and 504 nobody can tell whose they are.
#[must_use]
pub fn told_status(reply: &CalloutReply) -> Option<u16> {
    let is_envoys = |status: &u16| matches!(status, 502..=504) && reply.request_id().is_none();
    reply.status().filter(|status| !is_envoys(status) && !is_unsigned(reply))
}

#[cfg(test)]
mod tests {
    use super::{LAMBDA, Service, UNSIGNED_HEADER, is_aws_host, is_region, is_unsigned};
    use crate::gateway::flow::CalloutReply;
    use crate::gateway::head::Head;
    use std::collections::BTreeMap;

    const SYNC: Service = Service { name: "sync-states", alias: Some("states"), signing_name: "states" };

    #[test]
    fn a_service_lives_at_the_nearest_endpoint_else_at_aws() {
        let all = BTreeMap::from(
            [("lambda", "http://all"), ("lambda.eu-west-1", "http://one"), ("states", "http://states")]
                .map(|(key, url)| (key.to_owned(), url.to_owned())),
        );
        assert_eq!(LAMBDA.url("eu-west-1", &all), "http://one");
        assert_eq!(LAMBDA.url("us-east-1", &all), "http://all");
        assert_eq!(SYNC.url("us-east-1", &all), "http://states");
        let none = BTreeMap::new();
        for (region, host) in [
            ("us-east-1", "lambda.us-east-1.amazonaws.com"),
            ("cn-north-1", "lambda.cn-north-1.amazonaws.com.cn"),
            ("us-gov-west-1", "lambda.us-gov-west-1.amazonaws.com"),
            ("eusc-de-east-1", "lambda.eusc-de-east-1.amazonaws.eu"),
            ("us-isob-east-1", "lambda.us-isob-east-1.sc2s.sgov.gov"),
        ] {
            assert_eq!(LAMBDA.url(region, &none), format!("https://{host}"));
            assert!(is_aws_host(host), "{host}");
        }
        assert_eq!(SYNC.url("us-east-1", &none), "https://sync-states.us-east-1.amazonaws.com");
    }

    #[test]
    fn a_host_is_awss_own_by_its_domain() {
        assert!(is_aws_host("vpce-1-2.sqs.eu-west-1.vpce.amazonaws.com"));
        assert!(is_aws_host("SQS.eu-west-1.API.AWS"));
        for host in ["amazonaws.com", "notamazonaws.com", "amazonaws.com.test", "127.0.0.1", "localhost", ""]
        {
            assert!(!is_aws_host(host), "{host}");
        }
    }

    #[test]
    fn only_envoys_own_answer_says_that_nothing_was_signed() {
        let answered = |status, headers: &[(&str, &str)]| CalloutReply::Answered {
            status,
            head: Head::from_pairs(headers, true),
            body: Vec::new(),
        };
        assert!(is_unsigned(&answered(500, &[(UNSIGNED_HEADER, "1")])));
        for other in [
            answered(500, &[]),
            answered(200, &[(UNSIGNED_HEADER, "1")]),
            CalloutReply::Failed,
            CalloutReply::TooMany,
        ] {
            assert!(!is_unsigned(&other), "{other:?}");
        }
    }

    #[test]
    fn a_region_is_a_label() {
        assert!(is_region("us-east-1"));
        for wrong in ["", "us east", "a.b", "a/b", "US-EAST-1", "{r}"] {
            assert!(!is_region(wrong), "{wrong}");
        }
    }
}
