//! Command and arguments of a container, as the server behind them reads its flags.

use sdk::Node;
use workload::{Container, EnvValue};

/// References within references that are followed; the kubelet allows any depth.
const REFERENCE_DEPTH: u8 = 4;

/// A text that a container is configured with, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Setting {
    /// RFC 6901 pointer.
    pub(crate) path: String,
    /// The text; none where only the running Pod knows it.
    pub(crate) value: Option<String>,
}

/// The words of a container's command and arguments. Words of a shell script count one by one.
#[derive(Debug)]
pub(crate) struct CommandLine<'a> {
    words: Vec<Word<'a>>,
    scripted: bool,
}

#[derive(Debug)]
struct Word<'a> {
    place: Node<'a>,
    text: &'a str,
}

impl<'a> CommandLine<'a> {
    pub(crate) fn of(container: &Container<'a>) -> Self {
        let mut words = Vec::new();
        let mut scripted = false;
        for (place, text) in container.words() {
            if text.contains(char::is_whitespace) {
                scripted = true;
                let split = text.split_whitespace().map(unquoted);
                words.extend(split.map(|text| Word {
                    place: place.clone(),
                    text,
                }));
            } else {
                scripted |= text.ends_with(".sh");
                words.push(Word { place, text });
            }
        }
        Self { words, scripted }
    }

    /// Whether a script stands between these words and the server, so that a flag that isn't seen
    /// here may still be given.
    pub(crate) fn is_scripted(&self) -> bool {
        self.scripted
    }

    /// Whether a program of this name is among the words, by any path (`/usr/bin/admin_server`,
    /// `saxml/bin:admin_server`).
    pub(crate) fn runs(&self, program: &str) -> bool {
        let name = |word: &Word<'a>| word.text.rsplit(['/', ':']).next().unwrap_or_default();
        self.words
            .iter()
            .any(|word| !word.text.starts_with('-') && name(word) == program)
    }

    /// Whether the flag is given at all.
    pub(crate) fn has_flag(&self, flag: &str) -> bool {
        self.last(flag).is_some()
    }

    /// The value of `--flag=value`, `-flag=value` or `--flag value`; the last one counts, for
    /// absl as for Go. References to variables are resolved with the container's `env`.
    pub(crate) fn flag(&self, flag: &str, container: &Container<'a>) -> Option<Setting> {
        let (place, value) = self.last(flag)?;
        Some(Setting {
            path: place.path().to_owned(),
            value: resolved(container, value),
        })
    }

    fn last(&self, flag: &str) -> Option<(&Node<'a>, &'a str)> {
        (0..self.words.len()).rev().find_map(|at| {
            let word = &self.words[at];
            let given = word.text.strip_prefix("--");
            let given = given.or_else(|| word.text.strip_prefix('-'))?;
            match given.split_once('=') {
                Some((name, value)) => (name == flag).then_some((&word.place, unquoted(value))),
                None if given == flag => Some(
                    self.words
                        .get(at + 1)
                        .map_or_else(|| (&word.place, ""), |next| (&next.place, next.text)),
                ),
                None => None,
            }
        })
    }
}

/// The environment variable `name` of the container, where it is not empty.
pub(crate) fn variable(container: &Container<'_>, name: &str) -> Option<Setting> {
    let env = container.env(name)?;
    let (path, value) = match env.value {
        EnvValue::Literal("") => return None,
        EnvValue::Literal(text) => (env.node.at("value"), resolved(container, text)),
        EnvValue::Reference => (env.node.at("valueFrom"), None),
    };
    Some(Setting {
        path: path.path().to_owned(),
        value,
    })
}

/// Whether variables can come from a ConfigMap or Secret as a whole.
pub(crate) fn has_foreign_variables(container: &Container<'_>) -> bool {
    !container.node.at("envFrom").elements().is_empty()
}

/// `text` with `$(NAME)` replaced as the kubelet does; none where a part of it is known only to
/// the running Pod.
fn resolved(container: &Container<'_>, text: &str) -> Option<String> {
    resolve(container, text, REFERENCE_DEPTH)
}

fn resolve(container: &Container<'_>, text: &str, depth: u8) -> Option<String> {
    let Some((before, rest)) = text.split_once("$(") else {
        // What is left of a dollar is a shell's business.
        return (!text.contains('$')).then(|| text.to_owned());
    };
    let (name, after) = rest.split_once(')')?;
    let depth = depth.checked_sub(1)?;
    let EnvValue::Literal(value) = container.env(name)?.value else {
        return None;
    };
    let value = resolve(container, value, depth)?;
    let after = resolve(container, after, depth)?;
    (!before.contains('$')).then(|| format!("{before}{value}{after}"))
}

fn unquoted(text: &str) -> &str {
    text.trim_matches(['"', '\'', ';', '\\'])
}

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::Document;
    use serde_json::json;

    fn container(object: &Document) -> Container<'_> {
        Container {
            node: object.root(),
            init: false,
        }
    }

    fn flag(object: &Document, name: &str) -> Option<Setting> {
        let container = container(object);
        CommandLine::of(&container).flag(name, &container)
    }

    fn text(object: &Document, name: &str) -> Option<String> {
        flag(object, name)?.value
    }

    #[test]
    fn the_last_of_repeated_flags_counts() {
        let object = Document::from(&json!({"args": ["--port=1", "-port=2", "--port", "3"]}));
        let found = flag(&object, "port").expect("the flag is given");
        assert_eq!(found.value.as_deref(), Some("3"));
        assert_eq!(found.path, "/args/3");
    }

    #[test]
    fn flags_in_a_shell_script_are_read() {
        let script = "exec server --port=10001 \\\n --sax_cell='/sax/test'";
        let object = Document::from(&json!({"command": ["sh", "-c", script]}));
        assert_eq!(text(&object, "port").as_deref(), Some("10001"));
        assert_eq!(text(&object, "sax_cell").as_deref(), Some("/sax/test"));
        assert!(CommandLine::of(&container(&object)).is_scripted());
    }

    #[test]
    fn references_to_literal_variables_are_resolved() {
        let object = Document::from(&json!({
            "args": ["--sax_cell=/sax/$(CELL)"],
            "env": [{"name": "CELL", "value": "test"}]
        }));
        assert_eq!(text(&object, "sax_cell").as_deref(), Some("/sax/test"));
    }

    #[test]
    fn what_only_the_pod_knows_has_no_value() {
        for value in ["$(POD)", "$(ABSENT)", "${CELL}", "$(LOOP)"] {
            let object = Document::from(&json!({
                "args": [format!("--sax_cell=/sax/{value}")],
                "env": [
                    {"name": "POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
                    {"name": "LOOP", "value": "$(LOOP)$(LOOP)"}
                ]
            }));
            assert_eq!(text(&object, "sax_cell"), None, "{value}");
        }
    }

    #[test]
    fn programs_are_known_by_their_last_part() {
        let object = Document::from(&json!({
            "command": ["/usr/bin/admin_server", "--name=x/saxutil"]
        }));
        let line = CommandLine::of(&container(&object));
        assert!(line.runs("admin_server"));
        assert!(!line.runs("saxutil"));
    }
}
