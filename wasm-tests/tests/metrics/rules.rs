//! The alert rules, by the tool of those who evaluate them.

use crate::prometheus::{folder, promtool};
use sekisho_cases::needs;
use std::fs;

#[test]
fn promtool_takes_rules_and_configuration_and_their_tests_pass() {
    needs!("promtool", "prometheus");
    for arguments in [
        ["check", "rules", "alerts.yml"],
        ["check", "config", "prometheus.yml"],
        ["test", "rules", "alerts.test.yml"],
    ] {
        let (is_content, said) = promtool(&arguments, b"");
        assert!(is_content && said.contains("SUCCESS"), "{arguments:?}: {said}");
    }
}

/// A rule without a test would never be known to fire.
#[test]
fn each_alert_is_tested_with_what_sets_it_off_and_without() {
    let rules = fs::read_to_string(folder().join("alerts.yml")).unwrap();
    let tests = fs::read_to_string(folder().join("alerts.test.yml")).unwrap();
    let alerts: Vec<_> = rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    assert!(alerts.len() >= 11, "{alerts:?}");
    let (calm, storm) = tests.split_once("nothing is well").unwrap();
    for alert in alerts {
        assert!(calm.contains(&format!("alertname: {alert} }}")), "{alert} is not tested where all is well");
        let after = storm.split(&format!("alertname: {alert}\n")).nth(1);
        let fires = after.is_some_and(|after| after.trim_start().starts_with("exp_alerts:"));
        assert!(fires, "{alert} is not tested where it fires");
    }
}
