//! What Saxml itself says: the models of the namespace's cell, replica by replica.

use serde::Serialize;

use crate::sax::{Look, Published, Replica};

/// A Sax cell.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CellStanding {
    /// Where its admin server is.
    pub(crate) namespace: String,
    /// Its name; null where nobody said it.
    pub(crate) cell: Option<String>,
    /// Why nothing is known of its models, in one line; null where it answered.
    pub(crate) message: Option<String>,
    /// Its models.
    pub(crate) models: Vec<ModelStanding>,
}

/// A published model.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ModelStanding {
    /// Such as `/sax/test/spmd`.
    pub(crate) model: String,
    /// Its class's path.
    pub(crate) path: String,
    /// Its state in one word.
    pub(crate) phase: &'static str,
    /// Replicas that are to be.
    pub(crate) wanted: usize,
    /// Those that have it loaded: a server that is only assigned doesn't count.
    pub(crate) loaded: usize,
    /// The servers that are assigned, by their own word.
    pub(crate) replicas: Vec<Replica>,
}

impl ModelStanding {
    /// Of what the admin server and the model servers say.
    pub(crate) fn of(published: &Published, look: Look) -> Self {
        Self {
            model: published.id.to_string(),
            path: published.model.model_path.clone(),
            phase: look.phase(),
            wanted: look.wanted,
            loaded: look.loaded(),
            replicas: look.replicas,
        }
    }

    /// Why it isn't loaded as often as it should be, where its servers don't say.
    pub(crate) fn why(&self) -> Option<String> {
        let assigned = self.replicas.len();
        (assigned < self.wanted).then(|| {
            format!(
                "{assigned} of {} servers assigned: each holds one model, and its chips must be as \
                 many as the class's mesh",
                self.wanted
            )
        })
    }
}
