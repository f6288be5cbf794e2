//! The Invoke API on a port of this machine, with the functions behind it.

use super::functions::Functions;
use super::house::House;
use super::invoke_api::{self, Served};
use super::pool::Pool;
use crate::Error;
use crate::ui::Ui;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

/// How long threads may take to end whose work nobody waits for.
const GRACE: Duration = Duration::from_millis(50);

/// A port that is ours, on which nothing is served yet: installing functions may take a while, and must not be for nothing.
#[derive(Debug)]
pub struct Port {
    runtime: Runtime,
    listener: TcpListener,
    address: SocketAddr,
}

/// Functions that are served; dropping it ends them all.
#[derive(Debug)]
pub struct Server {
    /// None only while it is dropped.
    runtime: Option<Runtime>,
    house: Arc<House>,
    address: SocketAddr,
}

// === impl Port ===

impl Port {
    /// Takes a port of 127.0.0.1; 0 is a free one.
    ///
    /// # Errors
    /// When it is taken.
    pub fn bind(port: u16) -> Result<Self, Error> {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let runtime = runtime.map_err(|error| Error::failed("cannot start threads").because(error))?;
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, port)));
        let listener = listener.map_err(|error| no_port(port, error))?;
        let address = listener.local_addr().map_err(|error| no_port(port, error))?;
        Ok(Self { runtime, listener, address })
    }
}

// === impl Server ===

impl Server {
    /// Serves functions that are installed, which are told this region and account. Their processes start when they are needed.
    #[must_use]
    pub fn start(port: Port, functions: Functions, region: String, account: String) -> Self {
        let Port { runtime, listener, address } = port;
        let house = Arc::new(House::new(region, account));
        let pool = |function| Arc::new(Pool::new(function, Arc::clone(&house)));
        let pools = functions.0.into_iter().map(|function| (function.name.clone(), pool(function))).collect();
        let served = Arc::new(Served::new(pools, Arc::clone(&house)));
        runtime.spawn(async move {
            // It fails only where a port cannot be listened on, and it is.
            let _ = axum::serve(listener, invoke_api::router(served)).await;
        });
        Self { runtime: Some(runtime), house, address }
    }

    /// Where the Invoke API is.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Prints what functions have written, as soon as there is anything.
    pub fn show(&self, ui: &Ui, within: Duration) {
        let lines = self.house.screen.take(within);
        if !lines.is_empty() {
            // At once: a line at a time takes a terminal a hundred times as long.
            ui.note(&lines.join("\n"));
        }
    }

    /// Why a function could not be loaded, if one could not; what it said itself is among what it has written.
    #[must_use]
    pub fn unloadable(&self) -> Option<&str> {
        self.house.unloadable()
    }

    /// Ends all functions, and waits for that.
    pub fn stop(&self) {
        self.house.stop();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_timeout(GRACE);
        }
    }
}

fn no_port(port: u16, error: std::io::Error) -> Error {
    let error = if error.kind() == ErrorKind::AddrInUse {
        Error::failed(format!("127.0.0.1:{port} is taken: another program listens there"))
    } else {
        Error::failed(format!("cannot listen on 127.0.0.1:{port}")).because(error)
    };
    error.help("choose another port with `--port N`; `--port 0` takes a free one")
}
