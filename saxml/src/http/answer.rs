//! Bodies of answers, in either dialect.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Dialect, PublishRequest};

/// What `GET /` answers in both dialects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Greeting {
    /// `HTTP Server for SAX Client`.
    pub message: String,
}

/// What `GET /listcell` answers in both dialects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// The id that was asked for.
    pub model: String,
    /// The class's full name.
    pub model_path: String,
    /// `None` (the word) where there is none.
    pub checkpoint: String,
    /// How many servers were asked for.
    pub max_replicas: i32,
    /// How many servers are assigned, those included that still load it or failed to: it says
    /// nothing of readiness.
    pub active_replicas: i32,
}

/// An answer that is not what the dialect's server says.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the HTTP server's answer is not {expected}")]
pub struct NotJson {
    /// What was expected, such as `a list of texts with scores`.
    pub expected: &'static str,
}

/// What publish and update answer: the request again, the path under another name in the older
/// dialect.
#[must_use]
pub fn published(dialect: Dialect, request: &PublishRequest) -> Value {
    let path = match dialect {
        Dialect::V1_0 => "path",
        Dialect::V1_2 => "model_path",
    };
    json!({
        "model": request.model,
        path: request.model_path,
        "checkpoint": request.checkpoint,
        "replicas": request.replicas,
    })
}

/// Reads what generate answered: texts with their scores, best first as the server has them. The
/// shape names the dialect, so either is taken.
///
/// # Errors
/// When it is neither dialect's answer.
pub fn generated(body: &[u8]) -> Result<Vec<(String, f64)>, NotJson> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Answer {
        Plain(Vec<(String, f64)>),
        Wrapped {
            generate_response: Vec<(String, f64)>,
        },
    }
    match serde_json::from_slice(body) {
        Ok(
            Answer::Plain(texts)
            | Answer::Wrapped {
                generate_response: texts,
            },
        ) => Ok(texts),
        Err(_) => Err(NotJson {
            expected: "a list of texts with scores",
        }),
    }
}

/// Reads what `GET /listall` answered: ids of models.
///
/// # Errors
/// When it is no list of texts.
pub fn models(body: &[u8]) -> Result<Vec<String>, NotJson> {
    serde_json::from_slice(body).map_err(|_| NotJson {
        expected: "a list of models",
    })
}

/// What an answer that isn't 200 says, in either dialect: Saxml's own text (which
/// [`crate::Failure::from_text`] reads), or what is wrong with the request. `None` where it is
/// neither dialect's error, such as a proxy's page.
#[must_use]
pub fn error_text(body: &[u8]) -> Option<String> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let text = ["Error", "message", "detail"]
        .into_iter()
        .find_map(|member| body.get(member))?;
    match text {
        Value::String(text) => Some(text.clone()),
        Value::Array(details) => Some(invalid(details)),
        _ => None,
    }
}

/// The details of a body that the newer dialect doesn't take: where, and what is wrong there.
fn invalid(details: &[Value]) -> String {
    let lines = details.iter().map(|detail| {
        let place = detail["loc"].as_array().into_iter().flatten();
        let place: Vec<String> = place.map(plain).collect();
        format!("{}: {}", place.join("."), plain(&detail["msg"]))
    });
    lines.collect::<Vec<_>>().join("; ")
}

fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::{error_text, generated, models, published};
    use crate::http::{Dialect, PublishRequest};

    #[test]
    fn both_shapes_of_generated_texts_are_read() {
        let expected = vec![("a text".to_owned(), -1.25)];
        for body in [
            r#"[["a text", -1.25]]"#,
            r#"{"generate_response": [["a text", -1.25]]}"#,
        ] {
            assert_eq!(generated(body.as_bytes()).as_ref(), Ok(&expected), "{body}");
        }
        for body in ["", "{}", r#"[["a text"]]"#, "<html>"] {
            assert!(generated(body.as_bytes()).is_err(), "{body}");
            assert!(models(body.as_bytes()).is_err(), "{body}");
        }
    }

    #[test]
    fn what_was_published_comes_back_under_the_dialects_names() {
        let request = PublishRequest {
            model: "/sax/test/m".to_owned(),
            model_path: "lm.Fake".to_owned(),
            checkpoint: "None".to_owned(),
            replicas: 2,
        };
        let older = r#"{"model":"/sax/test/m","path":"lm.Fake","checkpoint":"None","replicas":2}"#;
        let newer =
            r#"{"model":"/sax/test/m","model_path":"lm.Fake","checkpoint":"None","replicas":2}"#;
        assert_eq!(published(Dialect::V1_0, &request).to_string(), older);
        assert_eq!(published(Dialect::V1_2, &request).to_string(), newer);
    }

    #[test]
    fn the_text_of_every_kind_of_error_is_found() {
        for (body, text) in [
            (r#"{"Error": "no"}"#, Some("no")),
            (r#"{"message": "Invalid Request"}"#, Some("Invalid Request")),
            (r#"{"detail": "Not Found"}"#, Some("Not Found")),
            (
                r#"{"detail": [{"loc": ["body", "model"], "msg": "Field required", "type": "missing"}]}"#,
                Some("body.model: Field required"),
            ),
            (r#"{"detail": 1}"#, None),
            ("<html>502</html>", None),
            ("[]", None),
        ] {
            assert_eq!(error_text(body.as_bytes()).as_deref(), text, "{body}");
        }
    }
}
