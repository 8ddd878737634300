//! Whether the API server says of a case what the pipeline says.

use admission::Decision;
use serde_json::Value;

use crate::answer;
use crate::attempts::Attempt;
use crate::https::Answer;
use crate::stored::{lasting, missing, unaccounted};

/// What the API server says without us.
pub(crate) struct Without {
    /// Of the object as submitted.
    pub(crate) submitted: Answer,
    /// Of the object with our patch applied, where there is one.
    pub(crate) completed: Option<Answer>,
}

/// How a case ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Let in, and stored as expected.
    Stored,
    /// Refused by us, with the expected findings.
    Refused,
    /// Refused by the API server or JobSet as without us, with the reason.
    RefusedAnyway(String),
    /// Something else than expected.
    Differs(String),
}

/// Compares the API server's answer with the pipeline's.
pub(crate) fn outcome(attempt: &Attempt, without: &Without, with: &Answer) -> Outcome {
    let decision = &attempt.decision;
    let difference = if with.is_success() {
        let mine = answer::difference(decision, None, "", &ours(&with.warnings));
        mine.or_else(|| stored_otherwise(decision, without, with))
    } else if let Some(prefix) = our_refusal(&with.body) {
        let warnings = ours(&with.warnings);
        answer::difference(decision, Some(&with.body), &prefix, &warnings)
    } else {
        return refused_anyway(decision, without, with);
    };
    match difference {
        Some(difference) => Outcome::Differs(difference),
        None if with.is_success() => Outcome::Stored,
        None => Outcome::Refused,
    }
}

/// What stands before our findings in a refusal's message. None where it isn't ours.
pub(crate) fn our_refusal(status: &Value) -> Option<String> {
    const END: &str = ".admission.kubectl-sax.dev\" denied the request: ";
    let message = status["message"].as_str()?;
    let ours = message.starts_with("admission webhook \"");
    let end = message.find(END).filter(|_| ours)? + END.len();
    message.get(..end).map(str::to_owned)
}

/// Why the API server refuses an object, in one or two words.
pub(crate) fn reason(answer: &Answer) -> String {
    match answer.status {
        400 => "wrong type".to_owned(),
        404 => "unknown kind".to_owned(),
        422 => "invalid".to_owned(),
        403 if from_webhook(&answer.body) => "refused by JobSet".to_owned(),
        other => format!("status {other}"),
    }
}

/// What a refusal says.
fn text(answer: &Answer) -> &Value {
    answer.body.get("message").unwrap_or(&answer.body)
}

fn from_webhook(status: &Value) -> bool {
    let message = status["message"].as_str().unwrap_or_default();
    message.starts_with("admission webhook \"") && message.contains(".kb.io\"")
}

/// Without us it must be refused too, for the same reason; with our patch, if that changes it.
fn refused_anyway(decision: &Decision, without: &Without, with: &Answer) -> Outcome {
    let same = |answer: &Answer| text(answer) == text(with);
    let completed = without.completed.as_ref().unwrap_or(&without.submitted);
    if !same(&without.submitted) && !same(completed) {
        let text = format!("refused by others only with us: {with:#?}");
        return Outcome::Differs(text);
    }
    let reason = reason(with);
    // What can't even be read was never shown to us; lint must see it by itself.
    let unread = matches!(with.status, 400 | 404);
    let warnings = ours(&with.warnings);
    let difference = match (unread, with.status) {
        (true, 400) if decision.allowed => Some("wrong types are allowed".to_owned()),
        (true, _) => None,
        (false, _) => answer::difference(decision, None, "", &warnings),
    };
    match difference {
        Some(difference) => Outcome::Differs(format!("{reason}: {difference}\n{:#}", with.body)),
        None => Outcome::RefusedAnyway(reason),
    }
}

fn stored_otherwise(decision: &Decision, without: &Without, with: &Answer) -> Option<String> {
    let completed = without.completed.as_ref().unwrap_or(&without.submitted);
    if !completed.is_success() {
        return Some(format!("without us it is refused: {:#}", completed.body));
    }
    let [stored, expected] = [with, completed].map(|answer| lasting(&answer.body));
    if stored != expected {
        return Some(format!(
            "expected to be stored {expected:#}\nfound {stored:#}"
        ));
    }
    let object = decision.object.as_ref()?;
    let mut wrong = missing(&decision.patch, object, &stored);
    if without.submitted.is_success() {
        let plain = lasting(&without.submitted.body);
        wrong.extend(unaccounted(&decision.patch, &plain, &stored));
    }
    let theirs = |answer: &Answer| {
        let mut theirs = answer.warnings.clone();
        theirs.retain(|text| !is_ours(text));
        theirs
    };
    if theirs(with) != theirs(completed) {
        return Some(format!(
            "other warnings than without us: {:#?}",
            with.warnings
        ));
    }
    (!wrong.is_empty())
        .then(|| format!("at {wrong:?} the stored object isn't as patched: {stored:#}"))
}

fn ours(warnings: &[String]) -> Vec<String> {
    let ours = warnings.iter().filter(|text| is_ours(text));
    ours.cloned().collect()
}

/// `[TPU007] ...`, or what tells how many more there are.
fn is_ours(warning: &str) -> bool {
    let bytes = warning.as_bytes();
    let has_code = bytes.first() == Some(&b'[')
        && bytes.get(7) == Some(&b']')
        && bytes[1..4].iter().all(u8::is_ascii_uppercase)
        && bytes[4..7].iter().all(u8::is_ascii_digit);
    has_code || (warning.starts_with("and ") && warning.ends_with(" more warnings"))
}
