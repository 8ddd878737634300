//! The admin server. Exactly one may run: Saxml's leader election is a mutex inside one process.

use k8s_openapi::api::apps::v1::{Deployment, DeploymentSpec, DeploymentStrategy};
use k8s_openapi::api::core::v1::{Container, ContainerPort, SecurityContext};
use tpu::sax::ADMIN_PORT;

use super::{Request, label_selector, metadata, pod, pod_template, variable};

const COMPONENT: &str = "admin-server";
/// Names the bucket of the cell's state.
pub(crate) const BUCKET_VARIABLE: &str = "GSBUCKET";

pub(super) fn deployment(request: &Request) -> Deployment {
    let app = &request.names.admin;
    Deployment {
        metadata: metadata(request, app, COMPONENT),
        spec: Some(DeploymentSpec {
            replicas: Some(1),
            selector: label_selector(app),
            // A rolling update would run two admin servers, both writing the cell's state.
            strategy: Some(DeploymentStrategy {
                type_: Some("Recreate".to_owned()),
                rolling_update: None,
            }),
            template: pod_template(request, app, COMPONENT, pod(request, container(request))),
            ..DeploymentSpec::default()
        }),
        status: None,
    }
}

fn container(request: &Request) -> Container {
    Container {
        name: "sax-admin-server".to_owned(),
        image: Some(request.images.admin.clone()),
        env: Some(vec![
            variable(BUCKET_VARIABLE, &request.bucket),
            // The image's default changed from /sax/test to /sax/cell in 2024.
            variable("SAX_CELL", request.cell.to_string()),
        ]),
        ports: Some(vec![ContainerPort {
            container_port: i32::from(ADMIN_PORT),
            ..ContainerPort::default()
        }]),
        security_context: Some(SecurityContext {
            privileged: Some(true),
            ..SecurityContext::default()
        }),
        ..Container::default()
    }
}
