//! How Saxml is reached: by gRPC, to the admin server and to each model server, or by the HTTP
//! server in front of it, which knows less.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::timeout;
use tpu::sax::{CellName, ModelId, STATUS_PORT};

use super::door::Door;
use super::http::{HttpServer, lags};
use super::look::{Replica, State};
use super::parts::PodPart;
use super::peer::ANSWER;
use super::{Admin, CellParts, Holding, Look, ModelName, ModelServer, Parts, Published, SaxError};
use crate::cli::SaxFlags;
use crate::cluster::{Cluster, ClusterError, offline_namespace};
use crate::failure::Failure;
use crate::printer::Printer;

/// How long a model server may take to say what it holds: as long as the admin server itself
/// gives it, halved, as many are asked at once.
const STATUS: Duration = Duration::from_secs(5);
/// How long looking for Pods may take.
const FINDING: Duration = Duration::from_secs(30);

/// A way to Saxml.
pub(crate) enum Route {
    /// All there is.
    Grpc(Box<Grpc>),
    /// Publishing, listing and generating.
    Http(HttpServer),
}

/// What is needed of a way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Any will do.
    Any,
    /// Only gRPC can do this.
    Grpc(&'static str),
}

/// gRPC to a cell.
pub(crate) struct Grpc {
    /// The cell's admin server.
    pub(crate) admin: Admin,
    /// Its name, where it is known.
    pub(crate) cell: Option<CellName>,
    inside: Option<Inside>,
    limit: Duration,
    /// A connection for each address, kept.
    servers: RefCell<HashMap<String, (String, ModelServer)>>,
}

/// The cluster in which the cell is.
struct Inside {
    cluster: Arc<Cluster>,
    namespace: String,
    parts: RefCell<CellParts>,
}

impl Route {
    /// Finds the way that the flags name, or the best one that the cluster has, and says on
    /// stderr which it is.
    pub(crate) async fn find(
        flags: &SaxFlags,
        cell: Option<&CellName>,
        reach: Reach,
        printer: &Printer,
    ) -> Result<Self, Failure> {
        let limit = limit(flags);
        let cell = flags.cell.as_ref().or(cell);
        let route = match (&flags.endpoint, &flags.admin) {
            (Some(url), _) => Self::Http(HttpServer::at(url, limit).await?),
            (None, Some(address)) => Self::Grpc(Box::new(Grpc::at(address, cell, limit))),
            (None, None) => Self::inside(flags, cell, reach, limit).await?,
        };
        printer.note(&route.to_string())?;
        match (&route, reach) {
            (Self::Http(server), Reach::Grpc(what)) => Err(SaxError::OnlyGrpc {
                peer: server.peer().clone(),
                what,
            }
            .into()),
            _ => Ok(route),
        }
    }

    /// The models that are published in the cell of the cluster, for completion.
    pub(crate) async fn published(flags: &SaxFlags) -> Result<Vec<String>, Failure> {
        let cell = flags.cell.as_ref();
        match Self::inside(flags, cell, Reach::Grpc("list models"), limit(flags)).await? {
            Self::Http(_) => Ok(Vec::new()),
            Self::Grpc(grpc) => {
                let published = grpc.admin.list().await?.into_iter();
                Ok(published
                    .map(|published| published.id.to_string())
                    .collect())
            }
        }
    }

    /// gRPC or nothing.
    pub(crate) async fn grpc(
        flags: &SaxFlags,
        cell: Option<&CellName>,
        what: &'static str,
        printer: &Printer,
    ) -> Result<Grpc, Failure> {
        match Self::find(flags, cell, Reach::Grpc(what), printer).await? {
            Self::Grpc(grpc) => Ok(*grpc),
            Self::Http(server) => Err(SaxError::OnlyGrpc {
                peer: server.peer().clone(),
                what,
            }
            .into()),
        }
    }

    /// A model's whole id.
    pub(crate) async fn id(&self, name: &ModelName, flags: &SaxFlags) -> Result<ModelId, SaxError> {
        match self {
            Self::Grpc(grpc) => grpc.id(name).await,
            Self::Http(_) => name.in_cell(flags.cell.as_ref().or(name.cell())),
        }
    }

    /// Through the cluster: gRPC where there is an admin server, else an HTTP server, whose cell's
    /// admin server may be elsewhere.
    async fn inside(
        flags: &SaxFlags,
        cell: Option<&CellName>,
        reach: Reach,
        limit: Duration,
    ) -> Result<Self, Failure> {
        let namespace = offline_namespace(&flags.connection)?;
        let cluster = Arc::new(Cluster::connect(&flags.connection).await?);
        let parts = find_parts(&cluster, &namespace).await?;
        let error = match parts.choose(cell) {
            Ok(found) => {
                return Ok(Self::Grpc(Box::new(Grpc::inside(
                    cluster, &namespace, found, limit,
                )?)));
            }
            Err(error) => error,
        };
        let http = parts.http.iter().find(|pod| pod.is_running());
        match (http, reach, &error) {
            (Some(pod), Reach::Any, SaxError::NoAdmin { .. }) => {
                let door = Door::to_pod(cluster, &namespace, &pod.pod, pod.port);
                Ok(Self::Http(HttpServer::behind(door, limit).await?))
            }
            _ => Err(error.into()),
        }
    }
}

/// What stderr is told.
impl std::fmt::Display for Route {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Grpc(grpc) => grpc.fmt(f),
            Self::Http(server) => write!(
                f,
                "asking {}, which speaks as that of {} does",
                server.peer(),
                server.dialect_text()
            ),
        }
    }
}

impl std::fmt::Display for Grpc {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let door = &self.admin.door;
        match (&self.inside, &self.cell) {
            (Some(_), Some(cell)) => {
                write!(f, "asking cell {cell} by gRPC, port-forward to {door}")
            }
            _ => write!(f, "asking {door} by gRPC"),
        }
    }
}

impl Grpc {
    fn at(address: &str, cell: Option<&CellName>, limit: Duration) -> Self {
        Self {
            admin: Admin::new(Door::to_address(address), limit),
            cell: cell.cloned(),
            inside: None,
            limit,
            servers: RefCell::default(),
        }
    }

    pub(super) fn inside(
        cluster: Arc<Cluster>,
        namespace: &str,
        parts: &CellParts,
        limit: Duration,
    ) -> Result<Self, SaxError> {
        let admin = admin_door(&cluster, namespace, parts.admin()?);
        Ok(Self {
            admin: Admin::new(admin, limit),
            cell: Some(parts.cell.clone()),
            inside: Some(Inside {
                cluster,
                namespace: namespace.to_owned(),
                parts: RefCell::new(parts.clone()),
            }),
            limit,
            servers: RefCell::default(),
        })
    }

    /// To the admin server of a deployment.
    pub(crate) async fn of_deployment(
        cluster: &Arc<Cluster>,
        namespace: &str,
        deployment: &str,
    ) -> Result<Self, Failure> {
        let parts = Parts::of_deployment(cluster, namespace, deployment);
        let parts = in_time(cluster, parts).await?;
        let cell = parts.choose(None)?;
        Ok(Self::inside(Arc::clone(cluster), namespace, cell, ANSWER)?)
    }

    /// To the cell of a namespace, without a word on stderr.
    pub(crate) async fn of_namespace(
        cluster: &Arc<Cluster>,
        namespace: &str,
        limit: Duration,
    ) -> Result<Self, Failure> {
        let parts = find_parts(cluster, namespace).await?;
        let cell = parts.choose(None)?;
        Ok(Self::inside(Arc::clone(cluster), namespace, cell, limit)?)
    }

    /// A model's whole id: its cell is the admin server's, which only its models tell where
    /// nothing but an address is known.
    pub(crate) async fn id(&self, name: &ModelName) -> Result<ModelId, SaxError> {
        if self.cell.is_some() || name.cell().is_some() {
            return name.in_cell(self.cell.as_ref());
        }
        let published = self.admin.list().await?;
        name.in_cell(published.first().map(|first| first.id.cell()))
    }

    /// The namespace of its Pods, where there is a cluster.
    pub(crate) fn namespace(&self) -> Option<&str> {
        let inside = self.inside.as_ref()?;
        Some(&inside.namespace)
    }

    /// The cell's Pods, where there is a cluster.
    pub(crate) fn parts(&self) -> Option<CellParts> {
        let inside = self.inside.as_ref()?;
        Some(inside.parts.borrow().clone())
    }

    /// The server at an address, as an admin server names it.
    pub(crate) fn server(&self, address: &str) -> Result<ModelServer, String> {
        if let Some((_, server)) = self.servers.borrow().get(address) {
            return Ok(server.clone());
        }
        let (name, door) = self.door(address)?;
        let server = ModelServer::new(door, address);
        let mut servers = self.servers.borrow_mut();
        servers.insert(address.to_owned(), (name, server.clone()));
        Ok(server)
    }

    /// How a server is named on the screen.
    pub(crate) fn name(&self, address: &str) -> String {
        let pod = self.inside.as_ref().and_then(|inside| {
            let parts = inside.parts.borrow();
            let primary = parts.at(address)?.primary.as_ref()?;
            Some(format!("pod/{}", primary.pod))
        });
        pod.unwrap_or_else(|| address.to_owned())
    }

    /// The servers' own word on a published model, all asked at once.
    pub(crate) async fn look_at(&self, published: &Published) -> Look {
        let model = published.id.to_string();
        let asked = published.servers.iter().map(|address| {
            let model = &model;
            async move {
                Replica {
                    server: self.name(address),
                    address: address.clone(),
                    state: self.state(address, model).await,
                }
            }
        });
        Look {
            wanted: published.replicas(),
            replicas: join_all(asked).await,
        }
    }

    /// Looks for the Pods anew: they may have been replaced. Where they can't be read now, those
    /// that are known stay.
    pub(crate) async fn refresh(&mut self) {
        let Some(inside) = &self.inside else {
            return;
        };
        let Ok(parts) = find_parts(&inside.cluster, &inside.namespace).await else {
            return;
        };
        let Ok(parts) = parts.choose(self.cell.as_ref()) else {
            return;
        };
        self.servers.borrow_mut().clear();
        if let Ok(pod) = parts.admin() {
            let door = admin_door(&inside.cluster, &inside.namespace, pod);
            self.admin = Admin::new(door, self.limit);
        }
        inside.parts.replace(parts.clone());
    }

    /// What the server at an address holds, or why it doesn't say.
    pub(crate) async fn holdings(&self, address: &str) -> Result<Vec<Holding>, String> {
        let server = self.server(address)?;
        let held = server.holdings(STATUS.min(self.limit)).await;
        held.map_err(|error| error.to_string())
    }

    /// The servers that have joined, with the seconds since the admin server heard of each, or why
    /// that isn't known.
    pub(crate) async fn lags(&self, limit: Duration) -> Result<BTreeMap<String, f64>, String> {
        let inside = self.inside.as_ref();
        let inside = inside.ok_or("only a port-forward reaches the admin server's status page")?;
        let admin = inside.parts.borrow().admin().cloned();
        let admin = admin.map_err(|error| error.to_string())?;
        let cluster = Arc::clone(&inside.cluster);
        let door = Door::to_pod(cluster, &inside.namespace, &admin.pod, STATUS_PORT);
        lags(door, limit).await.map_err(|error| error.to_string())
    }

    async fn state(&self, address: &str, model: &str) -> State {
        match self.holdings(address).await {
            Ok(holdings) => State::of(model, &holdings),
            Err(reason) => State::Unknown(reason),
        }
    }

    fn door(&self, address: &str) -> Result<(String, Door), String> {
        let Some(inside) = &self.inside else {
            return Ok((address.to_owned(), Door::to_address(address)));
        };
        let parts = inside.parts.borrow();
        let primary = parts.at(address).and_then(|server| server.primary.as_ref());
        let primary = primary.ok_or_else(|| {
            format!(
                "no Pod of namespace {} has the address {address}",
                inside.namespace
            )
        })?;
        let cluster = Arc::clone(&inside.cluster);
        let door = Door::to_pod(cluster, &inside.namespace, &primary.pod, primary.port);
        Ok((format!("pod/{}", primary.pod), door))
    }
}

/// How long an answer may take: what kubectl's flag says, but never for ever.
pub(super) fn limit(flags: &SaxFlags) -> Duration {
    let asked = flags.connection.request_timeout;
    asked.filter(|limit| !limit.is_zero()).unwrap_or(ANSWER)
}

fn admin_door(cluster: &Arc<Cluster>, namespace: &str, pod: &PodPart) -> Door {
    Door::to_pod(Arc::clone(cluster), namespace, &pod.pod, pod.port)
}

/// The API server isn't Saxml, but it can be silent, too.
async fn find_parts(cluster: &Cluster, namespace: &str) -> Result<Parts, Failure> {
    in_time(cluster, Parts::find(cluster, namespace)).await
}

pub(super) async fn in_time<T>(
    cluster: &Cluster,
    finding: impl Future<Output = Result<T, ClusterError>>,
) -> Result<T, Failure> {
    match timeout(FINDING, finding).await {
        Ok(found) => Ok(found?),
        Err(_) => Err(cluster.silent(FINDING).into()),
    }
}
