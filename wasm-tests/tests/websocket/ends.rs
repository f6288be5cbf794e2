//! Both ends of a connection, by a library that is not ours.

// The errors are the library's.
#![allow(clippy::result_large_err)]

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, accept_hdr_async, client_async};
use wasm_tests::{Backend, DEADLINE, Gateway, Options};

pub type Client = WebSocketStream<TcpStream>;

/// A backend of WebSocket connections; its paths tell it what to do.
pub struct Server {
    pub address: SocketAddr,
    told: Arc<Mutex<Told>>,
    task: JoinHandle<()>,
}

/// What it was told.
#[derive(Debug, Default, Clone)]
pub struct Told {
    /// Path and headers of each upgrade.
    pub heads: Vec<(String, BTreeMap<String, String>)>,
    pub messages: Vec<Message>,
    /// Connections that have ended.
    pub ended: usize,
}

impl Server {
    pub async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let told = Arc::new(Mutex::new(Told::default()));
        let telling = Arc::clone(&told);
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let telling = Arc::clone(&telling);
                tokio::spawn(async move {
                    // Whatever ends it: the client is a test, and may leave as it likes.
                    let _ = serve(stream, &telling).await;
                    telling.lock().unwrap().ended += 1;
                });
            }
        });
        Self { address, told, task }
    }

    pub fn told(&self) -> Told {
        self.told.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn shake(
    request: &Request,
    mut response: Response,
    path: &mut String,
    told: &Mutex<Told>,
) -> Result<Response, ErrorResponse> {
    *path = request.uri().path().to_owned();
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    let headers = request.headers().iter().map(|(name, value)| (name.to_string(), text(value.as_bytes())));
    told.lock().unwrap().heads.push((request.uri().to_string(), headers.collect()));
    if path == "/refuse" {
        let refusal = tokio_tungstenite::tungstenite::http::Response::builder().status(418);
        return Err(refusal.header("x-why", "tea").body(Some("no coffee".to_owned())).unwrap());
    }
    if let Some(offered) = request.headers().get("sec-websocket-protocol") {
        let first = offered.to_str().unwrap().split(',').next_back().unwrap().trim();
        response.headers_mut().insert("sec-websocket-protocol", first.parse().unwrap());
    }
    Ok(response)
}

async fn serve(stream: TcpStream, told: &Mutex<Told>) -> Result<(), Error> {
    let mut path = String::new();
    let mut socket =
        accept_hdr_async(stream, |request: &Request, response| shake(request, response, &mut path, told))
            .await?;
    match path.as_str() {
        "/closes" => socket.close(Some(close(CloseCode::Library(4001), "bye"))).await?,
        "/talks" => {
            for n in 0..50 {
                socket.feed(Message::text(format!("message {n}"))).await?;
            }
            socket.flush().await?;
        }
        // It reads, and never says anything: no pong, no answer to a Close.
        "/deaf" => {
            let stream = socket.get_mut();
            let mut buffer = [0; 65_536];
            while stream.read(&mut buffer).await? > 0 {}
            return Ok(());
        }
        // It ends its connection at a Close without a word.
        "/rude" => {
            while let Some(Ok(message)) = socket.next().await {
                if message.is_close() {
                    break;
                }
            }
            return Ok(());
        }
        _ => {}
    }
    while let Some(message) = socket.next().await {
        let message = message?;
        told.lock().unwrap().messages.push(message.clone());
        if path == "/drops" {
            return Ok(());
        }
        if message.is_text() || message.is_binary() {
            socket.send(message).await?;
        }
    }
    Ok(())
}

pub fn close(code: CloseCode, reason: &str) -> CloseFrame {
    CloseFrame { code, reason: reason.to_owned().into() }
}

/// An HTTP API whose every path goes to the server, with members added.
pub fn document(members: &Value) -> Value {
    let mut api = json!({
        "apiId": "chat",
        "protocolType": "HTTP",
        "stages": [{ "stageName": "$default" }],
        "routes": [{ "routeKey": "$default", "target": "integrations/chat" }],
        "integrations": [{ "integrationId": "chat", "integrationType": "HTTP_PROXY", "integrationMethod": "ANY",
            "integrationUri": "http://chat.test" }],
    });
    for (name, value) in members.as_object().unwrap() {
        api[name] = value.clone();
    }
    json!({ "apis": [api] })
}

pub async fn gateway(server: &Server, document: &Value, options: Options) -> Gateway {
    let backend = Backend::start().await;
    let hosts = BTreeMap::from([("chat.test".to_owned(), server.address)]);
    Gateway::start(document, &backend, Options { hosts, ..options }).await
}

/// A server, and a gateway before it with these limits.
pub async fn with_limits(settings: Value) -> (Server, Gateway) {
    let server = Server::start().await;
    let document = document(&json!({ "webSocketSettings": settings }));
    let gateway = gateway(&server, &document, Options::default()).await;
    (server, gateway)
}

pub async fn connect(gateway: &Gateway, path: &str) -> Client {
    let (client, response) = try_connect(gateway, path, &[]).await.unwrap();
    assert_eq!(response.status(), 101);
    client
}

pub async fn try_connect(
    gateway: &Gateway,
    path: &str,
    headers: &[(&'static str, &str)],
) -> Result<(Client, tokio_tungstenite::tungstenite::handshake::client::Response), Error> {
    let mut request = format!("ws://chat.example{path}").into_client_request().unwrap();
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    let stream = TcpStream::connect(gateway.address()).await.unwrap();
    stream.set_nodelay(true).unwrap();
    timeout(DEADLINE, client_async(request, stream)).await.unwrap()
}

/// The answer to an upgrade that is refused.
pub async fn refused(
    gateway: &Gateway,
    path: &str,
    headers: &[(&'static str, &str)],
) -> tokio_tungstenite::tungstenite::http::Response<Option<Vec<u8>>> {
    match try_connect(gateway, path, headers).await {
        Err(Error::Http(response)) => *response,
        other => panic!("{path}: {other:?}"),
    }
}

/// The next message; none when the connection has ended.
pub async fn next(client: &mut Client) -> Option<Result<Message, Error>> {
    timeout(DEADLINE, client.next()).await.unwrap()
}

pub async fn receive(client: &mut Client) -> Message {
    next(client).await.unwrap().unwrap()
}

/// Reads until the Close: its code.
pub async fn closed_with(client: &mut Client) -> CloseCode {
    loop {
        match receive(client).await {
            Message::Close(Some(frame)) => return frame.code,
            Message::Close(None) => panic!("a Close without a code"),
            _ => {}
        }
    }
}

pub async fn ended(client: &mut Client) {
    while let Some(Ok(_)) = next(client).await {}
}

/// A frame of a client's: its first byte, and its payload behind a key.
pub fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    match payload.len() {
        short @ 0..126 => bytes.push(128 | u8::try_from(short).unwrap()),
        long @ 126..65_536 => {
            bytes.push(128 | 126);
            bytes.extend(u16::try_from(long).unwrap().to_be_bytes());
        }
        long => {
            bytes.push(128 | 127);
            bytes.extend((long as u64).to_be_bytes());
        }
    }
    let key = [7, 1, 0, 255];
    bytes.extend(key);
    bytes.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
    bytes
}

/// A counter, once the filter has told it: at the latest with its next tick. What AWS counts too is counted for the API as well.
pub async fn counted(gateway: &Gateway, name: &str, wanted: u64) {
    told(gateway, &format!("wasmcustom.sekisho_websocket_{name}_total"), wanted).await;
    if matches!(name, "connect_count" | "message_count") {
        counted_of_api(gateway, name, wanted).await;
    }
}

/// The same of the API that passes the connections on.
pub async fn counted_of_api(gateway: &Gateway, name: &str, wanted: u64) {
    told(gateway, &format!(";{name}_total"), wanted).await;
}

async fn told(gateway: &Gateway, ending: &str, wanted: u64) {
    wasm_tests::eventually(&format!("{ending} is {wanted}"), async || {
        let all = gateway.admin("/stats?filter=sekisho_").await;
        let mut found =
            all.lines().filter_map(|line| line.split_once(": ")).filter(|(name, _)| name.ends_with(ending));
        let (name, found) = found.next().unwrap_or_else(|| panic!("{ending}: {all}"));
        let found: u64 = found.trim().parse().unwrap();
        assert!(found <= wanted, "{name} is {found}, not {wanted}");
        (found == wanted).then_some(())
    })
    .await;
}

/// Waits until nothing of any connection is left.
pub async fn nothing_is_left(gateway: &Gateway) {
    wasm_tests::eventually("no connection is left", async || {
        let open = gateway.admin("/stats?filter=(upstream_cx_active|upstream_rq_active|downstream_rq_active|cx_upgrades_active)").await;
        let chat = open.lines().filter(|line| !line.contains("admin"));
        chat.into_iter().all(|line| line.ends_with(": 0")).then_some(())
    })
    .await;
}

/// A client that writes bytes, after an upgrade by hand.
pub async fn raw_client(gateway: &Gateway, path: &str, early: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(gateway.address()).await.unwrap();
    let head = format!(
        "GET {path} HTTP/1.1\r\nhost: chat.example\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(&[head.as_bytes(), early].concat()).await.unwrap();
    stream
}

/// What the gateway sends until it ends the connection.
pub async fn rest(stream: &mut TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    // A reset is an end too; what came before it counts.
    let _ = timeout(DEADLINE, stream.read_to_end(&mut bytes)).await.expect("it ends");
    bytes
}

/// What came after the head of a 101.
pub fn frames(answer: &[u8]) -> &[u8] {
    assert!(answer.starts_with(b"HTTP/1.1 101 "), "{}", answer.escape_ascii());
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    &answer[end + 4..]
}
