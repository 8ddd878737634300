//! Claims about the webhook configurations that are installed.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

fn configurations() -> Vec<Value> {
    let path = "../manifests/base/webhook-configurations.yaml";
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path);
    serde_saphyr::from_multiple(&fs::read_to_string(path).unwrap()).unwrap()
}

fn webhooks(configuration: &Value) -> &Vec<Value> {
    configuration["webhooks"].as_array().unwrap()
}

#[test]
fn both_configurations_hold_the_same_webhooks() {
    let [mutating, validating] = configurations().try_into().unwrap();
    assert_eq!(mutating["metadata"], validating["metadata"]);
    for (one, other) in webhooks(&mutating).iter().zip(webhooks(&validating)) {
        let mut one = one.clone();
        assert_eq!(one["clientConfig"]["service"]["path"], "/mutate");
        one["clientConfig"]["service"]["path"] = "/validate".into();
        one.as_object_mut()
            .unwrap()
            .shift_remove("reinvocationPolicy");
        assert_eq!(&one, other);
    }
    assert_eq!(webhooks(&mutating).len(), webhooks(&validating).len());
}

#[test]
fn only_pods_with_tpus_and_jobsets_are_refused_when_nobody_answers() {
    for configuration in configurations() {
        let failing = webhooks(&configuration)
            .iter()
            .filter(|w| w["failurePolicy"] == "Fail");
        let names: Vec<&str> = failing.map(|w| w["name"].as_str().unwrap()).collect();
        assert_eq!(
            names,
            [
                "pods.admission.kubectl-sax.dev",
                "jobsets.admission.kubectl-sax.dev"
            ]
        );
    }
}

#[test]
fn what_makes_a_pod_template_ours_is_said_in_the_same_words_everywhere() {
    for configuration in configurations() {
        let of = |name: &str| -> Vec<String> {
            let webhook = webhooks(&configuration)
                .iter()
                .find(|w| w["name"] == name)
                .unwrap();
            let conditions = webhook["matchConditions"].as_array().unwrap();
            let about = conditions
                .iter()
                .find(|c| c["name"] == "is-about-tpus-or-sax")
                .unwrap();
            let text = about["expression"].as_str().unwrap();
            let (_, template) = text.split_once(".exists(t,").unwrap();
            template.split_whitespace().map(str::to_owned).collect()
        };
        let jobsets = of("jobsets.admission.kubectl-sax.dev");
        assert_eq!(jobsets, of("workloads.admission.kubectl-sax.dev"));
    }
}

#[test]
fn every_webhook_says_that_it_has_no_side_effects() {
    for configuration in configurations() {
        for webhook in webhooks(&configuration) {
            assert_eq!(webhook["sideEffects"], "None", "{}", webhook["name"]);
        }
    }
}
