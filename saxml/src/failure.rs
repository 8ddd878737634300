//! Errors of Saxml with the code that they mean.
//!
//! The admin server is built with a grpc-go that does not unwrap errors: almost all of its errors
//! arrive as `Unknown`, and only the end of their text names the true code, as in
//! `model {test m1} already exists: rpc error: code = AlreadyExists desc = AlreadyExists`. Built
//! with a grpc-go of today it sends the true code and the same text.

use std::fmt;

use tonic::{Code, Status};

/// What stands before a code's name in the text of a Go error.
const BEFORE_CODE: &str = "rpc error: code = ";
/// What stands between a code's name and its description.
const AFTER_CODE: &str = " desc = ";
/// What a Go context says when its time is over; no code stands beside it.
const OUT_OF_TIME: &str = "context deadline exceeded";

/// Go's names of the codes, as grpc-go writes them into texts.
const GO_NAMES: [(&str, Code); 17] = [
    ("OK", Code::Ok),
    ("Canceled", Code::Cancelled),
    ("Unknown", Code::Unknown),
    ("InvalidArgument", Code::InvalidArgument),
    ("DeadlineExceeded", Code::DeadlineExceeded),
    ("NotFound", Code::NotFound),
    ("AlreadyExists", Code::AlreadyExists),
    ("PermissionDenied", Code::PermissionDenied),
    ("ResourceExhausted", Code::ResourceExhausted),
    ("FailedPrecondition", Code::FailedPrecondition),
    ("Aborted", Code::Aborted),
    ("OutOfRange", Code::OutOfRange),
    ("Unimplemented", Code::Unimplemented),
    ("Internal", Code::Internal),
    ("Unavailable", Code::Unavailable),
    ("DataLoss", Code::DataLoss),
    ("Unauthenticated", Code::Unauthenticated),
];

/// An error of Saxml: the code that it means and what it says, without the code's name in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The true code.
    pub code: Code,
    /// What Saxml says, for people: nobody should branch on it.
    pub message: String,
}

impl Failure {
    /// Reads an error that came as text alone, as both HTTP dialects hand it on. Where the text
    /// names no code, it is `Unknown`.
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        let (message, named) = split(text);
        let out_of_time = || text.contains(OUT_OF_TIME).then_some(Code::DeadlineExceeded);
        let code = named.or_else(out_of_time);
        Self {
            code: code.unwrap_or(Code::Unknown),
            message,
        }
    }
}

impl From<&Status> for Failure {
    fn from(status: &Status) -> Self {
        let told = Self::from_text(status.message());
        match status.code() {
            Code::Unknown => told,
            code => Self { code, ..told },
        }
    }
}

impl From<Status> for Failure {
    fn from(status: Status) -> Self {
        Self::from(&status)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

/// Go's name of a code.
#[must_use]
pub fn go_name(code: Code) -> &'static str {
    let mut names = GO_NAMES.iter();
    names
        .find(|(_, known)| *known == code)
        .map_or("Unknown", |(name, _)| name)
}

/// The text without the codes that stand in it, and the last of them.
fn split(text: &str) -> (String, Option<Code>) {
    let mut kept = String::new();
    let mut code = None;
    let mut rest = text;
    while let Some((before, name, after)) = next_code(rest) {
        kept.push_str(before);
        code = GO_NAMES.iter().find(|(known, _)| *known == name);
        // A description that only says the name again.
        rest = after.strip_prefix(name).unwrap_or(after);
    }
    kept.push_str(rest);
    let message = kept.trim().trim_end_matches(':').to_owned();
    match code {
        Some((name, code)) if message.is_empty() => ((*name).to_owned(), Some(*code)),
        found => (message, found.map(|(_, code)| *code)),
    }
}

/// What stands before the next `rpc error: code = NAME desc = `, the name, and what follows.
fn next_code(text: &str) -> Option<(&str, &str, &str)> {
    let mut starts = text.match_indices(BEFORE_CODE);
    starts.find_map(|(start, _)| {
        let (name, after) = text[start + BEFORE_CODE.len()..].split_once(AFTER_CODE)?;
        let is_name = GO_NAMES.iter().any(|(known, _)| *known == name);
        is_name.then_some((&text[..start], name, after))
    })
}

#[cfg(test)]
mod tests {
    use super::{Failure, GO_NAMES, go_name};
    use tonic::{Code, Status};

    /// Status code, text, true code, what people see. Texts as real servers sent them.
    const SEEN: [(Code, &str, Code, &str); 14] = [
        (
            Code::Unknown,
            "model {test m1} already exists: rpc error: code = AlreadyExists desc = AlreadyExists",
            Code::AlreadyExists,
            "model {test m1} already exists",
        ),
        (
            Code::AlreadyExists,
            "model {test m1} already exists: rpc error: code = AlreadyExists desc = AlreadyExists",
            Code::AlreadyExists,
            "model {test m1} already exists",
        ),
        (
            Code::Unknown,
            "model name \"Bad\" must match \"^[a-z]+[a-z0-9-_]*$\": rpc error: code = \
             InvalidArgument desc = InvalidArgument",
            Code::InvalidArgument,
            "model name \"Bad\" must match \"^[a-z]+[a-z0-9-_]*$\"",
        ),
        (
            Code::Unknown,
            "ACL check is not supported: rpc error: code = Unimplemented desc = Unimplemented",
            Code::Unimplemented,
            "ACL check is not supported",
        ),
        (
            Code::Unknown,
            "model {test m1} is being unpublished, please retry later: rpc error: code = \
             Unavailable desc = Unavailable",
            Code::Unavailable,
            "model {test m1} is being unpublished, please retry later",
        ),
        (
            Code::Unknown,
            "context deadline exceeded",
            Code::DeadlineExceeded,
            "context deadline exceeded",
        ),
        (
            Code::Unknown,
            "failed to start a connection with A: Start failed to create a client for model \
             server A: context deadline exceeded",
            Code::DeadlineExceeded,
            "failed to start a connection with A: Start failed to create a client for model \
             server A: context deadline exceeded",
        ),
        (
            Code::Unknown,
            "Failed to publish model: rpc error: code = Unknown desc = model {test m1} already \
             exists: rpc error: code = AlreadyExists desc = AlreadyExists",
            Code::AlreadyExists,
            "Failed to publish model: model {test m1} already exists",
        ),
        (
            Code::Unknown,
            "Failed to generate query: retries(36): rpc error: code = Unavailable desc = \
             Unavailable",
            Code::Unavailable,
            "Failed to generate query: retries(36)",
        ),
        (
            Code::Unknown,
            "rpc error: code = Unavailable desc = connection refused",
            Code::Unavailable,
            "connection refused",
        ),
        (
            Code::Unknown,
            "rpc error: code = NotFound desc = NotFound",
            Code::NotFound,
            "NotFound",
        ),
        (Code::Cancelled, "Canceled", Code::Cancelled, "Canceled"),
        (
            Code::NotFound,
            "/sax/test/m1 is still loading or already unloaded",
            Code::NotFound,
            "/sax/test/m1 is still loading or already unloaded",
        ),
        (
            Code::Unknown,
            "rpc error: code = Nonsense desc = Nonsense",
            Code::Unknown,
            "rpc error: code = Nonsense desc = Nonsense",
        ),
    ];

    #[test]
    fn an_error_has_the_code_that_its_text_names() {
        for (code, text, true_code, message) in SEEN {
            let failure = Failure::from(Status::new(code, text));
            assert_eq!(failure.code, true_code, "{text}");
            assert_eq!(failure.message, message, "{text}");
        }
    }

    #[test]
    fn every_code_is_recovered_from_the_text_that_names_it() {
        for (name, code) in GO_NAMES {
            let text = format!("no: rpc error: code = {name} desc = {name}");
            let failure = Failure::from_text(&text);
            assert_eq!((failure.code, failure.message.as_str()), (code, "no"));
            assert_eq!(go_name(code), name);
        }
    }
}
