//! Keys: what of a request is compared.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-resource-policies-aws-condition-keys.html>

use super::super::principal::{account, principal_arn};
use super::super::{Asked, Problem};
use super::operator::Family;
use crate::gateway::diagnostics::similar;
use std::borrow::Cow;
use std::net::IpAddr;

/// What of a request is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    CurrentTime,
    EpochTime,
    PrincipalAccount,
    PrincipalArn,
    Referer,
    SecureTransport,
    SourceIp,
    UserAgent,
}

/// What a request has under a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found<T> {
    Value(T),
    /// Nothing.
    Absent,
    /// Something that cannot be read, or two things.
    Unknown,
}

const KEYS: [(&str, Key, &[Family]); 8] = [
    ("aws:CurrentTime", Key::CurrentTime, &[Family::Date]),
    ("aws:EpochTime", Key::EpochTime, &[Family::Number, Family::Date]),
    ("aws:PrincipalAccount", Key::PrincipalAccount, &[Family::Text]),
    ("aws:PrincipalArn", Key::PrincipalArn, &[Family::Arn, Family::Text]),
    ("aws:Referer", Key::Referer, &[Family::Text]),
    ("aws:SecureTransport", Key::SecureTransport, &[Family::Bool]),
    ("aws:SourceIp", Key::SourceIp, &[Family::Address]),
    ("aws:UserAgent", Key::UserAgent, &[Family::Text]),
];

/// Keys of AWS's network, of which nothing is known outside it.
const OF_VPCS: [&str; 8] = [
    "aws:SourceVpc",
    "aws:SourceVpcArn",
    "aws:SourceVpce",
    "aws:VpcSourceIp",
    "aws:VpceAccount",
    "aws:VpceOrgID",
    "aws:VpceOrgPaths",
    "aws:ViaAWSService",
];

// === impl Key ===

impl Key {
    /// Reads a key's name, in which case does not count; the problem has no path.
    pub(super) fn parse(name: &str, family: Family) -> Result<Self, Problem> {
        let same = |known: &str| known.eq_ignore_ascii_case(name);
        if OF_VPCS.iter().any(|known| same(known)) {
            let problem = format!("`{name}` is known inside AWS's network only");
            return Err(Problem::new("", problem)
                .help("compare `aws:SourceIp`, the client's address as Envoy trusts it"));
        }
        let Some(&(known, key, families)) = KEYS.iter().find(|(known, ..)| same(known)) else {
            let near = similar(name, KEYS.iter().map(|(known, ..)| *known));
            let help = near.map_or_else(
                || format!("the keys are {}", KEYS.map(|(known, ..)| known).join(", ")),
                |near| format!("a key with a similar name exists: `{near}`"),
            );
            return Err(Problem::new("", format!("the gateway knows no key `{name}`")).help(help));
        };
        if family != Family::Null && !families.contains(&family) {
            let names: Vec<_> = families.iter().map(|family| family.example()).collect();
            let problem = format!("this operator does not compare `{known}`");
            return Err(Problem::new("", problem).help(format!("compare it by {}", names.join(" or "))));
        }
        Ok(key)
    }

    /// A text, for string and ARN operators.
    pub(super) fn text<'a>(self, asked: &Asked<'a>) -> Found<Cow<'a, str>> {
        match self {
            Self::PrincipalArn => {
                asked.caller.map_or(Found::Absent, |arn| Found::Value(principal_arn(arn).into()))
            }
            Self::PrincipalAccount => asked.caller.map_or(Found::Absent, |arn| {
                account(arn).map_or(Found::Unknown, |account| Found::Value(account.into()))
            }),
            Self::Referer => header(asked, b"referer"),
            Self::UserAgent => header(asked, b"user-agent"),
            Self::CurrentTime | Self::EpochTime | Self::SecureTransport | Self::SourceIp => Found::Unknown,
        }
    }

    /// The client's address as Envoy trusts it.
    pub(super) fn address(self, asked: &Asked<'_>) -> Found<IpAddr> {
        match self {
            Self::SourceIp => {
                let address: Result<IpAddr, _> = asked.request.source_ip.parse();
                address.map_or(Found::Unknown, |address| Found::Value(address.to_canonical()))
            }
            Self::CurrentTime
            | Self::EpochTime
            | Self::PrincipalAccount
            | Self::PrincipalArn
            | Self::Referer
            | Self::SecureTransport
            | Self::UserAgent => Found::Unknown,
        }
    }

    /// Whether the client came by TLS: `x-forwarded-proto` is Envoy's, while a client of HTTP/2 writes `:scheme` itself.
    pub(super) fn bool(self, asked: &Asked<'_>) -> Found<bool> {
        match self {
            Self::SecureTransport => match asked.request.head.only(b"x-forwarded-proto") {
                Some(b"https") => Found::Value(true),
                Some(b"http") => Found::Value(false),
                Some(_) | None => Found::Unknown,
            },
            Self::CurrentTime
            | Self::EpochTime
            | Self::PrincipalAccount
            | Self::PrincipalArn
            | Self::Referer
            | Self::SourceIp
            | Self::UserAgent => Found::Unknown,
        }
    }

    /// When the request arrived, in seconds since the epoch.
    pub(super) fn seconds(self, asked: &Asked<'_>) -> Found<i64> {
        match self {
            Self::CurrentTime | Self::EpochTime => {
                i64::try_from(asked.request.arrived.0 / 1000).map_or(Found::Unknown, Found::Value)
            }
            Self::PrincipalAccount
            | Self::PrincipalArn
            | Self::Referer
            | Self::SecureTransport
            | Self::SourceIp
            | Self::UserAgent => Found::Unknown,
        }
    }

    /// Whether the request has nothing under this key.
    pub(super) fn is_absent(self, asked: &Asked<'_>) -> Found<bool> {
        match self {
            Self::CurrentTime | Self::EpochTime => self.seconds(asked).absence(),
            Self::PrincipalAccount | Self::PrincipalArn | Self::Referer | Self::UserAgent => {
                self.text(asked).absence()
            }
            Self::SecureTransport => self.bool(asked).absence(),
            Self::SourceIp => self.address(asked).absence(),
        }
    }
}

// === impl Found ===

impl<T> Found<T> {
    fn absence(self) -> Found<bool> {
        match self {
            Self::Value(_) => Found::Value(false),
            Self::Absent => Found::Value(true),
            Self::Unknown => Found::Unknown,
        }
    }
}

// === impl Family ===

impl Family {
    fn example(self) -> &'static str {
        match self {
            Self::Text => "`StringEquals`",
            Self::Number => "`NumericLessThan`",
            Self::Date => "`DateLessThan`",
            Self::Bool => "`Bool`",
            Self::Address => "`IpAddress`",
            Self::Arn => "`ArnLike`",
            Self::Null => "`Null`",
        }
    }
}

/// A header's text. Of two, a backend may believe the other one.
fn header<'a>(asked: &Asked<'a>, name: &'static [u8]) -> Found<Cow<'a, str>> {
    let mut values = asked.request.head.all(name);
    match (values.next(), values.next()) {
        (None, _) => Found::Absent,
        (Some(value), None) => {
            std::str::from_utf8(value).map_or(Found::Unknown, |text| Found::Value(text.into()))
        }
        (Some(_), Some(_)) => Found::Unknown,
    }
}
