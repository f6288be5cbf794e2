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
    match there.as_slice() {
        [_] => return true,
        [] => scope
            .error("", "no member says what it is")
            .help(format!("exactly one of {}", named(false).join(", "))),
        several => scope
            .error("", format!("{} stand together", several.join(" and ")))
            .help("exactly one of them says what it is"),
    }
    false
}
