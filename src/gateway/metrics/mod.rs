//! CloudWatch's metrics of APIs: how many requests, how many errors of whose, how long they took.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html>,
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html>,
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-logging.html>
//!
//! AWS keeps a request under several sets of dimensions at once. Here it is counted at one [`Place`]: at its route, where
//! `detailedMetricsEnabled` says so, else at its stage; whoever reads adds them up. What reaches no stage is nobody's. Names come
//! from documents alone, and there are at most [`MOST_STATISTICS`]: what has none of its own is counted together.

pub mod counts;
mod left;
pub mod name;
pub mod state;

use super::compile::{Route, RouteTable, Scope};
use super::config::{self, ProtocolType};
pub use left::Left;
use name::named;
use sha2::{Digest, Sha256};
use std::hash::{Hash, Hasher};
use std::rc::Rc;

/// Statistics of all APIs of a document, a histogram being one. Envoy keeps each for ever, in memory and in what is scraped.
pub const MOST_STATISTICS: usize = 10_000;

/// What is counted, or measured, in CloudWatch's words where it has some.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    /// Requests.
    Count,
    /// Those of them that were answered as the client's error.
    FourXx,
    /// Those of them that were answered as ours, or the integration's.
    FiveXx,
    /// Those of them for which no integration was asked. Not CloudWatch's.
    Unasked,
    /// Bytes of bodies, to and fro.
    DataProcessed,
    /// WebSocket connections that were made.
    ConnectCount,
    /// Messages of WebSocket connections, to and fro.
    MessageCount,
    /// WebSocket connections that were refused as the client's error.
    ClientError,
    /// WebSocket connections whose integration could not be asked.
    ExecutionError,
    /// WebSocket connections that the integration refused.
    IntegrationError,
    /// Milliseconds from a request's arrival to the end of its response.
    Latency,
    /// Milliseconds from its being handed over to the head of the integration's response.
    IntegrationLatency,
}

/// Those that are counted, by their numbers in [`counts::Counted`].
pub const COUNTED: [Metric; 10] = [
    Metric::Count,
    Metric::FourXx,
    Metric::FiveXx,
    Metric::Unasked,
    Metric::DataProcessed,
    Metric::ConnectCount,
    Metric::MessageCount,
    Metric::ClientError,
    Metric::ExecutionError,
    Metric::IntegrationError,
];

/// Those of which a histogram is kept.
pub const MEASURED: [Metric; 2] = [Metric::Latency, Metric::IntegrationLatency];

/// Where requests are counted: a stage, or a route of it.
#[derive(Debug, Clone)]
pub struct Place {
    /// What it is found by.
    pub key: PlaceKey,
    kind: Kind,
    /// The values of its labels, in the order of [`name::LABELS`]; none of the place of what has none of its own.
    labels: Rc<[String]>,
}

/// What a place is found by: a digest of its names, so that the same place of another document is the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PlaceKey(u64);

/// What is told of a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    RestApi,
    /// WebSocket connections are told of by stage alone.
    HttpStage,
    HttpRoute,
}

/// The places of a side of a stage.
#[derive(Debug)]
pub struct Places {
    stage: Place,
    /// Of each route by its place in the table, where it has one of its own.
    routes: Vec<Option<Place>>,
}

// === impl Metric ===

impl Metric {
    /// The last part of its name in statistics, with its unit.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Count => "count_total",
            Self::FourXx => "4xx_total",
            Self::FiveXx => "5xx_total",
            Self::Unasked => "unasked_total",
            Self::DataProcessed => "data_processed_bytes_total",
            Self::ConnectCount => "connect_count_total",
            Self::MessageCount => "message_count_total",
            Self::ClientError => "client_error_total",
            Self::ExecutionError => "execution_error_total",
            Self::IntegrationError => "integration_error_total",
            Self::Latency => "latency_milliseconds",
            Self::IntegrationLatency => "integration_latency_milliseconds",
        }
    }
}

// === impl Kind ===

impl Kind {
    fn tells(self, metric: Metric) -> bool {
        match metric {
            Metric::Count | Metric::FourXx | Metric::FiveXx | Metric::Unasked => true,
            Metric::Latency | Metric::IntegrationLatency => true,
            Metric::DataProcessed => self != Self::RestApi,
            Metric::ConnectCount
            | Metric::MessageCount
            | Metric::ClientError
            | Metric::ExecutionError
            | Metric::IntegrationError => self == Self::HttpStage,
        }
    }

    fn statistics(self) -> usize {
        COUNTED.iter().chain(&MEASURED).filter(|metric| self.tells(**metric)).count()
    }
}

// === impl PlaceKey ===

/// It is a digest: as good a hash as any.
impl Hash for PlaceKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0);
    }
}

impl nohash_hasher::IsEnabled for PlaceKey {}

// === impl Place ===

impl Place {
    fn of_stage(api: &config::Api, stage: &str) -> Self {
        let kind = match api.protocol_type {
            ProtocolType::Rest => Kind::RestApi,
            ProtocolType::Http | ProtocolType::Websocket => Kind::HttpStage,
        };
        Self::new(kind, vec![api.api_id.clone(), stage.to_owned(), api_name(api)])
    }

    /// The place of all that have none of their own, as far as those of this kind are told of.
    fn shared(kind: Kind) -> Self {
        Self::new(kind, Vec::new())
    }

    /// The place of all that have none of their own.
    #[must_use]
    pub fn of_others() -> Self {
        Self::shared(Kind::HttpStage)
    }

    /// Whether it is the place of all that have none of their own.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.labels.is_empty()
    }

    fn of_route(&self, route: &Route) -> Self {
        let kind = match self.kind {
            Kind::RestApi => Kind::RestApi,
            Kind::HttpStage | Kind::HttpRoute => Kind::HttpRoute,
        };
        let method = route.key.split_once(' ').map_or("ANY", |(method, _)| method);
        let own = [method.to_owned(), route.resource_path().to_owned()];
        Self::new(kind, self.labels.iter().cloned().chain(own).collect())
    }

    fn new(kind: Kind, labels: Vec<String>) -> Self {
        let digest: [u8; 32] = Sha256::digest(named("api", &labels, "")).into();
        let key = digest.first_chunk().map_or(0, |half| u64::from_le_bytes(*half));
        Self { key: PlaceKey(key), kind, labels: labels.into() }
    }

    /// The name of one of its statistics; none where that is not told of it.
    #[must_use]
    pub fn statistic(&self, metric: Metric) -> Option<String> {
        self.kind.tells(metric).then(|| named("api", &self.labels, metric.name()))
    }

    /// How many statistics it has.
    #[must_use]
    pub fn statistics(&self) -> usize {
        self.kind.statistics()
    }

    /// Whether bytes of its requests' bodies are told.
    #[must_use]
    pub fn tells_data(&self) -> bool {
        self.kind.tells(Metric::DataProcessed)
    }

    /// Whether WebSocket connections are told of it.
    #[must_use]
    pub fn tells_connections(&self) -> bool {
        self.kind.tells(Metric::ConnectCount)
    }
}

/// AWS's value of `ApiName`: what of the name is ASCII, and the id if nothing is.
fn api_name(api: &config::Api) -> String {
    let name = api.name.as_deref().unwrap_or_default();
    let ascii: String = name.chars().filter(char::is_ascii).collect();
    if ascii.is_empty() { api.api_id.clone() } else { ascii }
}

// === impl Places ===

impl Places {
    /// The places of a side of a stage: routes have one of their own where the stage's settings say so, as long as there are
    /// statistics left.
    #[must_use]
    pub fn compile(
        api: &config::Api,
        stage: &config::Stage,
        table: &RouteTable,
        left: &Left,
        scope: &mut Scope<'_>,
    ) -> Self {
        let whole = left.stage(Place::of_stage(api, &stage.stage_name));
        let (mut wanted, mut untold) = (0, 0);
        let routes = table.iter().map(|route| {
            // Where stages have none, routes cannot: the document has been told so.
            if whole.is_shared() || !is_detailed(stage, route) {
                return None;
            }
            wanted += 1;
            let place = Some(whole.of_route(route)).filter(|place| left.take(place));
            untold += usize::from(place.is_none());
            place
        });
        let routes = routes.collect();
        if untold > 0 {
            scope
                .warning(
                    "",
                    format!(
                        "{untold} of {wanted} routes with `detailedMetricsEnabled` have no metrics of their own: the document would have more than {MOST_STATISTICS} statistics"
                    ),
                )
                .help("their requests are counted at the stage; set `detailedMetricsEnabled` for the routes that matter, by `routeSettings`");
        }
        Self { stage: whole, routes }
    }

    /// Where a request is counted, by its route's place in the table.
    #[must_use]
    pub fn of(&self, route: Option<usize>) -> &Place {
        route.and_then(|route| self.routes.get(route)?.as_ref()).unwrap_or(&self.stage)
    }

    /// The stage's own.
    #[must_use]
    pub fn stage(&self) -> &Place {
        &self.stage
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Place> {
        std::iter::once(&self.stage).chain(self.routes.iter().flatten())
    }
}

/// What the route's own settings say, else the stage's.
fn is_detailed(stage: &config::Stage, route: &Route) -> bool {
    let own = stage.route_settings.get(&route.key).and_then(|settings| settings.detailed_metrics_enabled);
    let default = || stage.default_route_settings.as_ref()?.detailed_metrics_enabled;
    own.or_else(default).unwrap_or(false)
}

#[cfg(test)]
mod tests;
