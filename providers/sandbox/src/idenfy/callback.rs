//! Signed callbacks, over plain HTTP.

use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use hyper::http::Uri;
use sha2::Sha256;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::order::CallbackOrder;

/// The time that the vendor gives for an answer.
const PATIENCE: Duration = Duration::from_secs(10);
const MAX_ANSWER_BYTES: u64 = 64 * 1024;

/// Sends the callback; the status that came back, or why none did.
pub(super) async fn send(order: &CallbackOrder, key: &str) -> Result<u16, String> {
    let uri: Uri = order.url.parse().map_err(|error| format!("url: {error}"))?;
    let host =
        uri.host().filter(|_| uri.scheme_str() == Some("http")).ok_or("url: must begin with http://")?;
    let body = order.body.to_string();
    let signature = sign(key.as_bytes(), body.as_bytes()).ok_or("key: cannot sign")?;
    if order.event.bytes().any(|byte| byte.is_ascii_control()) {
        return Err("event: must be a word".to_owned());
    }
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         Idenfy-Event-Type: {}\r\nIdenfy-Signature: {signature}\r\nConnection: close\r\n\r\n{body}",
        body.len(),
        order.event,
    );
    let exchange = exchange(host, uri.port_u16().unwrap_or(80), &request);
    let answer = tokio::time::timeout(PATIENCE, exchange).await.map_err(|elapsed| elapsed.to_string())?;
    let answer = answer.map_err(|error| error.to_string())?;
    let status = answer.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok());
    status.ok_or_else(|| "no HTTP answer came back".to_owned())
}

async fn exchange(host: &str, port: u16, request: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect((host, port)).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(MAX_ANSWER_BYTES).read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

fn sign(key: &[u8], body: &[u8]) -> Option<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    mac.update(body);
    Some(mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect())
}
