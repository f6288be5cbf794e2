//! Compiles what statements look at: parts of requests, and what is done to them before.
//! <https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-statement-fields-list.html>

use super::super::scope::Scope;
use super::input::Part;
use super::union::has_one;
use crate::gateway::config::waf::{
    FieldToMatch, OversizeHandling, PreParseTextTransformation, TextTransformation,
};
use crate::gateway::integrations::headers::is_header_name;
use crate::gateway::waf::field::{Field, JsonParts, Names, Pointers};
use crate::gateway::waf::transform::{PreParse, Transformation};

/// Most steps that are done to a part: AWS's limit.
const MOST_STEPS: usize = 10;
/// Most names in a list of them: AWS's limit.
const MOST_NAMES: usize = 199;

/// A part of a request, and what is done to it; what cannot be goes to the diagnostics.
#[inline(never)]
pub(super) fn part(
    field: &FieldToMatch,
    transformations: &[TextTransformation],
    pre_parse: &[PreParseTextTransformation],
    scope: &mut Scope<'_>,
) -> Option<Part> {
    let transformations = self::transformations(transformations, scope);
    let steps: Vec<_> = pre_parse.iter().map(|step| (step.priority, step.transformation_type)).collect();
    let mut pre_parse = in_order(&steps, "PreParseTextTransformations", scope);
    pre_parse.retain(|step| *step != PreParse::None);
    let field = self::field(field, &mut scope.below("FieldToMatch"))?;
    let of_arguments = matches!(field, Field::SingleQueryArgument(_) | Field::AllQueryArguments);
    if !steps.is_empty() && !of_arguments {
        scope
            .error("PreParseTextTransformations", "only arguments of the query string are parsed")
            .help("`SingleQueryArgument` and `AllQueryArguments` may have them");
    }
    Some(Part { field, pre_parse, transformations })
}

/// What is done to a part, in order, without what does nothing.
pub(super) fn transformations(written: &[TextTransformation], scope: &mut Scope<'_>) -> Vec<Transformation> {
    let steps: Vec<_> = written.iter().map(|step| (step.priority, step.transformation_type)).collect();
    if steps.is_empty() {
        scope
            .error("TextTransformations", "there is none")
            .help("`[{\"Priority\": 0, \"Type\": \"NONE\"}]` leaves the part as it is");
    }
    let mut steps = in_order(&steps, "TextTransformations", scope);
    steps.retain(|step| *step != Transformation::None);
    steps
}

/// Steps by their priorities.
fn in_order<T: Copy>(steps: &[(u32, T)], at: &str, scope: &mut Scope<'_>) -> Vec<T> {
    let priorities: Vec<u32> = steps.iter().map(|(priority, _)| *priority).collect();
    order(&priorities, at, scope).into_iter().filter_map(|place| Some(steps.get(place)?.1)).collect()
}

/// The places of the priorities from the lowest to the highest; one that stands twice goes to the diagnostics.
#[inline(never)]
fn order(priorities: &[u32], at: &str, scope: &mut Scope<'_>) -> Vec<usize> {
    if priorities.len() > MOST_STEPS {
        scope.error(at, format!("{} are more than {MOST_STEPS}", priorities.len()));
    }
    for (i, priority) in priorities.iter().enumerate() {
        if priorities.iter().take(i).any(|known| known == priority) {
            scope.error(&format!("{at}[{i}].Priority"), format!("the priority {priority} stands twice"));
        }
    }
    let mut places: Vec<usize> = (0..priorities.len()).collect();
    places.sort_by_key(|place| priorities.get(*place).copied());
    places
}

fn field(written: &FieldToMatch, scope: &mut Scope<'_>) -> Option<Field> {
    let members = [
        ("SingleHeader", written.single_header.is_some()),
        ("SingleQueryArgument", written.single_query_argument.is_some()),
        ("AllQueryArguments", written.all_query_arguments.is_some()),
        ("UriPath", written.uri_path.is_some()),
        ("QueryString", written.query_string.is_some()),
        ("Body", written.body.is_some()),
        ("Method", written.method.is_some()),
        ("JsonBody", written.json_body.is_some()),
        ("Headers", written.headers.is_some()),
        ("Cookies", written.cookies.is_some()),
        ("HeaderOrder", written.header_order.is_some()),
        ("JA3Fingerprint", written.ja3_fingerprint.is_some()),
        ("JA4Fingerprint", written.ja4_fingerprint.is_some()),
        ("UriFragment", written.uri_fragment.is_some()),
    ];
    if !has_one(&members, scope) {
        return None;
    }
    if let Some((name, _)) = members.iter().skip(11).find(|(_, there)| *there) {
        scope
            .error(name, "Amazon inspects it for CloudFront and load balancers only, not for API Gateway")
            .help("no web ACL of an API can have this rule on AWS either: take it away");
        return None;
    }
    if let Some(header) = &written.single_header {
        check_part_name(&header.name, Kind::Header, "SingleHeader.Name", scope);
        return Some(Field::SingleHeader(header.name.to_ascii_lowercase()));
    }
    if let Some(argument) = &written.single_query_argument {
        check_part_name(&argument.name, Kind::Argument, "SingleQueryArgument.Name", scope);
        return Some(Field::SingleQueryArgument(argument.name.to_ascii_lowercase()));
    }
    if let Some(body) = &written.body {
        return Some(Field::Body(body.oversize_handling.unwrap_or(OversizeHandling::Continue)));
    }
    if let Some(order) = &written.header_order {
        return Some(Field::HeaderOrder(order.oversize_handling));
    }
    if written.all_query_arguments.is_some() {
        return Some(Field::AllQueryArguments);
    }
    if written.uri_path.is_some() {
        return Some(Field::UriPath);
    }
    if written.query_string.is_some() {
        return Some(Field::QueryString);
    }
    if written.method.is_some() {
        return Some(Field::Method);
    }
    several(written, scope)
}

/// Parts that are several: of JSON, headers, cookies.
fn several(written: &FieldToMatch, scope: &mut Scope<'_>) -> Option<Field> {
    if let Some(json) = &written.json_body {
        let scope = &mut scope.below("JsonBody");
        let pattern = &json.match_pattern;
        let members = [("All", pattern.all.is_some()), ("IncludedPaths", pattern.included_paths.is_some())];
        let scope = &mut scope.below("MatchPattern");
        if !has_one(&members, scope) {
            return None;
        }
        let parts = match &pattern.included_paths {
            None => JsonParts::All,
            Some(pointers) => {
                check_names(pointers, Kind::Pointer, "IncludedPaths", scope);
                // A list that is too long is refused: it is not worth an order.
                JsonParts::Pointers(Pointers::new(pointers.get(..MOST_NAMES).unwrap_or(pointers)))
            }
        };
        let oversize = json.oversize_handling.unwrap_or(OversizeHandling::Continue);
        return Some(Field::JsonBody(parts, json.match_scope, json.invalid_fallback_behavior, oversize));
    }
    if let Some(headers) = &written.headers {
        let pattern = &headers.match_pattern;
        let lists = [
            ("IncludedHeaders", pattern.included_headers.as_deref()),
            ("ExcludedHeaders", pattern.excluded_headers.as_deref()),
        ];
        let names = names(pattern.all.is_some(), lists, Kind::Header, &mut scope.below("Headers"))?;
        return Some(Field::Headers(names, headers.match_scope, headers.oversize_handling));
    }
    let cookies = written.cookies.as_ref()?;
    let pattern = &cookies.match_pattern;
    let lists = [
        ("IncludedCookies", pattern.included_cookies.as_deref()),
        ("ExcludedCookies", pattern.excluded_cookies.as_deref()),
    ];
    let names = names(pattern.all.is_some(), lists, Kind::Cookie, &mut scope.below("Cookies"))?;
    Some(Field::Cookies(names, cookies.match_scope, cookies.oversize_handling))
}

/// What a name is of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A header.
    Header,
    /// A cookie.
    Cookie,
    /// An argument of the query string.
    Argument,
    /// A JSON body: a pointer (RFC 6901).
    Pointer,
}

/// All, those of the first list, or all but those of the second one.
fn names(
    all: bool,
    [included, excluded]: [(&str, Option<&[String]>); 2],
    kind: Kind,
    scope: &mut Scope<'_>,
) -> Option<Names> {
    let scope = &mut scope.below("MatchPattern");
    let members = [("All", all), (included.0, included.1.is_some()), (excluded.0, excluded.1.is_some())];
    if !has_one(&members, scope) {
        return None;
    }
    let list = |(at, names): (&str, Option<&[String]>), scope: &mut Scope<'_>| {
        let names = names?;
        check_names(names, kind, at, scope);
        Some(
            names
                .iter()
                .map(|name| if kind == Kind::Header { name.to_ascii_lowercase() } else { name.clone() }),
        )
        .map(|names| names.collect::<Vec<_>>())
    };
    if let Some(names) = list(included, scope) {
        return Some(Names::Included(names));
    }
    Some(list(excluded, scope).map_or(Names::All, Names::Excluded))
}

fn check_names(names: &[String], kind: Kind, at: &str, scope: &mut Scope<'_>) {
    if names.is_empty() || names.len() > MOST_NAMES {
        scope.error(at, format!("{} names are not from 1 to {MOST_NAMES}", names.len()));
    }
    for (i, name) in names.iter().enumerate() {
        check_part_name(name, kind, &format!("{at}[{i}]"), scope);
    }
}

/// A name is one of its kind.
#[inline(never)]
pub(super) fn check_part_name(name: &str, kind: Kind, at: &str, scope: &mut Scope<'_>) {
    let (what, most, good) = match kind {
        Kind::Header => ("the name of a header", 64, is_header_name(name)),
        Kind::Cookie => ("the name of a cookie", 60, true),
        Kind::Argument => ("the name of an argument", 64, true),
        Kind::Pointer => ("a JSON pointer (RFC 6901)", 512, is_pointer(name)),
    };
    if good && (1..=most).contains(&name.len()) {
        return;
    }
    let diagnostic = scope.error(at, format!("`{name}` is not {what} of at most {most} bytes"));
    if kind == Kind::Pointer {
        diagnostic.help("as `/user/name` and `/items/0`; `~1` is a slash in a name");
    }
}

/// `/`, or names behind slashes in which `~` is `~0` or `~1`.
fn is_pointer(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('/') else { return false };
    rest.split('~').skip(1).all(|behind| behind.starts_with(['0', '1']))
}
