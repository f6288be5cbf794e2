//! What changes for clients between two tables of routes.

use super::change::{Access, Change, Kind, Place};
use super::members::{clean, differences};
use sekisho::gateway::compile::{Route, RouteTable, Weaker, weaker};
use sekisho::gateway::config::{AuthorizationType, ProtocolType};
use serde_json::Value;

/// What a side of a stage serves.
#[derive(Debug, Clone, Copy)]
pub(super) struct Side<'d> {
    pub(super) protocol: ProtocolType,
    /// The routes as run.
    pub(super) table: &'d RouteTable,
    /// What holds the lists, as written.
    pub(super) lists: &'d Value,
}

/// Two sides, and where they are.
struct Pair<'d> {
    place: &'d Place,
    before: Side<'d>,
    after: Side<'d>,
    /// Requests of which less is asked than before.
    loosened: Vec<Weaker>,
    /// Requests of which less was asked.
    tightened: Vec<Weaker>,
}

/// What changes where one side takes the place of another.
pub(super) fn compare(place: &Place, before: Side<'_>, after: Side<'_>, changes: &mut Vec<Change>) {
    // An authorizer that is another one is a change of its own, not one of each route that asks it.
    let same = |_: &str| true;
    let loosened = weaker(before.table, after.table, after.protocol, &same);
    let tightened = weaker(after.table, before.table, after.protocol, &same);
    let pair = Pair { place, before, after, loosened, tightened };
    pair.authorizers(changes);
    pair.integrations(changes);
    for route in after.table.iter() {
        match before.route(&route.key) {
            Some(old) => changes.extend(pair.changed(old, route)),
            None => changes.push(pair.added(route)),
        }
    }
    let gone = before.table.iter().filter(|route| after.route(&route.key).is_none());
    changes.extend(gone.map(|route| pair.removed(route)));
}

/// What somebody should know of routes that nobody answered before.
pub(super) fn all_new(side: Side<'_>) -> (Vec<String>, Option<Access>) {
    let total = side.table.iter().count();
    let open: Vec<_> = side.table.iter().filter(|route| is_open(route)).collect();
    let mut details = vec![format!("{total} route{}", if total == 1 { "" } else { "s" })];
    if !open.is_empty() {
        let names: Vec<_> = open.iter().take(8).map(|route| format!("`{}`", route.key)).collect();
        let more = if open.len() > 8 { format!(" and {} more", open.len() - 8) } else { String::new() };
        details.push(format!("open to anybody: {}{more}", names.join(", ")));
    }
    let wide = open.iter().any(|route| takes_all_below(route));
    (details, wide.then_some(Access::Loosened))
}

// === impl Side ===

impl<'d> Side<'d> {
    fn route(&self, key: &str) -> Option<&'d Route> {
        self.table.iter().find(|route| route.key == key)
    }

    fn find(&self, list: &str, member: &str, wanted: &str) -> Option<&'d Value> {
        let list = self.lists.get(list)?.as_array()?;
        list.iter().find(|element| element.get(member).and_then(Value::as_str) == Some(wanted))
    }

    /// The id of the integration that answers a route.
    fn target(&self, key: &str) -> &'d str {
        let target = self.find("routes", "routeKey", key).and_then(|route| route.get("target"));
        target
            .and_then(Value::as_str)
            .and_then(|target| target.strip_prefix("integrations/"))
            .unwrap_or_default()
    }

    fn integration(&self, id: &str) -> Option<&'d Value> {
        self.find("integrations", "integrationId", id)
    }

    /// What answers a route, in words.
    fn answers(&self, key: &str) -> String {
        let integration = self.integration(self.target(key));
        let member = |name| integration.and_then(|it| it.get(name)).and_then(Value::as_str);
        let kind = member("integrationType").unwrap_or_default();
        match member("integrationSubtype").or_else(|| member("integrationUri")) {
            Some(to) => format!("{kind} `{}`", clean(to)),
            None => kind.to_owned(),
        }
    }
}

// === impl Pair ===

impl Pair<'_> {
    fn added(&self, route: &Route) -> Change {
        let mut details = vec![self.after.answers(&route.key), asked(route)];
        let mut access = self.access(&route.key, &mut details);
        if access.is_none() && is_open(route) && takes_all_below(route) {
            details.push("takes every path below that has no route of its own".to_owned());
            access = Some(Access::Loosened);
        }
        Change::new(Kind::Added, self.place, subject(route)).with(details).access(access)
    }

    fn removed(&self, route: &Route) -> Change {
        let mut details = vec![asked(route)];
        let access = self.access(&route.key, &mut details);
        Change::new(Kind::Removed, self.place, subject(route)).with(details).access(access)
    }

    fn changed(&self, before: &Route, after: &Route) -> Option<Change> {
        let mut details = Vec::new();
        if asked(before) != asked(after) {
            details.push(format!("{} → {}", asked(before), asked(after)));
        }
        let access = self.access(&after.key, &mut details);
        let targets = (self.before.target(&before.key), self.after.target(&after.key));
        let integrations = (self.before.integration(targets.0), self.after.integration(targets.1));
        // An integration that keeps its name is a change of its own.
        if let (true, (Some(old), Some(new))) = (targets.0 != targets.1, integrations) {
            let differences = differences(old, new, &[]);
            details.extend(differences.into_iter().map(|line| format!("integration: {line}")));
        }
        (!details.is_empty())
            .then(|| Change::new(Kind::Changed, self.place, subject(after)).with(details).access(access))
    }

    /// Whether more or less is asked of requests that were this route's, or are. What is known goes to the details.
    fn access(&self, key: &str, details: &mut Vec<String>) -> Option<Access> {
        let of_route = self.loosened.iter().filter(|weaker| weaker.route == key);
        let lines: Vec<_> = of_route
            .map(|it| match it.answered_by == key {
                true => it.what.clone(),
                false => format!("`{}` answers its requests now, and {}", it.answered_by, it.what),
            })
            .collect();
        if !lines.is_empty() {
            details.extend(lines);
            return Some(Access::Loosened);
        }
        self.tightened.iter().any(|weaker| weaker.route == key).then_some(Access::Tightened)
    }

    /// Integrations that answer otherwise under the same name, each with its routes.
    fn integrations(&self, changes: &mut Vec<Change>) {
        let list = self.after.lists.get("integrations").and_then(Value::as_array);
        for new in list.into_iter().flatten() {
            let id = new.get("integrationId").and_then(Value::as_str).unwrap_or_default();
            let Some(old) = self.before.integration(id) else { continue };
            let users = self
                .after
                .table
                .iter()
                .map(|route| route.key.as_str())
                .filter(|key| self.after.target(key) == id && self.before.target(key) == id);
            let users: Vec<_> = users.map(|key| format!("`{key}`")).collect();
            let differences = differences(old, new, &[]);
            if users.is_empty() || differences.is_empty() {
                continue;
            }
            let more = if users.len() > 5 { format!(" and {} more", users.len() - 5) } else { String::new() };
            let users = users.into_iter().take(5).collect::<Vec<_>>().join(", ");
            changes.push(
                Change::new(Kind::Changed, self.place, format!("integration `{id}`"))
                    .with(differences)
                    .with(vec![format!("answers {users}{more}")]),
            );
        }
    }

    /// Authorizers that are others under the same name.
    fn authorizers(&self, changes: &mut Vec<Change>) {
        let list = self.after.lists.get("authorizers").and_then(Value::as_array);
        for new in list.into_iter().flatten() {
            let id = new.get("authorizerId").and_then(Value::as_str).unwrap_or_default();
            let Some(old) = self.before.find("authorizers", "authorizerId", id) else { continue };
            let asked_by =
                |side: &Side<'_>| side.table.iter().any(|it| it.authorizer_id.as_deref() == Some(id));
            let differences = differences(old, new, &[]);
            if differences.is_empty() || !asked_by(&self.before) || !asked_by(&self.after) {
                continue;
            }
            changes.push(
                Change::new(Kind::Changed, self.place, format!("authorizer `{id}`"))
                    .access(Some(judged(old, new)))
                    .with(differences),
            );
        }
    }
}

/// An authorizer that believes in fewer audiences, and is the same otherwise, lets fewer in. Of any other change nobody can tell.
fn judged(before: &Value, after: &Value) -> Access {
    let without = |authorizer: &Value| {
        let mut authorizer = authorizer.clone();
        let jwt = authorizer.get_mut("jwtConfiguration").and_then(Value::as_object_mut);
        let audience = jwt.and_then(|jwt| jwt.remove("audience"));
        (authorizer, audience.and_then(|list| list.as_array().cloned()).unwrap_or_default())
    };
    let ((rest_before, believed), (rest_after, believes)) = (without(before), without(after));
    let fewer = !believes.is_empty() && believes.iter().all(|audience| believed.contains(audience));
    if fewer && differences(&rest_before, &rest_after, &[]).is_empty() {
        Access::Tightened
    } else {
        Access::Loosened
    }
}

fn subject(route: &Route) -> String {
    format!("route `{}`", route.key)
}

/// What is asked of clients, in words.
fn asked(route: &Route) -> String {
    let kind = match route.authorization {
        AuthorizationType::None => "open to anybody",
        AuthorizationType::Jwt => "JWT",
        AuthorizationType::Custom => "CUSTOM",
        AuthorizationType::AwsIam => "AWS_IAM",
        AuthorizationType::CognitoUserPools => "COGNITO_USER_POOLS",
    };
    let mut asked = match (route.authorization, route.api_key_required) {
        (AuthorizationType::None, true) => "anybody with an API key".to_owned(),
        (_, true) => format!("{kind} and an API key"),
        (_, false) => kind.to_owned(),
    };
    if let Some(id) = route.authorizer_id.as_ref().filter(|_| route.authorization != AuthorizationType::None)
    {
        asked.push_str(&format!(" by `{id}`"));
    }
    if !route.scopes.is_empty() {
        asked.push_str(&format!(", scope `{}`", route.scopes.join("` or `")));
    }
    asked
}

fn is_open(route: &Route) -> bool {
    route.authorization == AuthorizationType::None && !route.api_key_required
}

/// Whether a route takes paths that nobody wrote down.
fn takes_all_below(route: &Route) -> bool {
    route.is_default() || route.key.ends_with("+}")
}
