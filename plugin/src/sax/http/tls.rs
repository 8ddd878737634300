//! TLS to an HTTP server that something in front of it makes secure: Saxml's own have none. Who is
//! trusted, the machine decides, or `SSL_CERT_FILE`.

use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio_rustls::TlsConnector;

use super::super::door::{Stream, innermost};

/// A way to make a connection secure.
pub(super) struct Tls {
    connector: TlsConnector,
    name: ServerName<'static>,
}

/// Why a connection isn't secure.
#[derive(Debug, thiserror::Error)]
pub(super) enum TlsError {
    /// No name that a certificate could have.
    #[error("{0:?} is no host name")]
    Name(String),
    /// The machine trusts nobody.
    #[error("this machine has no certificates of authorities")]
    NoRoots,
    /// The server's certificate.
    #[error("{0}")]
    Certificate(String),
    /// The connection broke, or the server doesn't speak TLS.
    #[error("{0}")]
    Broken(String),
}

impl Tls {
    /// To a host.
    pub(super) fn to(host: &str) -> Result<Self, TlsError> {
        let plain = host
            .trim_start_matches('[')
            .trim_end_matches(']')
            .to_owned();
        let name = ServerName::try_from(plain.clone()).map_err(|_| TlsError::Name(plain))?;
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if roots.is_empty() {
            return Err(TlsError::NoRoots);
        }
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| TlsError::Broken(error.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self {
            connector: TlsConnector::from(Arc::new(config)),
            name,
        })
    }

    /// The same connection, secure.
    pub(super) async fn wrap(&self, stream: Box<dyn Stream>) -> Result<Box<dyn Stream>, TlsError> {
        let secured = self.connector.connect(self.name.clone(), stream).await;
        match secured {
            Ok(stream) => Ok(Box::new(stream)),
            Err(error) => {
                let cause = error.get_ref().and_then(|cause| cause.downcast_ref());
                Err(match cause {
                    Some(rustls::Error::InvalidCertificate(_)) => {
                        TlsError::Certificate(innermost(&error))
                    }
                    _ => TlsError::Broken(innermost(&error)),
                })
            }
        }
    }
}
