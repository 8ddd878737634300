//! Things that change together, and carry one version: whoever is judged by two versions of them
//! was judged by half of a set.
//!
//! A *WasmPolicy* carries its version in its component and in its settings, and both change in one
//! write: an object is what the API server stores whole, so it is what we must put in force whole.
//! Two policies of one *folder of files*, which a replica reads when it starts, carry one version,
//! each twice.
//!
//! Two WasmPolicies that one `kubectl apply` changes are two objects, which the API server stores
//! one after the other. Nobody can promise that they change together; how many reviews came
//! between them is counted and told.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sax_tests::guest::Denial;
use serde_json::{Value, json};

/// What codes of the two WasmPolicies begin with; the version follows.
const OBJECTS: [&str; 2] = ["TST", "TWN"];
/// What codes of the two policies out of files begin with.
const FILES: [&str; 2] = ["ONE", "TWO"];
/// A code has room for three digits.
const VERSIONS: usize = 1000;
const SCHEMA: &str = r#"{"type": "object", "properties": {"version": {"type": "integer"}}}"#;

/// The newest versions that one connection, and so one process, has judged by.
#[derive(Debug, Default)]
pub(crate) struct Versions {
    objects: [usize; 2],
    files: Option<usize>,
}

impl Versions {
    /// An error where half a policy or half a set judged, or an older one than before. Else
    /// whether the two WasmPolicies are of one version.
    pub(crate) fn judge(&mut self, response: &Value) -> Result<bool> {
        for (before, prefix) in self.objects.iter_mut().zip(OBJECTS) {
            let now = said(response, prefix)?;
            ensure!(now >= *before, "{prefix}: {now} after {before}");
            *before = now;
        }
        let [one, two] = FILES.map(|prefix| said(response, prefix));
        let (one, two) = (one?, two?);
        ensure!(one == two, "files of versions {one} and {two}");
        let before = self.files.replace(one).unwrap_or(one);
        ensure!(before == one, "files changed under a running process");
        let [object, twin] = self.objects;
        Ok(object == twin)
    }
}

/// Two WasmPolicies of this version and their components, to be applied together.
pub(crate) fn objects(version: usize) -> Value {
    let map = format!("pair-{}", version % VERSIONS);
    let bytes = |prefix| STANDARD.encode(component(prefix, version));
    let data: serde_json::Map<_, _> = OBJECTS
        .map(|prefix| (prefix.to_owned(), bytes(prefix).into()))
        .into_iter()
        .collect();
    let policy = |prefix: &str| {
        json!({
            "apiVersion": "kubectl-sax.dev/v1alpha1", "kind": "WasmPolicy",
            "metadata": {"name": prefix.to_lowercase()},
            "spec": {"module": {"configMap": {"name": map, "key": prefix}}, "mode": "warn",
                "settings": {"version": version}},
        })
    };
    let [one, other] = OBJECTS.map(policy);
    let map = json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": map, "namespace": "kubectl-sax-system"}, "binaryData": data,
    });
    json!({"apiVersion": "v1", "kind": "List", "items": [map, one, other]})
}

/// A folder in `parent` with both policies of this version.
pub(crate) fn files(parent: &Path, version: usize) -> PathBuf {
    let folder = parent.join(format!("pair-{version}"));
    std::fs::create_dir_all(&folder).unwrap();
    for prefix in FILES {
        let name = prefix.to_lowercase();
        let file = format!("{name}.wasm");
        std::fs::write(folder.join(&file), component(prefix, version)).unwrap();
        let document = json!({
            "apiVersion": "kubectl-sax.dev/v1alpha1", "kind": "WasmPolicy",
            "metadata": {"name": format!("file-{name}")},
            "spec": {"module": {"file": file}, "mode": "warn", "settings": {"version": version}},
        });
        std::fs::write(folder.join(format!("{name}.json")), document.to_string()).unwrap();
    }
    folder
}

/// What one policy said: the version of its component, and that of its settings.
fn said(response: &Value, prefix: &str) -> Result<usize> {
    let warnings = response["warnings"].as_array();
    let texts = warnings.into_iter().flatten().filter_map(Value::as_str);
    let begin = format!("[{prefix}");
    let mut found = texts.filter_map(|text| text.strip_prefix(&begin)?.split_once("] "));
    let (component, settings) = found
        .next()
        .with_context(|| format!("{prefix} is silent"))?;
    ensure!(found.next().is_none(), "{prefix} speaks twice");
    let settings: Value = serde_json::from_str(settings)?;
    let settings = settings["version"].as_u64().context("no version")?;
    let version = usize::try_from(settings)?;
    ensure!(
        component.parse::<usize>()? == version % VERSIONS,
        "a component of version {component} with settings of version {version}"
    );
    Ok(version)
}

fn component(prefix: &str, version: usize) -> Vec<u8> {
    let code = format!("{prefix}{:03}", version % VERSIONS);
    let denial = Denial {
        code: &code,
        resource: "pods",
        message: "",
        schema: SCHEMA,
        ..Denial::default()
    };
    denial.component().unwrap()
}

#[test]
fn half_a_set_is_told_from_a_whole_one() {
    let text = |code: &str, version| format!("[{code}] {{\"version\":{version}}}");
    let judged = |warnings: &[String]| {
        Versions::default().judge(&json!({"warnings": warnings, "allowed": true}))
    };
    let object = text("TST002", 1002);
    let whole = [
        object,
        text("TWN002", 1002),
        text("ONE007", 7),
        text("TWO007", 7),
    ];
    assert!(judged(&whole).unwrap());
    let mut between = whole.clone();
    between[1] = text("TWN003", 1003);
    assert!(!judged(&between).unwrap());
    for (at, broken) in [
        (0, text("TST002", 3)),
        (2, text("ONE008", 8)),
        (3, text("TWO007", 6)),
        (3, text("TWO006", 6)),
        (3, "silent".to_owned()),
    ] {
        let mut half = whole.clone();
        half[at] = broken;
        assert!(judged(&half).is_err(), "{half:?}");
    }
    let mut versions = Versions::default();
    versions.judge(&json!({"warnings": &whole})).unwrap();
    let mut back = whole.clone();
    back[0] = text("TST001", 1001);
    assert!(versions.judge(&json!({"warnings": back})).is_err());
}
