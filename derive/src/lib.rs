//! `#[derive(Document)]`: a type of the configuration document as a table of names and places.
//!
//! serde's derive makes a reader of its own for each type: 270 KB of the module for the document's sixty types, and Envoy
//! compiles all of it at each start and each update. A table needs a few dozen bytes for each member, and one reader fills
//! them all (`config::load::fill`). Names are told by serde's own attributes, as schemars reads them too, so that the schema
//! and the reader cannot disagree.
//!
//! Understood: `rename_all`, `deny_unknown_fields` (which every struct must have), `rename`, `default`. Anything else is an
//! error at compile time.

mod attributes;
mod case;

use attributes::{Attributes, attributes};
use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DataEnum, DataStruct, DeriveInput, Error, Fields, Result, Type};

/// Makes a struct with named fields, or an enum without any, a part of the document.
#[proc_macro_derive(Document, attributes(serde))]
pub fn document(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let input = syn::parse_macro_input!(input as DeriveInput);
    expand(&input).unwrap_or_else(Error::into_compile_error).into()
}

fn expand(input: &DeriveInput) -> Result<TokenStream> {
    let container = attributes(&input.attrs)?;
    match &input.data {
        Data::Struct(data) => object(input, &container, data),
        Data::Enum(data) => choice(input, &container, data),
        Data::Union(_) => Err(Error::new_spanned(input, "a union is no part of a document")),
    }
}

/// A struct: an object of the document.
fn object(input: &DeriveInput, container: &Attributes, data: &DataStruct) -> Result<TokenStream> {
    let Fields::Named(fields) = &data.fields else {
        return Err(Error::new_spanned(input, "an object's members have names"));
    };
    if !container.deny_unknown_fields {
        return Err(Error::new_spanned(input, "add `deny_unknown_fields`: what is not known is an error"));
    }
    let (mut members, mut places, mut blanks) = (Vec::new(), Vec::new(), Vec::new());
    for (index, field) in fields.named.iter().enumerate() {
        let Some(place) = &field.ident else { continue };
        let own = attributes(&field.attrs)?;
        let name = container.name(place, &own, case::member)?;
        let required = !own.default && !is_option(&field.ty);
        members.push(quote!(Member { name: #name, required: #required }));
        places.push(quote!(#index => Some(&mut self.#place)));
        blanks.push(quote!(#place: Slot::blank()));
    }
    let name = &input.ident;
    Ok(quote! {
        const _: () = {
            use crate::gateway::config::document::{Found, Member, Object, Refusal, Slot, Taken};

            impl Slot for #name {
                fn blank() -> Self {
                    Self { #(#blanks),* }
                }
                fn accept(&mut self, found: Found<'_>) -> Result<Taken<'_>, Refusal> {
                    match found {
                        Found::Object => Ok(Taken::Object(self)),
                        _ => Err(Refusal::Expected("an object")),
                    }
                }
            }

            impl Object for #name {
                fn members(&self) -> &'static [Member] {
                    const MEMBERS: &[Member] = &[#(#members),*];
                    // The reader remembers in a number which of them were there.
                    const { assert!(MEMBERS.len() <= 64) }
                    MEMBERS
                }
                fn member(&mut self, index: usize) -> Option<&mut dyn Slot> {
                    match index {
                        #(#places,)*
                        _ => None,
                    }
                }
            }
        };
    })
}

/// An enum: one of several texts.
fn choice(input: &DeriveInput, container: &Attributes, data: &DataEnum) -> Result<TokenStream> {
    let (mut names, mut variants) = (Vec::new(), Vec::new());
    for (index, variant) in data.variants.iter().enumerate() {
        if !matches!(variant.fields, Fields::Unit) {
            return Err(Error::new_spanned(variant, "a text has no fields"));
        }
        let own = attributes(&variant.attrs)?;
        let ident = &variant.ident;
        names.push(container.name(ident, &own, case::variant)?);
        variants.push(quote!(#index => Self::#ident));
    }
    let first = data.variants.first().map(|variant| &variant.ident);
    let name = &input.ident;
    Ok(quote! {
        const _: () = {
            use crate::gateway::config::document::{Found, Refusal, Slot, Taken, choose};

            impl Slot for #name {
                // A blank is never read: whoever needs a value is told that it is missing.
                fn blank() -> Self {
                    Self::#first
                }
                fn accept(&mut self, found: Found<'_>) -> Result<Taken<'_>, Refusal> {
                    *self = match choose(&found, &[#(#names),*])? {
                        #(#variants,)*
                        _ => return Err(Refusal::OutOfRange),
                    };
                    Ok(Taken::Whole)
                }
            }
        };
    })
}

fn is_option(of: &Type) -> bool {
    let Type::Path(path) = of else { return false };
    path.path.segments.last().is_some_and(|last| last.ident == "Option")
}
