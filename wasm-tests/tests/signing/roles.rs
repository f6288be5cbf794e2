//! Functions and authorizers that are invoked for a role: moto is the Security Token Service that Envoy asks.

use crate::aws::{ACCOUNT, Aws, Keys, assert_signed, botocore, job};
use sekisho_cases::Answer;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use wasm_tests::{Dynamic, Gateway, Options, Python, Recorded, eventually, raw};

const COMMAND: &str = env!("CARGO_BIN_EXE_sekisho-as-built");
const KEYS: [(&str, &str); 2] =
    [("AWS_ACCESS_KEY_ID", "AKIAENVIRONMENT00001"), ("AWS_SECRET_ACCESS_KEY", "of-the-environment")];

/// moto, as whose STS Envoy is told; what it hands out is overheard on the way. Dropped, it is stopped.
struct Sts {
    process: Option<Child>,
    moto: Arc<Mutex<Option<SocketAddr>>>,
    address: SocketAddr,
    handed: Arc<Mutex<BTreeMap<String, Keys>>>,
    task: JoinHandle<()>,
}

impl Sts {
    /// One that is down yet: it takes connections, and closes them.
    async fn down() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (moto, handed) = (Arc::default(), Arc::default());
        let task = tokio::spawn(overhear(listener, Arc::clone(&moto), Arc::clone(&handed)));
        Self { process: None, moto, address, handed, task }
    }

    async fn up(python: &Python) -> Self {
        let mut sts = Self::down().await;
        sts.rise(python);
        sts
    }

    fn rise(&mut self, python: &Python) {
        let mut process = python
            .command("moto_server")
            .args(["-H", "127.0.0.1", "-p", "0"])
            .env("PYTHONUNBUFFERED", "1")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let address = lines.by_ref().find_map(|line| {
            let line = line.unwrap();
            line.split("http://").nth(1)?.trim().parse().ok()
        });
        // A pipe that nobody reads would stop it.
        std::thread::spawn(move || lines.for_each(drop));
        self.process = Some(process);
        *self.moto.lock().unwrap() = Some(address.expect("moto says where it listens"));
    }

    /// What it has handed out for a role, the last.
    fn keys(&self, role: &str) -> Keys {
        let handed = self.handed.lock().unwrap();
        handed.get(role).unwrap_or_else(|| panic!("nothing for {role}: {handed:?}")).clone()
    }
}

impl Drop for Sts {
    fn drop(&mut self) {
        self.task.abort();
        if let Some(process) = &mut self.process {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

async fn overhear(
    listener: TcpListener,
    moto: Arc<Mutex<Option<SocketAddr>>>,
    handed: Arc<Mutex<BTreeMap<String, Keys>>>,
) {
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let Some(address) = *moto.lock().unwrap() else { continue };
        connections.spawn(pass(stream, address, Arc::clone(&handed)));
        while connections.try_join_next().is_some() {}
    }
}

/// One request, and its answer; then the connection is over.
async fn pass(mut outer: TcpStream, moto: SocketAddr, handed: Arc<Mutex<BTreeMap<String, Keys>>>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match outer.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
    let head = String::from_utf8(head).unwrap();
    let role = head.split("RoleArn=").nth(1).unwrap().split(['&', ' ']).next().unwrap().replace("%2F", "/");
    assert!(head.contains("Credential=AKIAENVIRONMENT00001/"), "the environment's credentials ask: {head}");
    let asked = head.replacen("\r\n", "\r\nconnection: close\r\n", 1);
    let answer = raw::send(moto, asked.as_bytes()).await.unwrap();
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_else(|_| panic!("{}", answer.text()));
    let given = &body["AssumeRoleResponse"]["AssumeRoleResult"]["Credentials"];
    let text = |name: &str| given[name].as_str().unwrap().to_owned();
    let keys =
        Keys { id: text("AccessKeyId"), secret: text("SecretAccessKey"), token: Some(text("SessionToken")) };
    let name = role.rsplit_once('/').unwrap().1.to_owned();
    handed.lock().unwrap().insert(name, keys);
    let head = format!(
        "HTTP/1.1 {} OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        answer.status,
        answer.body.len()
    );
    let _ = outer.write_all(&[head.as_bytes(), &answer.body].concat()).await;
}

/// `/one` and `/two` for a role each, `/own` as the environment; `/guarded` for `one` behind an authorizer for `two`.
fn document(sts: &Sts) -> Value {
    let role = |name: &str| format!("arn:aws:iam::{ACCOUNT}:role/{name}");
    let arn = |name: &str| format!("arn:aws:lambda:us-east-1:{ACCOUNT}:function:{name}");
    let integration = |name: &str| {
        let mut written = json!({
            "integrationId": name, "integrationType": "AWS_PROXY", "integrationMethod": "POST", "payloadFormatVersion": "2.0",
            "integrationUri": arn(name),
        });
        if name != "own" {
            written["credentialsArn"] = json!(role(name));
        }
        written
    };
    let mut routes: Vec<Value> = ["one", "two", "own"]
        .map(|name| json!({ "routeKey": format!("ANY /{name}"), "target": format!("integrations/{name}") }))
        .into();
    routes.push(json!({
        "routeKey": "ANY /guarded", "target": "integrations/one", "authorizationType": "CUSTOM", "authorizerId": "login",
    }));
    json!({
        "endpoints": { "sts": format!("http://{}", sts.address) },
        "apis": [{
            "apiId": "a", "protocolType": "HTTP", "stages": [{ "stageName": "$default" }], "routes": routes,
            "integrations": [integration("one"), integration("two"), integration("own")],
            "authorizers": [{
                "authorizerId": "login", "authorizerType": "REQUEST", "identitySource": ["$request.header.x-token"],
                "authorizerResultTtlInSeconds": 0, "authorizerUri": arn("login"), "authorizerCredentialsArn": role("two"),
                "authorizerPayloadFormatVersion": "2.0", "enableSimpleResponses": true,
            }],
        }],
    })
}

async fn status(gateway: &Gateway, path: &str) -> u16 {
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: h.test\r\nx-token: t\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{{}}"
    );
    raw::send(gateway.address(), request.as_bytes()).await.unwrap().status
}

/// Envoy's first question goes to AWS, where nobody knows the test's credentials, or nobody can be reached.
async fn served(gateway: &Gateway, path: &str) {
    eventually("the role is assumed", async || (status(gateway, path).await == 200).then_some(())).await;
}

fn options(aws: &Aws) -> Options {
    aws.options(&KEYS)
}

fn moto(test: &str) -> Option<Python> {
    Python::with(test, "moto-cognito", &["moto[server,cognitoidp]==5.2.5", "boto3==1.44.5"])
}

fn signer(seen: &Recorded) -> String {
    let authorization = seen.header("authorization").concat();
    authorization.split("Credential=").nth(1).unwrap().split('/').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_role_signs_with_what_sts_gave_it() {
    let (Some(python), Some(moto)) = (botocore("signing (roles)"), moto("signing (moto)")) else { return };
    let (aws, sts) = (Aws::start().await, Sts::up(&moto).await);
    aws.backend.answers(Answer {
        status: 200,
        headers: Vec::new(),
        body: r#"{"statusCode":200,"isAuthorized":true}"#.to_owned(),
    });
    let gateway = Gateway::start(&document(&sts), &aws.backend, options(&aws)).await;
    served(&gateway, "/one").await;
    served(&gateway, "/two").await;
    let environment = Keys { id: KEYS[0].1.to_owned(), secret: KEYS[1].1.to_owned(), token: None };
    let (one, two) = (sts.keys("one"), sts.keys("two"));
    assert_ne!((&one.id, &one.secret), (&two.id, &two.secret));
    let mut jobs = Vec::new();
    for (path, signers) in [
        ("/one", vec![&one]),
        ("/two", vec![&two]),
        ("/own", vec![&environment]),
        ("/guarded", vec![&two, &one]),
    ] {
        for _ in 0..3 {
            aws.backend.forget();
            assert_eq!(status(&gateway, path).await, 200, "{path}");
            let seen = aws.backend.seen();
            assert_eq!(seen.len(), signers.len(), "{path}");
            for (seen, keys) in seen.iter().zip(&signers) {
                assert_eq!(signer(seen), keys.id, "{path}");
                assert_eq!(
                    seen.header("x-amz-security-token"),
                    keys.token.iter().cloned().collect::<Vec<_>>()
                );
                jobs.push(job(seen, keys, "lambda", "us-east-1"));
            }
        }
    }
    assert_eq!(jobs.len(), 15);
    assert_signed(&python, jobs).await;
    gateway.assert_no_panic().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_sts_is_down_requests_are_refused_and_then_served() {
    let Some(moto) = moto("signing (moto, down)") else { return };
    let (aws, mut sts) = (Aws::start().await, Sts::down().await);
    let gateway = Gateway::start(&document(&sts), &aws.backend, options(&aws)).await;
    eventually("the first question has failed", async || {
        let stat = "aws.metadata_credentials_provider.sts_token_service_internal-us-east-1.credential_refreshes_failed";
        (gateway.admin_stat(stat).await > 0).then_some(())
    })
    .await;
    for path in ["/one", "/two"] {
        assert_eq!(status(&gateway, path).await, 500, "{path}");
    }
    assert_eq!(status(&gateway, "/own").await, 200, "the environment's credentials need no STS");
    assert_eq!(
        aws.backend.seen().len(),
        1,
        "nothing left for a role, by the environment's credentials neither"
    );
    sts.rise(&moto);
    served(&gateway, "/one").await;
    aws.backend.forget();
    assert_eq!(status(&gateway, "/one").await, 200);
    assert_eq!(signer(&aws.backend.only()), sts.keys("one").id);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_brings_roles_and_the_sts_that_gives_them() {
    let Some(moto) = moto("signing (moto, updates)") else { return };
    let (aws, sts) = (Aws::start().await, Sts::up(&moto).await);
    let mut signed = document(&sts);
    signed["endpoints"]["lambda"] = json!(format!("http://{}", aws.backend.address()));
    let mut unsigned = signed.clone();
    for integration in unsigned["apis"][0]["integrations"].as_array_mut().unwrap() {
        integration.as_object_mut().unwrap().remove("credentialsArn");
    }
    unsigned["apis"][0]["authorizers"][0].as_object_mut().unwrap().remove("authorizerCredentialsArn");
    // The clusters come by the update; and Envoy begins with them, and with AWS's own STS, until the first update.
    for first in [&unsigned, &signed] {
        let dynamic = Dynamic::start(COMMAND, first, &options(&aws)).await;
        let said = dynamic.apply(&signed).await;
        assert_eq!(said.code, Some(0), "{}", said.text);
        served(dynamic.gateway(), "/one").await;
        aws.backend.forget();
        assert_eq!(status(dynamic.gateway(), "/one").await, 200);
        let keys = sts.keys("one");
        assert_eq!(signer(&aws.backend.only()), keys.id);
        assert_eq!(
            aws.backend.only().header("x-amz-security-token"),
            keys.token.into_iter().collect::<Vec<_>>()
        );
        dynamic.gateway().assert_no_panic().await;
    }
}
