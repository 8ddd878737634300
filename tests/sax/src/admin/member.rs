//! A model server as the admin server sees it: what it is to do, in order, and what it says.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Weak};
use std::time::Instant;

use saxml::sax::modelet_client::ModeletClient;
use saxml::sax::{
    GetStatusRequest, LoadRequest, Model, ModelServer, ModelStatus, UnloadRequest,
    UpdateLoadedRequest,
};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tonic::Status;
use tonic::transport::Channel;

use super::Admin;
use crate::script::Version;

/// How often a server is asked, and how long it may take, in seconds before scaling.
const POLL_SECONDS: f64 = 10.0;

/// A joined model server.
#[derive(Debug)]
pub(crate) struct Member {
    /// Where its Modelet service is.
    pub(crate) address: String,
    pub(crate) data_address: String,
    pub(crate) spec: ModelServer,
    /// Models that it holds once it has done everything.
    pub(crate) wanted: BTreeSet<String>,
    /// What it said last.
    pub(crate) seen: BTreeMap<String, ModelStatus>,
    /// When it answered last.
    pub(crate) heard: Instant,
    errands: UnboundedSender<Errand>,
}

/// Something that a model server is to do.
#[derive(Debug)]
pub(crate) enum Errand {
    Load(Model),
    Unload(String),
    Update(Model),
}

impl Member {
    /// A server that has just joined, and what it is to do.
    pub(crate) fn new(
        address: String,
        data_address: String,
        spec: ModelServer,
    ) -> (Self, UnboundedReceiver<Errand>) {
        let (errands, receiver) = unbounded_channel();
        let member = Self {
            address,
            data_address,
            spec,
            wanted: BTreeSet::new(),
            seen: BTreeMap::new(),
            heard: Instant::now(),
            errands,
        };
        (member, receiver)
    }

    /// One more thing to do, after all others.
    pub(crate) fn errand(&self, errand: Errand) {
        // Nobody runs them any more once the server was forgotten.
        drop(self.errands.send(errand));
    }
}

/// Asks a server what it holds.
///
/// # Errors
/// When it doesn't answer in time.
pub(crate) async fn ask(
    admin: &Admin,
    client: &mut ModeletClient<Channel>,
) -> Result<BTreeMap<String, ModelStatus>, Status> {
    let limit = admin.world.scaled(POLL_SECONDS);
    let answer = client.get_status(GetStatusRequest::default());
    let answer = tokio::time::timeout(limit, answer).await;
    let answer = answer.map_err(|_| Status::deadline_exceeded("context deadline exceeded"))??;
    let models = answer.into_inner().models.into_iter();
    Ok(models
        .map(|model| (model.model_key.clone(), model.model_status()))
        .collect())
}

/// Asks a server again and again, until it is forgotten.
pub(crate) async fn poll(admin: Weak<Admin>, address: String, mut client: ModeletClient<Channel>) {
    loop {
        let Some(here) = admin.upgrade() else { return };
        here.world.sleep(POLL_SECONDS).await;
        let seen = ask(&here, &mut client).await;
        let known = here.change(|registry| {
            let server = registry.servers.get_mut(&address)?;
            if let Ok(seen) = seen {
                server.seen = seen;
                server.heard = Instant::now();
            }
            Some(())
        });
        if known.is_none() {
            return;
        }
    }
}

/// Has a server do one thing after the other, until it is forgotten.
pub(crate) async fn work(
    admin: Weak<Admin>,
    address: String,
    mut client: ModeletClient<Channel>,
    mut errands: UnboundedReceiver<Errand>,
) {
    while let Some(errand) = errands.recv().await {
        let Some(here) = admin.upgrade() else { return };
        match errand {
            Errand::Load(model) => load(&here, &address, &mut client, model).await,
            Errand::Unload(model_key) => {
                drop(client.unload(UnloadRequest { model_key }).await);
            }
            Errand::Update(model) => {
                drop(client.update_loaded(update(&here, model)).await);
            }
        }
    }
}

/// Counts a load that succeeded. One that failed is not tried again, and stays assigned.
async fn load(
    admin: &Arc<Admin>,
    address: &str,
    client: &mut ModeletClient<Channel>,
    model: Model,
) {
    let key = model.model_id.clone();
    let request = LoadRequest {
        model_key: model.model_id,
        model_path: model.model_path,
        checkpoint_path: model.checkpoint_path,
        acls: model.acls,
        overrides: model.overrides,
    };
    if client.load(request).await.is_ok() {
        admin.change(|registry| {
            if let Some(published) = registry.models.get_mut(&key) {
                published.counted.insert(address.to_owned());
            }
        });
    }
}

fn update(admin: &Admin, model: Model) -> UpdateLoadedRequest {
    let reloads = admin.world.script.version == Version::Head;
    UpdateLoadedRequest {
        model_key: model.model_id,
        acls: model.acls,
        checkpoint_path: if reloads {
            model.checkpoint_path
        } else {
            String::new()
        },
    }
}
