//! Objects of which exactly one member must be there: AWS's unions.

use super::super::scope::Scope;

/// Whether exactly one of the members is there; none or several go to the diagnostics.
#[inline(never)]
pub(super) fn has_one(members: &[(&str, bool)], scope: &mut Scope<'_>) -> bool {
    let named = |there: bool| {
        let members = members.iter().filter(move |member| member.1 || !there);
        members.map(|(name, _)| format!("`{name}`")).collect::<Vec<_>>()
    };
    let there = named(true);
    let problem = match there.as_slice() {
        [_] => return true,
        [] => "no member says what it is".to_owned(),
        several => format!("{} stand together", several.join(" and ")),
    };
    scope.error("", problem).help(format!("exactly one of {}", named(false).join(", ")));
    false
}
