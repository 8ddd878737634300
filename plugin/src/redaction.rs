//! What looks like a secret, taken out of objects and logs before they leave the machine. Pure.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

/// What stands in its place.
pub(crate) const REDACTED: &str = "REDACTED";
/// kubectl's copy of what was applied: it holds all values once more.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Forms of credentials, with what each is replaced by.
static FORMS: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    let forms = [
        (
            r"-----BEGIN [A-Z0-9 ]+-----[\s\S]*?(-----END [A-Z0-9 ]+-----|\z)",
            REDACTED,
        ),
        (
            r"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]*)?",
            REDACTED,
        ),
        (
            r"\b(ya29\.|AIza|AKIA|ASIA|gh[pousr]_|github_pat_|hf_|xox[abprs]-|sk-)[A-Za-z0-9_-]{8,}",
            REDACTED,
        ),
        (
            r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}",
            "$1 REDACTED",
        ),
        (r"(://)[^/\s@]+@", "${1}REDACTED@"),
        (
            r#"(?i)([a-z0-9_.-]*(?:token|passw(?:or)?d|secret|api[_-]?key|credentials?|private[_-]?key)[a-z0-9_.-]*["']?\s*[=:]\s*)("[^"]*"|'[^']*'|[^\s"',;&}]+)"#,
            "${1}REDACTED",
        ),
    ];
    let compiled = forms.map(|(form, with)| Regex::new(form).map(|form| (form, with)));
    compiled
        .into_iter()
        .map(|form| form.expect("a form must be a regular expression"))
        .collect()
});

/// Names of variables and members whose values are secrets.
static NAMES: LazyLock<Regex> = LazyLock::new(|| {
    let names = r"(?i)(token|passw|secret|api_?key|credential|private_?key|auth)";
    Regex::new(names).expect("the names must be a regular expression")
});

/// A text without what looks like a secret.
pub(crate) fn redact_text(text: &str) -> String {
    let mut text = text.to_owned();
    for (form, with) in FORMS.iter() {
        if form.is_match(&text) {
            text = form.replace_all(&text, *with).into_owned();
        }
    }
    text
}

/// An object without what looks like a secret.
pub(crate) fn redact(value: &mut Value) {
    match value {
        Value::String(text) => *text = redact_text(text),
        Value::Array(items) => items.iter_mut().for_each(redact),
        Value::Object(members) => {
            members.remove(LAST_APPLIED);
            redact_variable(members);
            for (name, member) in members.iter_mut() {
                redact(member);
                if holds_secret(name) && member.is_string() {
                    *member = REDACTED.into();
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A variable of a container: name and value are members.
fn redact_variable(members: &mut serde_json::Map<String, Value>) {
    let secret = members
        .get("name")
        .and_then(Value::as_str)
        .is_some_and(|name| NAMES.is_match(name));
    match members.get_mut("value") {
        Some(value @ Value::String(_)) if secret => *value = REDACTED.into(),
        _ => {}
    }
}

/// A member whose value is one. Members that only name a Secret are told: who looks for a mistake
/// needs them.
fn holds_secret(name: &str) -> bool {
    const NAMING: [&str; 4] = [
        "secretName",
        "serviceAccountName",
        "automountServiceAccountToken",
        "authority",
    ];
    NAMES.is_match(name) && !NAMING.contains(&name)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::{redact, redact_text};

    #[test]
    fn known_forms_of_credentials_are_taken_out_and_the_rest_stays() {
        for (text, expected) in [
            ("a ya29.abcdefgh123 b", "a REDACTED b"),
            (
                "Authorization: Bearer abc.def-123456",
                "Authorization: Bearer REDACTED",
            ),
            ("https://me:pa55@host/x", "https://REDACTED@host/x"),
            ("HF_TOKEN=hf_abcdefghij ok", "HF_TOKEN=REDACTED ok"),
            (
                "{\"password\": \"a b c\", \"x\": 1}",
                "{\"password\": REDACTED, \"x\": 1}",
            ),
            (
                "-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----.",
                "REDACTED.",
            ),
            (
                "Successfully loaded model for key: /sax/test/spmd",
                "Successfully loaded model for key: /sax/test/spmd",
            ),
            (
                "--sax_cell=/sax/test --port=10001",
                "--sax_cell=/sax/test --port=10001",
            ),
            ("gs://my-bucket/sax-root", "gs://my-bucket/sax-root"),
        ] {
            assert_eq!(redact_text(text), expected);
        }
    }

    #[test]
    fn variables_members_and_kubectls_copy_are_taken_out_of_objects() {
        let mut object = json!({
            "metadata": {"annotations": {"kubectl.kubernetes.io/last-applied-configuration": "x"}},
            "spec": {"containers": [{"name": "c", "env": [
                {"name": "API_KEY", "value": "12345"},
                {"name": "SAX_ROOT", "value": "gs://b/sax-root"},
                {"name": "DB_PASSWORD", "valueFrom": {"secretKeyRef": {"name": "db", "key": "p"}}},
            ]}], "volumes": [{"secret": {"secretName": "tls"}}]},
            "token": "abc",
        });
        redact(&mut object);
        assert_eq!(object["metadata"]["annotations"], json!({}));
        assert_eq!(
            object["spec"]["containers"][0]["env"][0]["value"],
            "REDACTED"
        );
        assert_eq!(
            object["spec"]["containers"][0]["env"][1]["value"],
            "gs://b/sax-root"
        );
        let from = &object["spec"]["containers"][0]["env"][2]["valueFrom"];
        assert_eq!(from["secretKeyRef"], json!({"name": "db", "key": "p"}));
        assert_eq!(object["spec"]["volumes"][0]["secret"]["secretName"], "tls");
        assert_eq!(object["token"], "REDACTED");
    }

    proptest! {
        #[test]
        fn no_token_survives_wherever_it_stands(
            before in "[ -~]{0,20}", secret in "[A-Za-z0-9]{16,40}", after in "[ -~]{0,20}",
        ) {
            for form in [format!("token={secret}"), format!("ghp_{secret}"), format!("Bearer {secret}")] {
                let text = format!("{before} {form} {after}");
                prop_assert!(!redact_text(&text).contains(&secret), "{}", text);
            }
        }
    }
}
