//! An API server as far as a webhook sees it: it trusts what the registration says, keeps a
//! connection, and sends reviews one after the other.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::Value;

/// The registration's own limit.
const TIMEOUT: Duration = Duration::from_secs(5);

/// One connection that is kept.
pub(crate) struct Client {
    stream: BufReader<StreamOwned<ClientConnection, TcpStream>>,
    /// Did the server say that it closes the connection?
    pub(crate) is_over: bool,
}

impl Client {
    /// Connects to `address`, and trusts only the authorities of this PEM text.
    pub(crate) fn connect(address: &str, bundle: &str) -> Result<Client> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(bundle.as_bytes()) {
            roots.add(certificate.context("read the bundle")?)?;
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from("127.0.0.1")?;
        let connection = ClientConnection::new(Arc::new(config), name)?;
        let socket = TcpStream::connect(address).context("connect")?;
        socket.set_nodelay(true)?;
        socket.set_read_timeout(Some(TIMEOUT))?;
        let stream = BufReader::new(StreamOwned::new(connection, socket));
        Ok(Client {
            stream,
            is_over: false,
        })
    }

    /// Sends a review; its answer's `response`.
    pub(crate) fn review(&mut self, body: &str) -> Result<Value> {
        let request = format!(
            "POST /mutate?timeout=5s HTTP/1.1\r\nHost: 127.0.0.1\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let stream = self.stream.get_mut();
        stream
            .write_all(request.as_bytes())
            .context("send a review")?;
        stream.flush().context("send a review")?;
        let answer = self.receive().context("receive an answer")?;
        let mut answer: Value = serde_json::from_slice(&answer)?;
        Ok(answer["response"].take())
    }

    fn receive(&mut self) -> Result<Vec<u8>> {
        let status = self.line()?;
        ensure!(
            status.starts_with("HTTP/1.1 200"),
            "the answer is {status:?}"
        );
        let mut length = 0;
        loop {
            let line = self.line()?.to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().context("read its length")?;
            }
            self.is_over |= line == "connection: close";
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        Ok(body)
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        if self.stream.read_line(&mut line)? == 0 {
            bail!("the connection was closed");
        }
        Ok(line.trim_end().to_owned())
    }
}
