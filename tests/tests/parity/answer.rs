//! What a refused or warned user gets to see, in the form that is the same everywhere.

use admission::{Decision, Finding, fit_warnings};
use serde_json::{Value, json};

/// `status.details.causes` of a refusal.
pub(crate) fn causes(denials: &[Finding]) -> Value {
    let causes = denials.iter().map(|denial| {
        let Finding {
            code,
            path,
            message,
            fix,
            ..
        } = denial;
        let text = format!("{message}. fix: {fix}").replace(char::is_control, " ");
        json!({"reason": code, "field": path, "message": text})
    });
    causes.collect()
}

/// `status.message` of a refusal.
pub(crate) fn message(denials: &[Finding]) -> String {
    let lines: Vec<String> = denials.iter().map(ToString::to_string).collect();
    lines.join("; ")
}

/// What differs between the decision and what an answer says of it: `status` of a refusal and
/// `warnings`. `prefix` is what stands before the findings in the status' message.
pub(crate) fn difference(
    decision: &Decision,
    status: Option<&Value>,
    prefix: &str,
    warnings: &[String],
) -> Option<String> {
    let expected = fit_warnings(&decision.warnings);
    if expected != warnings {
        return Some(format!(
            "expected the warnings {expected:#?}\nfound {warnings:#?}"
        ));
    }
    let Some(status) = status else {
        let denials = &decision.denials;
        return (!denials.is_empty()).then(|| format!("allowed in spite of {denials:#?}"));
    };
    let expected = causes(&decision.denials);
    let found = &status["details"]["causes"];
    if *found != expected {
        return Some(format!("expected the causes {expected:#}\nfound {found:#}"));
    }
    let expected = format!("{prefix}{}", message(&decision.denials));
    let found = status["message"].as_str().unwrap_or_default();
    (found != expected).then(|| format!("expected the message {expected}\nfound {found}"))
}
