//! A rate-limit service for the tests: Envoy's protocol over Limitador's limits, counted in one Redis however many services
//! there are. `README.md` tells what is Limitador's and what is not.

mod counts;
mod grpc;
mod limits;
mod messages;

use counts::Counts;
use lexopt::{Arg, Parser, ValueExt};
use limits::Limits;
use std::error::Error;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use tokio::net::TcpListener;

const USAGE: &str = "sekisho-test-ratelimit --limits FILE [--redis URL] [--port PORT]";

struct Settings {
    limits: PathBuf,
    /// Counts are in this process when absent.
    redis: Option<String>,
    /// One of the system's choice when 0.
    port: u16,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let settings = settings().map_err(|error| format!("{error}\n{USAGE}"))?;
    let limits = Limits::read(&settings.limits)?;
    let counts = match &settings.redis {
        Some(url) => Counts::in_redis(url).await?,
        None => Counts::in_memory(),
    };
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, settings.port))).await?;
    println!("{}", listener.local_addr()?.port());
    std::io::stdout().flush()?;
    end_with_stdin();
    grpc::serve(listener, Arc::new(grpc::Service { limits, counts })).await?;
    Ok(())
}

fn settings() -> Result<Settings, lexopt::Error> {
    let (mut limits, mut redis, mut port) = (None, None, 0);
    let mut arguments = Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            Arg::Long("limits") => limits = Some(PathBuf::from(arguments.value()?)),
            Arg::Long("redis") => redis = Some(arguments.value()?.string()?),
            Arg::Long("port") => port = arguments.value()?.parse()?,
            other => return Err(other.unexpected()),
        }
    }
    let limits = limits.ok_or("`--limits` is missing")?;
    Ok(Settings { limits, redis, port })
}

/// Ends the process when whoever started it is gone: a test that is killed leaves no service behind.
fn end_with_stdin() {
    std::thread::spawn(|| {
        // What is written there is of no interest, and an error is an end too.
        while std::io::stdin().read(&mut [0; 64]).is_ok_and(|read| read > 0) {}
        std::process::exit(0);
    });
}
