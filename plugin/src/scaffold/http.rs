//! The HTTP server and its Service. Whoever reaches it may publish models: there is no
//! authentication, so nothing outside the cluster does unless that was asked for.

use std::collections::BTreeMap;

use k8s_openapi::api::apps::v1::{Deployment, DeploymentSpec};
use k8s_openapi::api::core::v1::{Container, ContainerPort, Service, ServicePort, ServiceSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use tpu::sax::HTTP_PORT;

use super::{Expose, Request, label_selector, metadata, pod, pod_template, selector, variable};

const COMPONENT: &str = "http";
/// Makes GKE's load balancer one of the VPC network, not of the internet.
const LOAD_BALANCER_TYPE: &str = "networking.gke.io/load-balancer-type";

pub(super) fn deployment(request: &Request) -> Deployment {
    let app = &request.names.http;
    Deployment {
        metadata: metadata(request, app, COMPONENT),
        spec: Some(DeploymentSpec {
            replicas: Some(1),
            selector: label_selector(app),
            template: pod_template(request, app, COMPONENT, pod(request, container(request))),
            ..DeploymentSpec::default()
        }),
        status: None,
    }
}

pub(super) fn service(request: &Request) -> Service {
    let metadata = metadata(request, &request.names.service, COMPONENT);
    Service {
        metadata: ObjectMeta {
            annotations: annotations(request.expose),
            ..metadata
        },
        spec: Some(ServiceSpec {
            type_: Some(service_type(request.expose).to_owned()),
            selector: Some(selector(&request.names.http)),
            ports: Some(vec![ServicePort {
                protocol: Some("TCP".to_owned()),
                port: i32::from(HTTP_PORT),
                target_port: Some(IntOrString::Int(i32::from(HTTP_PORT))),
                ..ServicePort::default()
            }]),
            ..ServiceSpec::default()
        }),
        status: None,
    }
}

fn container(request: &Request) -> Container {
    Container {
        name: "sax-http".to_owned(),
        image: Some(request.images.http.clone()),
        env: Some(vec![variable("SAX_ROOT", request.sax_root())]),
        ports: Some(vec![ContainerPort {
            container_port: i32::from(HTTP_PORT),
            ..ContainerPort::default()
        }]),
        ..Container::default()
    }
}

fn service_type(expose: Expose) -> &'static str {
    match expose {
        Expose::None => "ClusterIP",
        Expose::Internal | Expose::External => "LoadBalancer",
    }
}

fn annotations(expose: Expose) -> Option<BTreeMap<String, String>> {
    let internal = || (LOAD_BALANCER_TYPE.to_owned(), "Internal".to_owned());
    (expose == Expose::Internal).then(|| BTreeMap::from([internal()]))
}
