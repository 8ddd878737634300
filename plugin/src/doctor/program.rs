//! The plugin itself: does kubectl run other programs in place of its verbs?

use super::{Evidence, Finding, Outcome};

/// kubectl looks for the longest name first: for `kubectl sax plan` it runs a `kubectl-sax-plan`
/// rather than us.
pub(super) fn check(evidence: &Evidence) -> Option<Outcome> {
    let findings = evidence.shadows.iter().map(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let verb = name.trim_start_matches("kubectl-sax-").replace('-', " ");
        let message = format!("kubectl runs it in place of our `kubectl sax {verb}`");
        Finding::warning(path.display().to_string(), message)
            .fixed_by(format!("rm {}", path.display()))
    });
    let version = format!("kubectl-sax {}", env!("CARGO_PKG_VERSION"));
    Some(Outcome::found(version, findings.collect()))
}
