//! Does a registered webhook answer? Asked the way the API server would reach it.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{Request, Uri};
use kube::{Client, Config};
use serde_json::Value;

use super::{Cluster, ClusterError};

/// Where a webhook says that it is ready.
const READY: &str = "/readyz";
/// How long it may take to say so.
const TIMEOUT: Duration = Duration::from_secs(5);

impl Cluster {
    /// Asks the webhook behind a `clientConfig` whether it is ready: at its URL from here, or
    /// through the API server's proxy where it is a Service.
    pub(crate) async fn ask_webhook(&self, client_config: &Value) -> Result<(), ClusterError> {
        match client_config["url"].as_str() {
            Some(url) => ask_url(url, client_config).await,
            None => self.ask_service(&client_config["service"]).await,
        }
    }

    async fn ask_service(&self, service: &Value) -> Result<(), ClusterError> {
        let text = |member: &str| service[member].as_str().unwrap_or_default();
        let port = service["port"].as_i64().unwrap_or(443);
        let path = format!(
            "/api/v1/namespaces/{}/services/https:{}:{port}/proxy{READY}",
            text("namespace"),
            text("name"),
        );
        get(&self.client, &path)
            .await
            .map_err(|cause| self.error(cause))
    }
}

async fn ask_url(url: &str, client_config: &Value) -> Result<(), ClusterError> {
    let failed = |cause| ClusterError::from_kube(url, cause);
    let mut config =
        Config::new(origin(url).map_err(|cause| failed(kube::Error::HttpError(cause)))?);
    config.root_cert = authority(client_config);
    config.connect_timeout = Some(TIMEOUT);
    config.read_timeout = Some(TIMEOUT);
    config.default_retry = false;
    let client = Client::try_from(config).map_err(failed)?;
    get(&client, READY).await.map_err(failed)
}

async fn get(client: &Client, path: &str) -> Result<(), kube::Error> {
    let request = Request::get(path).body(Vec::new());
    let request = request.map_err(kube::Error::HttpError)?;
    client.request_text(request).await.map(drop)
}

/// The address without its path.
fn origin(url: &str) -> Result<Uri, http::Error> {
    let mut parts = url.parse::<Uri>()?.into_parts();
    parts.path_and_query = Some("/".parse()?);
    Ok(Uri::from_parts(parts)?)
}

/// The certificates of the caBundle.
fn authority(client_config: &Value) -> Option<Vec<Vec<u8>>> {
    let bundle = STANDARD.decode(client_config["caBundle"].as_str()?).ok()?;
    let pems = x509_parser::pem::Pem::iter_from_buffer(&bundle);
    Some(pems.flatten().map(|pem| pem.contents).collect())
}
