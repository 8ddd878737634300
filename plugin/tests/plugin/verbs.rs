//! The verbs of the binary, as its own help shows them.

use crate::run::sax;

/// A verb.
pub(crate) struct Verb {
    /// Its words, such as `policy install`.
    pub(crate) name: String,
    /// May it ask the API server?
    pub(crate) asks_cluster: bool,
    /// May it ask Saxml at an address?
    pub(crate) asks_saxml: bool,
}

/// Every verb, and the groups of verbs.
pub(crate) fn tree() -> Vec<Verb> {
    let mut found = Vec::new();
    let root = sax(&[], "").stdout;
    let (groups, _) = root.split_once("\nOptions:").expect("the help has options");
    for verb in listed(groups) {
        add(&mut found, &verb);
    }
    assert!(
        found.len() > 40,
        "only {} verbs are in the help",
        found.len()
    );
    found
}

fn add(found: &mut Vec<Verb>, verb: &str) {
    let words: Vec<_> = verb.split(' ').chain(["-h"]).collect();
    let help = sax(&words, "").stdout;
    let section = help.split_once("\nCommands:\n").map(|(_, rest)| rest);
    let section = section.and_then(|rest| rest.split("\n\n").next());
    for inner in section.map(listed).unwrap_or_default() {
        add(found, &format!("{verb} {inner}"));
    }
    let has = |flag: &str| help.contains(&format!(" {flag} <"));
    found.push(Verb {
        name: verb.to_owned(),
        asks_cluster: has("--kubeconfig"),
        asks_saxml: has("--endpoint"),
    });
}

/// The first words of lines that list verbs.
fn listed(text: &str) -> Vec<String> {
    let lines = text.lines().filter_map(|line| line.strip_prefix("  "));
    let words = lines.filter(|line| !line.starts_with([' ', '-']));
    let words = words.filter_map(|line| line.split_whitespace().next());
    words
        .filter(|word| *word != "help")
        .map(str::to_owned)
        .collect()
}
