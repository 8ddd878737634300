//! Placeholders of tutorials that nobody replaced.

use sdk::{Node, Verdict};

use crate::component::Component;
use crate::excerpt::quoted;

/// Words that stand for a value. Source: facts/plugin.md §5d row 2, the tutorial's own text.
const WORDS: [&str; 3] = ["BUCKET_NAME", "VERSION", "JOBSET_VERSION"];
/// Beginnings of words that stand for a value.
const BEGINNINGS: [&str; 2] = ["PROJECT_ID", "YOUR_"];
/// The longest text between angle brackets that is a placeholder, in bytes.
const LONGEST_BRACKETED: usize = 40;

/// SAX001: placeholders in the container and in its Pods' service account.
pub(crate) fn check(component: &Component<'_>, verdict: &mut Verdict) {
    let container = &component.container;
    let mut places = vec![container.node.at("image")];
    places.extend(container.words().map(|(place, _)| place));
    let variables = component.variables().elements();
    places.extend(variables.iter().map(|variable| variable.at("value")));
    places.push(component.group.spec.at("serviceAccountName"));
    for place in places {
        report(&place, verdict);
    }
}

fn report(place: &Node<'_>, verdict: &mut Verdict) {
    let Some(text) = place.text() else { return };
    let Some(placeholder) = find(text) else {
        return;
    };
    // Two Sax containers of one Pod share the service account.
    let is_known = |path: &str| {
        let findings = verdict.findings().iter();
        findings
            .filter(|finding| finding.code == "SAX001")
            .any(|finding| finding.path == path)
    };
    if is_known(place.path()) {
        return;
    }
    verdict.warn(
        "SAX001",
        place.path(),
        format!(
            "found the placeholder {placeholder} in {}, expected a real value",
            quoted(text)
        ),
        format!("replace {placeholder} with {}", meant(placeholder)),
    );
}

/// The first placeholder in `text`.
pub(crate) fn find(text: &str) -> Option<&str> {
    bracketed(text).or_else(|| word(text))
}

fn word(text: &str) -> Option<&str> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut rest = text;
    while let Some(start) = rest.find(is_part) {
        let (before, tail) = rest.split_at(start);
        let end = tail.find(|c| !is_part(c)).unwrap_or(tail.len());
        let (found, after) = tail.split_at(end);
        let is_variable = before.ends_with(['$', '{']) || before.ends_with("$(");
        if !is_variable && is_placeholder(found) {
            return Some(found);
        }
        rest = after;
    }
    None
}

fn is_placeholder(word: &str) -> bool {
    let begins = |beginning: &&str| word.starts_with(*beginning);
    WORDS.contains(&word) || BEGINNINGS.iter().any(begins)
}

/// `<your-bucket>`: letters, digits, blanks, dashes and underscores between angle brackets.
fn bracketed(text: &str) -> Option<&str> {
    let start = text.find('<')?;
    let rest = &text[start + 1..];
    let end = rest.find('>')?;
    let name = &rest[..end];
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && !name.ends_with(' ')
        && name.len() <= LONGEST_BRACKETED
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || " -_".contains(c));
    is_name.then(|| &text[start..start + end + 2])
}

fn meant(placeholder: &str) -> &'static str {
    if placeholder.contains("BUCKET") {
        "the name of your bucket"
    } else if placeholder.contains("PROJECT") {
        "the ID of your project"
    } else if placeholder.contains("VERSION") {
        "a version"
    } else {
        "your own value"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tutorials_placeholders_are_found() {
        for (text, placeholder) in [
            ("gs://BUCKET_NAME/sax-root", "BUCKET_NAME"),
            ("PROJECT_ID-gke-bucket", "PROJECT_ID"),
            ("r/sax-http:VERSION", "VERSION"),
            ("JOBSET_VERSION", "JOBSET_VERSION"),
            ("YOUR_BUCKET", "YOUR_BUCKET"),
            ("gs://<your-bucket>/x", "<your-bucket>"),
        ] {
            assert_eq!(find(text), Some(placeholder), "{text}");
        }
    }

    #[test]
    fn real_values_and_variables_are_none() {
        for text in [
            "gs://my-bucket/sax-root",
            "$(BUCKET_NAME)",
            "${PROJECT_ID}-x",
            "$VERSION",
            "SAX_VERSION",
            "a < b > c",
            "cat <in >out",
            "<>",
            "",
            "é<",
        ] {
            assert_eq!(find(text), None, "{text}");
        }
    }
}
