//! YAML with a comment behind each value that has something to say.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};
use serde_json::Value;

use super::yaml::to_yaml;

/// Comments by the JSON pointer of the value that they stand behind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Comments(BTreeMap<String, String>);

/// A value and where it stands.
struct Commented<'a> {
    value: &'a Value,
    pointer: String,
    comments: &'a Comments,
}

impl Comments {
    /// A comment behind the value at this pointer.
    pub(crate) fn say(&mut self, pointer: impl Into<String>, text: impl Into<String>) {
        self.0.insert(pointer.into(), text.into());
    }

    /// What is said of the value at this pointer.
    pub(crate) fn of(&self, pointer: &str) -> Option<&str> {
        self.0.get(pointer).map(String::as_str)
    }
}

/// One document.
pub(crate) fn commented_yaml(value: &Value, comments: &Comments) -> String {
    to_yaml(&Commented {
        value,
        pointer: String::new(),
        comments,
    })
}

impl Serialize for Commented<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.value {
            Value::Object(object) => {
                serializer.collect_map(object.iter().map(|(key, value)| (key, self.at(key, value))))
            }
            Value::Array(items) => {
                let items = items.iter().enumerate();
                serializer
                    .collect_seq(items.map(|(index, value)| self.at(&index.to_string(), value)))
            }
            scalar => match self.comments.of(&self.pointer) {
                Some(text) => {
                    serde_saphyr::Commented(scalar, text.to_owned()).serialize(serializer)
                }
                None => scalar.serialize(serializer),
            },
        }
    }
}

impl<'a> Commented<'a> {
    fn at(&self, key: &str, value: &'a Value) -> Self {
        let key = key.replace('~', "~0").replace('/', "~1");
        Self {
            value,
            pointer: format!("{}/{key}", self.pointer),
            comments: self.comments,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Comments, commented_yaml};

    #[test]
    fn comments_stand_behind_their_values_and_change_none() {
        let value = json!({"spec": {"replicas": 2, "a/b": ["4", "x"], "empty": {}}});
        let mut comments = Comments::default();
        comments.say("/spec/replicas", "two of them");
        comments.say("/spec/a~1b/0", "chips of each VM");
        let text = commented_yaml(&value, &comments);
        assert!(text.contains("replicas: 2 # two of them\n"), "{text}");
        assert!(text.contains("- \"4\" # chips of each VM\n"), "{text}");
        let read: Value = serde_saphyr::from_str(&text).expect("must be YAML");
        assert_eq!(read, value);
    }
}
