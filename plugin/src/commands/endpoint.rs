//! `endpoint`: where the HTTP server of a deployment is reached, and from where.

use serde::Serialize;
use serde_json::Value;

use super::block_on;
use super::servers::Servers;
use crate::cli::{EndpointArgs, UrlOrJson};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::render::pretty_json;
use crate::scaffold::Object;

/// Marks a load balancer inside of the VPC network.
const INTERNAL: [&str; 2] = [
    "networking.gke.io/load-balancer-type",
    "cloud.google.com/load-balancer-type",
];

/// An address; `-o json` prints it as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Endpoint {
    /// The Service.
    service: String,
    /// Its namespace.
    namespace: String,
    /// The address that reaches farthest.
    pub(super) url: String,
    /// Who reaches it: `cluster`, `network` or `internet`.
    reach: Reach,
    /// The address inside of the cluster.
    cluster_url: String,
    /// Has the load balancer no address yet?
    pub(super) pending: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
enum Reach {
    Cluster,
    Network,
    Internet,
}

pub(super) fn run(args: &EndpointArgs, printer: &Printer) -> Result<Exit, Failure> {
    let endpoint = block_on(async {
        let servers = Servers::connect_to_ask(&args.connection, &args.name).await?;
        let objects = servers
            .cluster
            .objects_of(&servers.namespace, &args.name)
            .await?;
        let service = objects.iter().find(|object| object.kind == "Service");
        match service {
            Some(service) => Ok(endpoint(service)),
            None => {
                let known = servers.cluster.instances(&servers.namespace).await?;
                Err(Failure::no_deployment(&args.name, servers.namespace, known))
            }
        }
    })?;
    if let Some(note) = note(&endpoint, &args.name) {
        printer.note(&note)?;
    }
    printer.data(&match args.output {
        UrlOrJson::Url => endpoint.url.clone() + "\n",
        UrlOrJson::Json => pretty_json(&endpoint),
    })?;
    Ok(Exit::Fine)
}

pub(super) fn endpoint(service: &Object) -> Endpoint {
    let value = &service.value;
    let namespace = service.namespace.clone().unwrap_or_default();
    let port = value.pointer("/spec/ports/0/port").and_then(Value::as_u64);
    let port = port.unwrap_or_else(|| tpu::sax::HTTP_PORT.into());
    let cluster_url = format!("http://{}.{namespace}.svc:{port}", service.name);
    let balanced = value
        .pointer("/spec/type")
        .is_some_and(|kind| kind == "LoadBalancer");
    let ingress = value.pointer("/status/loadBalancer/ingress/0");
    let host = ingress.and_then(|ingress| ingress["ip"].as_str().or(ingress["hostname"].as_str()));
    let url = host.map(|host| format!("http://{}:{port}", bracketed(host)));
    let annotations = value.pointer("/metadata/annotations");
    let is_internal = |key: &str| {
        let kind = annotations.and_then(|all| all.get(key)?.as_str());
        kind.is_some_and(|kind| kind.eq_ignore_ascii_case("internal"))
    };
    Endpoint {
        service: service.name.clone(),
        namespace,
        reach: match &url {
            None => Reach::Cluster,
            Some(_) if INTERNAL.into_iter().any(is_internal) => Reach::Network,
            Some(_) => Reach::Internet,
        },
        pending: balanced && url.is_none(),
        url: url.unwrap_or_else(|| cluster_url.clone()),
        cluster_url,
    }
}

/// IPv6 addresses stand in brackets.
fn bracketed(host: &str) -> String {
    match host.contains(':') {
        true => format!("[{host}]"),
        false => host.to_owned(),
    }
}

fn note(endpoint: &Endpoint, name: &str) -> Option<String> {
    let forward = format!(
        "from here: kubectl sax port-forward {name} -n {}",
        endpoint.namespace
    );
    match (endpoint.pending, endpoint.reach) {
        (true, _) => Some(format!(
            "the load balancer has no address yet: this one is reached by the cluster's Pods; {forward}"
        )),
        (false, Reach::Cluster) => Some(format!("reached by the cluster's Pods only; {forward}")),
        (false, Reach::Network) => Some("reached from the VPC network".to_owned()),
        (false, Reach::Internet) => Some(
            "reached by everybody: it asks nobody who they are, and publishes and unpublishes \
             models for all (kubectl sax explain SAX020)"
                .to_owned(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Object, Reach, endpoint};

    fn service(spec: Value, annotations: Value, status: Value) -> Object {
        Object::from_value(json!({"apiVersion": "v1", "kind": "Service",
            "metadata": {"name": "sax-http-lb", "namespace": "ml", "annotations": annotations},
            "spec": spec, "status": status}))
    }

    #[test]
    fn the_address_that_reaches_farthest_is_the_one() {
        let ports = json!([{"port": 8888}]);
        let plain = endpoint(&service(json!({"ports": ports}), Value::Null, json!({})));
        assert_eq!(
            (plain.url.as_str(), plain.reach, plain.pending),
            ("http://sax-http-lb.ml.svc:8888", Reach::Cluster, false)
        );
        let balanced = || json!({"type": "LoadBalancer", "ports": ports});
        let pending = endpoint(&service(balanced(), Value::Null, json!({})));
        assert_eq!((pending.reach, pending.pending), (Reach::Cluster, true));
        let status = json!({"loadBalancer": {"ingress": [{"ip": "203.0.113.9"}]}});
        let public = endpoint(&service(balanced(), Value::Null, status.clone()));
        assert_eq!(
            (public.url.as_str(), public.reach),
            ("http://203.0.113.9:8888", Reach::Internet)
        );
        let internal = json!({"networking.gke.io/load-balancer-type": "Internal"});
        let inside = endpoint(&service(balanced(), internal, status));
        assert_eq!(inside.reach, Reach::Network);
        let status = json!({"loadBalancer": {"ingress": [{"ip": "2001:db8::1"}]}});
        let six = endpoint(&service(balanced(), Value::Null, status));
        assert_eq!(six.url, "http://[2001:db8::1]:8888");
    }
}
