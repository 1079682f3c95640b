//! A signed webhook about a risk check, sent when it is asked for.
//!
//! The vendor names no event for a finished check: this one is made up.

use std::io;
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use hyper::http::Uri;
use serde::Deserialize;
use serde_json::json;
use sha2::{Sha256, Sha512};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const PATIENCE: Duration = Duration::from_secs(10);
/// Enough for a status line.
const MOST_BYTES: u64 = 1024;

/// What to send where.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Order {
    /// A plain HTTP address.
    url: String,
    /// The id of the profile that it is about.
    reference: String,
    /// What it is signed with.
    secret: String,
    /// Signs as the vendor did in an older revision.
    #[serde(default)]
    sha512: bool,
}

// === impl Order ===

impl Order {
    /// Sends it, and gives the receiver's status.
    pub(crate) async fn send(&self) -> io::Result<u16> {
        let sending = tokio::time::timeout(PATIENCE, self.exchange());
        sending.await.map_err(|_elapsed| io::Error::other("the receiver took too long"))?
    }

    async fn exchange(&self) -> io::Result<u16> {
        let uri: Uri = self.url.parse().map_err(io::Error::other)?;
        let host = uri.host().filter(|_| uri.scheme_str() == Some("http"));
        let host = host.ok_or_else(|| io::Error::other("url must be an http address"))?;
        let body =
            json!({ "event": "risk_check.completed", "apiVersion": "v2", "data": { "_id": self.reference } });
        let body = body.to_string();
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-type: application/json\r\n\
             content-length: {}\r\nx-youverify-signature: {}\r\n\r\n",
            body.len(),
            self.signature(body.as_bytes())?
        );
        let mut stream = TcpStream::connect((host, uri.port_u16().unwrap_or(80))).await?;
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(body.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.take(MOST_BYTES).read_to_end(&mut answer).await?;
        let answer = String::from_utf8_lossy(&answer);
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
        status.ok_or_else(|| io::Error::other("the receiver's answer is no HTTP"))
    }

    /// In hexadecimal digits, over the body as it is sent.
    fn signature(&self, body: &[u8]) -> io::Result<String> {
        let secret = self.secret.as_bytes();
        let bytes = if self.sha512 {
            let mac = Hmac::<Sha512>::new_from_slice(secret).map_err(io::Error::other)?;
            mac.chain_update(body).finalize().into_bytes().to_vec()
        } else {
            let mac = Hmac::<Sha256>::new_from_slice(secret).map_err(io::Error::other)?;
            mac.chain_update(body).finalize().into_bytes().to_vec()
        };
        Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::Order;

    /// The published example of RFC 4231, so that the adapter's idea of a signature is not the only one.
    #[test]
    fn the_signatures_are_the_standard_ones() {
        let signed = |sha512| {
            let order =
                Order { url: String::new(), reference: String::new(), secret: "Jefe".to_owned(), sha512 };
            order.signature(b"what do ya want for nothing?").unwrap()
        };
        assert_eq!(signed(false), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
        assert!(signed(true).starts_with("164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"));
    }
}
