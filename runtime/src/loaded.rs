//! A whole policy set, ready to admit.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use admission::{
    Call, Decision, Evaluate, EvaluateError, Mode, Phase, Policy, PolicySet, Request, Verdict,
};

use placement::{DomainFacts, GroupFacts, Rank, RankError};

use crate::choice::Choice;
use crate::document::{Module, WasmPolicy};
use crate::engine::Engine;
use crate::load::LoadError;
use crate::objects::Objects;
use crate::policy::LoadedPolicy;
use crate::world::World;

/// A whole policy set, ready to admit. Cheap enough to swap whole; never changed in place.
#[derive(Debug, Clone, Default)]
pub struct Loaded {
    /// The policies in force, in order.
    pub set: PolicySet,
    policies: Vec<Arc<LoadedPolicy>>,
    objects: Option<Arc<Objects>>,
}

/// A policy set that must have answered by a certain time.
#[derive(Debug, Clone, Copy)]
pub struct Evaluator<'a> {
    loaded: &'a Loaded,
    until: Instant,
}

/// The built-in policies as their own documents put them in force.
///
/// # Errors
/// See [`LoadError`].
pub fn load_builtin(engine: &Engine) -> Result<Loaded, LoadError> {
    load(engine, builtin_entries()?)
}

/// The policies of these files and folders (`*.yaml`, `*.yml`, `*.json`), and the built-in ones
/// that none of them names.
///
/// # Errors
/// See [`LoadError`]; one broken document means no policy set, so that the last good one can
/// stay in force.
pub fn load_files(engine: &Engine, paths: &[PathBuf]) -> Result<Loaded, LoadError> {
    load_files_without(engine, paths, &[])
}

/// The same, but without the built-in policies in `left_out`, unless a document names them: for a
/// process that lacks what such a policy counts on.
///
/// # Errors
/// See [`load_files`].
pub fn load_files_without(
    engine: &Engine,
    paths: &[PathBuf],
    left_out: &[&str],
) -> Result<Loaded, LoadError> {
    let mut entries = Vec::new();
    for path in paths {
        for file in documents(path)? {
            let text = fs::read_to_string(&file).map_err(|error| unreadable(&file, error))?;
            let parsed = WasmPolicy::parse(&text, &file)?;
            let folder = file.parent().unwrap_or(Path::new("")).to_owned();
            entries.extend(parsed.into_iter().map(|entry| (entry, folder.clone())));
        }
    }
    let named: BTreeSet<Module> = entries
        .iter()
        .map(|(entry, _)| entry.module.clone())
        .collect();
    let mut defaults = builtin_entries()?;
    defaults.retain(|(entry, _)| {
        let is_left_out = left_out.iter().any(|name| is_builtin(&entry.module, name));
        !named.contains(&entry.module) && !is_left_out
    });
    entries.extend(defaults);
    load(engine, entries)
}

impl Loaded {
    /// Makes a set of policies that were loaded one by one, in this order.
    #[must_use]
    pub fn of(policies: impl IntoIterator<Item = (Policy, LoadedPolicy)>) -> Self {
        let mut loaded = Self::default();
        for (mut policy, module) in policies {
            policy.slot = loaded.policies.len();
            loaded.set.0.push(policy);
            loaded.policies.push(Arc::new(module));
        }
        loaded
    }

    /// The same set, whose policies read these objects where they are granted to.
    #[must_use]
    pub fn with_objects(self, objects: Arc<Objects>) -> Self {
        Self {
            objects: Some(objects),
            ..self
        }
    }

    /// The same set, asked with a time by which it must have answered.
    #[must_use]
    pub fn until(&self, until: Instant) -> Evaluator<'_> {
        Evaluator {
            loaded: self,
            until,
        }
    }

    /// The policies behind [`Self::set`], in the same order.
    pub fn policies(&self) -> impl Iterator<Item = (&Policy, &LoadedPolicy)> {
        let of_slot = |policy: &Policy| self.policies.get(policy.slot).map(Arc::as_ref);
        let Self { set, .. } = self;
        set.0
            .iter()
            .filter_map(move |policy| of_slot(policy).map(|module| (policy, module)))
    }

    /// The policy that ranks domains for the groups of a namespace: the last placement policy in
    /// order that sees the namespace, since an operator's own come after the built-in ones. None
    /// where there is no such policy, or none but such as are only audited.
    #[must_use]
    pub fn placement_policy(&self, namespace: &str) -> Option<(&Policy, &LoadedPolicy)> {
        let decides = |(policy, module): &(&Policy, &LoadedPolicy)| {
            module.world() == World::PlacementPolicy
                && policy.mode != Mode::Audit
                && policy.matching.covers_namespace(Some(namespace))
        };
        self.policies().filter(decides).last()
    }

    /// Decides about a request, without a deadline beyond the policies' own.
    #[must_use]
    pub fn admit(&self, request: &Request, phase: Phase) -> Decision {
        admission::admit(request, phase, &self.set, self)
    }

    fn ask(
        &self,
        policy: &Policy,
        call: &Call<'_>,
        until: Option<Instant>,
    ) -> Result<Verdict, EvaluateError> {
        let module = self.policies.get(policy.slot);
        let module = module.ok_or(EvaluateError::NotLoaded)?;
        let answer = module.review(call, self.objects.as_ref(), until)?;
        Ok(answer.verdict)
    }
}

/// By the policy that is in force for the group's namespace, without a deadline beyond its own.
impl Rank for Loaded {
    fn rank(&self, group: &GroupFacts, domains: &[DomainFacts]) -> Result<Vec<String>, RankError> {
        let Some((policy, module)) = self.placement_policy(&group.namespace) else {
            return Err(RankError("no placement policy is in force".to_owned()));
        };
        let choice = Choice {
            group,
            domains,
            settings_json: policy.settings_json(),
        };
        let ranking = module.choose(&choice, self.objects.as_ref(), None);
        ranking
            .map(|ranking| ranking.names)
            .map_err(|error| RankError(format!("policy {} {error}", policy.name)))
    }
}

impl Evaluate for Loaded {
    fn evaluate(&self, policy: &Policy, call: &Call<'_>) -> Result<Verdict, EvaluateError> {
        self.ask(policy, call, None)
    }
}

impl Evaluate for Evaluator<'_> {
    fn evaluate(&self, policy: &Policy, call: &Call<'_>) -> Result<Verdict, EvaluateError> {
        self.loaded.ask(policy, call, Some(self.until))
    }
}

/// An entry, and the folder that its file is relative to.
type Entry = (WasmPolicy, PathBuf);

fn is_builtin(module: &Module, name: &str) -> bool {
    matches!(module, Module::Builtin(builtin) if builtin == name)
}

fn builtin_entries() -> Result<Vec<Entry>, LoadError> {
    let mut entries = Vec::new();
    for builtin in policies::builtin() {
        let path = PathBuf::from(format!("policies/{}/policy.yaml", builtin.name));
        let parsed = WasmPolicy::parse(builtin.manifest, &path)?;
        entries.extend(parsed.into_iter().map(|entry| (entry, PathBuf::new())));
    }
    Ok(entries)
}

fn load(engine: &Engine, mut entries: Vec<Entry>) -> Result<Loaded, LoadError> {
    entries.sort_by(|(a, _), (b, _)| (a.order, &a.name).cmp(&(b.order, &b.name)));
    let mut names = BTreeSet::new();
    if let Some((twice, _)) = entries
        .iter()
        .find(|(entry, _)| !names.insert(entry.name.clone()))
    {
        let policy = twice.name.clone();
        return Err(LoadError::Twice { policy });
    }
    let loaded: Result<Vec<_>, _> = entries
        .into_iter()
        .map(|(entry, folder)| load_entry(engine, entry, &folder))
        .collect();
    Ok(Loaded::of(loaded?))
}

fn load_entry(
    engine: &Engine,
    entry: WasmPolicy,
    folder: &Path,
) -> Result<(Policy, LoadedPolicy), LoadError> {
    let module = match &entry.module {
        Module::Builtin(name) => engine.load(&entry.name, component(&entry, name)?, &entry.grants),
        Module::File(file) => {
            let file = folder.join(file);
            let wasm = fs::read(&file).map_err(|error| unreadable(&file, error))?;
            engine.load(&entry.name, &wasm, &entry.grants)
        }
    }?;
    let module = module.with_limits(entry.limits)?;
    module.check_settings(&entry.settings)?;
    let mut matching = entry.matching;
    matching.rules.clone_from(&module.description().matches);
    let mut policy = Policy::new(&entry.name, matching, entry.settings);
    policy.mode = entry.mode;
    policy.on_error = entry.on_error;
    policy.skippable = entry.skippable;
    Ok((policy, module))
}

fn component(entry: &WasmPolicy, name: &str) -> Result<&'static [u8], LoadError> {
    let mut builtin = policies::builtin().iter();
    let found = builtin.find(|builtin| builtin.name == name);
    found
        .map(|builtin| builtin.component)
        .ok_or_else(|| LoadError::UnknownBuiltin {
            policy: entry.name.clone(),
            builtin: name.to_owned(),
            known: policies::builtin()
                .iter()
                .map(|builtin| builtin.name)
                .collect(),
        })
}

/// The documents at a path: itself, or a folder's own in the order of their names.
fn documents(path: &Path) -> Result<Vec<PathBuf>, LoadError> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let is_document = |path: &PathBuf| {
        let extension = path.extension().and_then(|extension| extension.to_str());
        matches!(extension, Some("yaml" | "yml" | "json"))
    };
    let mut files = Vec::new();
    for entry in fs::read_dir(path).map_err(|error| unreadable(path, error))? {
        files.push(entry.map_err(|error| unreadable(path, error))?.path());
    }
    files.retain(is_document);
    files.sort();
    Ok(files)
}

fn unreadable(path: &Path, source: std::io::Error) -> LoadError {
    LoadError::Unreadable {
        path: path.to_owned(),
        source,
    }
}
