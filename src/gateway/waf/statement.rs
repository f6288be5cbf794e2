//! What a rule fits.

use super::client::Client;
use super::input::{Inputs, Memo, Test};
use super::ip_set::Addresses;
use super::labels::{LabelMatch, Labels};
use super::view::View;
use crate::gateway::Env;
use std::rc::Rc;

/// Whether a statement fits a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    /// It does.
    Yes,
    /// It does not.
    No,
    /// The body would tell.
    Body,
}

/// A statement as run. Those that count requests or refer to groups stand in rules alone.
#[derive(Debug)]
pub enum Statement {
    /// A test of a part of the request.
    Test(Test),
    /// All of these.
    And(Vec<Statement>),
    /// One of these.
    Or(Vec<Statement>),
    /// What this does not fit.
    Not(Box<Statement>),
    /// The client's address, or a header's, is in a set.
    Addresses(Addresses),
    /// The client's country is one of these.
    Countries(Vec<[u8; 2]>),
    /// The client's autonomous system is one of these.
    Asns(Vec<u32>),
    /// An earlier rule gave a label.
    Label(LabelMatch),
}

/// What statements are judged by.
#[derive(Debug)]
pub struct Judge<'a, 'r> {
    /// What was looked at so far.
    pub memo: &'a mut Memo,
    /// What they look at.
    pub inputs: &'a Inputs,
    /// The request.
    pub view: &'a View<'r>,
    /// Labels of the rules before.
    pub labels: &'a mut Labels,
    /// Who is told what is looked at.
    pub env: &'a Env<'a>,
}

// === impl Fit ===

impl From<bool> for Fit {
    fn from(fits: bool) -> Self {
        if fits { Self::Yes } else { Self::No }
    }
}

impl std::ops::Not for Fit {
    type Output = Self;

    fn not(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
            Self::Body => Self::Body,
        }
    }
}

// === impl Statement ===

impl Statement {
    /// Whether it fits. Without the body, what fits or not whatever the body says is told.
    pub fn fits(&self, judge: &mut Judge<'_, '_>) -> Fit {
        match self {
            Self::Test(test) => judge.inputs.fits(test, judge.memo, judge.view, judge.env),
            Self::And(all) => first(all, Fit::No, judge),
            Self::Or(any) => first(any, Fit::Yes, judge),
            Self::Not(other) => !other.fits(judge),
            Self::Addresses(addresses) => addresses.fits(judge.view).into(),
            Self::Countries(codes) => {
                add_places(&judge.view.client, judge.labels);
                judge.view.client.country().is_some_and(|code| codes.iter().any(|known| known == code)).into()
            }
            Self::Asns(numbers) => numbers.contains(&judge.view.client.asn()).into(),
            Self::Label(wanted) => judge.labels.fit(wanted).into(),
        }
    }
}

/// The first that decides, else whether the body could, else the opposite.
fn first(statements: &[Statement], decides: Fit, judge: &mut Judge<'_, '_>) -> Fit {
    let mut otherwise = !decides;
    for statement in statements {
        match statement.fits(judge) {
            fit if fit == decides => return decides,
            Fit::Body => otherwise = Fit::Body,
            Fit::Yes | Fit::No => {}
        }
    }
    otherwise
}

/// A look at the country tells it to the rules behind, whatever comes of it.
fn add_places(client: &Client<'_>, labels: &mut Labels) {
    let code = |code: &[u8]| code.iter().all(u8::is_ascii_alphanumeric).then(|| code.to_ascii_uppercase());
    let country = client.country().and_then(code);
    let country = country.as_deref().and_then(|code| std::str::from_utf8(code).ok()).unwrap_or("XX");
    labels.add(&Rc::from(format!("awswaf:clientip:geo:country:{country}")));
    let region = client.region().and_then(code);
    let region = region.as_deref().and_then(|code| std::str::from_utf8(code).ok()).unwrap_or("XX");
    labels.add(&Rc::from(format!("awswaf:clientip:geo:region:{country}-{region}")));
}
