//! The command: opens the database, listens, prints the address, serves until it is told to stop.

use clap::Parser;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use users_posts::{Store, app};

/// How long requests that are under way may take after the service is told to stop.
const GRACE: Duration = Duration::from_secs(5);

/// Users and their posts over HTTP, kept in one file.
#[derive(Parser)]
struct Args {
    /// The folder of the database; it is made if it is not there.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// The address to listen on; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8081")]
    listen: SocketAddr,
}

#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("cannot make the folder `{}`: {source}", path.display())]
    Folder { path: PathBuf, source: std::io::Error },
    #[error("cannot open the database in `{}`: {source}", path.display())]
    Database { path: PathBuf, source: users_posts::DatabaseError },
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

async fn serve(Args { data, listen }: Args) -> Result<(), Error> {
    std::fs::create_dir_all(&data).map_err(|source| Error::Folder { path: data.clone(), source })?;
    let store = Store::open(&data.join("users-posts.redb"))
        .map_err(|source| Error::Database { path: data.clone(), source })?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let listener =
        TcpListener::bind(listen).await.map_err(|source| Error::Listen { address: listen, source })?;
    println!("listening on http://{}", listener.local_addr()?);

    let (stop, stopped) = tokio::sync::watch::channel(false);
    let mut told = stopped.clone();
    let server = axum::serve(listener, app(store)).with_graceful_shutdown(async move {
        // An error means that the sender is gone, which is a reason to stop as well.
        let _ = told.wait_for(|stop| *stop).await;
    });
    let server = tokio::spawn(async move { server.await });
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    let _ = stop.send(true);
    match tokio::time::timeout(GRACE, server).await {
        Ok(Ok(served)) => Ok(served?),
        Ok(Err(join)) => Err(Error::Serve(std::io::Error::other(join))),
        // Somebody holds a connection open. Every write that was answered is on disk.
        Err(_elapsed) => Ok(()),
    }
}
