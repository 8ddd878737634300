//! The management side of a model server.

use std::sync::Arc;

use saxml::sax::get_status_response::{ServerStatus, server_status};
use saxml::sax::modelet_server::Modelet;
use saxml::sax::{
    ExportRequest, ExportResponse, GetStatusRequest, GetStatusResponse, LoadRequest, LoadResponse,
    ModelStatus, SaveRequest, SaveResponse, UnloadRequest, UnloadResponse, UpdateLoadedRequest,
    UpdateLoadedResponse, WakeUpRequest, WakeUpResponse,
};
use tonic::{Request, Response, Status};

use super::Server;
use super::held::Model;
use crate::script::Version;
use crate::world::lock;

pub(super) struct Service(pub(super) Arc<Server>);

type Answer<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl Modelet for Service {
    async fn load(&self, request: Request<LoadRequest>) -> Answer<LoadResponse> {
        self.0.heard().await;
        let request = request.into_inner();
        let server = Arc::clone(&self.0);
        // It goes on when who asked for it is gone.
        let load = tokio::spawn(async move {
            let _turn = server.turn.lock().await;
            server.load(&request).await
        });
        load.await.map_err(ended)??;
        Ok(Response::new(LoadResponse {}))
    }

    async fn update_loaded(
        &self,
        request: Request<UpdateLoadedRequest>,
    ) -> Answer<UpdateLoadedResponse> {
        self.0.heard().await;
        let request = request.into_inner();
        // Older servers don't know the field, whatever is in it.
        let knows = self.0.world.script.version == Version::Head;
        if knows && !request.checkpoint_path.is_empty() {
            let server = Arc::clone(&self.0);
            let load = tokio::spawn(async move {
                let _turn = server.turn.lock().await;
                server.reload(&request).await
            });
            load.await.map_err(ended)??;
        }
        Ok(Response::new(UpdateLoadedResponse {}))
    }

    async fn unload(&self, request: Request<UnloadRequest>) -> Answer<UnloadResponse> {
        self.0.heard().await;
        let key = request.into_inner().model_key;
        let _turn = self.0.turn.lock().await;
        let gone = lock(&self.0.held).0.remove(&key);
        match gone {
            Some(_) => Ok(Response::new(UnloadResponse {})),
            None => Err(Status::invalid_argument(format!(
                "Model {key} is not loaded, cannot unload."
            ))),
        }
    }

    async fn export(&self, _: Request<ExportRequest>) -> Answer<ExportResponse> {
        self.0.heard().await;
        Err(Status::unimplemented("Export is not simulated"))
    }

    async fn get_status(&self, request: Request<GetStatusRequest>) -> Answer<GetStatusResponse> {
        self.0.heard().await;
        let request = request.into_inner();
        let version = self.0.world.script.version;
        let stats = request.include_method_stats && version != Version::V1_1_0;
        let held = lock(&self.0.held);
        let models = held.0.iter();
        let models =
            models.map(|(key, model)| model.told(key, request.include_failure_reasons, stats));
        Ok(Response::new(GetStatusResponse {
            models: models.collect(),
            server_status: (version == Version::Head).then(active),
        }))
    }

    async fn save(&self, _: Request<SaveRequest>) -> Answer<SaveResponse> {
        self.0.heard().await;
        Err(Status::unimplemented("Save is not simulated"))
    }

    async fn wake_up(&self, _: Request<WakeUpRequest>) -> Answer<WakeUpResponse> {
        self.0.heard().await;
        match self.0.world.script.version {
            Version::Head => Ok(Response::new(WakeUpResponse {})),
            Version::V1_1_0 | Version::V1_2_0 => Err(Status::unimplemented("Method not found!")),
        }
    }
}

fn ended(error: tokio::task::JoinError) -> Status {
    Status::internal(error.to_string())
}

fn active() -> ServerStatus {
    ServerStatus {
        state: Some(server_status::State::Active.into()),
        ..ServerStatus::default()
    }
}

impl Server {
    /// Loads a model, however long that takes.
    async fn load(&self, request: &LoadRequest) -> Result<(), Status> {
        let (key, path) = (&request.model_key, &request.model_path);
        if lock(&self.held).0.contains_key(key) {
            let text = format!("Model {key} is already loaded, cannot reload.");
            return Err(Status::invalid_argument(text));
        }
        self.say(&format!("Loading model for key: {key}"));
        lock(&self.held).0.insert(key.clone(), Model::loading(path));
        let (seconds, fails) = self.world.load(path);
        let fails = self.refused(path, &request.checkpoint_path).or(fails);
        self.world.sleep(seconds).await;
        self.finish(key, fails)
    }

    async fn reload(&self, request: &UpdateLoadedRequest) -> Result<(), Status> {
        let key = &request.model_key;
        let Some(model) = lock(&self.held).0.remove(key) else {
            return Err(Status::not_found(format!("{key} is not loaded")));
        };
        let load = LoadRequest {
            model_key: key.clone(),
            model_path: model.path,
            checkpoint_path: request.checkpoint_path.clone(),
            ..LoadRequest::default()
        };
        self.load(&load).await
    }

    fn finish(&self, key: &str, fails: Option<String>) -> Result<(), Status> {
        let mut held = lock(&self.held);
        let Some(model) = held.0.get_mut(key) else {
            return Err(Status::internal(format!("{key} vanished")));
        };
        if let Some(reason) = fails {
            model.status = ModelStatus::Failed;
            model.reason.clone_from(&reason);
            self.say(&format!("Failed to load model for key: {key}: {reason}"));
            return Err(Status::internal(reason));
        }
        model.status = ModelStatus::Loaded;
        self.say("loading completed.");
        self.say(&format!("Successfully loaded model for key: {key}"));
        Ok(())
    }

    /// Why this server can't have a model of this class and checkpoint.
    fn refused(&self, path: &str, checkpoint: &str) -> Option<String> {
        if !self
            .spec
            .servable_model_paths
            .iter()
            .any(|known| known == path)
        {
            let known = self.spec.servable_model_paths.join(", ");
            return Some(format!("Could not find servable model {path} in [{known}]"));
        }
        let class = tpu::sax::find(path);
        let needs = class.is_some_and(|class| !class.test_mode());
        (needs && checkpoint == "None")
            .then(|| "Must provide checkpoint unless in test mode".to_owned())
    }

    fn say(&self, text: &str) {
        self.log.said("model_service_base.py:532", text);
    }
}
