//! The command: makes a key, listens, prints the address, serves until it is told to stop.

use clap::Parser;
use stack_issuer::{Issuer, Key, app};
use std::net::SocketAddr;
use std::process::ExitCode;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// An issuer of tokens for trying a gateway. Whoever reaches it gets a token.
#[derive(Parser)]
struct Args {
    /// The address to listen on; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8090")]
    listen: SocketAddr,
    /// The host of its URL, by which those who verify tokens reach it.
    #[arg(long, value_name = "HOST", default_value = "127.0.0.1")]
    host: String,
}

#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("cannot listen on {address}: {source}")]
    Listen { address: SocketAddr, source: std::io::Error },
    #[error("cannot serve: {0}")]
    Serve(#[from] std::io::Error),
}

#[tokio::main]
async fn main() -> ExitCode {
    match serve(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(Args { listen, host }: Args) -> Result<(), Error> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let listener =
        TcpListener::bind(listen).await.map_err(|source| Error::Listen { address: listen, source })?;
    let url = format!("http://{host}:{}", listener.local_addr()?.port());
    println!("listening on {url}");
    let app = app(Issuer { url, key: Key::new() });
    // What is asked is answered at once: nothing is lost with what is under way.
    tokio::select! {
        served = axum::serve(listener, app) => Ok(served?),
        _ = interrupt.recv() => Ok(()),
        _ = terminate.recv() => Ok(()),
    }
}
