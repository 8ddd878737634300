//! The RPCs of the admin server.

use std::sync::Arc;
use std::time::Duration;

use saxml::sax::admin_server::Admin as Rpc;
use saxml::sax::model_server::{ChipTopology, ChipType};
use saxml::sax::modelet_client::ModeletClient;
use saxml::sax::{
    JoinRequest, JoinResponse, ListRequest, ListResponse, ModelServer, ModelServerTypeStat,
    PublishRequest, PublishResponse, StatsRequest, StatsResponse, UnpublishRequest,
    UnpublishResponse, UpdateRequest, UpdateResponse, WaitForReadyRequest, WaitForReadyResponse,
    WatchLocRequest, WatchLocResponse,
};
use tonic::{Code, Request, Response, Status};

use super::Admin;
use super::member::{self, Member};
use super::watched::Watched;
use crate::refusal::{Refusal, check_model, model_id};
use crate::script::{Codes, Version};

/// An admin server's deadline passes this much before its client's, so that its own error is
/// heard.
const BEFORE_DEADLINE: Duration = Duration::from_millis(30);

pub(super) struct Service(pub(super) Arc<Admin>);

#[tonic::async_trait]
impl Rpc for Service {
    async fn publish(&self, request: Request<PublishRequest>) -> Answer<PublishResponse> {
        let model = request.into_inner().model.unwrap_or_default();
        let (cell, version) = (&self.0.world.cell, self.version());
        let published = check_model(&model, cell, version).and_then(|id| {
            let publish = |registry: &mut super::Registry| registry.publish(&id, model, version);
            self.0.change(publish)
        });
        self.answer(published.map(|()| PublishResponse {}))
    }

    async fn update(&self, request: Request<UpdateRequest>) -> Answer<UpdateResponse> {
        let model = request.into_inner().model.unwrap_or_default();
        let (cell, version) = (&self.0.world.cell, self.version());
        let updated = check_model(&model, cell, version).and_then(|id| {
            let update = |registry: &mut super::Registry| registry.update(&id, model, version);
            self.0.change(update)
        });
        self.answer(updated.map(|()| UpdateResponse {}))
    }

    async fn unpublish(&self, request: Request<UnpublishRequest>) -> Answer<UnpublishResponse> {
        let id = model_id(&request.into_inner().model_id, &self.0.world.cell);
        let gone = id.and_then(|id| self.0.change(|registry| registry.unpublish(&id)));
        self.answer(gone.map(|()| UnpublishResponse {}))
    }

    async fn list(&self, request: Request<ListRequest>) -> Answer<ListResponse> {
        let asked = request.into_inner().model_id;
        let version = self.version();
        let models = if asked.is_empty() {
            Ok(self.0.change(|registry| registry.all(version)))
        } else {
            model_id(&asked, &self.0.world.cell).and_then(|id| {
                self.0.change(|registry| {
                    let published = registry.published(&id)?;
                    Ok(vec![registry.listed(published, version)])
                })
            })
        };
        self.answer(models.map(|published_models| ListResponse { published_models }))
    }

    async fn stats(&self, request: Request<StatsRequest>) -> Answer<StatsResponse> {
        let stats = self.counted(&request.into_inner().model_id);
        self.answer(stats)
    }

    async fn watch_loc(&self, request: Request<WatchLocRequest>) -> Answer<WatchLocResponse> {
        let limit = limit(&request);
        let WatchLocRequest {
            model_id: asked,
            admin_server_id,
            seqno,
        } = request.into_inner();
        // A number is worth nothing to another admin server than the one that gave it.
        let seqno = if admin_server_id == self.0.id {
            seqno
        } else {
            0
        };
        let id = match model_id(&asked, &self.0.world.cell) {
            Ok(id) => id.to_string(),
            Err(refusal) => return self.answer(Err(refusal)),
        };
        if !super::lock(&self.0.registry).models.contains_key(&id) {
            let text = format!("model {id} not found");
            return self.answer(Err(Refusal::new(Code::NotFound, text)));
        }
        let change = self.0.until(|registry| match registry.models.get(&id) {
            Some(published) => published.addresses.after(seqno),
            None => Some(Watched::closed()),
        });
        let result = self.within(limit, change).await?;
        Ok(Response::new(WatchLocResponse {
            admin_server_id: self.0.id.clone(),
            result: Some(result),
        }))
    }

    async fn wait_for_ready(
        &self,
        request: Request<WaitForReadyRequest>,
    ) -> Answer<WaitForReadyResponse> {
        let limit = limit(&request);
        let WaitForReadyRequest {
            model_id: asked,
            num_replicas,
        } = request.into_inner();
        let found = model_id(&asked, &self.0.world.cell)
            .and_then(|id| super::lock(&self.0.registry).published(&id).map(|_| id));
        let id = match found {
            Ok(id) => id.to_string(),
            Err(refusal) => return self.answer(Err(refusal)),
        };
        let wanted = usize::try_from(num_replicas).unwrap_or_default();
        let ready = self.0.until(|registry| match registry.models.get(&id) {
            Some(published) => (published.counted.len() >= wanted).then_some(Ok(())),
            None => Some(Err(Status::cancelled("Canceled"))),
        });
        self.within(limit, ready).await??;
        Ok(Response::new(WaitForReadyResponse {}))
    }

    async fn join(&self, request: Request<JoinRequest>) -> Answer<JoinResponse> {
        let request = request.into_inner();
        if request.address.is_empty() {
            let refusal = Refusal::invalid("JoinRequest.modelet_address cannot be empty");
            return self.answer(Err(refusal));
        }
        let checked = check_server(request.model_server.clone(), self.version());
        let spec = match checked {
            Ok(spec) => spec,
            Err(refusal) => return self.answer(Err(refusal)),
        };
        self.admit(request, spec).await?;
        Ok(Response::new(JoinResponse {}))
    }
}

type Answer<T> = Result<Response<T>, Status>;

impl Service {
    fn version(&self) -> Version {
        self.0.world.script.version
    }

    fn codes(&self) -> Codes {
        self.0.world.script.codes
    }

    fn answer<T>(&self, answer: Result<T, Refusal>) -> Answer<T> {
        let refused = |refusal: Refusal| refusal.status(self.codes());
        answer.map(Response::new).map_err(refused)
    }

    fn counted(&self, asked: &str) -> Result<StatsResponse, Refusal> {
        let id = (!asked.is_empty()).then(|| model_id(asked, &self.0.world.cell));
        let id = id.transpose()?;
        self.0.change(|registry| {
            let addresses = match &id {
                Some(id) => Some(registry.published(id)?.assigned.clone()),
                None => None,
            };
            let kinds = registry.kinds(addresses.as_deref()).into_iter();
            let kind = |(chip_type, chip_topology, num_replicas)| ModelServerTypeStat {
                chip_type,
                chip_topology,
                num_replicas,
            };
            let capacity = match self.version() {
                Version::V1_1_0 => Default::default(),
                Version::V1_2_0 | Version::Head => registry.capacity(),
            };
            Ok(StatsResponse {
                model_server_type_stats: kinds.map(kind).collect(),
                num_servers_by_servable_model_path: capacity.into_iter().collect(),
            })
        })
    }

    /// Waits until the client's deadline. Whose error it then hears is a race in Go's old gRPC.
    async fn within<T>(
        &self,
        limit: Option<Duration>,
        wait: impl Future<Output = T>,
    ) -> Result<T, Status> {
        let Some(limit) = limit else {
            return Ok(wait.await);
        };
        let limit = limit.saturating_sub(BEFORE_DEADLINE);
        let waited = tokio::time::timeout(limit, wait).await;
        waited.map_err(|_| {
            let code = match self.codes() {
                Codes::Wrapped => Code::Unknown,
                Codes::True => Code::DeadlineExceeded,
            };
            Status::new(code, "context deadline exceeded")
        })
    }

    /// Dials a server that joins, asks what it holds, and keeps asking.
    async fn admit(&self, request: JoinRequest, spec: ModelServer) -> Result<(), Status> {
        let address = request.address;
        let same = self.0.change(|registry| {
            let known = registry.servers.get(&address)?;
            Some(specified(&known.spec) == specified(&spec))
        });
        match same {
            Some(true) => return Ok(()),
            Some(false) => self.0.change(|registry| registry.forget(&address)),
            None => {}
        }
        let failed = |what: &dyn std::fmt::Display| {
            Status::unknown(format!(
                "failed to start a connection with {address}: {what}"
            ))
        };
        let channel = self.0.world.connect(&address);
        let channel = channel.map_err(|error| failed(&error))?;
        let mut client = ModeletClient::new(channel);
        let seen = member::ask(&self.0, &mut client).await.map_err(|status| {
            failed(&format!(
                "Start failed to create a client for model server {address}: {}",
                status.message()
            ))
        })?;
        let data_address = match request.data_address {
            same if same.is_empty() => address.clone(),
            other => other,
        };
        let (server, errands) = Member::new(address.clone(), data_address, spec);
        let admin = Arc::downgrade(&self.0);
        tokio::spawn(member::work(
            admin.clone(),
            address.clone(),
            client.clone(),
            errands,
        ));
        tokio::spawn(member::poll(admin, address, client));
        self.0.change(|registry| registry.join(server, seen));
        Ok(())
    }
}

/// What makes a server another one at the same address: not its tags.
fn specified(spec: &ModelServer) -> (i32, i32, &[String]) {
    (
        spec.chip_type,
        spec.chip_topology,
        &spec.servable_model_paths,
    )
}

fn check_server(spec: Option<ModelServer>, version: Version) -> Result<ModelServer, Refusal> {
    let Some(spec) = spec else {
        return Err(Refusal::invalid("JoinRequest.modelet missing"));
    };
    let unknown = |what: &str| {
        let text = format!("Modelet.{what} cannot be unknown");
        Err(Refusal::invalid(text))
    };
    match version {
        Version::Head => Ok(spec),
        _ if spec.chip_type() == ChipType::Unknown => unknown("chip_type"),
        _ if spec.chip_topology() == ChipTopology::Unknown => unknown("chip_topology"),
        _ => Ok(spec),
    }
}

/// The client's deadline, from the header that gRPC sends it in: up to eight digits and a unit.
fn limit<T>(request: &Request<T>) -> Option<Duration> {
    let text = request.metadata().get("grpc-timeout")?.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let count: u64 = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(count * 3600)),
        "M" => Some(Duration::from_secs(count * 60)),
        "S" => Some(Duration::from_secs(count)),
        "m" => Some(Duration::from_millis(count)),
        "u" => Some(Duration::from_micros(count)),
        "n" => Some(Duration::from_nanos(count)),
        _ => None,
    }
}
