//! The help of the whole: verbs by what they are for.

use std::fmt::Write as _;

use clap::{Command, CommandFactory};

use super::Cli;

/// Verbs by what they are for. A test keeps it complete.
pub(crate) const GROUPS: [(&str, &[&str]); 6] = [
    ("Plan", &["plan", "models"]),
    (
        "Deploy",
        &["init", "lint", "deploy", "diff", "scale", "delete"],
    ),
    (
        "Serve",
        &[
            "publish",
            "update",
            "unpublish",
            "get",
            "wait",
            "generate",
            "chat",
            "score",
            "embed",
            "bench",
        ],
    ),
    (
        "Diagnose",
        &[
            "doctor",
            "status",
            "report",
            "logs",
            "events",
            "topology",
            "explain",
            "endpoint",
            "port-forward",
            "exec",
        ],
    ),
    ("Policy", &["policy", "audit", "webhook"]),
    ("Other", &["completion", "version"]),
];
/// How wide the column of the verbs is.
const COLUMN: usize = 14;

/// The command line, its verbs grouped.
pub(crate) fn command() -> Command {
    let command = Cli::command();
    let template = format!(
        "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\n{}\nOptions:\n{{options}}\
         {{after-help}}",
        groups(&command)
    );
    command.help_template(template)
}

fn groups(command: &Command) -> String {
    let mut text = String::new();
    for (title, verbs) in GROUPS.iter().filter(|(_, verbs)| !verbs.is_empty()) {
        let _ = writeln!(text, "{title}:");
        for verb in *verbs {
            let found = command.find_subcommand(verb);
            let about = found.and_then(Command::get_about);
            let about = about.map(ToString::to_string).unwrap_or_default();
            let _ = writeln!(text, "  {verb:<COLUMN$}{about}");
        }
        text.push('\n');
    }
    text.trim_end().to_owned() + "\n"
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::Command;

    use super::{GROUPS, command};

    #[test]
    fn every_verb_stands_in_one_group() {
        let grouped: Vec<_> = GROUPS
            .iter()
            .flat_map(|(_, verbs)| verbs.iter().copied())
            .collect();
        let once: BTreeSet<_> = grouped.iter().copied().collect();
        assert_eq!(once.len(), grouped.len());
        let command = command();
        let shown = command.get_subcommands().filter(|verb| !verb.is_hide_set());
        assert_eq!(once, shown.map(Command::get_name).collect());
    }

    /// The commands of the examples of a verb's help.
    fn examples(verb: &Command) -> Vec<String> {
        let help = verb
            .get_after_help()
            .map(ToString::to_string)
            .unwrap_or_default();
        let joined = help.replace("\\\n", " ");
        let commands = joined.lines().filter_map(|line| {
            let (_, words) = line
                .split_once("kubectl sax ")
                .filter(|_| line.starts_with("  "))?;
            let end = words.find([')', '|', '>', '<']).unwrap_or(words.len());
            Some(words[..end].trim().to_owned())
        });
        commands.collect()
    }

    /// The words of a command line in which single quotes are the only quotes.
    fn words(line: &str) -> Vec<String> {
        let mut quoted = false;
        let words = line.split(|letter: char| {
            quoted ^= letter == '\'';
            letter == ' ' && !quoted
        });
        let plain = words.map(|word| word.replace('\'', ""));
        plain.filter(|word| !word.is_empty()).collect()
    }

    /// All verbs that do something, with their groups.
    fn leaves(command: &Command) -> Vec<&Command> {
        match command.has_subcommands() && command.is_subcommand_required_set() {
            true => command.get_subcommands().flat_map(leaves).collect(),
            false => vec![command],
        }
    }

    #[test]
    fn every_example_is_a_command_line_that_is_taken() {
        let command = command();
        let verbs = command.get_subcommands().filter(|verb| !verb.is_hide_set());
        let needs_none = ["version", "webhook"];
        let all = verbs.flat_map(|verb| leaves(verb).into_iter().map(move |leaf| (verb, leaf)));
        for (group, verb) in all {
            let examples = examples(verb);
            let needs_none = needs_none.contains(&group.get_name());
            assert!(
                needs_none || !examples.is_empty(),
                "{} has no example",
                verb.get_name()
            );
            for example in examples {
                let words = std::iter::once("kubectl-sax".to_owned()).chain(words(&example));
                let taken = super::command().try_get_matches_from(words);
                assert!(
                    taken.is_ok(),
                    "{example}: {}",
                    taken.err().map(|e| e.to_string()).unwrap_or_default()
                );
            }
        }
    }
}
