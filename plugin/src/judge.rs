//! The policies in force on this machine, with the cluster's engine.

use std::path::PathBuf;
use std::sync::Arc;

use admission::{Decision, ManifestError, MatchRule, Phase, Request, Severity};
use placement::Rank;
use runtime::{
    Engine, EngineError, EngineOptions, LoadError, Loaded, Objects, load_entries, replacing,
};
use serde_json::Value;

use crate::cluster::{PolicyInForce, chain};

/// Where compiled policies are kept; a test names its own.
const CACHE_DIR: &str = "KUBECTL_SAX_CACHE_DIR";

/// The policies in force.
pub(crate) struct Judge {
    loaded: Loaded,
}

/// Why nothing can be judged.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JudgeError {
    /// The sandbox doesn't start.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// A policy can't be loaded.
    #[error("{}", chain(.0))]
    Load(#[from] LoadError),
    /// An object is no request.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
}

/// What a code means, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Page {
    /// Such as `TPU004`.
    pub(crate) code: String,
    /// The worst severity that it comes with.
    pub(crate) severity: Severity,
    /// The policies that use it; none for the engine's own.
    pub(crate) policies: Vec<String>,
    /// One line.
    pub(crate) title: String,
    /// Why it matters and what to do: Markdown.
    pub(crate) text: String,
}

/// An engine with its cache of compiled policies.
pub(crate) fn engine() -> Result<Engine, EngineError> {
    Engine::new(&EngineOptions {
        cache_dir: cache_dir(),
        // A process that judges a few objects gains nothing from a pool of instances.
        pooling: false,
    })
}

impl Judge {
    /// The built-in policies and those of the files.
    pub(crate) fn load(files: &[PathBuf]) -> Result<Self, JudgeError> {
        Self::load_with(files, &[])
    }

    /// The same with policies of a cluster, which take the place of the built-in ones that they
    /// name.
    pub(crate) fn load_with(files: &[PathBuf], more: &[PolicyInForce]) -> Result<Self, JudgeError> {
        let engine = engine()?;
        let entries = load_entries(&engine, files, &[])?;
        let more = more.iter().map(|policy| policy.load(&engine));
        let more = more.collect::<Result<_, _>>()?;
        let loaded = Loaded::compose(replacing(entries, more))?;
        Ok(Self { loaded })
    }

    /// The same policies, which may read these objects where they are granted to.
    pub(crate) fn knowing<'a>(self, objects: impl IntoIterator<Item = &'a Value>) -> Self {
        let loaded = self.loaded.with_objects(Arc::new(recorded(objects)));
        Self { loaded }
    }

    /// What the cluster's webhook would say.
    pub(crate) fn decide(&self, request: &Request) -> Decision {
        self.loaded.admit(request, Phase::Mutate)
    }

    /// What the policies ask to see, one rule after the other.
    pub(crate) fn rules(&self) -> Vec<MatchRule> {
        let policies = self.loaded.policies();
        policies
            .flat_map(|(policy, _)| policy.matching.rules.clone())
            .collect()
    }

    /// Which of the feasible domains a group gets: as the policies in force say.
    pub(crate) fn rank(&self) -> &dyn Rank {
        &self.loaded
    }

    /// The pages of all codes, the engine's last, each in its own order.
    pub(crate) fn pages(&self) -> Vec<Page> {
        let mut pages: Vec<Page> = Vec::new();
        for (policy, module) in self.loaded.policies() {
            for code in &module.description().codes {
                match pages.iter_mut().find(|page| page.code == code.code) {
                    Some(page) => page.policies.push(policy.name.clone()),
                    None => pages.push(Page {
                        code: code.code.clone(),
                        severity: code.severity,
                        policies: vec![policy.name.clone()],
                        title: code.title.clone(),
                        text: code.text.clone(),
                    }),
                }
            }
        }
        pages.extend(admission::codes().into_iter().map(|code| Page {
            code: code.code.to_owned(),
            severity: code.severity,
            policies: Vec::new(),
            title: code.title.to_owned(),
            text: code.text.to_owned(),
        }));
        pages
    }

    /// Names and versions of the policies, in the order of evaluation.
    pub(crate) fn versions(&self) -> Vec<(String, String)> {
        let policies = self.loaded.policies();
        policies
            .map(|(policy, module)| (policy.name.clone(), module.description().version.clone()))
            .collect()
    }
}

/// Objects that policies may read. One without a name can't be asked for.
pub(crate) fn recorded<'a>(objects: impl IntoIterator<Item = &'a Value>) -> Objects {
    let mut recorded = Objects::default();
    for object in objects {
        if object
            .pointer("/metadata/name")
            .is_some_and(Value::is_string)
        {
            recorded
                .insert(object)
                .expect("an object with kind and name must be recordable");
        }
    }
    recorded
}

/// The user's cache folder; without one policies are compiled each time.
fn cache_dir() -> Option<PathBuf> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    let own = set(CACHE_DIR).map(PathBuf::from);
    own.or_else(|| Some(PathBuf::from(set("XDG_CACHE_HOME")?).join("kubectl-sax")))
        .or_else(|| Some(std::env::home_dir()?.join(".cache").join("kubectl-sax")))
}
