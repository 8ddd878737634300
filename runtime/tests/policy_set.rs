//! Policy sets from files: what stands in force, and what is refused.
#![expect(
    clippy::unwrap_used,
    reason = "a test that can't be set up should say where"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use admission::{Call, Mode, Phase, Policy, Request};
use runtime::{
    Engine, EngineOptions, FUEL_PER_BYTE, LoadError, Loaded, LoadedPolicy, World, load_builtin,
    load_entries, load_files,
};
use serde_json::{Value, json};

/// One cache for all tests here: a built-in policy is compiled once.
static ENGINE: LazyLock<Engine> = LazyLock::new(|| {
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("policy-set-cache");
    let options = EngineOptions {
        cache_dir: Some(cache),
        pooling: true,
    };
    Engine::new(&options).unwrap()
});

const BUILTIN: [&str; 4] = [
    "tpu-defaults",
    "tpu-shape",
    "sax-serving",
    "exclusive-placement",
];

struct Folder(tempfile::TempDir);

impl Folder {
    fn with(files: &[(&str, &str)]) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        folder
    }

    fn path(&self) -> PathBuf {
        self.0.path().to_owned()
    }

    fn load(&self) -> Result<Loaded, LoadError> {
        load_files(&ENGINE, &[self.path()])
    }
}

fn entry(name: &str, spec: &str) -> String {
    format!(
        "apiVersion: kubectl-sax.dev/v1alpha1\nkind: WasmPolicy\nmetadata: {{name: {name}}}\nspec: {spec}\n"
    )
}

fn names(loaded: &Loaded) -> Vec<&str> {
    loaded
        .policies()
        .map(|(policy, _)| policy.name.as_str())
        .collect()
}

#[test]
fn the_built_in_policies_stand_in_force_in_their_order() {
    let loaded = load_builtin(&ENGINE).unwrap();
    assert_eq!(names(&loaded), BUILTIN);
    for (policy, module) in loaded.policies() {
        assert_eq!(policy.name, module.description().name);
    }
}

#[test]
fn a_document_replaces_the_built_in_that_it_names_and_no_other() {
    let text = entry(
        "shape",
        "{module: {builtin: tpu-shape}, mode: warn, order: 1, grants: [{apiVersion: v1, kind: Pod}]}",
    );
    let loaded = Folder::with(&[("set.yaml", &text)]).load().unwrap();
    let [first, _, others @ ..] = BUILTIN;
    assert_eq!(names(&loaded), [&["shape", first], &others[..]].concat());
    assert_eq!(loaded.set.0[0].mode, Mode::Warn);
}

#[test]
fn a_built_in_that_is_left_out_comes_back_where_a_document_names_it() {
    let without = |paths: &[PathBuf]| {
        let left_out = ["exclusive-placement"];
        Loaded::compose(load_entries(&ENGINE, paths, &left_out).unwrap()).unwrap()
    };
    assert_eq!(names(&without(&[])), BUILTIN[..3]);
    let text = entry("mine", "{module: {builtin: exclusive-placement}}");
    let folder = Folder::with(&[("set.yaml", &text)]);
    let named = without(&[folder.path()]);
    assert_eq!(names(&named), [&BUILTIN[..3], &["mine"]].concat());
}

#[test]
fn the_built_in_placement_policy_ranks_for_every_namespace() {
    let loaded = load_builtin(&ENGINE).unwrap();
    let (policy, module) = loaded.placement_policy("default").unwrap();
    assert_eq!(policy.name, "exclusive-placement");
    assert_eq!(module.world(), World::PlacementPolicy);
    let reviews = loaded.policies().take(3);
    assert!(
        reviews
            .into_iter()
            .all(|(_, module)| module.world() == World::Policy)
    );
}

#[test]
fn a_module_file_is_found_beside_its_document() {
    let spec = "{module: {file: mine.wasm}, grants: [{apiVersion: v1, kind: Namespace}]}";
    let text = entry("mine", spec);
    let folder = Folder::with(&[("set.yml", &text), ("README.md", "no document")]);
    let builtin = policies::builtin().iter();
    let mut builtin = builtin.filter(|builtin| builtin.name == "tpu-defaults");
    let component = builtin.next().unwrap().component;
    fs::write(folder.path().join("mine.wasm"), component).unwrap();
    let loaded = folder.load().unwrap();
    assert_eq!(names(&loaded).last(), Some(&"mine"));
}

#[test]
fn one_broken_document_means_no_policy_set() {
    let load = |text: &str| Folder::with(&[("set.yaml", text)]).load().unwrap_err();
    let builtin = "module: {builtin: tpu-shape}";
    let unknown = load(&entry("a", "{module: {builtin: nope}}"));
    assert!(matches!(&unknown, LoadError::UnknownBuiltin { .. }));
    assert!(unknown.to_string().contains("tpu-shape"), "{unknown}");
    let granted = format!("{builtin}, grants: [{{apiVersion: v1, kind: Pod}}]");
    let settings = load(&entry(
        "a",
        &format!("{{{granted}, settings: {{nonsense: 1}}}}"),
    ));
    assert!(
        matches!(settings, LoadError::InvalidSettings { .. }),
        "{settings}"
    );
    let limit = load(&entry("a", &format!("{{{granted}, limits: {{fuel: 0}}}}")));
    assert!(matches!(limit, LoadError::Limit { .. }), "{limit}");
    let missing = load(&entry("a", "{module: {file: gone.wasm}}"));
    assert!(matches!(missing, LoadError::Unreadable { .. }), "{missing}");
    let twice = load(&entry("tpu-defaults", &format!("{{{builtin}}}")));
    assert!(matches!(twice, LoadError::Twice { .. }), "{twice}");
    let none = load_files(&ENGINE, &[PathBuf::from("no-such-file.yaml")]).unwrap_err();
    assert!(matches!(none, LoadError::Unreadable { .. }), "{none}");
}

#[test]
fn what_was_compiled_once_is_not_compiled_again() {
    load_builtin(&ENGINE).unwrap();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("policy-set-cache");
    let kept = |folder: &Path| {
        let files = fs::read_dir(folder)
            .unwrap()
            .map(|file| file.unwrap().path());
        let mut kept: Vec<_> = files
            .filter(|path| {
                path.extension()
                    .is_some_and(|extension| extension == "cwasm")
            })
            .map(|path| fs::metadata(path).unwrap().modified().unwrap())
            .collect();
        kept.sort();
        kept
    };
    let before = kept(&folder);
    load_builtin(&ENGINE).unwrap();
    assert!(!before.is_empty());
    assert_eq!(kept(&folder), before);
}

/// An object of nearly 3 MiB, all of it structure, that the API server still takes.
fn largest_job() -> Value {
    let variable = |index: usize| json!({"name": format!("VARIABLE_{index:06}"), "value": "x"});
    let variables: Vec<Value> = (0..75_000).map(variable).collect();
    let container = json!({
        "name": "a",
        "image": "a",
        "env": variables,
        "resources": {"limits": {"google.com/tpu": 4}},
    });
    json!({
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "a"},
        "spec": {"template": {"spec": {"containers": [container], "restartPolicy": "Never"}}},
    })
}

#[test]
fn the_largest_object_that_the_api_server_takes_fits_the_default_limits() {
    let loaded = load_builtin(&ENGINE).unwrap();
    let job = largest_job();
    let size = job.to_string().len();
    assert!((2_900_000..3 << 20).contains(&size), "{size}");
    let request = Request::from_manifest(job, "default").unwrap();
    let decision = loaded.admit(&request, Phase::Mutate);
    let failed = [&decision.denials, &decision.warnings];
    let failed = failed
        .into_iter()
        .flatten()
        .find(|finding| finding.code == "POL001");
    assert_eq!(failed, None);
}

/// A JobSet to complete, of more Jobs than one patch of 4,096 operations could.
fn terse_jobset(jobs: usize) -> Value {
    let container = json!({
        "name": "a", "image": "a", "args": ["--port=10001", "--sax_cell=/sax/test", "--platform_chip=tpuv5e"],
        "env": [{"name": "SAX_ROOT", "value": "gs://models/sax-root"}],
        "resources": {"limits": {"google.com/tpu": 4}},
    });
    let job = |number: usize| {
        let pods = json!({"spec": {"containers": [container]}});
        let job = json!({"parallelism": 8, "completions": 8, "backoffLimit": 0, "template": pods});
        json!({"name": format!("j{number}"), "replicas": 1, "template": {"spec": job}})
    };
    let jobs: Vec<Value> = (0..jobs).map(job).collect();
    let annotations = json!({
        "kubectl-sax.dev/slice": "v5e:4x8",
        "alpha.jobset.sigs.k8s.io/exclusive-topology": "cloud.google.com/gke-nodepool",
    });
    json!({
        "apiVersion": "jobset.x-k8s.io/v1alpha2", "kind": "JobSet",
        "metadata": {"name": "a", "annotations": annotations}, "spec": {"replicatedJobs": jobs},
    })
}

#[test]
fn a_jobset_of_two_thousand_terse_jobs_is_completed() {
    let request = Request::from_manifest(terse_jobset(2_000), "default").unwrap();
    let decision = load_builtin(&ENGINE)
        .unwrap()
        .admit(&request, Phase::Mutate);
    assert!(decision.allowed, "{:?}", decision.denials.first());
    assert!(
        decision.patch.0.len() > 16_000,
        "{}",
        decision.patch.0.len()
    );
}

/// What a byte of an object costs a policy.
fn fuel_per_byte(object: Value) -> Vec<(String, u64)> {
    let json = object.to_string();
    let request = Request::from_manifest(object, "default").unwrap();
    let loaded = load_builtin(&ENGINE).unwrap();
    let measure = |(policy, module): (&Policy, &LoadedPolicy)| {
        let call = Call {
            request: &request,
            object_json: json.as_bytes(),
            old_object_json: None,
            settings_json: policy.settings_json(),
        };
        let fuel = module.review(&call, None, None).unwrap().fuel;
        (policy.name.clone(), fuel / json.len() as u64)
    };
    loaded.policies().map(measure).collect()
}

#[test]
fn the_built_in_policies_need_half_of_the_fuel_that_bytes_add() {
    for object in [largest_job(), terse_jobset(2_000)] {
        for (policy, fuel) in fuel_per_byte(object) {
            assert!(fuel <= FUEL_PER_BYTE / 2, "{policy}: {fuel}");
        }
    }
}
