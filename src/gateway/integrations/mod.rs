//! What answers a route: a backend behind an Envoy cluster, or the gateway itself.

pub mod aws_service;
pub mod backend_uri;
pub mod bodiless;
pub mod forwarded;
pub mod headers;
pub mod http_proxy;
pub mod lambda_proxy;
pub mod mock;
pub mod responses;
pub mod retry;

use aws_service::AwsService;
use http_proxy::HttpProxy;
use lambda_proxy::LambdaProxy;
use mock::Mock;

/// A compiled integration, its stage variables in place.
#[derive(Debug)]
pub enum Integration {
    /// A backend; requests and responses pass.
    HttpProxy(Box<HttpProxy>),
    /// A function that answers.
    Lambda(Box<LambdaProxy>),
    /// An operation of an AWS service.
    AwsService(Box<AwsService>),
    /// An answer made here.
    Mock(Mock),
    /// Nobody: only where the document is refused.
    None,
}
