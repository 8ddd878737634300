//! Does a registered webhook answer? Asked the way the API server would reach it.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{Request, Uri};
use kube::core::Status;
use kube::{Client, Config};
use serde_json::Value;

use super::{Cluster, ClusterError, answer};

/// Where a webhook says that it is ready.
const READY: &str = "/readyz";
/// How long it may take to say so.
const TIMEOUT: Duration = Duration::from_secs(5);
/// The same where the API server asks for us: it tries for longer before it gives up.
const PROXY_TIMEOUT: Duration = Duration::from_secs(15);

/// Why it isn't known that a webhook answers, by who has to do something.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProbeError {
    /// It answers that it isn't ready.
    #[error("it answers {code} to {READY}: {message}")]
    NotReady {
        /// The HTTP status.
        code: u16,
        /// What it says.
        message: String,
    },
    /// Something answers that isn't the webhook, which knows no such status.
    #[error("something in its place answers {code} to {READY}: {message}")]
    Foreign {
        /// The HTTP status.
        code: u16,
        /// What it says.
        message: String,
    },
    /// Its URL can't be reached from this machine. The API server may stand elsewhere.
    #[error("from this machine: {0}")]
    FromHere(ClusterError),
    /// The Service isn't there.
    #[error("there is no Service {service}")]
    NoService {
        /// `NAMESPACE/NAME`
        service: String,
    },
    /// The API server's proxy didn't get through to the Service.
    #[error("the API server's proxy doesn't reach the Service {service}: {message}")]
    NoWay {
        /// `NAMESPACE/NAME`
        service: String,
        /// The API server's words.
        message: String,
    },
    /// We may not use the API server's proxy.
    #[error("asking the Service {service} through the API server isn't allowed: {message}")]
    NotAllowed {
        /// `NAMESPACE/NAME`
        service: String,
        /// The API server's words: user, verb, resource.
        message: String,
    },
    /// The API server itself doesn't answer.
    #[error(transparent)]
    Cluster(ClusterError),
}

impl ProbeError {
    /// A word for programs.
    pub(crate) fn reason(&self) -> &'static str {
        match self {
            Self::NotReady { .. } => "NotReady",
            Self::Foreign { .. } => "AnsweredByAnother",
            Self::FromHere(_) => "NotReachableFromHere",
            Self::NoService { .. } => "NoService",
            Self::NoWay { .. } => "NotReachableThroughProxy",
            Self::NotAllowed { .. } => "NotAllowed",
            Self::Cluster(_) => "ClusterError",
        }
    }

    /// Is it the question that failed, so that nothing is known about the webhook?
    pub(crate) fn is_unknown(&self) -> bool {
        !matches!(self, Self::NotReady { .. } | Self::NoService { .. })
    }

    fn of_service(service: String, cause: ClusterError) -> Self {
        match cause {
            ClusterError::Forbidden { message } => Self::NotAllowed { service, message },
            ClusterError::Refused(status) if status.code == 404 && status.details.is_some() => {
                Self::NoService { service }
            }
            // The API server's own answer has a reason of its API; what it passes on has none.
            ClusterError::Refused(status) if status.reason == "ServiceUnavailable" => {
                let message = status.message;
                Self::NoWay { service, message }
            }
            ClusterError::Refused(status) => Self::answered(*status),
            other => Self::Cluster(other),
        }
    }

    /// The webhook says 503 while it isn't ready, and nothing else.
    fn answered(status: Status) -> Self {
        let Status { code, message, .. } = status;
        match code {
            503 => Self::NotReady { code, message },
            _ => Self::Foreign { code, message },
        }
    }

    fn of_url(cause: ClusterError) -> Self {
        match cause {
            ClusterError::Refused(status) => Self::answered(*status),
            other => Self::FromHere(other),
        }
    }
}

impl Cluster {
    /// Asks the webhook behind a `clientConfig` whether it is ready: at its URL from here, or
    /// through the API server's proxy where it is a Service.
    pub(crate) async fn ask_webhook(&self, client_config: &Value) -> Result<(), ProbeError> {
        match client_config["url"].as_str() {
            Some(url) => ask_url(url, client_config)
                .await
                .map_err(ProbeError::of_url),
            None => self.ask_service(&client_config["service"]).await,
        }
    }

    async fn ask_service(&self, service: &Value) -> Result<(), ProbeError> {
        let text = |member: &str| service[member].as_str().unwrap_or_default();
        let port = service["port"].as_i64().unwrap_or(443);
        let (namespace, name) = (text("namespace"), text("name"));
        let path =
            format!("/api/v1/namespaces/{namespace}/services/https:{name}:{port}/proxy{READY}");
        let asked = tokio::time::timeout(PROXY_TIMEOUT, get(&self.client, &path)).await;
        let service = format!("{namespace}/{name}");
        match asked {
            Ok(answer) => {
                answer.map_err(|cause| ProbeError::of_service(service, self.error(cause)))
            }
            Err(_) => Err(ProbeError::NoWay {
                service,
                message: format!("no answer within {} s", PROXY_TIMEOUT.as_secs()),
            }),
        }
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
    let client = answer::client(config, Some(TIMEOUT)).map_err(failed)?;
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

#[cfg(test)]
mod tests {
    use kube::core::Status;
    use kube::core::response::StatusDetails;

    use super::{ClusterError, ProbeError};

    fn reason(code: u16, reason: &str, details: Option<StatusDetails>) -> &'static str {
        let status = Status {
            code,
            reason: reason.to_owned(),
            details,
            ..Status::default()
        };
        let refused = ClusterError::Refused(Box::new(status));
        ProbeError::of_service("a/b".to_owned(), refused).reason()
    }

    #[test]
    fn whose_answer_it_is_decides_what_is_known() {
        assert_eq!(
            reason(503, "ServiceUnavailable", None),
            "NotReachableThroughProxy"
        );
        assert_eq!(reason(503, "", None), "NotReady");
        assert_eq!(reason(403, "", None), "AnsweredByAnother");
        let service = serde_json::from_str("{\"kind\":\"services\"}").expect("must be details");
        assert_eq!(reason(404, "NotFound", Some(service)), "NoService");
        let message = "services is forbidden".to_owned();
        let forbidden =
            ProbeError::of_service("a/b".to_owned(), ClusterError::Forbidden { message });
        assert_eq!(forbidden.reason(), "NotAllowed");
        assert!(forbidden.is_unknown());
    }
}
