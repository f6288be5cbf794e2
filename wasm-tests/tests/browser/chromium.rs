//! A browser: Debian's Chromium without a window, on a page of an origin of the test's.
//!
//! The page asks its own origin for the calls that it has to make, and tells it what came of them; the browser is then ended.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response, server};
use hyper_util::rt::TokioIo;
use rustix::process::{Pid, Signal, geteuid, kill_process_group};
use serde_json::Value;
use std::convert::Infallible;
use std::fs::{self, File};
use std::io::Read;
use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use wasm_tests::raw;

/// The program, and Debian's package of it.
const PROGRAM: &str = "chromium";
/// How long a page may take: a browser's first start on a small machine takes some seconds.
const DEADLINE: Duration = Duration::from_secs(90);
/// What the page's origin leaves in the browser. A cookie is its host's, whatever the port.
pub(crate) const COOKIE: &str = "session=of-the-page";

/// An origin whose page makes calls; dropped, it is stopped.
pub(crate) struct Origin {
    address: SocketAddr,
    listener: TcpListener,
}

/// A running browser; dropped, it is ended with all its processes.
struct Browser {
    process: Child,
    folder: TempDir,
}

/// A server that ends when nobody has it any more.
struct Serving(JoinHandle<()>);

/// What the page's own origin knows.
struct Site {
    calls: Value,
    admin: SocketAddr,
    results: UnboundedSender<Value>,
}

/// What has become of a page after so many milliseconds of its own time, as HTML.
pub(crate) fn dump(page: &str, millis: u32) -> String {
    let budget = format!("--virtual-time-budget={millis}");
    let mut browser = Browser::start(page, &["--dump-dom", &budget], Stdio::piped());
    let mut html = String::new();
    let (send, ended) = std::sync::mpsc::channel();
    let mut out = browser.process.stdout.take().unwrap();
    let reader = std::thread::spawn(move || {
        let read = out.read_to_string(&mut html);
        let _ = send.send(());
        read.map(|_| html)
    });
    assert!(ended.recv_timeout(DEADLINE).is_ok(), "nothing of the page in {DEADLINE:?}\n{}", browser.log());
    reader.join().unwrap().unwrap()
}

// === impl Origin ===

impl Origin {
    /// Takes a port, so that documents can name the origin.
    pub(crate) async fn new() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        Self { address: listener.local_addr().unwrap(), listener }
    }

    /// Its name, as browsers write it.
    pub(crate) fn name(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Shows the page in a browser and gives what it told. `admin` is that of the Envoy whose requests are counted.
    pub(crate) async fn make(self, calls: Value, admin: SocketAddr) -> Value {
        let (send, mut results) = unbounded_channel();
        let (page, listener) = (self.name(), self.listener);
        let site = Arc::new(Site { calls, admin, results: send });
        let serving = Serving(tokio::spawn(serve(listener, site)));
        let browser = Browser::open(&page);
        let told = timeout(DEADLINE, results.recv()).await;
        let told = told.unwrap_or_else(|_| panic!("nothing of the page in {DEADLINE:?}\n{}", browser.log()));
        drop((browser, serving));
        told.expect("the site is there as long as its server")
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn serve(listener: TcpListener, site: Arc<Site>) {
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let site = Arc::clone(&site);
        let service = service_fn(move |request| answer(request, Arc::clone(&site)));
        connections.spawn(async move {
            let connection =
                server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            // A browser breaks off when it is ended.
            drop(connection.await);
        });
    }
}

async fn answer(request: Request<Incoming>, site: Arc<Site>) -> Result<Response<Full<Bytes>>, Infallible> {
    let path = request.uri().path().to_owned();
    let (media_type, body) = match path.as_str() {
        "/" => ("text/html", include_str!("page.html").to_owned()),
        "/calls" => ("application/json", site.calls.to_string()),
        "/requests" => ("text/plain", requests(site.admin).await),
        "/results" => {
            let body = request.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
            let _ = site.results.send(serde_json::from_slice(&body).unwrap_or_default());
            ("text/plain", String::new())
        }
        _ => ("text/plain", String::new()),
    };
    let response = Response::builder().header("content-type", media_type);
    let response = response.header("set-cookie", COOKIE).header("cache-control", "no-store");
    Ok(response.body(Full::from(body)).unwrap())
}

/// Requests that Envoy has had from clients, preflights among them. It counts one before it answers it.
async fn requests(admin: SocketAddr) -> String {
    let page = raw::get(admin, "/stats?filter=^http.sekisho.downstream_rq_total$").await.unwrap().text();
    page.rsplit(' ').next().unwrap_or_default().trim().to_owned()
}

// === impl Browser ===

impl Browser {
    fn open(page: &str) -> Self {
        Self::start(page, &[], Stdio::null())
    }

    fn start(page: &str, more: &[&str], to: Stdio) -> Self {
        let folder = tempfile::Builder::new().prefix("sekisho-browser-").tempdir().unwrap();
        let log = File::create(folder.path().join("log")).unwrap();
        let mut command = Command::new(PROGRAM);
        command
            .args(["--headless", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"])
            .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
            .args(["--disable-default-apps", "--disable-extensions", "--no-proxy-server", "--mute-audio"])
            // Nothing but this machine is there.
            .arg("--host-resolver-rules=MAP *.localhost 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1")
            .arg(format!("--user-data-dir={}", folder.path().join("profile").display()));
        if geteuid().is_root() {
            // The sandbox refuses root, who is everybody in a container.
            command.arg("--no-sandbox");
        }
        command.args(more).arg(page).env("HOME", folder.path()).process_group(0);
        command.stdin(Stdio::null()).stdout(to).stderr(log);
        let process = command.spawn().unwrap_or_else(|error| panic!("{PROGRAM}: {error}"));
        Self { process, folder }
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Its own group: all processes that it has started, and nobody else's.
        let group = i32::try_from(self.process.id()).ok().and_then(Pid::from_raw);
        if let Some(group) = group {
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = self.process.wait();
    }
}
