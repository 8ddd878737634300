//! Cases with the same policies in force and the same objects around them: one process serves
//! them all.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use admission::{Decision, Phase, Request};
use runtime::{Engine, EngineOptions, Loaded, LoadedPolicy, Objects, load_builtin, load_files};
use serde_json::{Value, json};

use crate::cases::{Case, cases};

/// Cases with the same policies in force and the same objects around them.
pub(crate) struct Group {
    /// Of its first case.
    pub(crate) name: String,
    /// A WasmPolicy document with the cases' settings, where they aren't the defaults.
    pub(crate) policies: Option<PathBuf>,
    /// The objects around the cases, where there are any.
    pub(crate) objects: Option<PathBuf>,
    /// The same policies and objects, in this process.
    pub(crate) loaded: Loaded,
    /// The objects that `loaded` knows.
    pub(crate) recorded: Arc<Objects>,
    pub(crate) cases: Vec<&'static Case>,
    /// A namespace in which the same objects stand as in `default`, for what is stored for real.
    pub(crate) namespace: String,
}

/// All groups. Together they hold every case once.
pub(crate) fn groups() -> &'static [Group] {
    static GROUPS: OnceLock<Vec<Group>> = OnceLock::new();
    GROUPS.get_or_init(make)
}

/// Where all processes of this test keep compiled policies.
pub(crate) fn cache() -> PathBuf {
    folder().join("cache")
}

impl Group {
    /// What the whole pipeline says, in this process.
    pub(crate) fn decide(&self, request: &Request) -> Decision {
        self.loaded.admit(request, Phase::Mutate)
    }

    /// Whether the group's document is the policy's.
    pub(crate) fn configures(&self, policy: &str) -> bool {
        self.policies.is_some() && self.cases.iter().all(|case| case.policy == policy)
    }

    /// One of the policies in force.
    pub(crate) fn policy(&self, name: &str) -> (&admission::Policy, &LoadedPolicy) {
        let mut policies = self.loaded.policies();
        let found = policies.find(|(policy, _)| policy.name == name);
        found.unwrap_or_else(|| panic!("there is no built-in policy {name}"))
    }
}

/// The document that puts a built-in policy in force as it is.
pub(crate) fn document_of(policy: &str) -> PathBuf {
    let path = format!("policies/{policy}/policy.yaml");
    xtask::workspace_root().join(path)
}

/// The built-in policies, one of them with settings, and objects that they may read. `name` is the
/// file in which the settings are written.
pub(crate) fn loaded(name: &str, settings: Option<(&str, &Value)>, around: &[Value]) -> Loaded {
    let file = settings.map(|(policy, settings)| {
        let document = document(policy, settings).to_string();
        write(&format!("{name}.yaml"), &document)
    });
    let loaded = match &file {
        Some(file) => load_files(&engine(), std::slice::from_ref(file)),
        None => load_builtin(&engine()),
    };
    let loaded = loaded.unwrap_or_else(|error| panic!("{name}: {error}"));
    loaded.with_objects(Arc::new(recorded(around)))
}

fn engine() -> Engine {
    let options = EngineOptions {
        cache_dir: Some(cache()),
        ..EngineOptions::default()
    };
    Engine::new(&options).unwrap_or_else(|error| panic!("{error}"))
}

fn make() -> Vec<Group> {
    let engine = engine();
    let sorted = sorted().into_iter().enumerate();
    sorted
        .map(|(number, cases)| group(&engine, number, cases))
        .collect()
}

/// The cases by what they need, the groups in the order of their first cases.
fn sorted() -> Vec<Vec<&'static Case>> {
    let mut groups: Vec<Vec<&'static Case>> = Vec::new();
    for case in cases() {
        match groups.iter_mut().find(|group| need(group[0]) == need(case)) {
            Some(group) => group.push(case),
            None => groups.push(vec![case]),
        }
    }
    groups
}

/// Settings, which are a certain policy's, and context.
fn need(case: &Case) -> (Option<(&str, &Value)>, &[Value]) {
    let settings = &case.content.settings;
    let own = (*settings != json!({})).then_some((case.policy.as_str(), settings));
    (own, &case.content.context)
}

fn group(engine: &Engine, number: usize, cases: Vec<&'static Case>) -> Group {
    let (settings, context) = need(cases[0]);
    let policies = settings.map(|(policy, settings)| {
        write(
            &format!("policies-{number}.yaml"),
            &document(policy, settings).to_string(),
        )
    });
    let namespace = format!("context-{number}");
    let around = around(context, &namespace);
    let objects = (!around.is_empty()).then(|| {
        let texts: Vec<String> = around.iter().map(Value::to_string).collect();
        write(&format!("objects-{number}.yaml"), &texts.join("\n---\n"))
    });
    let loaded = match &policies {
        Some(file) => load_files(engine, std::slice::from_ref(file)),
        None => load_builtin(engine),
    };
    let loaded = loaded.unwrap_or_else(|error| panic!("{}: {error}", cases[0].name()));
    let recorded = Arc::new(recorded(&around));
    Group {
        name: cases[0].name(),
        loaded: loaded.with_objects(Arc::clone(&recorded)),
        recorded,
        policies,
        objects,
        cases,
        namespace,
    }
}

/// The objects around a group's cases: as they stand there, and once more in `namespace`.
fn around(context: &[Value], namespace: &str) -> Vec<Value> {
    let placed = context.iter().map(|object| {
        let mut object = object.clone();
        object["metadata"]["namespace"] = json!(namespace);
        object
    });
    context.iter().cloned().chain(placed).collect()
}

/// The policy's own document, with these settings.
fn document(policy: &str, settings: &Value) -> Value {
    let path = document_of(policy);
    let text = std::fs::read_to_string(&path);
    let text = text.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let document = serde_saphyr::from_str(&text);
    let mut document: Value =
        document.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    document["spec"]["settings"] = settings.clone();
    document
}

fn recorded(context: &[Value]) -> Objects {
    let mut objects = Objects::default();
    for object in context {
        let inserted = objects.insert(object);
        inserted.unwrap_or_else(|error| panic!("{error}: {object}"));
    }
    objects
}

fn write(name: &str, text: &str) -> PathBuf {
    let path = folder().join(name);
    std::fs::create_dir_all(folder()).expect("a folder below target/ can be made");
    std::fs::write(&path, text).expect("a file below target/ can be written");
    path
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("parity")
}
