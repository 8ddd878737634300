//! Bodies of requests. The older dialect counts the members, so none may be more or less.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The body that names a cell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CellRequest {
    /// `/sax/<cell>`.
    pub sax_cell: String,
}

/// The body that names a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelRequest {
    /// `/sax/<cell>/<model>`.
    pub model: String,
}

/// The body of publish and update. No overrides: only gRPC has them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishRequest {
    /// `/sax/<cell>/<model>`.
    pub model: String,
    /// The class's full name.
    pub model_path: String,
    /// `None` (the word) where there is none.
    pub checkpoint: String,
    /// How many servers are to have it.
    pub replicas: i32,
}

/// The body of generate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GenerateRequest {
    /// `/sax/<cell>/<model>`.
    pub model: String,
    /// The prompt.
    pub query: String,
    /// Absent, null or values.
    ///
    /// [`super::Dialect::V1_0`] takes it only absent. To [`super::Dialect::V1_2`] absence means
    /// four defaults (temperature 0.5, per_example_max_decode_steps 128, per_example_top_k 200,
    /// per_example_top_p 0.95), which a model that doesn't declare all of them refuses; null
    /// means none. It has no other keys than these.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "present")]
    pub extra_inputs: Option<Option<Map<String, Value>>>,
}

/// Tells a member that is null from one that is absent.
mod present {
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};
    use serde_json::{Map, Value};

    type Member = Option<Map<String, Value>>;

    pub(super) fn serialize<S: Serializer>(
        member: &Option<Member>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        member
            .as_ref()
            .and_then(Option::as_ref)
            .serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Member>, D::Error> {
        Member::deserialize(deserializer).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::GenerateRequest;

    #[test]
    fn absent_null_and_given_extra_inputs_stay_apart() {
        let texts = [
            r#"{"model":"/sax/test/m","query":"hi"}"#,
            r#"{"model":"/sax/test/m","query":"hi","extra_inputs":null}"#,
            r#"{"model":"/sax/test/m","query":"hi","extra_inputs":{"temperature":0.1}}"#,
        ];
        for text in texts {
            let request: GenerateRequest = serde_json::from_str(text).expect("must parse");
            assert_eq!(serde_json::to_string(&request).expect("must print"), text);
        }
    }
}
