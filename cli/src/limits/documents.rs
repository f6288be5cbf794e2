//! Limits of what stands in a document, beyond which it is refused.

use super::Allowed::{self, Most, Untold};
use super::Raised::{Hard, Unsaid};
use super::Unit::{Bytes, Characters, Things};
use super::requests::Limit;
use super::{Aws, Shown, schema, source};

pub(super) static TEMPLATE: Limit = Limit {
    item: "Mapping template",
    aws: Aws { http: Untold, rest: Most(307_200, Bytes, Hard), websocket: Most(307_200, Bytes, Hard) },
    ours: &[
        schema(
            307_200,
            Characters,
            "/$defs/Integration/properties/requestTemplates/additionalProperties/maxLength",
        )
        .of("requests"),
        schema(
            307_200,
            Characters,
            "/$defs/IntegrationResponse/properties/responseTemplates/additionalProperties/maxLength",
        )
        .of("responses"),
        schema(
            307_200,
            Characters,
            "/$defs/GatewayResponse/properties/responseTemplates/additionalProperties/maxLength",
        )
        .of("gateway responses"),
    ],
    beyond: "an error of the document",
    differs: "there are no loops yet (AWS: 1,000 turns of `#foreach`)",
    set: "",
    shown: &[Shown("cli/src/limits/tests.rs", "a_template_has_as_many_characters_as_aws_takes")],
};

pub(super) static STAGE_VARIABLE_NAME: Limit = Limit {
    item: "Name of a stage variable",
    aws: Aws { http: STAGE_VARIABLE_NAME_OF_AWS, rest: STAGE_VARIABLE_NAME_OF_AWS, websocket: Untold },
    ours: &[schema(64, Characters, "/$defs/Stage/properties/stageVariables/propertyNames/maxLength")],
    beyond: "an error of the document",
    differs: "",
    set: "",
    shown: &[Shown("src/gateway/config/load/tests.rs", "bounds_give_both_numbers")],
};

const STAGE_VARIABLE_NAME_OF_AWS: Allowed = Most(64, Characters, Unsaid);

pub(super) static ACCESS_LOG: Limit = Limit {
    item: "Format of an access log",
    aws: Aws::all(Most(3_072, Bytes, Hard)),
    ours: &[schema(3_072, Characters, "/$defs/AccessLogSettings/properties/format/maxLength")],
    beyond: "an error of the document",
    differs: "",
    set: "",
    shown: &[Shown(
        "cli/src/limits/tests.rs",
        "a_format_of_an_access_log_has_as_many_characters_as_aws_takes",
    )],
};

pub(super) static TRUSTSTORE: Limit = Limit {
    item: "Certificates of a truststore",
    aws: Aws { http: TRUSTSTORE_OF_AWS, rest: TRUSTSTORE_OF_AWS, websocket: Untold },
    ours: &[
        source(1_000, Things, "cli/src/render/tls/files.rs", "MOST_AUTHORITIES"),
        source(1_048_576, Bytes, "cli/src/render/tls/files.rs", "MOST_BYTES"),
    ],
    beyond: "a warning",
    differs: "a larger one is Envoy's to take; AWS takes 1 MB",
    set: "",
    shown: &[Shown("cli/src/render/tls/files/tests.rs", "a_truststore_has_awss_size")],
};

const TRUSTSTORE_OF_AWS: Allowed = Most(1_000, Things, Unsaid);
