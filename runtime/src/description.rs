//! What a policy says of itself, checked.

use std::collections::BTreeMap;

use admission::{MatchRule, Severity};
use serde_json::Value;

use crate::grants::Grant;

/// Bytes of each text in a description.
const TEXT: usize = 16 << 10;
/// The engine's own codes; no policy may use them.
const ENGINE: &str = "POL";

/// What a policy says of itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Description {
    /// The policy's own name, a DNS label; a policy set may call it otherwise.
    pub name: String,
    /// Its own version.
    pub version: String,
    /// One line.
    pub summary: String,
    /// Any of these matches.
    pub matches: Vec<MatchRule>,
    /// JSON Schema of the settings.
    pub settings_schema: Value,
    /// Every code that it can use, in its own order.
    pub codes: Vec<Code>,
    /// What it wants to read, with the reasons.
    pub grants: Vec<(Grant, String)>,
}

/// The page that `kubectl sax explain CODE` shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code {
    /// Such as `TPU004`.
    pub code: String,
    /// The worst severity that the code comes with.
    pub severity: Severity,
    /// One line.
    pub title: String,
    /// Why it matters and what to do: Markdown.
    pub text: String,
}

/// Which codes a policy may use, and how bad each may be.
pub(crate) type Codes = BTreeMap<String, Severity>;

impl Description {
    /// What is wrong with the description, in words, if anything is.
    pub(crate) fn fault(&self) -> Option<String> {
        if !is_dns_label(&self.name) {
            let name = clip(&self.name);
            return Some(format!("name {name:?} is no DNS label"));
        }
        if self.version.is_empty() {
            return Some("it has no version".to_owned());
        }
        if self.matches.is_empty() {
            return Some("it has no match rule, so it would never be asked".to_owned());
        }
        let texts = [&self.version, &self.summary];
        let of_codes = self.codes.iter().flat_map(|code| [&code.title, &code.text]);
        if texts
            .into_iter()
            .chain(of_codes)
            .any(|text| text.len() > TEXT)
        {
            return Some(format!("a text is longer than {TEXT} bytes"));
        }
        self.fault_of_codes()
    }

    fn fault_of_codes(&self) -> Option<String> {
        let mut seen = Codes::new();
        for code in &self.codes {
            let name = clip(&code.code);
            if !is_code(&code.code) {
                return Some(format!(
                    "code {name:?} is not three capitals and three digits"
                ));
            }
            if code.code.starts_with(ENGINE) {
                return Some(format!("code {name} is the engine's own"));
            }
            if seen.insert(code.code.clone(), code.severity).is_some() {
                return Some(format!("code {name} stands twice"));
            }
        }
        None
    }

    pub(crate) fn code_table(&self) -> Codes {
        let codes = self.codes.iter();
        codes
            .map(|code| (code.code.clone(), code.severity))
            .collect()
    }
}

/// Three capitals and three digits: `TPU004`.
pub(crate) fn is_code(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 6
        && bytes[..3].iter().all(u8::is_ascii_uppercase)
        && bytes[3..].iter().all(u8::is_ascii_digit)
}

/// A DNS label as of RFC 1123: at most 63 lowercase letters, digits and inner dashes.
pub(crate) fn is_dns_label(text: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (1..=63).contains(&text.len())
        && text.chars().all(inner)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// The beginning of a text that a policy made, for a message.
pub(crate) fn clip(text: &str) -> String {
    text.chars().take(64).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn described() -> Description {
        let code = Code {
            code: "ABC001".into(),
            severity: Severity::Deny,
            title: "t".into(),
            text: String::new(),
        };
        Description {
            name: "a-policy".into(),
            version: "1".into(),
            summary: String::new(),
            matches: vec![MatchRule::default()],
            settings_schema: json!({}),
            codes: vec![code],
            grants: Vec::new(),
        }
    }

    #[test]
    fn a_sound_description_has_no_fault() {
        assert_eq!(described().fault(), None);
    }

    #[test]
    fn faults_are_named() {
        let fault = |change: fn(&mut Description)| {
            let mut description = described();
            change(&mut description);
            description.fault().unwrap()
        };
        assert!(fault(|d| d.name = "No Label".into()).contains("DNS label"));
        assert!(fault(|d| d.matches.clear()).contains("match rule"));
        assert!(fault(|d| d.codes[0].code = "abc1".into()).contains("abc1"));
        assert!(fault(|d| d.codes[0].code = "POL001".into()).contains("engine"));
        assert!(fault(|d| d.codes.push(d.codes[0].clone())).contains("twice"));
        assert!(fault(|d| d.summary = "x".repeat(TEXT + 1)).contains("longer"));
    }
}
