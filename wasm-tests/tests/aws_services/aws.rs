//! AWS as moto plays it, with boto3 beside it to set things up and to read them back (`clients/aws.py`).

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::sync::{Mutex, OnceLock};
use wasm_tests::Python;

/// What plays AWS, and what judges requests to it. The emulator grows with nearly each release: it stays the one that was read.
const PACKAGES: [&str; 2] =
    ["moto[server,sqs,sns,s3,dynamodb,events,kinesis,stepfunctions]==5.2.5", "boto3==1.44.5"];

/// The last models in which SQS is asked by AWS Query.
const OLDER: [&str; 1] = ["botocore==1.31.80"];

/// The emulator. It ends with this process, at the end of its input.
pub(crate) struct Aws {
    _process: Child,
    pipes: Mutex<(ChildStdin, BufReader<ChildStdout>)>,
    pub(crate) address: SocketAddr,
}

impl Aws {
    /// The one that all tests share, each with resources of its own names. None, and counted as skipped, where PyPI cannot be
    /// reached.
    pub(crate) fn shared() -> Option<&'static Self> {
        static ONE: OnceLock<Option<Aws>> = OnceLock::new();
        ONE.get_or_init(Self::start).as_ref()
    }

    fn start() -> Option<Self> {
        let python = Python::with("AWS services (moto)", "aws", &PACKAGES)?;
        let older = Python::with("AWS services (older models)", "botocore-query", &OLDER)?;
        let program = "import botocore, os; print(os.path.join(botocore.__path__[0], 'data'), end='')";
        let models = older.command("python3").args(["-c", program]).output().unwrap().stdout;
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients/aws.py");
        let mut command = python.command("python3");
        command
            .arg(script)
            .arg(String::from_utf8(models).unwrap())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let input = process.stdin.take().unwrap();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        let first = read(&mut output);
        let address = first["address"].as_str().unwrap().parse().unwrap();
        Some(Self { _process: process, pipes: Mutex::new((input, output)), address })
    }

    /// A call of boto3's, and what it gives.
    pub(crate) fn call(&self, service: &str, call: &str, with: Value) -> Value {
        self.call_in("us-east-1", service, call, with)
    }

    /// The same in another region.
    pub(crate) fn call_in(&self, region: &str, service: &str, call: &str, with: Value) -> Value {
        let mut answer =
            self.tell(&json!({ "service": service, "call": call, "with": with, "region": region }));
        assert_eq!(answer["error"], Value::Null, "{service} {call} with {with}");
        answer["result"].take()
    }

    /// The request that botocore would send for a call.
    pub(crate) fn wire(&self, service: &str, call: &str, with: &Value) -> Value {
        let mut answer = self.tell(&json!({ "service": service, "wire": call, "with": with }));
        answer["result"].take()
    }

    fn tell(&self, job: &Value) -> Value {
        let mut pipes = self.pipes.lock().unwrap();
        writeln!(pipes.0, "{job}").unwrap();
        read(&mut pipes.1)
    }
}

fn read(output: &mut BufReader<ChildStdout>) -> Value {
    let mut line = String::new();
    output.read_line(&mut line).unwrap();
    assert!(!line.is_empty(), "clients/aws.py ended: its words stand above");
    serde_json::from_str(&line).unwrap()
}

/// Bytes, as boto3 is given them.
pub(crate) fn bytes(bytes: &[u8]) -> Value {
    json!({ "$bytes": BASE64.encode(bytes) })
}

/// Bytes that boto3 gave.
pub(crate) fn bytes_of(value: &Value) -> Vec<u8> {
    BASE64.decode(value["$bytes"].as_str().unwrap_or_else(|| panic!("{value} is no bytes"))).unwrap()
}
