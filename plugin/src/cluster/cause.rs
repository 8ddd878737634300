//! What an error comes from.

use std::error::Error;
use std::io;
use std::time::Duration;

use crate::duration;

/// An error with its causes, each told once: clients nest them, and the innermost says the most.
pub(crate) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}

/// What is wrong with the server's certificate, where that is what an error comes from.
pub(super) fn untrusted<'a>(
    error: &'a (dyn Error + 'static),
) -> Option<&'a rustls::CertificateError> {
    causes_of(error).find_map(|error| match error.downcast_ref() {
        Some(rustls::Error::InvalidCertificate(cause)) => Some(cause),
        _ => None,
    })
}

/// Did something take too long?
pub(super) fn is_timeout(error: &(dyn Error + 'static)) -> bool {
    let io = |error: &(dyn Error + 'static)| error.downcast_ref().map(io::Error::kind);
    causes_of(error).any(|error| io(error) == Some(io::ErrorKind::TimedOut))
}

/// An error and what it comes from. IO errors hold their cause apart from their sources.
fn causes_of<'a>(
    error: &'a (dyn Error + 'static),
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| {
        let io = error.downcast_ref::<io::Error>();
        match io.and_then(io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => error.source(),
        }
    })
}

/// `within 70s`
pub(super) fn within(limit: Option<Duration>) -> String {
    limit.map_or("in time".to_owned(), |limit| {
        format!("within {}", duration::display(limit))
    })
}
