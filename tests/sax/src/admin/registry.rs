//! What an admin server knows: published models, joined model servers, and who serves what.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use saxml::sax::{Model, ModelServer, ModelStatus, PublishedModel, State};
use tonic::Code;
use tpu::sax::ModelId;

use super::member::{Errand, Member};
use super::watched::Watched;
use crate::refusal::{Refusal, printed};
use crate::script::Version;

/// Everything by the full names of models and by the addresses of servers.
#[derive(Default)]
pub(crate) struct Registry {
    pub(crate) models: BTreeMap<String, Published>,
    pub(crate) servers: BTreeMap<String, Member>,
    /// Unpublished since the last tick: their names are not free yet.
    pub(crate) leaving: BTreeSet<String>,
    /// Counts replies, whose order is random.
    replies: usize,
}

/// A published model.
#[derive(Debug, Default)]
pub(crate) struct Published {
    pub(crate) model: Model,
    /// Servers that are assigned to it since the last tick.
    pub(crate) assigned: Vec<String>,
    pub(crate) addresses: Watched,
    /// Servers whose Load returned OK, or that had it LOADED when they joined.
    pub(crate) counted: BTreeSet<String>,
}

impl Registry {
    /// As it is after a start: what was saved.
    pub(crate) fn restored(state: State) -> Self {
        let models = state.models.into_iter().map(|model| {
            let id = model.model_id.clone();
            let published = Published {
                model,
                ..Published::default()
            };
            (id, published)
        });
        Self {
            models: models.collect(),
            ..Self::default()
        }
    }

    /// As it is saved.
    pub(crate) fn state(&self) -> State {
        let models = self.models.values();
        State {
            models: models.map(|published| published.model.clone()).collect(),
            ..State::default()
        }
    }

    pub(crate) fn publish(
        &mut self,
        id: &ModelId,
        model: Model,
        version: Version,
    ) -> Result<(), Refusal> {
        let (key, name) = (id.to_string(), printed(id));
        if self.models.contains_key(&key) {
            let text = format!("model {name} already exists");
            return Err(Refusal::new(Code::AlreadyExists, text));
        }
        if self.leaving.contains(&key) {
            let code = match version {
                Version::V1_1_0 | Version::V1_2_0 => Code::AlreadyExists,
                Version::Head => Code::Unavailable,
            };
            let text = format!("model {name} is being unpublished, please retry later");
            return Err(Refusal::new(code, text));
        }
        let published = Published {
            model,
            ..Published::default()
        };
        self.models.insert(key, published);
        Ok(())
    }

    /// Replaces the whole model.
    pub(crate) fn update(
        &mut self,
        id: &ModelId,
        model: Model,
        version: Version,
    ) -> Result<(), Refusal> {
        let published = self.published_mut(id)?;
        let old = &published.model;
        if old.model_path != model.model_path {
            return Err(changed("model path"));
        }
        if old.checkpoint_path != model.checkpoint_path && version != Version::Head {
            return Err(changed("checkpoint path"));
        }
        let uuid = old.uuid.clone();
        published.model = Model { uuid, ..model };
        let model = published.model.clone();
        for server in self.servers.values_mut() {
            if server.wanted.contains(&model.model_id) {
                server.errand(Errand::Update(model.clone()));
            }
        }
        Ok(())
    }

    pub(crate) fn unpublish(&mut self, id: &ModelId) -> Result<(), Refusal> {
        self.published(id)?;
        let key = id.to_string();
        self.models.remove(&key);
        self.leaving.insert(key);
        Ok(())
    }

    pub(crate) fn published(&self, id: &ModelId) -> Result<&Published, Refusal> {
        let model = self.models.get(&id.to_string());
        model.ok_or_else(|| unknown(id))
    }

    fn published_mut(&mut self, id: &ModelId) -> Result<&mut Published, Refusal> {
        let model = self.models.get_mut(&id.to_string());
        model.ok_or_else(|| unknown(id))
    }

    /// What List tells of a model.
    pub(crate) fn listed(&self, published: &Published, version: Version) -> PublishedModel {
        let mut model = published.model.clone();
        model.uuid.clear();
        if version == Version::Head {
            model.method_names = self.methods(published);
        }
        PublishedModel {
            model: Some(model),
            modelet_addresses: published.assigned.clone(),
        }
    }

    /// All models, in an order that no client may rely on.
    pub(crate) fn all(&mut self, version: Version) -> Vec<PublishedModel> {
        self.replies += 1;
        let models = self.models.values();
        let mut all: Vec<_> = models
            .map(|published| self.listed(published, version))
            .collect();
        let turn = self.replies % all.len().max(1);
        all.rotate_left(turn);
        all
    }

    fn methods(&self, published: &Published) -> Vec<String> {
        let key = &published.model.model_id;
        let is_loaded = |address: &String| {
            let server = self.servers.get(address);
            server.is_some_and(|server| server.seen.get(key) == Some(&ModelStatus::Loaded))
        };
        if published.assigned.iter().any(is_loaded) {
            vec!["lm.generate".to_owned()]
        } else {
            Vec::new()
        }
    }

    /// A server joined, with what it says that it holds.
    pub(crate) fn join(&mut self, mut server: Member, seen: BTreeMap<String, ModelStatus>) {
        for (key, status) in &seen {
            let Some(published) = self.models.get_mut(key) else {
                continue;
            };
            published.addresses.add(&server.data_address);
            let holds = [
                ModelStatus::Loading,
                ModelStatus::Loaded,
                ModelStatus::Failed,
            ];
            if holds.contains(status) {
                server.wanted.insert(key.clone());
                server.errand(Errand::Update(published.model.clone()));
            }
            if *status == ModelStatus::Loaded {
                published.counted.insert(server.address.clone());
            }
        }
        server.seen = seen;
        self.servers.insert(server.address.clone(), server);
    }

    /// Forgets who wasn't heard of for so long.
    pub(crate) fn prune(&mut self, silence: Duration, now: Instant) {
        let silent = |server: &Member| now.duration_since(server.heard) >= silence;
        let gone = self.servers.values().filter(|server| silent(server));
        let gone: Vec<String> = gone.map(|server| server.address.clone()).collect();
        for address in gone {
            self.forget(&address);
        }
    }

    /// A server is gone.
    pub(crate) fn forget(&mut self, address: &str) {
        if let Some(server) = self.servers.remove(address) {
            for key in &server.wanted {
                if let Some(published) = self.models.get_mut(key) {
                    published.addresses.remove(&server.data_address);
                    published.counted.remove(address);
                }
            }
        }
    }

    /// Assigns idle servers to models that want more, and sends what follows of it: loads and
    /// unloads. Unpublished names are free again.
    pub(crate) fn assign(&mut self) {
        let plan = super::assign::plan(self);
        for (address, key) in &plan.unassigned {
            let Some(server) = self.servers.get_mut(address) else {
                continue;
            };
            server.wanted.remove(key);
            server.errand(Errand::Unload(key.clone()));
            if let Some(published) = self.models.get_mut(key) {
                published.addresses.remove(&server.data_address);
                published.counted.remove(address);
            }
        }
        for (address, key) in &plan.assigned {
            let model = self.models.get_mut(key);
            let (Some(published), Some(server)) = (model, self.servers.get_mut(address)) else {
                continue;
            };
            published.addresses.add(&server.data_address);
            server.wanted.insert(key.clone());
            server.errand(Errand::Load(published.model.clone()));
        }
        for (key, addresses) in plan.serving {
            if let Some(published) = self.models.get_mut(&key) {
                published.assigned = addresses;
            }
        }
        self.leaving.clear();
    }

    /// How many joined servers are of each kind.
    pub(crate) fn kinds(&self, addresses: Option<&[String]>) -> Vec<(i32, i32, i32)> {
        let mut kinds: BTreeMap<(i32, i32), i32> = BTreeMap::new();
        for spec in self.specs(addresses) {
            *kinds
                .entry((spec.chip_type, spec.chip_topology))
                .or_default() += 1;
        }
        let kinds = kinds.into_iter();
        kinds
            .map(|((chip, topology), count)| (chip, topology, count))
            .collect()
    }

    /// How many joined servers can serve each path, busy ones included.
    pub(crate) fn capacity(&self) -> BTreeMap<String, i32> {
        let mut capacity = BTreeMap::new();
        for path in self.specs(None).flat_map(|spec| &spec.servable_model_paths) {
            *capacity.entry(path.clone()).or_default() += 1;
        }
        capacity
    }

    fn specs<'a>(
        &'a self,
        addresses: Option<&'a [String]>,
    ) -> impl Iterator<Item = &'a ModelServer> {
        let asked = move |server: &&Member| {
            addresses.is_none_or(|addresses| addresses.contains(&server.address))
        };
        self.servers
            .values()
            .filter(asked)
            .map(|server| &server.spec)
    }
}

fn unknown(id: &ModelId) -> Refusal {
    Refusal::new(Code::NotFound, format!("model {} not found", printed(id)))
}

fn changed(what: &str) -> Refusal {
    Refusal::invalid(format!("{what} can't be changed")).because("invalid model update")
}
