//! One pull: the manifest by its digest, and of its layers the component.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use oci_client::client::{ClientConfig, ClientProtocol};
use oci_client::errors::{DigestError, OciDistributionError as Failure, OciErrorCode};
use oci_client::manifest::{OCI_IMAGE_MEDIA_TYPE, OciImageManifest};
use oci_client::secrets::RegistryAuth;
use oci_client::{Client, Reference};
use runtime::{MOST_COMPONENT_BYTES, digest};
use tokio::time::timeout;

use super::ImageError;
use super::cache::Cache;
use super::credentials;

/// What `wkg` and ORAS push a component as.
const WASM: &str = "application/wasm";
/// Bytes of a manifest: as many as registries take.
const MOST_OF_MANIFEST: usize = 4 << 20;
/// For one whole pull.
const LIMIT: Duration = Duration::from_secs(60);
/// For a registry to be reached, and to go on.
const PATIENCE: Duration = Duration::from_secs(10);

/// Pulls images.
#[derive(Debug)]
pub(crate) struct Puller {
    /// A Docker config.json.
    pub(crate) credentials: Option<PathBuf>,
    /// Registries that are asked without TLS; those on this machine always are.
    pub(crate) plain: Vec<String>,
    cache: Option<Cache>,
}

/// One image on its way.
struct Pulling<'a> {
    client: Client,
    image: Reference,
    auth: RegistryAuth,
    puller: &'a Puller,
}

impl Puller {
    /// Keeps what it pulls in a folder, where there is one.
    pub(crate) fn new(
        credentials: Option<PathBuf>,
        plain: Vec<String>,
        cache: Option<PathBuf>,
    ) -> Puller {
        Puller {
            credentials,
            plain,
            cache: cache.map(|folder| Cache(folder.join("images"))),
        }
    }

    /// The component of an image.
    pub(super) async fn pull(&self, image: &str) -> Result<Arc<[u8]>, ImageError> {
        let not_one = |reason: String| ImageError::NotAnImage {
            image: image.to_owned(),
            reason,
        };
        let reference: Reference = image.parse().map_err(|error| not_one(format!("{error}")))?;
        let Some(wanted) = reference.digest().map(str::to_owned) else {
            return Err(not_one(
                "`oras resolve` tells the digest of a tag".to_owned(),
            ));
        };
        let pulling = Pulling {
            auth: credentials::find(self.credentials.as_deref(), &reference)?,
            client: self.client(&reference),
            image: reference,
            puller: self,
        };
        let pulled = timeout(LIMIT, pulling.component(&wanted)).await;
        pulled.unwrap_or_else(|_| Err(pulling.unreachable(format!("it took over {LIMIT:?}"))))
    }

    /// A new one for each pull: a client keeps the first credentials that it gets.
    fn client(&self, image: &Reference) -> Client {
        let registry = image.resolve_registry();
        let mut plain = self.plain.clone();
        if is_loopback(registry) {
            plain.push(registry.to_owned());
        }
        Client::new(ClientConfig {
            protocol: ClientProtocol::HttpsExcept(plain),
            connect_timeout: Some(PATIENCE),
            read_timeout: Some(PATIENCE),
            user_agent: concat!("sax-webhook/", env!("CARGO_PKG_VERSION")),
            ..ClientConfig::default()
        })
    }
}

impl Pulling<'_> {
    async fn component(&self, wanted: &str) -> Result<Arc<[u8]>, ImageError> {
        let manifest = self.manifest(wanted).await?;
        let manifest: OciImageManifest = serde_json::from_slice(&manifest)
            .map_err(|_| self.without_component("what is no manifest of one image"))?;
        let layer = self.layer(&manifest)?;
        if let Some(bytes) = self.cached(layer) {
            return Ok(bytes.into());
        }
        let bytes = self.blob(layer).await?;
        self.keep(layer, &bytes);
        Ok(bytes.into())
    }

    async fn manifest(&self, wanted: &str) -> Result<Vec<u8>, ImageError> {
        if let Some(bytes) = self.cached(wanted) {
            return Ok(bytes);
        }
        let asked = self
            .client
            .pull_manifest_raw(&self.image, &self.auth, &[OCI_IMAGE_MEDIA_TYPE]);
        let (bytes, _) = asked.await.map_err(|failure| self.refused(&failure))?;
        if bytes.len() > MOST_OF_MANIFEST {
            return Err(self.too_large("the manifest", MOST_OF_MANIFEST));
        }
        self.check(wanted, &bytes)?;
        self.keep(wanted, &bytes);
        Ok(bytes.to_vec())
    }

    /// The digest of the component: of the layer that says so, or of the only one.
    fn layer<'m>(&self, manifest: &'m OciImageManifest) -> Result<&'m str, ImageError> {
        let layers = manifest.layers.as_slice();
        let named = layers.iter().find(|layer| layer.media_type == WASM);
        match (named, layers) {
            (Some(layer), _) | (None, [layer]) => Ok(&layer.digest),
            _ => {
                let types = layers.iter().map(|layer| layer.media_type.as_str());
                let types: Vec<&str> = types.take(8).collect();
                Err(self.without_component(&format!("[{}]", types.join(", "))))
            }
        }
    }

    /// By its digest alone: other places that a manifest names are not asked.
    async fn blob(&self, layer: &str) -> Result<Vec<u8>, ImageError> {
        let stream = self.client.pull_blob_stream(&self.image, layer).await;
        let mut stream = stream.map_err(|failure| self.refused(&failure))?;
        let mut bytes = Vec::new();
        while let Some(part) = stream.next().await {
            let part = part.map_err(|error| self.broken(layer, &error))?;
            if bytes.len() + part.len() > MOST_COMPONENT_BYTES {
                return Err(self.too_large("the component", MOST_COMPONENT_BYTES));
            }
            bytes.extend_from_slice(&part);
        }
        self.check(layer, &bytes)?;
        Ok(bytes)
    }

    fn cached(&self, digest: &str) -> Option<Vec<u8>> {
        self.puller.cache.as_ref()?.get(digest)
    }

    fn keep(&self, digest: &str, bytes: &[u8]) {
        if let Some(cache) = &self.puller.cache {
            cache.put(digest, bytes);
        }
    }

    fn check(&self, expected: &str, bytes: &[u8]) -> Result<(), ImageError> {
        let found = digest(bytes);
        if found == expected {
            return Ok(());
        }
        Err(ImageError::OtherDigest {
            registry: self.registry(),
            expected: expected.to_owned(),
            found,
        })
    }

    fn registry(&self) -> String {
        self.image.resolve_registry().to_owned()
    }

    fn refused(&self, failure: &Failure) -> ImageError {
        let (registry, image) = (self.registry(), self.image.whole());
        match status(failure) {
            Some(401 | 403) => ImageError::Unauthorized {
                registry,
                image,
                given: match self.auth {
                    RegistryAuth::Anonymous => "it was shown no credentials",
                    _ => "it takes other credentials than those it was shown",
                },
            },
            Some(404) => ImageError::NotFound { registry, image },
            _ => match failure {
                Failure::DigestError(_) => ImageError::OtherDigest {
                    registry,
                    expected: image,
                    found: "something else".to_owned(),
                },
                other => self.unreachable(chain(other)),
            },
        }
    }

    /// In the middle of a blob.
    fn broken(&self, layer: &str, error: &std::io::Error) -> ImageError {
        match error.get_ref() {
            Some(inner) if inner.is::<DigestError>() => ImageError::OtherDigest {
                registry: self.registry(),
                expected: layer.to_owned(),
                found: "something else".to_owned(),
            },
            _ => self.unreachable(chain(error)),
        }
    }

    fn unreachable(&self, reason: String) -> ImageError {
        ImageError::Unreachable {
            registry: self.registry(),
            image: self.image.whole(),
            reason,
        }
    }

    fn without_component(&self, found: &str) -> ImageError {
        ImageError::NoComponent {
            image: self.image.whole(),
            found: found.to_owned(),
        }
    }

    fn too_large(&self, what: &'static str, limit: usize) -> ImageError {
        ImageError::TooLarge {
            image: self.image.whole(),
            what,
            limit,
        }
    }
}

/// The HTTP status that a failure comes of, or would have come of.
fn status(failure: &Failure) -> Option<u16> {
    match failure {
        Failure::UnauthorizedError { .. } | Failure::AuthenticationFailure(_) => Some(401),
        Failure::ImageManifestNotFoundError(_) => Some(404),
        Failure::ServerError { code, .. } => Some(*code),
        Failure::RegistryError { envelope, .. } => {
            envelope.errors.first().and_then(|error| match error.code {
                OciErrorCode::Unauthorized | OciErrorCode::Denied => Some(403),
                OciErrorCode::BlobUnknown
                | OciErrorCode::ManifestUnknown
                | OciErrorCode::NameUnknown
                | OciErrorCode::NotFound => Some(404),
                _ => None,
            })
        }
        _ => None,
    }
}

/// An error with its causes: the innermost says what the network did.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

/// Whether a registry, a host and perhaps a port, is on this machine.
fn is_loopback(registry: &str) -> bool {
    let bare = registry
        .strip_prefix('[')
        .and_then(|rest| rest.split_once(']'));
    let host = match bare {
        Some((host, _)) => host,
        None => registry.split(':').next().unwrap_or_default(),
    };
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
#[path = "puller_tests.rs"]
mod tests;
