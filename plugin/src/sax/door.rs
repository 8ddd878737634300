//! Ways to a server's port: an address, or a Pod's port by port-forward. What is spoken through a
//! door is none of its business.

use std::error::Error;
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tonic::transport::{Channel, Endpoint};
use tower::service_fn;

use super::peer::CONNECT;
use crate::cluster::{Cluster, ClusterError};
use crate::duration;
use crate::system;

/// A connection, whatever carries it.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A way to a port.
#[derive(Clone)]
pub(crate) struct Door {
    way: Way,
    /// What a port-forward complained about after it was open.
    trouble: Arc<Mutex<Option<String>>>,
}

#[derive(Clone)]
enum Way {
    Address(String),
    Pod {
        cluster: Arc<Cluster>,
        namespace: String,
        pod: String,
        port: u16,
    },
}

/// Why a door doesn't open.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum DoorError {
    /// Nobody takes the connection.
    #[error("{0}")]
    Refused(String),
    /// The API server doesn't forward.
    #[error("no port-forward: {0}")]
    NoForward(String),
    /// No connection in time.
    #[error("no connection within {}", duration::display(CONNECT))]
    Late,
}

impl Door {
    /// To `HOST:PORT`.
    pub(crate) fn to_address(address: impl Into<String>) -> Self {
        Self::new(Way::Address(address.into()))
    }

    /// To a port of a Pod, by port-forward.
    pub(crate) fn to_pod(cluster: Arc<Cluster>, namespace: &str, pod: &str, port: u16) -> Self {
        Self::new(Way::Pod {
            cluster,
            namespace: namespace.to_owned(),
            pod: pod.to_owned(),
            port,
        })
    }

    /// A connection, within [`CONNECT`].
    pub(crate) async fn open(&self) -> Result<Box<dyn Stream>, DoorError> {
        let opened = timeout(CONNECT, self.opening()).await;
        opened.unwrap_or(Err(DoorError::Late))
    }

    /// A gRPC channel, which connects when it is used, and again when the connection is lost.
    pub(crate) fn channel(&self) -> Channel {
        let door = self.clone();
        let connector = service_fn(move |_: http::Uri| {
            let door = door.clone();
            async move { door.open().await.map(TokioIo::new) }
        });
        Endpoint::from_static("http://saxml").connect_with_connector_lazy(connector)
    }

    /// What a port-forward complained about: it accepts any connection, and says only afterwards
    /// that the Pod doesn't.
    pub(crate) fn trouble(&self) -> Option<String> {
        let trouble = self.trouble.lock();
        trouble.unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn new(way: Way) -> Self {
        Self {
            way,
            trouble: Arc::default(),
        }
    }

    async fn opening(&self) -> Result<Box<dyn Stream>, DoorError> {
        match &self.way {
            Way::Address(address) => {
                let stream = TcpStream::connect(address.as_str()).await;
                let stream = stream.map_err(|error| DoorError::Refused(system::plain(&error)))?;
                // Small messages must not wait for each other.
                let _ = stream.set_nodelay(true);
                Ok(Box::new(stream))
            }
            Way::Pod {
                cluster,
                namespace,
                pod,
                port,
            } => {
                let forwarded = cluster.forward(namespace, pod, *port).await;
                let forwarded = forwarded.map_err(|error| no_forward(&error))?;
                let slot = Arc::clone(&self.trouble);
                // What an earlier connection met says nothing of this one.
                slot.lock().unwrap_or_else(PoisonError::into_inner).take();
                tokio::spawn(async move {
                    if let Some(text) = forwarded.trouble.await {
                        let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
                        *slot = Some(text);
                    }
                });
                Ok(Box::new(forwarded.stream))
            }
        }
    }
}

/// `127.0.0.1:10000`, `pod/sax-admin-server-x:10000`
impl fmt::Display for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.way {
            Way::Address(address) => f.write_str(address),
            Way::Pod { pod, port, .. } => write!(f, "pod/{pod}:{port}"),
        }
    }
}

impl fmt::Debug for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn no_forward(error: &ClusterError) -> DoorError {
    DoorError::NoForward(error.to_string())
}

/// Why a door didn't open, where that is what an error comes from.
pub(crate) fn door_error<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a DoorError> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(found) = error.downcast_ref::<DoorError>() {
            return Some(found);
        }
        cause = error.source();
    }
    None
}

/// The innermost cause, which says the most.
pub(crate) fn innermost(error: &(dyn Error + 'static)) -> String {
    let mut last = error;
    while let Some(cause) = last.source() {
        last = cause;
    }
    match last.downcast_ref::<io::Error>() {
        Some(error) => system::plain(error),
        None => last.to_string(),
    }
}
