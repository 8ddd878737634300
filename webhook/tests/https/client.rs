//! An HTTPS client that trusts the webhook's own authority and nobody else.

use std::sync::Arc;

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::process::Webhook;

/// One keep-alive connection.
pub(crate) struct Client {
    sender: SendRequest<Full<Bytes>>,
}

/// A whole response.
pub(crate) struct Response {
    pub(crate) status: StatusCode,
    pub(crate) headers: hyper::HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Client {
    /// Connects as the API server does: by name, with HTTP/1.1 in ALPN.
    pub(crate) async fn connect(webhook: &Webhook) -> Client {
        let tls = connect_tls(webhook, rustls::ALL_VERSIONS).await.unwrap();
        Client::over(tls).await
    }

    /// Speaks HTTP over a connection.
    pub(crate) async fn over(tls: TlsStream<TcpStream>) -> Client {
        let (sender, connection) = http1::handshake(TokioIo::new(tls)).await.unwrap();
        tokio::spawn(connection);
        Client { sender }
    }

    /// Sends one request.
    pub(crate) async fn send(&mut self, request: Request<Full<Bytes>>) -> hyper::Result<Response> {
        self.sender.ready().await?;
        let response = self.sender.send_request(request).await?;
        let (head, body) = response.into_parts();
        let body = body.collect().await?.to_bytes().to_vec();
        Ok(Response {
            status: head.status,
            headers: head.headers,
            body,
        })
    }

    /// Posts a body as JSON.
    pub(crate) async fn post(&mut self, path: &str, body: impl Into<Bytes>) -> Response {
        let request = Request::post(path)
            .header("host", "localhost")
            .header("content-type", "application/json")
            .body(Full::new(body.into()))
            .unwrap();
        self.send(request).await.unwrap()
    }

    /// Gets a path as text.
    pub(crate) async fn get(&mut self, path: &str) -> String {
        let request = Request::get(path).header("host", "localhost");
        let response = self
            .send(request.body(Full::default()).unwrap())
            .await
            .unwrap();
        assert_eq!(response.status, StatusCode::OK, "{path}");
        String::from_utf8(response.body).unwrap()
    }
}

impl Response {
    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The `response` of an AdmissionReview, after a look at the envelope.
    pub(crate) fn review(&self) -> Value {
        let review = self.json();
        assert_eq!(self.status, StatusCode::OK, "{review}");
        assert_eq!(review["apiVersion"], "admission.k8s.io/v1");
        assert_eq!(review["kind"], "AdmissionReview");
        review["response"].clone()
    }
}

/// A TLS connection with any of these versions.
pub(crate) async fn connect_tls(
    webhook: &Webhook,
    versions: &[&'static SupportedProtocolVersion],
) -> std::io::Result<TlsStream<TcpStream>> {
    connect_as(webhook, versions, None).await
}

/// The same with a client certificate.
pub(crate) async fn connect_as(
    webhook: &Webhook,
    versions: &[&'static SupportedProtocolVersion],
    own: Option<(CertificateDer<'static>, PrivateKeyDer<'static>)>,
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    let ca = CertificateDer::from_pem_file(webhook.tls_dir().join("ca.crt")).unwrap();
    roots.add(ca).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots);
    let mut config = match own {
        Some((chain, key)) => builder.with_client_auth_cert(vec![chain], key).unwrap(),
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let tcp = TcpStream::connect(("127.0.0.1", webhook.port)).await?;
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(config))
        .connect(name, tcp)
        .await
}
