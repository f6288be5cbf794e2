//! A backend that answers what it saw, as JSON.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

pub struct Backend {
    pub address: SocketAddr,
    requests: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
}

impl Backend {
    /// Serves HTTP/1.1 with keep-alive on a free port.
    pub fn start(name: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let backend =
            Self { address: listener.local_addr().unwrap(), requests: Arc::default(), stop: Arc::default() };
        let (name, requests, stop) = (name.to_owned(), backend.requests.clone(), backend.stop.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if stop.load(Ordering::SeqCst) {
                    return;
                }
                let (name, requests) = (name.clone(), requests.clone());
                std::thread::spawn(move || serve(stream, &name, &requests));
            }
        });
        backend
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Requests seen so far.
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::SeqCst)
    }
}

impl Drop for Backend {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
    }
}

fn serve(stream: TcpStream, name: &str, requests: &AtomicU64) {
    let Ok(mut write) = stream.try_clone() else { return };
    let mut read = BufReader::new(stream);
    while let Some((first, headers)) = head(&mut read) {
        requests.fetch_add(1, Ordering::SeqCst);
        let header = |name: &str| headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
        if header("upgrade").is_some() {
            let _ = write.write_all(
                b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\nhello",
            );
            let mut bytes = [0; 64];
            while let Ok(n @ 1..) = read.read(&mut bytes) {
                if write.write_all(&bytes[..n]).is_err() {
                    break;
                }
            }
            return;
        }
        let bytes = body(&mut read, header("content-length"), header("transfer-encoding"));
        if let Some(millis) = header("x-stub-sleep") {
            std::thread::sleep(Duration::from_millis(millis.parse().unwrap_or(0)));
        }
        let status = header("x-stub-status").unwrap_or_else(|| "200".into());
        let body = serde_json::json!({
            "backend": name,
            "request": first,
            "headers": headers.iter().cloned().collect::<std::collections::BTreeMap<_, _>>(),
            "bytes": bytes,
        })
        .to_string();
        let answer = format!(
            "HTTP/1.1 {status} X\r\nserver: backend\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        if write.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

fn head(read: &mut impl BufRead) -> Option<(String, Vec<(String, String)>)> {
    let mut first = String::new();
    if read.read_line(&mut first).ok()? == 0 {
        return None;
    }
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        read.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    Some((first.trim_end().to_owned(), headers))
}

fn body(read: &mut impl BufRead, length: Option<String>, encoding: Option<String>) -> usize {
    if let Some(length) = length.and_then(|it| it.parse::<usize>().ok()) {
        let mut bytes = vec![0; length];
        let _ = read.read_exact(&mut bytes);
        return length;
    }
    let mut total = 0;
    while encoding.is_some() {
        let mut line = String::new();
        let _ = read.read_line(&mut line);
        let size = usize::from_str_radix(line.trim(), 16).unwrap_or(0);
        let mut bytes = vec![0; size + 2];
        let _ = read.read_exact(&mut bytes);
        if size == 0 {
            break;
        }
        total += size;
    }
    total
}
