//! Waiting for a deployment: until its HTTP server can be reached, or until nothing of it is left.

use serde_json::Value;
use tokio::time::timeout;

use super::super::endpoint::{Endpoint, endpoint};
use super::super::waiting::poll;
use crate::cli::WaitArgs;
use crate::cluster::{Cluster, ClusterError, Listing, offline_namespace};
use crate::failure::Failure;
use crate::printer::Printer;
use crate::scaffold::Object;

/// How long one look may take.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(15);

/// A deployment that is waited for.
struct Awaited {
    cluster: Cluster,
    namespace: String,
    name: String,
}

/// Until the HTTP server's Service has an address, that of its load balancer where it has one, and
/// a Pod that is ready stands behind it.
pub(super) async fn until_reachable(args: &WaitArgs, printer: &Printer) -> Result<(), Failure> {
    let awaited = Awaited::connect(args).await?;
    let what = format!("the endpoint of {}", awaited.name);
    let url = poll(&what, args.timeout, printer, async |_| {
        let stands = awaited.endpoint().await?;
        let line = stands.line();
        Ok(match stands {
            Reach::Ready(url) => (vec![(line, true)], Some(Ok(url))),
            _ => (vec![(line, false)], None),
        })
    })
    .await?;
    printer.data(&(url + "\n"))?;
    Ok(())
}

/// Until no object and no Pod carries its label.
pub(super) async fn until_deleted(args: &WaitArgs, printer: &Printer) -> Result<(), Failure> {
    let awaited = Awaited::connect(args).await?;
    let what = format!("{} to be deleted", awaited.name);
    poll(&what, args.timeout, printer, async |_| {
        let left = awaited.left().await?;
        Ok(match left.is_empty() {
            true => (
                vec![(format!("{} is gone", awaited.name), true)],
                Some(Ok(())),
            ),
            false => (left.into_iter().map(|line| (line, false)).collect(), None),
        })
    })
    .await
}

/// How far an endpoint is.
enum Reach {
    /// There is no Service.
    NoService(String),
    /// The load balancer has no address.
    NoAddress(String),
    /// No Pod behind it is ready.
    NoPod(String),
    /// It can be reached.
    Ready(String),
}

impl Reach {
    fn line(&self) -> String {
        match self {
            Self::NoService(name) => format!("deployment {name} has no Service yet"),
            Self::NoAddress(service) => {
                format!("service/{service}: its load balancer has no address yet")
            }
            Self::NoPod(service) => format!("service/{service}: no Pod behind it is ready"),
            Self::Ready(url) => format!("{url} is ready"),
        }
    }
}

impl Awaited {
    async fn connect(args: &WaitArgs) -> Result<Self, Failure> {
        let sax = &args.sax;
        for (flag, given) in [
            ("--admin", sax.admin.is_some()),
            ("--endpoint", sax.endpoint.is_some()),
        ] {
            if given {
                let message = "only a cluster knows deployments".to_owned();
                return Err(Failure::Flag { flag, message });
            }
        }
        let name = args.name.clone().unwrap_or_default();
        if name.is_empty() || name.contains('/') {
            return Err(Failure::Flag {
                flag: "NAME",
                message: format!(
                    "{name:?} is no name of a deployment; a model is waited for with \
                     --for=unpublished or --for=loaded"
                ),
            });
        }
        Ok(Self {
            cluster: Cluster::connect(&sax.connection.within(PATIENCE)).await?,
            namespace: offline_namespace(&sax.connection)?,
            name,
        })
    }

    async fn endpoint(&self) -> Result<Reach, Failure> {
        let objects = self.objects().await?;
        let Some(service) = objects.iter().find(|object| object.kind == "Service") else {
            return Ok(Reach::NoService(self.name.clone()));
        };
        let found: Endpoint = endpoint(service);
        if found.pending {
            return Ok(Reach::NoAddress(service.name.clone()));
        }
        Ok(match self.ready(&service.name).await? {
            0 => Reach::NoPod(service.name.clone()),
            _ => Reach::Ready(found.url),
        })
    }

    /// How many addresses behind a Service are ready.
    async fn ready(&self, service: &str) -> Result<usize, Failure> {
        let label = format!("kubernetes.io/service-name={service}");
        let slices = Listing {
            namespace: Some(&self.namespace),
            labels: Some(&label),
            ..Listing::all("discovery.k8s.io/v1", "endpointslices", "EndpointSlice")
        };
        let ready = |slice: &Value| {
            let endpoints = slice["endpoints"].as_array().into_iter().flatten();
            // What a slice doesn't say counts as ready, as for kube-proxy.
            endpoints
                .filter(|endpoint| endpoint["conditions"]["ready"] != false)
                .count()
        };
        let listed = in_time(&self.cluster, self.cluster.list(&slices, ready)).await?;
        Ok(listed.unwrap_or_default().into_iter().sum())
    }

    /// Objects and Pods that are left, as kubectl names them.
    async fn left(&self) -> Result<Vec<String>, Failure> {
        let objects = self.objects().await?;
        let mut left: Vec<_> = objects.iter().map(Object::display_name).collect();
        let selector = crate::scaffold::selector_of(Some(&self.name));
        let pods = in_time(&self.cluster, self.cluster.pods(&self.namespace, &selector)).await?;
        let pods = pods.into_iter().filter_map(|pod| pod.metadata.name);
        left.extend(pods.map(|pod| format!("pod/{pod}")));
        Ok(left)
    }

    async fn objects(&self) -> Result<Vec<Object>, Failure> {
        in_time(
            &self.cluster,
            self.cluster.objects_of(&self.namespace, &self.name),
        )
        .await
    }
}

async fn in_time<T>(
    cluster: &Cluster,
    asked: impl Future<Output = Result<T, ClusterError>>,
) -> Result<T, Failure> {
    let answer = timeout(PATIENCE, asked).await;
    Ok(answer.map_err(|_| cluster.silent(PATIENCE))??)
}
