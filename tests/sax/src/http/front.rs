//! What the HTTP server has Saxml do: the project's own client, which tries for ever.

use std::sync::Arc;
use std::time::Duration;

use saxml::go_name;
use saxml::http::{Listed, PublishRequest};
use saxml::lm::GenerateRequest;
use saxml::lm::lm_service_client::LmServiceClient;
use saxml::sax::admin_client::AdminClient;
use saxml::sax::{
    ExtraInputs, ListRequest, Model, PublishRequest as Publish, PublishedModel, UnpublishRequest,
    UpdateRequest,
};
use tonic::transport::Channel;
use tonic::{Code, Status};

use crate::world::World;

/// Before the second try; each further wait is longer by a factor.
const FIRST_WAIT: Duration = Duration::from_millis(10);
const FACTOR: f64 = 1.5;
/// In seconds before scaling.
const LONGEST_SECONDS: f64 = 60.0;

/// Speaks to Saxml for those who speak HTTP.
pub(super) struct Front {
    world: Arc<World>,
}

/// The text of the exception that Python code sees.
pub(super) type Told<T> = Result<T, String>;

impl Front {
    pub(super) fn new(world: Arc<World>) -> Self {
        Self { world }
    }

    /// Does nobody see a connection's end?
    pub(super) fn forwarded(&self) -> bool {
        self.world.forwarded
    }

    /// A model, as `sax.ListDetail` tells of it.
    pub(super) async fn list(&self, model: &str) -> Told<Listed> {
        let published = self.published(model).await?.into_iter().next();
        let published = published.unwrap_or_default();
        let servers = published.modelet_addresses.len();
        let details = published.model.unwrap_or_default();
        Ok(Listed {
            model: model.to_owned(),
            model_path: details.model_path,
            checkpoint: details.checkpoint_path,
            max_replicas: details.requested_num_replicas,
            active_replicas: i32::try_from(servers).unwrap_or(i32::MAX),
        })
    }

    /// All models of a cell.
    pub(super) async fn list_all(&self, cell: &str) -> Told<Vec<String>> {
        if tpu::sax::CellName::parse(cell).ok().as_ref() != Some(&self.world.cell) {
            let text = format!("cell {cell} not found");
            return Err(told(&Status::not_found(text)));
        }
        let all = self.published("").await?.into_iter();
        let mut models: Vec<String> = all
            .map(|published| published.model.unwrap_or_default().model_id)
            .collect();
        models.sort();
        Ok(models)
    }

    pub(super) async fn publish(&self, request: &PublishRequest) -> Told<()> {
        let model = Some(model(request));
        let mut patience = self.patience(&ADMIN);
        loop {
            let model = model.clone();
            let answer = match self.admin() {
                Ok(mut admin) => admin.publish(Publish { model }).await,
                Err(status) => Err(status),
            };
            if let Some(told) = patience.with(answer).await {
                return told.map(|_| ());
            }
        }
    }

    /// Asks first what there is, as the project's client does, and keeps the overrides.
    pub(super) async fn update(&self, request: &PublishRequest) -> Told<()> {
        let old = self.published(&request.model).await?.into_iter().next();
        let old = old.unwrap_or_default().model.unwrap_or_default();
        let model = Some(Model {
            overrides: old.overrides,
            ..model(request)
        });
        let mut patience = self.patience(&ADMIN);
        loop {
            let model = model.clone();
            let answer = match self.admin() {
                Ok(mut admin) => admin.update(UpdateRequest { model }).await,
                Err(status) => Err(status),
            };
            if let Some(told) = patience.with(answer).await {
                return told.map(|_| ());
            }
        }
    }

    pub(super) async fn unpublish(&self, model: &str) -> Told<()> {
        let mut patience = self.patience(&ADMIN);
        loop {
            let model_id = model.to_owned();
            let answer = match self.admin() {
                Ok(mut admin) => admin.unpublish(UnpublishRequest { model_id }).await,
                Err(status) => Err(status),
            };
            if let Some(told) = patience.with(answer).await {
                return told.map(|_| ());
            }
        }
    }

    /// Texts with scores. A model that nobody serves, or that still loads, is asked for ever.
    pub(super) async fn generate(
        &self,
        model: &str,
        query: &str,
        extra: ExtraInputs,
    ) -> Told<Vec<(String, f64)>> {
        let request = GenerateRequest {
            model_key: model.to_owned(),
            text: query.to_owned(),
            extra_inputs: Some(extra),
        };
        let mut patience = self.patience(&DATA);
        loop {
            let servers = self.published(model).await?;
            let addresses = servers.iter().flat_map(|server| &server.modelet_addresses);
            let answer = match self.data(addresses.into_iter().next()) {
                Ok(mut data) => data.generate(request.clone()).await,
                Err(status) => Err(status),
            };
            if let Some(told) = patience.with(answer).await {
                let texts = told?.into_inner().texts.into_iter();
                return Ok(texts.map(|text| (text.text, text.score)).collect());
            }
        }
    }

    async fn published(&self, model: &str) -> Told<Vec<PublishedModel>> {
        let mut patience = self.patience(&ADMIN);
        loop {
            let model_id = model.to_owned();
            let answer = match self.admin() {
                Ok(mut admin) => admin.list(ListRequest { model_id }).await,
                Err(status) => Err(status),
            };
            if let Some(told) = patience.with(answer).await {
                return told.map(|answer| answer.into_inner().published_models);
            }
        }
    }

    fn admin(&self) -> Result<AdminClient<Channel>, Status> {
        let location = self.world.location();
        self.connect(&location.address).map(AdminClient::new)
    }

    fn data(&self, address: Option<&String>) -> Result<LmServiceClient<Channel>, Status> {
        let address = address.ok_or_else(|| Status::unavailable("Unavailable"))?;
        self.connect(address).map(LmServiceClient::new)
    }

    fn connect(&self, address: &str) -> Result<Channel, Status> {
        let channel = self.world.connect(address);
        channel.map_err(|error| Status::unavailable(error.to_string()))
    }

    fn patience(&self, again: &'static [Code]) -> Patience {
        Patience {
            again,
            wait: FIRST_WAIT,
            longest: self.world.scaled(LONGEST_SECONDS),
        }
    }
}

/// After which errors of the admin server, and of model servers, it is tried again.
const ADMIN: [Code; 1] = [Code::Unavailable];
const DATA: [Code; 3] = [Code::Unavailable, Code::NotFound, Code::ResourceExhausted];

/// Tries that never end, with longer and longer waits between them.
struct Patience {
    again: &'static [Code],
    wait: Duration,
    longest: Duration,
}

impl Patience {
    /// What is told to who asked; `None`, after a wait, where it is to be tried again.
    async fn with<T>(&mut self, answer: Result<T, Status>) -> Option<Told<T>> {
        match answer {
            Err(status) if self.again.contains(&status.code()) => {
                tokio::time::sleep(self.wait).await;
                self.wait = self.wait.mul_f64(FACTOR).min(self.longest);
                None
            }
            answer => Some(answer.map_err(|status| told(&status))),
        }
    }
}

fn model(request: &PublishRequest) -> Model {
    Model {
        model_id: request.model.clone(),
        model_path: request.model_path.clone(),
        checkpoint_path: request.checkpoint.clone(),
        requested_num_replicas: request.replicas,
        ..Model::default()
    }
}

/// A status as Go prints it, the code that it came with before the text.
fn told(status: &Status) -> String {
    let name = go_name(status.code());
    format!("rpc error: code = {name} desc = {}", status.message())
}
