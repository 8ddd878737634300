//! Claims about what the API server is asked to send.

use super::*;
use crate::matching::Matching;

fn rule(groups: &[&str], resources: &[&str]) -> MatchRule {
    let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    MatchRule {
        api_groups: owned(groups),
        resources: owned(resources),
        operations: vec![Operation::Create],
        ..MatchRule::default()
    }
}

fn policy(rules: Vec<MatchRule>) -> Policy {
    Policy::new("p", Matching::of_rules(rules), json!({}))
}

fn entries(policies: &[Policy]) -> Vec<Value> {
    let client = json!({"service": {"name": "s", "path": "/other"}, "caBundle": "UEVN"});
    Entries::of(policies, "ours").to_json(Phase::Mutate, &client)
}

fn resources(entry: &Value) -> Vec<String> {
    let rules = entry["rules"].as_array().unwrap().iter();
    let line = |rule: &Value| format!("{}/{}", rule["apiGroups"][0], rule["resources"][0]);
    rules.map(|rule| line(rule).replace('"', "")).collect()
}

fn excluded(entry: &Value) -> Vec<&str> {
    let values = &entry["namespaceSelector"]["matchExpressions"][0];
    assert_eq!(values["operator"], "NotIn");
    let values = values["values"].as_array().unwrap().iter();
    values.filter_map(Value::as_str).collect()
}

#[test]
fn without_policies_nothing_is_asked_for() {
    assert_eq!(entries(&[]), Vec::<Value>::new());
    assert_eq!(
        entries(&[policy(vec![rule(&["a"], &["", "a/b/c"])])]),
        Vec::<Value>::new()
    );
}

#[test]
fn a_policy_that_denies_when_it_fails_fails_closed_and_all_others_open() {
    let strict = policy(vec![rule(&[""], &["configmaps"])]);
    let mut lenient = policy(vec![rule(&[""], &["secrets"])]);
    lenient.on_error = OnError::Allow;
    let mut watching = policy(vec![rule(&["apps"], &["deployments"])]);
    watching.mode = Mode::Audit;
    let [closed, open] = entries(&[strict, lenient, watching]).try_into().unwrap();
    assert_eq!(
        (&closed["failurePolicy"], resources(&closed)),
        (&json!("Fail"), vec!["/configmaps".to_owned()])
    );
    assert_eq!(
        (&open["failurePolicy"], resources(&open)),
        (
            &json!("Ignore"),
            vec!["/secrets".to_owned(), "apps/deployments".to_owned()]
        )
    );
    for entry in [&closed, &open] {
        assert!(Entries::are_called(entry["name"].as_str().unwrap()));
    }
}

#[test]
fn what_a_cluster_needs_to_come_up_is_never_held_up() {
    let [closed, open] = entries(&[policy(vec![rule(&["*"], &["*"])])])
        .try_into()
        .unwrap();
    let conditions = closed["matchConditions"].to_string();
    for (group, _) in NEVER_CLOSED {
        assert!(conditions.contains(&format!("'{group}'")), "{conditions}");
    }
    assert!(resources(&open).contains(&"/nodes".to_owned()), "{open}");
    assert!(
        resources(&open).contains(&"apiextensions.k8s.io/*".to_owned()),
        "{open}"
    );
    let status = entries(&[policy(vec![rule(&[""], &["nodes/status", "pods"])])]);
    assert_eq!(resources(&status[1]), ["/nodes/status"]);
    for entry in [&closed, &open] {
        let conditions = entry["matchConditions"].to_string();
        assert!(NEVER_SENT.iter().all(|group| conditions.contains(group)));
    }
}

#[test]
fn kube_system_and_our_own_namespace_are_never_sent_whatever_a_policy_says() {
    let mut everywhere = policy(vec![rule(&[""], &["pods"])]);
    everywhere.matching.exclude_namespaces.clear();
    assert_eq!(
        excluded(&entries(&[everywhere.clone()])[0]),
        ["kube-system", "ours"]
    );
    let usual = policy(vec![rule(&[""], &["pods"])]);
    let both = entries(&[usual.clone(), everywhere]);
    assert_eq!(excluded(&both[0]), ["kube-system", "ours"]);
    let alone = entries(&[usual]);
    assert_eq!(
        excluded(&alone[0]),
        ["kube-node-lease", "kube-public", "kube-system", "ours"]
    );
}

#[test]
fn namespaces_are_named_where_all_policies_name_some() {
    let named = |names: &[&str]| {
        let mut policy = policy(vec![rule(&[""], &["pods"])]);
        policy.matching.namespaces = names.iter().map(|name| (*name).to_owned()).collect();
        policy
    };
    let selected = |policies: &[Policy]| {
        let expressions = &entries(policies)[0]["namespaceSelector"]["matchExpressions"];
        expressions
            .get(1)
            .map(|expression| expression["values"].clone())
    };
    assert_eq!(
        selected(&[named(&["b"]), named(&["a"])]),
        Some(json!(["a", "b"]))
    );
    assert_eq!(selected(&[named(&["b"]), named(&[])]), None);
}

#[test]
fn rules_have_the_form_that_the_api_server_takes() {
    let mut loose = rule(&["a", "*"], &["pods", "pods/status"]);
    loose.operations.clear();
    let entry = &entries(&[policy(vec![loose])])[0];
    let sent = |resource: &str| {
        json!({"apiGroups": ["*"], "apiVersions": ["*"], "resources": [resource],
               "operations": ["*"], "scope": "*"})
    };
    assert_eq!(entry["rules"], json!([sent("pods"), sent("pods/status")]));
}

#[test]
fn the_address_is_the_other_entries_own_with_the_phases_path() {
    let policies = [policy(vec![rule(&[""], &["pods"])])];
    let client = &entries(&policies)[0]["clientConfig"];
    assert_eq!(client["service"], json!({"name": "s", "path": "/mutate"}));
    assert_eq!(client["caBundle"], "UEVN");
    let url = json!({"url": "https://h:1/mutate"});
    let elsewhere = Entries::of(&policies, "ours").to_json(Phase::Validate, &url);
    assert_eq!(elsewhere[0]["clientConfig"]["url"], "https://h:1/validate");
    assert_eq!(elsewhere[0].get("reinvocationPolicy"), None);
}
