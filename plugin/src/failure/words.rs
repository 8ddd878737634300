//! Parts of what failures say.

use crate::cluster::Stage;
use crate::suggest;

pub(super) fn there_are(known: &[String]) -> String {
    match known {
        [] => String::new(),
        known => format!(", only {}", known.join(", ")),
    }
}

pub(super) fn nearest_deployment(name: &str, namespace: &str, known: &[String]) -> String {
    match suggest::nearest(name, known.iter().map(String::as_str)) {
        Some(near) => format!("write {near}"),
        None => format!(
            "name another namespace than {namespace} with -n; `kubectl get jobsets -A -l \
             app.kubernetes.io/managed-by=kubectl-sax` shows where they are"
        ),
    }
}

pub(super) fn open(stages: &[Stage]) -> String {
    let texts: Vec<_> = stages.iter().map(Stage::to_string).collect();
    texts.join("; ")
}

pub(super) fn did_you_mean(suggestions: &[String]) -> String {
    if suggestions.is_empty() {
        String::new()
    } else {
        format!("; did you mean {}?", suggestions.join(" or "))
    }
}
