//! One request and its answer, on a connection of their own.

use std::error::Error;
use std::time::Duration;

use http::header::{CONNECTION, CONTENT_TYPE, HOST};
use http::uri::Scheme;
use http::{Request, Uri};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use saxml::http::Route;
use tokio::time::timeout;

use super::super::SaxError;
use super::super::door::{Door, Stream, innermost};
use super::super::peer::{LARGEST, Peer};
use super::tls::{Tls, TlsError};

/// How an HTTP server is reached.
pub(super) struct Exchange {
    door: Door,
    peer: Peer,
    /// As the `Host` header has it.
    host: String,
    /// What stands before all paths, without a slash at the end.
    prefix: String,
    tls: Option<Tls>,
}

/// An answer.
pub(super) struct Reply {
    /// The HTTP status.
    pub(super) status: u16,
    /// Its whole body.
    pub(super) body: Bytes,
}

impl Exchange {
    /// At a URL.
    pub(super) fn at(url: &Uri) -> Result<Self, SaxError> {
        let authority = url.authority().map(|authority| authority.as_str());
        let host = authority.unwrap_or_default().to_owned();
        let secure = url.scheme() == Some(&Scheme::HTTPS);
        let port = url.port_u16().unwrap_or(if secure { 443 } else { 80 });
        let name = url.host().unwrap_or_default();
        let peer = Peer::new(format!("the HTTP server {url}"));
        let tls = secure.then(|| Tls::to(name)).transpose();
        let tls = tls.map_err(|error| SaxError::Untrusted {
            peer: peer.clone(),
            cause: error.to_string(),
        })?;
        Ok(Self {
            door: Door::to_address(format!("{name}:{port}")),
            peer,
            host,
            prefix: url.path().trim_end_matches('/').to_owned(),
            tls,
        })
    }

    /// Behind a door, in the clear.
    pub(super) fn behind(door: Door) -> Self {
        Self {
            peer: Peer::new(format!("the HTTP server {door}")),
            host: "localhost".to_owned(),
            prefix: String::new(),
            tls: None,
            door,
        }
    }

    pub(super) fn peer(&self) -> &Peer {
        &self.peer
    }

    /// Sends a request and reads the whole answer, within `limit`.
    pub(super) async fn send(
        &self,
        route: Route,
        body: Vec<u8>,
        question: &'static str,
        limit: Duration,
    ) -> Result<Reply, SaxError> {
        let request = self.request(route.method(), route.path(), body)?;
        self.answered(request, question, limit).await
    }

    /// Reads a page, within `limit`.
    pub(super) async fn page(&self, path: &str, limit: Duration) -> Result<Reply, SaxError> {
        let request = self.request("GET", path, Vec::new())?;
        self.answered(request, "GET", limit).await
    }

    async fn answered(
        &self,
        request: Request<Full<Bytes>>,
        question: &'static str,
        limit: Duration,
    ) -> Result<Reply, SaxError> {
        let sent = timeout(limit, self.sending(request)).await;
        if let Ok(Ok(Reply {
            status: status @ (401 | 403 | 407),
            ..
        })) = sent
        {
            return Err(SaxError::Unauthorized {
                peer: self.peer.clone(),
                cause: format!("it answers {status}"),
            });
        }
        sent.unwrap_or_else(|_| {
            Err(SaxError::Silent {
                peer: self.peer.clone(),
                question,
                limit,
            })
        })
    }

    async fn sending(&self, request: Request<Full<Bytes>>) -> Result<Reply, SaxError> {
        let stream = self.connect().await?;
        let shaken = http1::handshake(TokioIo::new(stream)).await;
        let (mut sender, connection) = shaken.map_err(|error| self.broken(&error))?;
        let driver = tokio::spawn(connection);
        let answer = sender.send_request(request).await;
        let answer = answer.map_err(|error| self.broken(&error))?;
        let status = answer.status().as_u16();
        let body = self.read(answer.into_body()).await;
        // Whatever still comes is of no interest.
        driver.abort();
        body.map(|body| Reply { status, body })
    }

    async fn connect(&self) -> Result<Box<dyn Stream>, SaxError> {
        let stream = self.door.open().await;
        let stream = stream.map_err(|cause| SaxError::NoConnection {
            peer: self.peer.clone(),
            cause,
        })?;
        let Some(tls) = &self.tls else {
            return Ok(stream);
        };
        tls.wrap(stream).await.map_err(|error| match error {
            TlsError::Broken(cause) => SaxError::Broken {
                peer: self.peer.clone(),
                cause,
            },
            error => SaxError::Untrusted {
                peer: self.peer.clone(),
                cause: error.to_string(),
            },
        })
    }

    /// The body has a known length, and so a Content-Length: the older server reads no chunks.
    fn request(
        &self,
        method: &str,
        path: &str,
        body: Vec<u8>,
    ) -> Result<Request<Full<Bytes>>, SaxError> {
        Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.prefix))
            .header(HOST, &self.host)
            .header(CONTENT_TYPE, "application/json")
            .header(CONNECTION, "close")
            .body(Full::from(body))
            .map_err(|error| self.broken(&error))
    }

    async fn read(&self, body: Incoming) -> Result<Bytes, SaxError> {
        match Limited::new(body, LARGEST).collect().await {
            Ok(collected) => Ok(collected.to_bytes()),
            Err(error) if error.is::<LengthLimitError>() => Err(SaxError::TooLarge {
                peer: self.peer.clone(),
            }),
            Err(error) => Err(self.broken(error.as_ref())),
        }
    }

    fn broken(&self, error: &(dyn Error + 'static)) -> SaxError {
        SaxError::Broken {
            peer: self.peer.clone(),
            cause: self.door.trouble().unwrap_or_else(|| innermost(error)),
        }
    }
}
