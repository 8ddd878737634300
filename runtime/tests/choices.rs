//! Every choice of the built-in placement policy, made by the component that the webhook embeds: the
//! same order as natively, and as `placement` has it where no policy answers.
#![expect(
    clippy::unwrap_used,
    reason = "a test that can't be set up should say where"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use placement::{DomainFacts, GroupFacts, Rank, TightestFit};
use runtime::{Choice, Engine, EngineOptions, Loaded, load_builtin};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

static LOADED: LazyLock<Loaded> = LazyLock::new(|| {
    let engine = Engine::new(&EngineOptions::default()).unwrap();
    load_builtin(&engine).unwrap()
});

#[test]
fn every_choice_gives_its_order_in_the_sandbox() {
    let (_, module) = LOADED.placement_policy("default").unwrap();
    for path in files() {
        let case = read(&path);
        let settings = case.get("settings").cloned().unwrap_or_else(|| json!({}));
        module.check_settings(&settings).unwrap();
        let settings = settings.to_string();
        let choice = Choice {
            group: &part(&case, "group"),
            domains: &part::<Vec<_>>(&case, "domains"),
            settings_json: settings.as_bytes(),
        };
        let ranking = module.choose(&choice, None, None).unwrap();
        assert_eq!(json!(ranking.names), case["expect"], "{}", path.display());
        assert!(ranking.fuel > 0);
    }
}

#[test]
fn without_settings_the_order_is_the_one_that_placement_has_by_itself() {
    for path in files() {
        let case = read(&path);
        let group: GroupFacts = part(&case, "group");
        let domains: Vec<DomainFacts> = part(&case, "domains");
        let own = TightestFit.rank(&group, &domains).unwrap();
        let policys = LOADED.rank(&group, &domains).unwrap();
        assert_eq!(policys, own, "{}", path.display());
    }
}

#[test]
fn five_hundred_domains_with_their_labels_fit_the_default_limits() {
    let labels = (0..30).map(|number| (format!("example.com/label-{number}"), "x".repeat(60)));
    let labels = Arc::new(labels.collect::<BTreeMap<_, _>>());
    let domain = |number: u32| DomainFacts {
        name: format!("tpu{number:03}"),
        labels: Arc::clone(&labels),
        ..DomainFacts::default()
    };
    let domains: Vec<DomainFacts> = (0..500).rev().map(domain).collect();
    let ranked = LOADED.rank(&GroupFacts::default(), &domains).unwrap();
    assert_eq!(ranked.len(), domains.len());
    assert!(ranked.is_sorted());
}

#[test]
fn the_names_that_policy_and_placer_must_agree_on_are_the_same() {
    assert_eq!(placement::GATE, workload::PLACEMENT_GATE);
    assert_eq!(placement::MARK, workload::PLACEMENT_MARK);
    assert_eq!(
        placement::EXCLUSIVE_TOPOLOGY,
        workload::OWN_EXCLUSIVE_TOPOLOGY
    );
    assert_eq!(
        placement::NODE_SELECTOR_STRATEGY,
        workload::NODE_SELECTOR_STRATEGY
    );
}

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = folder.join("../policies/exclusive-placement/choices");
    let files = std::fs::read_dir(folder).unwrap();
    let files: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    assert!(!files.is_empty(), "there are no choices");
    files
}

fn read(path: &Path) -> Value {
    serde_saphyr::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn part<T: DeserializeOwned>(case: &Value, name: &str) -> T {
    serde_json::from_value(case[name].clone()).unwrap()
}
