//! Quotas of how many there may be. Sekisho has none of them: `sekisho validate --aws-limits` lists what AWS would refuse.

use super::Allowed::{self, Most, Untold};
use super::Aws;
use super::Raised::{Hard, Soft, Unsaid};
use super::Unit::{Characters, Things};

/// How many of something a document may have on AWS.
#[derive(Debug)]
pub struct Quota {
    /// Of what.
    pub item: &'static str,
    /// How many.
    pub aws: Aws,
    /// Where it is counted in the document.
    pub counted: &'static str,
    /// What else is to be known; may be empty.
    pub note: &'static str,
}

/// APIs.
pub static APIS: Quota = Quota {
    item: "APIs",
    aws: Aws::all(Most(600, Things, Hard)),
    counted: "`apis`",
    note: "of a region: AWS counts regional, edge-optimised (120) and private (600) APIs apart, here all are regional",
};

/// Routes, or resources.
pub static ROUTES: Quota = Quota {
    item: "Routes (HTTP), resources (REST) of an API",
    aws: Aws::all(Most(300, Things, Soft)),
    counted: "`apis[].routes`, and those of each deployment",
    note: "a REST API has a resource for each path and for all that stand above it: `GET /a/b` has three, `/`, `/a` and `/a/b`",
};

/// Integrations.
pub static INTEGRATIONS: Quota = Quota {
    item: "Integrations of an API",
    aws: Aws { http: Most(300, Things, Hard), rest: Untold, websocket: Most(300, Things, Soft) },
    counted: "`apis[].integrations`, and those of each deployment",
    note: "",
};

/// Authorizers.
pub static AUTHORIZERS: Quota = Quota {
    item: "Authorizers of an API",
    aws: Aws::all(Most(10, Things, Soft)),
    counted: "`apis[].authorizers`, and those of each deployment",
    note: "",
};

/// Audiences of a JWT authorizer.
pub static AUDIENCES: Quota = Quota {
    item: "Audiences of a JWT authorizer",
    aws: Aws { http: Most(50, Things, Hard), rest: Untold, websocket: Untold },
    counted: "`apis[].authorizers[].jwtConfiguration.audience`",
    note: "",
};

/// Scopes of a route.
pub static SCOPES: Quota = Quota {
    item: "Scopes of a route",
    aws: Aws { http: Most(10, Things, Hard), rest: Untold, websocket: Untold },
    counted: "`apis[].routes[].authorizationScopes`",
    note: "",
};

/// Stages.
pub static STAGES: Quota = Quota {
    item: "Stages of an API",
    aws: Aws::all(Most(10, Things, Soft)),
    counted: "`apis[].stages`",
    note: "",
};

/// Variables of a stage.
pub static STAGE_VARIABLES: Quota = Quota {
    item: "Variables of a stage",
    aws: Aws { http: Most(100, Things, Unsaid), rest: Most(100, Things, Unsaid), websocket: Untold },
    counted: "`apis[].stages[].stageVariables`",
    note: "",
};

/// The value of a stage variable.
pub static STAGE_VARIABLE: Quota = Quota {
    item: "Value of a stage variable",
    aws: Aws { http: STAGE_VARIABLE_OF_AWS, rest: STAGE_VARIABLE_OF_AWS, websocket: Untold },
    counted: "`apis[].stages[].stageVariables`, and what a canary overrides",
    note: "AWS's guide says 512, its API 2,048: over 2,048 the document is refused",
};

const STAGE_VARIABLE_OF_AWS: Allowed = Most(512, Characters, Unsaid);

/// VPC links.
pub static VPC_LINKS: Quota = Quota {
    item: "VPC links",
    aws: Aws {
        http: Most(10, Things, Soft),
        rest: Most(20, Things, Soft),
        websocket: Most(20, Things, Soft),
    },
    counted: "`connectionId` of the integrations of all APIs of a type",
    note: "",
};

/// Custom domains.
pub static DOMAINS: Quota = Quota {
    item: "Custom domains",
    aws: Aws::all(Most(120, Things, Soft)),
    counted: "`domainNames`",
    note: "there are no private ones, of which AWS has 50",
};

/// Multi-level mappings.
pub static MAPPINGS: Quota = Quota {
    item: "API mappings with several levels of a domain",
    aws: Aws { http: Most(200, Things, Hard), rest: Most(200, Things, Hard), websocket: Untold },
    counted: "`apiMappings` of a `domainName`, where the `apiMappingKey` has a `/`",
    note: "",
};

/// Routing rules.
pub static ROUTING_RULES: Quota = Quota {
    item: "Routing rules of a domain",
    aws: Aws { http: Untold, rest: Most(50, Things, Soft), websocket: Untold },
    counted: "`routingRules` of a `domainName`",
    note: "",
};

/// API keys.
pub static API_KEYS: Quota = Quota {
    item: "API keys",
    aws: Aws { http: Untold, rest: Most(10_000, Things, Hard), websocket: Untold },
    counted: "`apiKeys`",
    note: "on HTTP APIs they are ours",
};

/// Usage plans.
pub static USAGE_PLANS: Quota = Quota {
    item: "Usage plans",
    aws: Aws { http: Untold, rest: Most(300, Things, Soft), websocket: Untold },
    counted: "`usagePlans`",
    note: "",
};

/// Usage plans of a key.
pub static PLANS_OF_A_KEY: Quota = Quota {
    item: "Usage plans of a key",
    aws: Aws { http: Untold, rest: Most(10, Things, Soft), websocket: Untold },
    counted: "`usagePlanKeys` of a `keyId`",
    note: "",
};

/// Throttles of methods in a usage plan.
pub static METHOD_THROTTLES: Quota = Quota {
    item: "Throttles of methods of a stage in a usage plan",
    aws: Aws { http: Untold, rest: Most(20, Things, Soft), websocket: Untold },
    counted: "`usagePlans[].apiStages[].throttle`",
    note: "",
};

/// Every quota, in the order of the page.
pub static QUOTAS: &[&Quota] = &[
    &APIS,
    &ROUTES,
    &INTEGRATIONS,
    &AUTHORIZERS,
    &AUDIENCES,
    &SCOPES,
    &STAGES,
    &STAGE_VARIABLES,
    &STAGE_VARIABLE,
    &VPC_LINKS,
    &DOMAINS,
    &MAPPINGS,
    &ROUTING_RULES,
    &API_KEYS,
    &USAGE_PLANS,
    &PLANS_OF_A_KEY,
    &METHOD_THROTTLES,
];
