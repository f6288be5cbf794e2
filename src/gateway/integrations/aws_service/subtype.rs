//! Which operations of which services can be called, and what they take: `table` has one row for each `integrationSubtype`.
//!
//! Those of AWS: <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-aws-services-reference.html>.
//! DynamoDB, SNS and S3 are extensions in the same style. Names, targets, paths and headers are those of botocore's service
//! models, with which a test compares them.

mod table;

use crate::gateway::aws::Service;
pub use table::SUBTYPES;

/// One operation.
#[derive(Debug, PartialEq, Eq)]
pub struct Subtype {
    /// `integrationSubtype`.
    pub name: &'static str,
    /// Whose it is.
    pub service: Service,
    /// How it is asked for.
    pub protocol: Protocol,
    /// What it takes, beside `Region`.
    pub parameters: &'static [Parameter],
}

/// How a service is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// AWS JSON: `X-Amz-Target` names the operation.
    Json {
        /// `1.0` or `1.1`.
        version: &'static str,
        /// `DynamoDB_20120810.GetItem`.
        target: &'static str,
        /// The list of which the parameters are the only element.
        within: Option<&'static str>,
    },
    /// AWS Query: a form.
    Query {
        /// The operation.
        action: &'static str,
        /// The API's version.
        version: &'static str,
    },
    /// HTTP's own words.
    Rest {
        /// The method.
        method: &'static str,
        /// The path, and the query string where part of it is fixed. `{Name}` is a parameter that is one segment, `{Name+}` one
        /// that may be several.
        path: &'static str,
    },
}

/// What an operation takes.
#[derive(Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name in `requestParameters`.
    pub name: &'static str,
    /// Where it goes.
    pub place: Place,
    /// What it is.
    pub kind: Kind,
    /// Whether a document must have it.
    pub required: bool,
}

/// Where a parameter goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// A member of the JSON object or of the form.
    Member(&'static str),
    /// The path.
    Path,
    /// The query string.
    Query(&'static str),
    /// A header.
    Header(&'static str),
    /// All of the body.
    Body,
}

/// What a parameter is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A text.
    Text,
    /// A text in a language of the service's: who writes it decides what is done.
    Code,
    /// A whole number.
    Number,
    /// `true` or `false`.
    Flag,
    /// Seconds since 1970, or ISO 8601.
    Time,
    /// A JSON object.
    Object,
    /// A JSON list of texts; a text that is none is a list of one.
    List,
    /// A JSON object of message attributes: `{"NAME": {"DataType": …, "StringValue": …}}`.
    Attributes,
    /// The URL of a queue, of which the path is used.
    Queue,
    /// The name of a bucket.
    Bucket,
    /// Bytes.
    Bytes,
}
