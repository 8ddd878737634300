//! As little of HTTPS as the API server uses: POST over one connection that is kept.

use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

const PATIENCE: Duration = Duration::from_secs(10);
/// What the system says of a peer that is gone. A certificate that isn't trusted is another kind.
const BREAKS: [ErrorKind; 6] = [
    ErrorKind::BrokenPipe,
    ErrorKind::ConnectionAborted,
    ErrorKind::ConnectionRefused,
    ErrorKind::ConnectionReset,
    ErrorKind::NotConnected,
    ErrorKind::UnexpectedEof,
];

/// One connection.
pub struct Client {
    stream: BufReader<StreamOwned<ClientConnection, TcpStream>>,
    is_over: bool,
}

/// What a server said to a review.
#[derive(Debug)]
pub enum Answered {
    /// The answer's body.
    Well(Vec<u8>),
    /// To come again: it has enough to do.
    Later,
}

impl Client {
    /// Connects to `address`, whose certificate must be for `name`, and trusts only the
    /// authorities of this PEM text.
    ///
    /// # Errors
    /// When nobody answers there, or somebody else.
    pub fn connect(address: &str, name: &str, bundle: &[u8]) -> Result<Self> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(bundle) {
            roots.add(certificate.context("read the bundle")?)?;
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from(name.to_owned())?;
        let connection = ClientConnection::new(Arc::new(config), name)?;
        let socket = TcpStream::connect(address).context("connect to sax-webhook")?;
        socket.set_nodelay(true)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        Ok(Self {
            stream: BufReader::new(StreamOwned::new(connection, socket)),
            is_over: false,
        })
    }

    /// Has the server said that it closes the connection?
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.is_over
    }

    /// Sends a review and returns the answer's body.
    ///
    /// # Errors
    /// When there is no answer, or one that isn't 200.
    pub fn post(&mut self, path: &str, body: &[u8]) -> Result<Vec<u8>> {
        match self.try_post(path, body)? {
            Answered::Well(body) => Ok(body),
            Answered::Later => bail!("the server says to come again"),
        }
    }

    /// Sends a review that may be sent away.
    ///
    /// # Errors
    /// When there is no answer, or one that is neither 200 nor 429.
    pub fn try_post(&mut self, path: &str, body: &[u8]) -> Result<Answered> {
        let mut request = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n",
            body.len()
        )
        .into_bytes();
        request.extend(body);
        let stream = self.stream.get_mut();
        stream.write_all(&request).context("send a review")?;
        stream.flush().context("send a review")?;
        self.receive().context("receive an answer")
    }

    /// Whether an error is a connection that broke, and nothing that anybody said.
    #[must_use]
    pub fn broke(error: &anyhow::Error) -> bool {
        error.chain().any(|cause| {
            let kind = cause.downcast_ref::<io::Error>().map(io::Error::kind);
            kind.is_some_and(|kind| BREAKS.contains(&kind))
        })
    }

    fn receive(&mut self) -> Result<Answered> {
        let status = self.line()?;
        let is_later = status.starts_with("HTTP/1.1 429");
        let is_well = status.starts_with("HTTP/1.1 200");
        ensure!(is_well || is_later, "the answer is {status}");
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
        Ok(if is_later {
            Answered::Later
        } else {
            Answered::Well(body)
        })
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        if self.stream.read_line(&mut line)? == 0 {
            let closed = "the connection was closed";
            return Err(io::Error::new(ErrorKind::UnexpectedEof, closed).into());
        }
        Ok(line.trim_end().to_owned())
    }
}
