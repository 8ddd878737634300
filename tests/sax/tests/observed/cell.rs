//! A simulated cell with one CPU model server, and clients of it.

use std::sync::Arc;
use std::time::Duration;

use sax_simulator::script::{Class, Load, Server};
use sax_simulator::{Sax, Script};
use saxml::lm::lm_service_client::LmServiceClient;
use saxml::sax::admin_client::AdminClient;
use saxml::sax::modelet_client::ModeletClient;
use saxml::sax::{
    GetStatusRequest, ListRequest, Model, ModelStatus, PublishRequest, PublishedModel,
    UnpublishRequest,
};
use tonic::Status;
use tonic::transport::{Channel, Endpoint};

/// Makes the tick of 10 s one of 200 ms.
pub(crate) const SCALE: f64 = 50.0;

/// For whatever is waited for: nothing here is measured.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A simulation and what a test calls.
pub(crate) struct Cell {
    pub(crate) sax: Arc<Sax>,
    pub(crate) admin: AdminClient<Channel>,
    pub(crate) modelet: ModeletClient<Channel>,
    pub(crate) lm: LmServiceClient<Channel>,
}

/// As in the recording: one CPU server that can serve `lm.Fake` and `lm.Bad`, the latter failing.
pub(crate) fn script() -> Script {
    let class = |path: &str| Class {
        path: path.to_owned(),
        devices: vec![1],
    };
    Script {
        time_scale: SCALE,
        classes: vec![class("lm.Fake"), class("lm.Bad")],
        loads: vec![Load {
            path: "lm.Bad".to_owned(),
            seconds: None,
            fails: Some("asked to fail".to_owned()),
        }],
        servers: vec![Server::default()],
        ..Script::default()
    }
}

/// As [`script`], with a tick of 2 s and a load of 2.4 s: for what must be seen between them.
pub(crate) fn slow() -> Script {
    Script {
        time_scale: 5.0,
        ..script()
    }
}

impl Cell {
    pub(crate) async fn start(script: Script) -> Self {
        let sax = Sax::start(script).await.expect("must start");
        let endpoints = sax.endpoints();
        let server = endpoints.servers[0];
        Self {
            admin: AdminClient::new(channel(endpoints.admin)),
            modelet: ModeletClient::new(channel(server)),
            lm: LmServiceClient::new(channel(server)),
            sax,
        }
    }

    pub(crate) async fn publish(&mut self, id: &str, path: &str) -> Result<(), Status> {
        let model = Some(model(id, path));
        let published = self.admin.publish(PublishRequest { model }).await;
        published.map(|_| ())
    }

    pub(crate) async fn unpublish(&mut self, id: &str) -> Result<(), Status> {
        let model_id = id.to_owned();
        let gone = self.admin.unpublish(UnpublishRequest { model_id }).await;
        gone.map(|_| ())
    }

    pub(crate) async fn list(&mut self, id: &str) -> Vec<PublishedModel> {
        let model_id = id.to_owned();
        let listed = self.admin.list(ListRequest { model_id }).await;
        listed.expect("must list").into_inner().published_models
    }

    pub(crate) async fn addresses(&mut self, id: &str) -> Vec<String> {
        let mut models = self.list(id).await;
        models.remove(0).modelet_addresses
    }

    /// What the server says of a model; `None` where it says nothing.
    pub(crate) async fn status(&mut self, id: &str) -> Option<(ModelStatus, String)> {
        let request = GetStatusRequest {
            include_failure_reasons: true,
            ..GetStatusRequest::default()
        };
        let status = self.modelet.get_status(request).await;
        let models = status.expect("must tell").into_inner().models;
        let model = models.into_iter().find(|model| model.model_key == id)?;
        Some((model.model_status(), model.failure_reason))
    }

    /// Waits until a model is in this state.
    pub(crate) async fn until(&mut self, id: &str, wanted: ModelStatus) {
        let wait = async {
            while self.status(id).await.map(|(status, _)| status) != Some(wanted) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let waited = tokio::time::timeout(PATIENCE, wait).await;
        waited.unwrap_or_else(|_| panic!("{id} never was {wanted:?}"));
    }
}

pub(crate) fn model(id: &str, path: &str) -> Model {
    Model {
        model_id: id.to_owned(),
        model_path: path.to_owned(),
        checkpoint_path: "None".to_owned(),
        requested_num_replicas: 1,
        ..Model::default()
    }
}

fn channel(address: std::net::SocketAddr) -> Channel {
    let endpoint = Endpoint::from_shared(format!("http://{address}"));
    endpoint.expect("an address").connect_lazy()
}
