//! Getting a policy's component, and loading it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::api::core::v1::ConfigMap;
use runtime::{ConfigMapKey, DocumentError, Entry, LoadError, Module, WasmPolicy, digest};
use serde_json::Value;

use super::api::ApiServer;
use super::base::Base;
use super::resource::{Earlier, Resource};
use crate::images::{self, ImageError};
use crate::placer::ApiError;
use crate::reads::Trouble;

/// A policy that was loaded.
#[derive(Debug, Clone)]
pub(super) struct Good {
    /// Of the WasmPolicy.
    pub(super) generation: i64,
    /// Of the component.
    pub(super) digest: String,
    /// The spec of that generation.
    pub(super) spec: Value,
    /// What stands in the policy set.
    pub(super) entry: Entry,
}

/// Where components come from.
pub(super) struct Sources {
    /// ConfigMaps.
    pub(super) api: ApiServer,
    /// What every policy set begins with.
    pub(super) base: Arc<Base>,
    /// Images.
    pub(super) images: BTreeMap<String, images::State>,
}

/// Why a policy is not loaded.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    /// It says what no policy can.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// The component or its settings are wrong.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// Another policy has its name.
    #[error(
        "another policy of the set is called {name}: give this one another name, or spec.module \
         {{builtin: {name}}} to stand in its place"
    )]
    NameTaken {
        /// The name.
        name: String,
    },
    /// There is no such ConfigMap.
    #[error("ConfigMap {name} is not in namespace {namespace}: create it there")]
    NoConfigMap {
        /// Our own.
        namespace: String,
        /// The ConfigMap.
        name: String,
    },
    /// It has no such key.
    #[error(
        "ConfigMap {name} has no binaryData {key:?}, only {found}: name another spec.module.configMap.key"
    )]
    NoKey {
        /// The ConfigMap.
        name: String,
        /// The key.
        key: String,
        /// Those that there are.
        found: String,
    },
    /// Its image can't be pulled; it is tried again.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// Its image is on its way.
    #[error("{image} is being pulled")]
    Pulling {
        /// The image.
        image: String,
    },
    /// A file of a cluster's own.
    #[error("a WasmPolicy in the cluster has no files: name a ConfigMap")]
    File,
    /// The component is another one than was in force.
    #[error("{module} holds {found}, not {expected}, which was in force")]
    Changed {
        /// Where it is.
        module: Module,
        /// What is there.
        found: String,
        /// What should be.
        expected: String,
    },
    /// The cluster doesn't answer; it is asked again.
    #[error("cannot read {module}: {source}")]
    Unread {
        /// What was asked for.
        module: Module,
        /// Why.
        source: ApiError,
    },
    /// What it is granted to read isn't known.
    #[error(transparent)]
    Unreadable(#[from] Trouble),
    /// The thread that compiled it is gone.
    #[error("the policy could not be compiled: {0}")]
    Broken(#[from] tokio::task::JoinError),
}

impl Refusal {
    /// One word, for conditions and metrics.
    pub(super) fn reason(&self) -> &'static str {
        match self {
            Refusal::Document(_) | Refusal::File => "InvalidSpec",
            Refusal::Load(LoadError::InvalidSettings { .. }) => "InvalidSettings",
            Refusal::Load(LoadError::UngrantedImport { .. }) => "MissingGrant",
            Refusal::Load(LoadError::Limit { .. }) => "InvalidLimits",
            Refusal::Load(LoadError::UnknownBuiltin { .. }) => "UnknownBuiltin",
            Refusal::Load(_) => "InvalidModule",
            Refusal::NameTaken { .. } => "NameTaken",
            Refusal::NoConfigMap { .. } | Refusal::NoKey { .. } => "ModuleNotFound",
            Refusal::Image(error) => error.reason(),
            Refusal::Pulling { .. } => "ImagePulling",
            Refusal::Changed { .. } => "ModuleChanged",
            Refusal::Unread { .. } => "ModuleUnreadable",
            Refusal::Unreadable(trouble) => trouble.reason(),
            Refusal::Broken(_) => "CompilerFailed",
        }
    }

    /// Whether it may be over the next time, though nothing was changed.
    pub(super) fn passes(&self) -> bool {
        matches!(self, Refusal::Unread { .. } | Refusal::Broken(_))
    }
}

/// Loads what a resource asks for, if it can read what it is granted.
pub(super) async fn load(
    from: &Sources,
    resource: &Resource,
    unread: Option<Trouble>,
) -> Result<Good, Refusal> {
    let document = resource.document.clone()?;
    if from.base.is_taken(&document.name, &document.module) {
        let name = document.name;
        return Err(Refusal::NameTaken { name });
    }
    if let Some(trouble) = unread {
        return Err(trouble.into());
    }
    let component = component(from, &document).await?;
    let loading = (document, component);
    loaded(
        &from.base,
        loading,
        resource.generation,
        resource.spec.clone(),
    )
    .await
}

/// Loads what was in force before, if its component is still there.
pub(super) async fn load_earlier(from: &Sources, earlier: Earlier) -> Result<Good, Refusal> {
    let component = component(from, &earlier.document).await?;
    let found = digest(&component);
    if found != earlier.digest {
        return Err(Refusal::Changed {
            module: earlier.document.module,
            found,
            expected: earlier.digest,
        });
    }
    let loading = (earlier.document, component);
    loaded(&from.base, loading, earlier.generation, earlier.spec).await
}

/// Compiles and checks on a thread of its own: reviews go on meanwhile.
async fn loaded(
    base: &Arc<Base>,
    (document, component): (WasmPolicy, Cow<'static, [u8]>),
    generation: i64,
    spec: Value,
) -> Result<Good, Refusal> {
    let base = Arc::clone(base);
    let compiling = tokio::task::spawn_blocking(move || {
        let digest = digest(&component);
        let entry = document.load(&base.engine, &component);
        entry.map(|entry| (entry, digest))
    });
    let (entry, digest) = compiling.await??;
    Ok(Good {
        generation,
        digest,
        spec,
        entry,
    })
}

async fn component(from: &Sources, document: &WasmPolicy) -> Result<Cow<'static, [u8]>, Refusal> {
    if let Some(component) = document.builtin_component()? {
        return Ok(Cow::Borrowed(component));
    }
    match &document.module {
        Module::ConfigMap(wanted) => of_config_map(&from.api, wanted).await.map(Cow::Owned),
        Module::Image(image) => of_image(from, image).map(Cow::Owned),
        Module::Builtin(_) | Module::File(_) => Err(Refusal::File),
    }
}

fn of_image(from: &Sources, image: &str) -> Result<Vec<u8>, Refusal> {
    match from.images.get(image) {
        Some(images::State::Pulled(component)) => Ok(component.to_vec()),
        Some(images::State::Refused(error)) => Err(error.clone().into()),
        Some(images::State::Pulling) | None => Err(Refusal::Pulling {
            image: image.to_owned(),
        }),
    }
}

/// A ConfigMap has at most 1 MiB, so no more is read.
async fn of_config_map(api: &ApiServer, wanted: &ConfigMapKey) -> Result<Vec<u8>, Refusal> {
    let ConfigMapKey { name, key } = wanted;
    let found = match api.config_map(name).await {
        Ok(found) => found,
        Err(error) if error.code() == Some(404) => {
            return Err(Refusal::NoConfigMap {
                namespace: api.namespace.clone(),
                name: name.clone(),
            });
        }
        Err(source) => {
            return Err(Refusal::Unread {
                module: Module::ConfigMap(wanted.clone()),
                source,
            });
        }
    };
    bytes(found, key).map_err(|found| Refusal::NoKey {
        name: name.clone(),
        key: key.clone(),
        found,
    })
}

/// The bytes under a key; else the keys that there are.
fn bytes(found: ConfigMap, key: &str) -> Result<Vec<u8>, String> {
    let mut binary = found.binary_data.unwrap_or_default();
    if let Some(bytes) = binary.remove(key) {
        return Ok(bytes.0);
    }
    let text = found.data.unwrap_or_default();
    let keys: Vec<String> = binary.into_keys().chain(text.into_keys()).take(8).collect();
    Err(match keys.is_empty() {
        true => "nothing".to_owned(),
        false => keys.join(", "),
    })
}
