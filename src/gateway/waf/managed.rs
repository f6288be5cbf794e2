//! Managed rule groups of our own: vendor `Sekisho`. None of them is Amazon's; where one has the purpose of one of Amazon's, its
//! rules and the ends of their labels are named alike, so that overrides which were written for those keep working.
//! <https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-list.html>
//!
//! They are data, in the form of `aws wafv2 get-rule-group`: `managed/NAME.json` is made of `managed/NAME.yaml`, where each
//! pattern stands with what it is for, and with examples of what it finds and of what it lets pass.

use crate::gateway::config::object;
use crate::gateway::config::waf::RuleGroup;

/// Groups by their names, as JSON. What a group's `Name` says is what its labels begin with: `core-rule-set`.
const GROUPS: [(&str, &str); 11] = [
    ("Core", include_str!("managed/core.json")),
    ("KnownBadInputs", include_str!("managed/known_bad_inputs.json")),
    ("SqlDatabase", include_str!("managed/sql_database.json")),
    ("Injection", include_str!("managed/injection.json")),
    ("Linux", include_str!("managed/linux.json")),
    ("Unix", include_str!("managed/unix.json")),
    ("Windows", include_str!("managed/windows.json")),
    ("Php", include_str!("managed/php.json")),
    ("WordPress", include_str!("managed/wordpress.json")),
    ("AdminProtection", include_str!("managed/admin_protection.json")),
    ("IpReputation", include_str!("managed/ip_reputation.json")),
];

/// The names of all groups.
pub fn names() -> impl Iterator<Item = &'static str> {
    GROUPS.iter().map(|(name, _)| *name)
}

/// A group as JSON.
#[must_use]
pub fn group(name: &str) -> Option<&'static str> {
    GROUPS.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// A group as the document's types have it.
#[must_use]
pub fn load(name: &str) -> Option<RuleGroup> {
    object(group(name)?.as_bytes())
}

#[cfg(test)]
mod tests;
