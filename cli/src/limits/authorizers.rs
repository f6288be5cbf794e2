//! Limits of authorizers: of what they are asked, and of what they answer.

use super::Allowed::{Most, Untold, Within};
use super::Raised::{Hard, Soft};
use super::Unit::{Bytes, Characters, Milliseconds, Seconds};
use super::requests::Limit;
use super::{Aws, Shown, source};

pub(super) static KEY_SET: Limit = Limit {
    item: "Key set or discovery document of an issuer",
    aws: Aws { http: Most(150_000, Bytes, Hard), rest: Untold, websocket: Untold },
    ours: &[source(150_000, Bytes, "src/gateway/authorizers/jwt/keys/question.rs", "LARGEST")],
    beyond: "it is not read: 401",
    differs: "on REST APIs too",
    set: "",
    shown: &[
        Shown("tests/cases/jwt-discovery.yaml", "a key set over 150,000 bytes is not read"),
        Shown("tests/cases/jwt-discovery.yaml", "a key set of nearly 150,000 bytes is read"),
    ],
};

pub(super) static KEY_SET_TIME: Limit = Limit {
    item: "Time of an issuer, for each of the two",
    aws: Aws { http: Most(1_500, Milliseconds, Hard), rest: Untold, websocket: Untold },
    ours: &[source(1_500, Milliseconds, "src/gateway/authorizers/jwt/keys/question.rs", "TIMEOUT")],
    beyond: "the issuer has failed: 401, where no keys are known from before",
    differs: "on REST APIs too",
    set: "",
    shown: &[Shown("tests/cases/jwt-discovery.yaml", "an issuer that never answers refuses the request")],
};

pub(super) static AUTHORIZER_TIME: Limit = Limit {
    item: "Time of a Lambda authorizer",
    aws: Aws { http: Most(10_000, Milliseconds, Hard), rest: Untold, websocket: Untold },
    ours: &[source(10_000, Milliseconds, "src/gateway/authorizers/lambda/mod.rs", "TIMEOUT")],
    beyond: "500, `AUTHORIZER_FAILURE` on REST APIs",
    differs: "on REST APIs too",
    set: "",
    shown: &[
        Shown("tests/cases/lambda-authorizer-http.yaml", "a function that never answers is 500"),
        Shown("tests/cases/lambda-authorizer-rest.yaml", "a function that never answers is 500"),
    ],
};

pub(super) static AUTHORIZER_ANSWER: Limit = Limit {
    item: "Answer of a Lambda authorizer",
    aws: Aws { http: Untold, rest: Untold, websocket: Most(8_192, Bytes, Hard) },
    ours: &[source(262_144, Bytes, "src/gateway/authorizers/lambda/answer.rs", "LARGEST")],
    beyond: "500, `AUTHORIZER_CONFIGURATION_ERROR` on REST APIs",
    differs: "AWS tells none for HTTP and REST APIs; ours bounds what is read",
    set: "",
    shown: &[Shown("tests/cases/lambda-authorizer-rest.yaml", "a policy of more than 256 KiB is not read")],
};

pub(super) static AUTHORIZER_ARN: Limit = Limit {
    item: "ARN of a resource in an authorizer's policy",
    aws: Aws { http: Untold, rest: Most(512, Characters, Hard), websocket: Untold },
    ours: &[source(512, Characters, "src/gateway/policy/resource.rs", "RESOURCE_CHARACTERS")],
    beyond: "500, `AUTHORIZER_CONFIGURATION_ERROR` on REST APIs",
    differs: "on HTTP APIs too",
    set: "",
    shown: &[
        Shown("tests/cases/limits-authorizers.yaml", "an ARN of 512 characters in a policy is read"),
        Shown("tests/cases/limits-authorizers.yaml", "an ARN of one character more is 500"),
        Shown(
            "src/gateway/policy/tests/resources.rs",
            "an_arn_in_an_authorizers_policy_has_512_characters_at_most",
        ),
    ],
};

pub(super) static AUTHORIZER_TTL: Limit = Limit {
    item: "How long an authorizer's answer is remembered",
    aws: Aws {
        http: Within(0, 3_600, Seconds, Hard),
        rest: Within(0, 3_600, Seconds, Hard),
        websocket: Untold,
    },
    ours: &[
        source(3_600, Seconds, "src/gateway/compile/authorizer/lambda.rs", "LONGEST_TTL"),
        source(300, Seconds, "src/gateway/compile/authorizer/lambda.rs", "REST_TTL")
            .of("REST, if nothing is said"),
    ],
    beyond: "an error of the document",
    differs: "",
    set: "`authorizerResultTtlInSeconds`, within it",
    shown: &[Shown("src/gateway/authorizers/lambda/tests/compiling.rs", "which_members_go_with_which_kind")],
};

pub(super) static RESOURCE_POLICY: Limit = Limit {
    item: "Resource policy",
    aws: Aws { http: Untold, rest: Most(8_192, Characters, Soft), websocket: Untold },
    ours: &[source(8_192, Characters, "src/gateway/policy/mod.rs", "RESOURCE_POLICY_CHARACTERS")],
    beyond: "an error of the document",
    differs: "cannot be raised: each request is compared with it",
    set: "",
    shown: &[Shown("src/gateway/policy/tests/language.rs", "a_policy_has_as_many_characters_as_aws_takes")],
};
