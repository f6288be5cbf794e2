//! The parts of the whole stack: what `docker-compose.yml` runs in containers, and `demo --all` without. Programs that run in both
//! take their arguments from here, and a test holds the file against it.

use crate::toolchain::ENVOY_VERSION;
use std::ffi::OsString;

/// One part: a service of the file.
#[derive(Debug)]
pub struct Part {
    /// Its service, and so its host name among the others.
    pub name: &'static str,
    /// Where its image comes from.
    pub image: Image,
    /// Its arguments; `{name}` stands for a place that is another one here and there.
    pub command: &'static [&'static str],
    /// What the places are in a container.
    pub places: &'static [(&'static str, &'static str)],
    /// Its variables in a container.
    pub variables: &'static [(&'static str, &'static str)],
    /// What it sees of the repository, to be read only: there, and in its container.
    pub files: &'static [(&'static str, &'static str)],
    /// What it shares or keeps: the volume, where it is, and whether it may be written to.
    pub volumes: &'static [(&'static str, &'static str, bool)],
    /// Ports of 127.0.0.1, and the container's.
    pub ports: &'static [(u16, u16)],
    /// What `demo --all` has in its place.
    pub here: Here,
}

/// Where an image comes from.
#[derive(Debug, Clone, Copy)]
pub enum Image {
    /// A registry.
    Pulled(&'static str),
    /// A stage of `envoy/compose/Dockerfile`.
    Built(&'static str),
}

/// What runs without containers.
#[derive(Debug, Clone, Copy)]
pub enum Here {
    /// The same program with the same arguments, but for the places.
    Same {
        /// The program's file name.
        program: &'static str,
    },
    /// Something else.
    Other(&'static str),
    /// Nothing, and why.
    Nothing(&'static str),
}

/// A stock Envoy.
pub const ENVOY: Part = Part {
    name: "envoy",
    image: Image::Pulled("envoyproxy/envoy:v1.40.0"),
    command: &[
        "--config-path",
        "{config}",
        "--use-dynamic-base-id",
        "--concurrency",
        "2",
        "--log-level",
        "warn",
    ],
    places: &[("config", "/etc/sekisho/envoy.yaml")],
    variables: &[],
    files: &[],
    volumes: &[("filter", "/etc/sekisho", false)],
    // The second one is Prometheus's, which shares Envoy's network: so nobody else reaches Envoy's admin interface.
    ports: &[(8080, 8080), (9090, 9090)],
    here: Here::Same { program: "envoy" },
};

/// The service of users and posts.
pub const USERS_POSTS: Part = Part {
    name: "users-posts",
    image: Image::Built("users-posts"),
    command: &["--listen", "{listen}", "--data", "{data}"],
    places: &[("listen", "0.0.0.0:8081"), ("data", "/data")],
    variables: &[],
    files: &[],
    volumes: &[("users-posts", "/data", true)],
    ports: &[],
    here: Here::Same { program: "users-posts" },
};

/// Who issues tokens.
pub const ISSUER: Part = Part {
    name: "issuer",
    image: Image::Built("issuer"),
    command: &["--listen", "{listen}", "--host", "{host}"],
    places: &[("listen", "0.0.0.0:8090"), ("host", "issuer")],
    variables: &[],
    files: &[],
    volumes: &[],
    ports: &[(8090, 8090)],
    here: Here::Same { program: "stack-issuer" },
};

/// What reads the gateway's metrics, and watches them by the alert rules.
pub const PROMETHEUS: Part = Part {
    name: "prometheus",
    image: Image::Pulled("prom/prometheus:v3.5.0"),
    command: &[
        "--config.file={config}",
        "--storage.tsdb.path={data}",
        "--storage.tsdb.retention.time=1d",
        "--web.listen-address={listen}",
    ],
    places: &[
        ("config", "/etc/prometheus/prometheus.yml"),
        ("data", "/prometheus"),
        ("listen", "0.0.0.0:9090"),
    ],
    variables: &[],
    files: &[
        ("envoy/observability/prometheus.yml", "/etc/prometheus/prometheus.yml"),
        ("envoy/observability/alerts.yml", "/etc/prometheus/alerts.yml"),
    ],
    volumes: &[("prometheus", "/prometheus", true)],
    ports: &[],
    here: Here::Same { program: "prometheus" },
};

/// What AWS's clients read. Anything but a stand-in refuses these keys, so that a mistake never reaches an account.
const AWS: [(&str, &str); 4] = [
    ("AWS_ENDPOINT_URL", "http://dynamodb:8000"),
    ("AWS_ACCESS_KEY_ID", "testing"),
    ("AWS_SECRET_ACCESS_KEY", "testing"),
    ("AWS_DEFAULT_REGION", "us-east-1"),
];
/// AWS's own image: it has the runtime, boto3, and the emulator of the runtime's interface.
const LAMBDA: Image = Image::Pulled("public.ecr.aws/lambda/python:3.13");
/// Where the runtime looks for boto3, which a bare Python of the image may not: images have had it here, and among the packages.
const RUNTIME: (&str, &str) = ("PYTHONPATH", "/var/runtime");

/// The function of Lambda.
pub const FUNCTION: Part = Part {
    name: "function",
    image: LAMBDA,
    command: &["app.handler"],
    places: &[],
    variables: &[
        AWS[0],
        AWS[1],
        AWS[2],
        AWS[3],
        ("AWS_REGION", "us-east-1"),
        ("AWS_LAMBDA_FUNCTION_NAME", "function"),
        ("AWS_LAMBDA_FUNCTION_TIMEOUT", "10"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
        ("USERS_TABLE", "users"),
        ("POSTS_TABLE", "posts"),
    ],
    files: &[("examples/lambda-crud/function", "/var/task")],
    volumes: &[],
    ports: &[],
    here: Here::Other(
        "`sekisho lambda`, which runs AWS's own runtime client with `examples/stack/functions.json`",
    ),
};

/// Who creates the function's tables, once.
pub const TABLES: Part = Part {
    name: "tables",
    image: LAMBDA,
    command: &["-B", "/create_tables.py"],
    places: &[],
    variables: &[AWS[0], AWS[1], AWS[2], AWS[3], RUNTIME],
    files: &[("examples/lambda-crud/create_tables.py", "/create_tables.py")],
    volumes: &[],
    ports: &[],
    here: Here::Other("the same script, under a Python of the demo's own"),
};

/// Where the function keeps its records.
pub const DYNAMODB: Part = Part {
    name: "dynamodb",
    image: Image::Pulled("amazon/dynamodb-local:3.0.0"),
    command: &["-jar", "DynamoDBLocal.jar", "-inMemory", "-sharedDb", "-disableTelemetry"],
    places: &[],
    variables: &[],
    files: &[],
    volumes: &[],
    ports: &[],
    here: Here::Other("moto, which stands in for more of AWS's services, and needs no Java"),
};

/// Who builds the filter and Envoy's configuration, and hands them over.
pub const FILTER: Part = Part {
    name: "filter",
    image: Image::Built("filter"),
    command: &[],
    places: &[],
    variables: &[],
    files: &[],
    volumes: &[("filter", "/shared", true)],
    ports: &[],
    here: Here::Other("cargo, and the renderer of this command"),
};

/// The dashboard.
pub const GRAFANA: Part = Part {
    name: "grafana",
    image: Image::Pulled("grafana/grafana:12.1.0"),
    command: &[],
    places: &[],
    variables: &[
        ("PROMETHEUS_URL", "http://envoy:9090"),
        // Whoever reaches it looks, and nobody changes anything: there is no administrator, and so no password.
        ("GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION", "true"),
        ("GF_AUTH_ANONYMOUS_ENABLED", "true"),
        ("GF_AUTH_ANONYMOUS_ORG_ROLE", "Viewer"),
        ("GF_AUTH_DISABLE_LOGIN_FORM", "true"),
        ("GF_AUTH_BASIC_ENABLED", "false"),
        ("GF_ANALYTICS_REPORTING_ENABLED", "false"),
        ("GF_ANALYTICS_CHECK_FOR_UPDATES", "false"),
        ("GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES", "false"),
        ("GF_PLUGINS_PREINSTALL_DISABLED", "true"),
    ],
    files: &[
        ("envoy/observability/grafana/provisioning/datasources", "/etc/grafana/provisioning/datasources"),
        ("envoy/observability/grafana/provisioning/dashboards", "/etc/grafana/provisioning/dashboards"),
        ("envoy/observability/grafana/dashboards", "/var/lib/grafana/dashboards"),
    ],
    volumes: &[],
    ports: &[(3000, 3000)],
    here: Here::Nothing(
        "Debian has no package of it; import envoy/observability/grafana/dashboards/sekisho.json into yours",
    ),
};

/// All of them, in the order of the file.
pub const PARTS: [&Part; 9] =
    [&ENVOY, &FILTER, &USERS_POSTS, &FUNCTION, &TABLES, &DYNAMODB, &ISSUER, &PROMETHEUS, &GRAFANA];

// === impl Part ===

impl Part {
    /// Its arguments, with these in the places.
    #[must_use]
    pub fn arguments(&self, places: &[(&str, &str)]) -> Vec<OsString> {
        let filled = |argument: &&str| {
            places.iter().fold((*argument).to_owned(), |text, (name, place)| {
                text.replace(&format!("{{{name}}}"), place)
            })
        };
        self.command.iter().map(|argument| filled(argument).into()).collect()
    }

    /// Its arguments in a container.
    #[must_use]
    pub fn contained(&self) -> Vec<OsString> {
        self.arguments(self.places)
    }
}

// === impl Image ===

impl Image {
    /// The version of Envoy that this command installs.
    #[must_use]
    pub fn is_the_envoy_of_the_demo(self) -> bool {
        matches!(self, Self::Pulled(name) if name == format!("envoyproxy/envoy:v{ENVOY_VERSION}"))
    }
}
