//! A server that reads a review and lets it pass: what HTTPS and parsing cost before anybody
//! decides anything. It runs as a process of its own, this program with `--parse-only`.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use axum::Router;
use axum::body::Bytes;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// Serves with the certificate in `tls` until the process is ended; the address is written to the
/// file `ready`.
pub(crate) fn serve(tls: &Path, ready: &Path) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("start threads")?;
    runtime.block_on(accept(acceptor(tls)?, ready))
}

async fn accept(tls: TlsAcceptor, ready: &Path) -> Result<()> {
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let listener = TcpListener::bind(any).await.context("listen")?;
    let address = listener.local_addr().context("listen")?;
    std::fs::write(ready, address.to_string()).context("write the address")?;
    let router = Router::new()
        .route("/mutate", post(pass))
        .route("/validate", post(pass));
    loop {
        let (connection, _) = listener.accept().await.context("accept a connection")?;
        tokio::spawn(connect(tls.clone(), router.clone(), connection));
    }
}

/// A client that goes away is no fault.
async fn connect(tls: TlsAcceptor, router: Router, connection: TcpStream) -> Option<()> {
    connection.set_nodelay(true).ok()?;
    let io = TokioIo::new(tls.accept(connection).await.ok()?);
    let service = TowerToHyperService::new(router);
    http1::Builder::new()
        .serve_connection(io, service)
        .await
        .ok()
}

async fn pass(body: Bytes) -> Response {
    let Ok(review) = serde_json::from_slice::<Value>(&body) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let answer = json!({
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "response": {"uid": review.pointer("/request/uid"), "allowed": true},
    });
    let json = [(header::CONTENT_TYPE, "application/json")];
    (json, answer.to_string()).into_response()
}

fn acceptor(folder: &Path) -> Result<TlsAcceptor> {
    let (certificate, key) = (folder.join("tls.crt"), folder.join("tls.key"));
    let chain: Result<Vec<_>, _> = CertificateDer::pem_file_iter(certificate)
        .context("read tls.crt")?
        .collect();
    let key = PrivateKeyDer::from_pem_file(key).context("read tls.key")?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain.context("read tls.crt")?, key)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}
