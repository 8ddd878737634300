//! Which lists of a Pod template are maps, and by which keys (as in the API's `listMapKeys`).

use std::collections::BTreeMap;

use serde_json::Value;

/// The keys of the list in the field `name`; none for lists that are replaced whole.
pub(super) fn of_list(name: &str) -> Option<&'static [&'static str]> {
    Some(match name {
        "replicatedJobs"
        | "dependsOn"
        | "containers"
        | "initContainers"
        | "ephemeralContainers"
        | "env"
        | "volumes"
        | "imagePullSecrets"
        | "resourceClaims"
        | "schedulingGates"
        | "claims" => &["name"],
        "ports" => &["containerPort", "protocol"],
        "volumeMounts" => &["mountPath"],
        "volumeDevices" => &["devicePath"],
        "hostAliases" => &["ip"],
        "topologySpreadConstraints" => &["topologyKey", "whenUnsatisfiable"],
        _ => return None,
    })
}

/// One text for each element: its keys, numbered where they stand twice (the API's own types
/// allow that, and `kubectl apply` sends it).
pub(super) fn of_elements(elements: &[Value], keys: &[&str]) -> Vec<String> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    elements
        .iter()
        .map(|element| {
            let key = of_element(element, keys);
            let times = seen.entry(key.clone()).or_insert(0);
            *times += 1;
            match times {
                1 => key,
                _ => format!("{key} (no. {times})"),
            }
        })
        .collect()
}

fn of_element(element: &Value, keys: &[&str]) -> String {
    let parts: Vec<String> = keys
        .iter()
        .map(|key| match element.get(key) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Null) | None if *key == "protocol" => "TCP".to_owned(),
            Some(value) => value.to_string(),
            None => String::new(),
        })
        .collect();
    parts.join("/")
}
