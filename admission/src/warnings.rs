//! Warnings within what the API server lets through.
//!
//! It shows warnings in full while they have at most 4,096 characters together; beyond that it
//! cuts all of them to 256 and drops the rest.

use crate::finding::{Finding, without_control_characters};

const TOTAL: usize = 4096;
const EACH: usize = 256;
/// Room for "and 123456 more warnings".
const LAST: usize = 32;

/// The texts of all findings, whole if they fit, else shortened, the last one saying how many
/// are left out. The same text is sent once.
#[must_use]
pub fn fit_warnings(findings: &[Finding]) -> Vec<String> {
    let mut texts: Vec<String> = Vec::with_capacity(findings.len());
    for finding in findings {
        let text = without_control_characters(&finding.to_string());
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    let total: usize = texts.iter().map(|text| text.chars().count()).sum();
    if total <= TOTAL {
        texts
    } else {
        shorten(&texts)
    }
}

fn shorten(texts: &[String]) -> Vec<String> {
    let mut short: Vec<String> = Vec::new();
    let mut left = TOTAL - LAST;
    for text in texts {
        let text = cut(text);
        let length = text.chars().count();
        if length > left {
            short.push(format!("and {} more warnings", texts.len() - short.len()));
            break;
        }
        left -= length;
        short.push(text);
    }
    short
}

/// `text`, or as much of it as a warning may have where many are sent.
pub(crate) fn cut(text: &str) -> String {
    if text.chars().count() <= EACH {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(EACH - 1).collect();
    cut.push('…');
    cut
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Severity;

    fn warnings(count: usize, length: usize) -> Vec<Finding> {
        let warning = |index| Finding {
            code: "TPU001".into(),
            severity: Severity::Warn,
            policy: "p".into(),
            path: format!("/{index}"),
            message: "é".repeat(length),
            fix: String::new(),
        };
        (0..count).map(warning).collect()
    }

    fn total(texts: &[String]) -> usize {
        texts.iter().map(|text| text.chars().count()).sum()
    }

    #[test]
    fn what_fits_is_sent_whole() {
        let findings = warnings(3, 1_000);
        let whole: Vec<String> = findings.iter().map(ToString::to_string).collect();
        assert_eq!(fit_warnings(&findings), whole);
    }

    #[test]
    fn what_does_not_fit_is_shortened_and_counted() {
        let texts = fit_warnings(&warnings(40, 1_000));
        assert!(total(&texts) <= TOTAL);
        assert!(texts.iter().all(|text| text.chars().count() <= EACH));
        assert_eq!(texts.last().unwrap(), "and 25 more warnings");
    }

    #[test]
    fn the_same_text_is_sent_once() {
        let one = warnings(1, 10);
        let twice = [one.clone(), one.clone()].concat();
        assert_eq!(fit_warnings(&twice), fit_warnings(&one));
    }
}
