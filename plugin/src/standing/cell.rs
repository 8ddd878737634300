//! What Saxml itself says: the models of the namespace's cell, replica by replica.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::sax::{CellParts, Look, Published, Replica, ServerPart};

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
    /// Its model servers.
    pub(crate) servers: Vec<ServerStanding>,
    /// Why nobody knows which of them have joined, in one line; null where that is known.
    pub(crate) servers_message: Option<String>,
    /// Its models.
    pub(crate) models: Vec<ModelStanding>,
}

/// A model server, and what the admin server has heard of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ServerStanding {
    /// Its Pod, or its address where the Pod isn't known.
    pub(crate) server: String,
    /// As the admin server names it; null until it has one.
    pub(crate) address: Option<String>,
    /// Accelerator and topology; null where its Pods don't say.
    pub(crate) slice: Option<String>,
    /// `Joined`, `Not joined`, or how its Pod is where that isn't running or nobody knows more.
    pub(crate) phase: String,
    /// How long ago the admin server heard of it; null where it hasn't, or nobody knows.
    pub(crate) lag_seconds: Option<Lag>,
}

/// Seconds since an admin server heard of a model server. It asks each every ten seconds, so two
/// lags are one to a person as long as they are in the same ten.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(transparent)]
pub(crate) struct Lag(pub(crate) f64);

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

impl Lag {
    /// How often an admin server asks a model server (`facts/saxml-wire.md`, §5).
    const POLL: f64 = 10.0;

    /// Should it have been heard of since?
    pub(crate) fn is_late(self) -> bool {
        self.0 > Self::POLL
    }
}

impl PartialEq for Lag {
    fn eq(&self, other: &Self) -> bool {
        let tens = |lag: &Self| (lag.0 / Self::POLL).floor();
        tens(self) == tens(other)
    }
}

impl ServerStanding {
    /// The servers behind the cell's Pods, and those that have joined from elsewhere.
    pub(crate) fn all(
        parts: Option<&CellParts>,
        joined: Result<&BTreeMap<String, f64>, &String>,
    ) -> Vec<Self> {
        let of_pods = parts.into_iter().flat_map(|parts| &parts.servers);
        let mut all: Vec<_> = of_pods.map(|part| Self::of(part, joined.ok())).collect();
        for (address, lag) in joined.into_iter().flatten() {
            let is_it = |known: &Self| known.address.as_ref() == Some(address);
            if !all.iter().any(is_it) {
                all.push(Self {
                    server: address.clone(),
                    address: Some(address.clone()),
                    slice: None,
                    phase: "Joined".to_owned(),
                    lag_seconds: Some(Lag(*lag)),
                });
            }
        }
        all
    }

    fn of(part: &ServerPart, joined: Option<&BTreeMap<String, f64>>) -> Self {
        let primary = part.primary.as_ref();
        let address = part.address();
        let lag = joined.and_then(|joined| joined.get(address.as_ref()?));
        let phase = match (primary, lag, joined) {
            (_, Some(_), _) => "Joined",
            (None, _, _) => "Missing",
            (Some(pod), None, Some(_)) if pod.is_running() => "Not joined",
            (Some(pod), None, _) => &pod.phase,
        };
        Self {
            server: primary.map_or_else(|| part.name.clone(), |pod| format!("pod/{}", pod.pod)),
            phase: phase.to_owned(),
            slice: part.slice.clone(),
            lag_seconds: lag.copied().map(Lag),
            address,
        }
    }
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Lag, ServerStanding};

    #[test]
    fn a_lag_within_the_same_ten_seconds_is_the_same_to_a_person() {
        assert_eq!(Lag(0.0), Lag(9.9));
        assert_ne!(Lag(9.9), Lag(10.1));
        assert!(!Lag(10.0).is_late() && Lag(10.1).is_late());
    }

    #[test]
    fn a_server_that_joined_from_elsewhere_is_told_by_its_address() {
        let joined = BTreeMap::from([("10.0.0.7:10001".to_owned(), 2.5)]);
        let all = ServerStanding::all(None, Ok(&joined));
        assert_eq!(all.len(), 1);
        assert_eq!(
            (all[0].server.as_str(), all[0].phase.as_str()),
            ("10.0.0.7:10001", "Joined")
        );
        let unknown = "no page".to_owned();
        assert!(ServerStanding::all(None, Err(&unknown)).is_empty());
    }
}
