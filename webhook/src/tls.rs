//! The TLS side: what a connection is accepted with, and how that is exchanged while we serve.

mod files;

use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{VerifierBuilderError, WebPkiClientVerifier};
use rustls::{RootCertStore, ServerConfig};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use crate::authority::Pair;

pub(crate) use files::{FilesError, TlsFiles, prepare};

/// Why nothing can be served with a certificate.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TlsError {
    /// The certificate is no PEM, or there is none.
    #[error("no certificate: {0}")]
    Certificate(pem::Error),
    /// The key is no PEM, or there is none.
    #[error("no key: {0}")]
    Key(pem::Error),
    /// Certificate and key don't fit, or are of a kind that rustls doesn't take.
    #[error("certificate and key can't be used: {0}")]
    Rustls(#[from] rustls::Error),
    /// The authority of the clients is no PEM, or holds nothing.
    #[error("no certificate authority of clients: {0}")]
    Clients(pem::Error),
    /// The authority of the clients can't be used.
    #[error("the certificate authority of clients can't be used: {0}")]
    Verifier(#[from] VerifierBuilderError),
}

/// What a connection is accepted with. New connections take what was set last; those that are
/// open stay as they are.
#[derive(Debug, Clone)]
pub(crate) struct Tls(watch::Receiver<Option<Acceptor>>);

/// Exchanges what new connections are accepted with.
#[derive(Debug, Clone)]
pub(crate) struct Exchange(Arc<watch::Sender<Option<Acceptor>>>);

#[derive(Clone)]
struct Acceptor(TlsAcceptor);

impl Tls {
    /// With nothing to accept by yet.
    pub(crate) fn new() -> (Exchange, Tls) {
        let (sender, receiver) = watch::channel(None);
        (Exchange(Arc::new(sender)), Tls(receiver))
    }

    /// Waits until there is something to accept connections with; `false` where there never will
    /// be.
    pub(crate) async fn ready(&mut self) -> bool {
        self.0.wait_for(Option::is_some).await.is_ok()
    }

    /// For the next connection.
    pub(crate) fn acceptor(&self) -> Option<TlsAcceptor> {
        self.0.borrow().clone().map(|acceptor| acceptor.0)
    }
}

impl Exchange {
    /// From now on connections are accepted with this pair, and where `clients` names an
    /// authority, peers are asked for a certificate that it vouches for. What can't be used
    /// replaces nothing.
    pub(crate) fn set(&self, pair: &Pair, clients: Option<&str>) -> Result<(), TlsError> {
        let config = config(pair, clients)?;
        let acceptor = Acceptor(TlsAcceptor::from(Arc::new(config)));
        self.0.send_replace(Some(acceptor));
        Ok(())
    }
}

impl std::fmt::Debug for Acceptor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Acceptor")
    }
}

/// TLS 1.2 and 1.3; HTTP/1.1 only, for the API server never speaks anything else to a webhook.
pub(crate) fn config(pair: &Pair, clients: Option<&str>) -> Result<ServerConfig, TlsError> {
    let chain: Vec<_> = CertificateDer::pem_slice_iter(pair.certificate.as_bytes())
        .collect::<Result<_, _>>()
        .map_err(TlsError::Certificate)?;
    if chain.is_empty() {
        return Err(TlsError::Certificate(pem::Error::NoItemsFound));
    }
    let key = PrivateKeyDer::from_pem_slice(pair.key.as_bytes()).map_err(TlsError::Key)?;
    let provider = Arc::new(ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?;
    let builder = match clients {
        Some(pem) => {
            let verifier = WebPkiClientVerifier::builder_with_provider(roots(pem)?, provider);
            // The kubelet's probes have no certificate: who may review is asked for each request.
            builder.with_client_cert_verifier(verifier.allow_unauthenticated().build()?)
        }
        None => builder.with_no_client_auth(),
    };
    let mut config = builder.with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    // The API server keeps few idle connections, so a burst means fresh handshakes: tickets make
    // them cheap without a session table that grows.
    config.ticketer = ring::Ticketer::new()?;
    Ok(config)
}

/// Whoever asks for no provider by name gets this one, such as the client of registries.
pub(crate) fn use_ring() {
    // It fails where one is in use already, which is the same.
    ring::default_provider().install_default().ok();
}

fn roots(pem: &str) -> Result<Arc<RootCertStore>, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        roots.add(certificate.map_err(TlsError::Clients)?)?;
    }
    match roots.is_empty() {
        true => Err(TlsError::Clients(pem::Error::NoItemsFound)),
        false => Ok(Arc::new(roots)),
    }
}
