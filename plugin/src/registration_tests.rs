//! Claims about what is installed.

use super::{Address, AddressError, Manifests, Object, days_left, describe, is_ours};

fn at_url() -> Manifests {
    let address = Address::url("https://127.0.0.1:9443/").expect("must be an address");
    Manifests::embedded().reached_at(&address, Some("PEM"))
}

#[test]
fn both_registrations_are_embedded_and_ours() {
    let manifests = Manifests::embedded();
    let kinds: Vec<_> = manifests
        .registrations
        .iter()
        .map(|object| &object.kind)
        .collect();
    assert_eq!(
        kinds,
        [
            "MutatingWebhookConfiguration",
            "ValidatingWebhookConfiguration"
        ]
    );
    assert!(manifests.registrations.iter().all(is_ours));
    assert!(manifests.server.iter().all(is_ours));
}

#[test]
fn a_url_takes_the_services_place_and_keeps_its_path() {
    for (object, path) in at_url().registrations.iter().zip(["mutate", "validate"]) {
        let webhooks = object.value["webhooks"].as_array().expect("must be a list");
        for webhook in webhooks {
            let client = &webhook["clientConfig"];
            assert_eq!(client["url"], format!("https://127.0.0.1:9443/{path}"));
            assert_eq!(client["caBundle"], "UEVN");
            assert_eq!(client.get("service"), None);
        }
    }
}

#[test]
fn nothing_else_of_a_registration_is_edited() {
    let mut before = Manifests::embedded().registrations;
    let mut after = at_url().registrations;
    for object in before.iter_mut().chain(&mut after) {
        for webhook in object.value["webhooks"]
            .as_array_mut()
            .into_iter()
            .flatten()
        {
            webhook["clientConfig"] = serde_json::Value::Null;
        }
        assert!(object.value["webhooks"].is_array());
    }
    assert_eq!(before, after);
}

#[test]
fn numbers_and_modes_survive_another_image() {
    let image = "registry/webhook:1";
    let before = Manifests::embedded();
    let after = before.clone().with_image(image);
    let deployment = |manifests: &Manifests| {
        let found = manifests.deployment().expect("must be there");
        found.value["spec"]["template"]["spec"].clone()
    };
    let mut expected = deployment(&before);
    expected["containers"][0]["image"] = image.into();
    assert_eq!(deployment(&after), expected);
    assert_eq!(expected["terminationGracePeriodSeconds"], 20);
}

#[test]
fn only_https_without_a_path_is_an_address() {
    for url in ["http://a:1", "a:1", ""] {
        assert!(
            matches!(Address::url(url), Err(AddressError::NotHttps { .. })),
            "{url}"
        );
    }
    for url in ["https://", "https://a/mutate", "https://u@a", "https://a?b"] {
        assert!(
            matches!(Address::url(url), Err(AddressError::NotBare { .. })),
            "{url}"
        );
    }
}

#[test]
fn the_secret_is_the_one_that_the_deployment_names() {
    let secret = Manifests::embedded().secret();
    assert_eq!(secret.name, "sax-webhook-tls");
    assert_eq!(secret.namespace.as_deref(), Some("kubectl-sax-system"));
    assert_eq!(days_left(b"no certificate"), None);
}

#[test]
fn a_registration_is_described_by_what_it_sends_where() {
    let described = describe(&at_url().registrations[0]);
    let jobsets = &described["webhooks"][1];
    assert_eq!(jobsets["address"], "https://127.0.0.1:9443/mutate");
    assert_eq!(jobsets["failurePolicy"], "Fail");
    assert_eq!(
        jobsets["resources"][0],
        "jobsets.jobset.x-k8s.io: CREATE, UPDATE"
    );
}

#[test]
fn a_webhook_elsewhere_gets_a_namespace_and_rights_but_no_server() {
    let kinds: Vec<_> = at_url()
        .for_elsewhere()
        .server
        .iter()
        .map(|object| object.kind.clone())
        .collect();
    assert_eq!(kinds.first().map(String::as_str), Some("Namespace"));
    for needed in [
        "ServiceAccount",
        "ClusterRole",
        "ClusterRoleBinding",
        "Role",
        "RoleBinding",
    ] {
        assert!(
            kinds.iter().any(|kind| kind == needed),
            "{needed} of {kinds:?}"
        );
    }
    for server in ["Deployment", "Service", "PodDisruptionBudget"] {
        assert!(
            !kinds.iter().any(|kind| kind == server),
            "{server} of {kinds:?}"
        );
    }
}

#[test]
fn nobody_asks_us_before_the_gates_are_lifted_and_the_rights_go_last() {
    let manifests = Manifests::embedded();
    let kinds = |objects: Vec<&Object>| -> Vec<String> {
        objects.iter().map(|object| object.kind.clone()).collect()
    };
    let stopping = kinds(manifests.stopping().collect());
    assert_eq!(stopping.last().map(String::as_str), Some("Deployment"));
    assert_eq!(stopping.len(), 3);
    let remainder = kinds(manifests.remainder().collect());
    assert_eq!(remainder.last().map(String::as_str), Some("Namespace"));
    assert!(remainder.iter().any(|kind| kind == "ClusterRole"));
    assert!(!remainder.iter().any(|kind| stopping.contains(kind)));
}

#[test]
fn the_placer_may_delete_no_pod_and_reads_no_secret_but_its_own() {
    for object in Manifests::embedded().server {
        let rules = object.value["rules"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        for rule in rules {
            let has = |member: &str, word: &str| {
                let words = rule[member].as_array().cloned().unwrap_or_default();
                words.iter().any(|found| found == word || found == "*")
            };
            assert!(
                !(has("resources", "pods") && has("verbs", "delete")),
                "{rule}"
            );
            let is_its_own = rule["resourceNames"] == serde_json::json!(["sax-webhook-tls"]);
            let creates = rule["verbs"] == serde_json::json!(["create"]);
            assert!(
                !has("resources", "secrets") || is_its_own || creates,
                "{rule}"
            );
        }
    }
}
