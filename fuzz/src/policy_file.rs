//! A `WasmPolicy` file: what is read, written out in full, is read again as the same, in a file as in
//! a cluster; what isn't read is refused with the place.

use std::path::Path;

use admission::{Mode, OnError};
use runtime::{ConfigMapKey, LoadError, Module, WasmPolicy};
use serde_json::{Value, json};

/// Bytes that a refusal may have.
const ERROR: usize = 8_192;

/// Checks the bytes of a file.
///
/// # Panics
/// When something doesn't hold for it.
pub fn check(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    match parse(text) {
        Ok(policies) => policies.iter().for_each(check_policy),
        Err(error) => check_error(&error.to_string()),
    }
    match serde_saphyr::from_str::<Value>(text) {
        Ok(object) if object.is_object() => check_object(text, &object),
        // A file's list is read by position, which no cluster would store.
        Ok(other) => assert!(WasmPolicy::from_object(&other).is_err()),
        Err(_) => {}
    }
}

fn check_policy(policy: &WasmPolicy) {
    let printed = print(policy);
    let again = parse(&printed.to_string()).expect("what is printed is read");
    assert_eq!(again, std::slice::from_ref(policy));
    assert_eq!(
        &WasmPolicy::from_object(&printed).expect("an object"),
        policy
    );
    if let Err(error) = policy.limits.check() {
        assert!(!error.name.is_empty());
    }
}

/// What both a file and a cluster hold means the same in both.
fn check_object(text: &str, object: &Value) {
    match (WasmPolicy::from_object(object), parse(text)) {
        (Ok(policy), Ok(policies)) => assert_eq!(policies, [policy]),
        (Ok(_), Err(error)) => panic!("read as an object, and in a file: {error}"),
        // A file may hold nothing; and a name such as `y` is a text in it, which untyped YAML takes for
        // a boolean.
        (Err(error), _) => check_named(&error.reason),
    }
}

fn check_error(error: &str) {
    assert!(error.len() <= ERROR, "an error of {} bytes", error.len());
    assert!(!error.is_empty());
}

/// The reason says which field it is about.
fn check_named(reason: &str) {
    check_error(reason);
    let fields = [
        "apiVersion",
        "kind",
        "metadata",
        "spec",
        // Both at once.
        "expected kubectl-sax.dev/v1alpha1 WasmPolicy",
    ];
    assert!(
        fields.iter().any(|field| reason.contains(field)),
        "{reason}"
    );
}

fn parse(text: &str) -> Result<Vec<WasmPolicy>, LoadError> {
    WasmPolicy::parse(text, Path::new("policy.yaml"))
}

/// The policy with every field written out.
fn print(policy: &WasmPolicy) -> Value {
    let limits = &policy.limits;
    let grants = policy.grants.0.iter();
    let grants: Vec<Value> = grants
        .map(|grant| json!({"apiVersion": grant.api_version, "kind": grant.kind}))
        .collect();
    json!({
        "apiVersion": "kubectl-sax.dev/v1alpha1",
        "kind": "WasmPolicy",
        "metadata": {"name": policy.name},
        "spec": {
            "module": module(&policy.module),
            "order": policy.order,
            "mode": match policy.mode {
                Mode::Enforce => "enforce",
                Mode::Warn => "warn",
                Mode::Audit => "audit",
            },
            "onError": match policy.on_error {
                OnError::Deny => "deny",
                OnError::Allow => "allow",
            },
            "skippable": policy.skippable,
            "settings": policy.settings,
            "match": {
                "namespaces": policy.matching.namespaces,
                "excludeNamespaces": policy.matching.exclude_namespaces,
                "labels": policy.matching.labels,
            },
            "grants": grants,
            "limits": {
                "fuel": limits.fuel,
                "memoryBytes": limits.memory_bytes,
                "outputBytes": limits.output_bytes,
                "hostCalls": limits.host_calls,
                "deadlineMilliseconds": u64::try_from(limits.deadline.as_millis())
                    .expect("it was read from as many bits"),
            },
        },
    })
}

fn module(module: &Module) -> Value {
    match module {
        Module::Builtin(name) => json!({"builtin": name}),
        Module::File(path) => json!({"file": path}),
        Module::ConfigMap(ConfigMapKey { name, key }) => {
            json!({"configMap": {"name": name, "key": key}})
        }
        Module::Image(image) => json!({"image": image}),
    }
}
