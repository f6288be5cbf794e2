use super::{FOREIGN, hint};
use crate::gateway::config::schema;

#[test]
fn foreign_names_name_ours() {
    let schema = schema();
    let hint =
        |owner: &str, name: &str, fields: &[&str]| hint(&schema, owner, name, fields).unwrap_or_default();
    assert_eq!(hint("Stage", "variables", &["stageVariables"]), "`variables` is `stageVariables` here");
    assert_eq!(hint("Api", "ApiId", &["apiId"]), "`ApiId` is how the AWS CLI prints it; write `apiId`");
    assert!(hint("Config", "Items", &["apis"]).contains("the AWS CLI prints pages"));
    assert_eq!(hint("Route", "route_key", &["routeKey"]), "a field with a similar name exists: `routeKey`");
    assert_eq!(hint("Route", "tagret", &["target"]), "a field with a similar name exists: `target`");
    assert_eq!(
        hint("Route", "timeoutInMillis", &[]),
        "`timeoutInMillis` is a field of `RateLimitService` and of `Integration`"
    );
    assert_eq!(hint("Route", "zebra", &["target"]), "");
    assert_eq!(hint("Route", "", &["target"]), "");
    assert_eq!(hint("Route", "Ünknown", &["target"]), "");
}

#[test]
fn no_hint_hides_a_field_that_exists() {
    let schema = schema();
    for (owner, name, _) in FOREIGN.iter().filter(|(owner, ..)| !owner.is_empty()) {
        let owner_schema = if *owner == "Config" { &schema } else { &schema["$defs"][owner] };
        let fields = &owner_schema["properties"];
        assert!(fields.is_object(), "{owner} is a definition");
        assert!(fields.get(name).is_none(), "{owner}.{name} is a field, and cannot be unknown");
    }
}
