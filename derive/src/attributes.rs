//! serde's attributes, as far as the document's types use them.

use syn::meta::ParseNestedMeta;
use syn::{Attribute, Ident, LitStr, Result};

/// What `#[serde(…)]` says of a type, a field or a variant.
#[derive(Default)]
pub struct Attributes {
    /// How the names of all members are spelt.
    pub rename_all: Option<String>,
    /// Another name.
    pub rename: Option<String>,
    /// May be missing.
    pub default: bool,
    /// Refuses what is not known.
    pub deny_unknown_fields: bool,
}

/// Reads them.
pub fn attributes(written: &[Attribute]) -> Result<Attributes> {
    let mut attributes = Attributes::default();
    for attribute in written.iter().filter(|attribute| attribute.path().is_ident("serde")) {
        attribute.parse_nested_meta(|meta| attributes.add(&meta))?;
    }
    Ok(attributes)
}

impl Attributes {
    fn add(&mut self, meta: &ParseNestedMeta<'_>) -> Result<()> {
        let text = || Ok::<_, syn::Error>(Some(meta.value()?.parse::<LitStr>()?.value()));
        match meta.path.get_ident().map(Ident::to_string).as_deref() {
            Some("rename_all") => self.rename_all = text()?,
            Some("rename") => self.rename = text()?,
            Some("default") if !meta.input.peek(syn::Token![=]) => self.default = true,
            Some("deny_unknown_fields") => self.deny_unknown_fields = true,
            _ => return Err(meta.error("the document's reader does not know this attribute")),
        }
        Ok(())
    }

    /// The name of a member in the document.
    ///
    /// # Errors
    /// If `rename_all` is a spelling that is not known here.
    pub fn name(
        &self,
        ident: &Ident,
        own: &Attributes,
        spell: fn(&str, &str) -> Option<String>,
    ) -> Result<String> {
        let text = ident.to_string();
        let text = text.trim_start_matches("r#");
        match (&own.rename, &self.rename_all) {
            (Some(name), _) => Ok(name.clone()),
            (None, None) => Ok(text.to_owned()),
            (None, Some(case)) => spell(case, text)
                .ok_or_else(|| syn::Error::new_spanned(ident, format!("`{case}` is not a known spelling"))),
        }
    }
}
