//! What is true of a model at one moment, and how it goes on: the model servers' own word, server
//! by server.

use std::collections::BTreeMap;
use std::time::Duration;

use saxml::sax::ModelStatus;
use serde::Serialize;

use super::{Holding, Published};
use crate::duration;

/// One server that is assigned to a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Replica {
    /// Its Pod, or its address where the Pod isn't known.
    pub(crate) server: String,
    /// As the admin server names it.
    pub(crate) address: String,
    /// How far it is.
    #[serde(flatten)]
    pub(crate) state: State,
}

/// How far a server is with a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", content = "reason")]
pub(crate) enum State {
    /// The admin server has chosen it, and it doesn't know yet.
    Assigned,
    /// It loads.
    Loading,
    /// It serves.
    Loaded,
    /// It couldn't load, for this reason, and doesn't try again.
    Failed(String),
    /// It is about to forget it.
    Unloading,
    /// It doesn't say: why.
    Unknown(String),
}

/// A model at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Look {
    /// How many servers are to have it.
    pub(crate) wanted: usize,
    /// Those that are assigned.
    pub(crate) replicas: Vec<Replica>,
}

/// What a look means for somebody who waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Not yet.
    Waiting,
    /// As many as wanted have it loaded.
    Ready,
    /// These won't, and so the number won't be reached.
    Failed(Vec<Replica>),
}

/// Since when each server is in its state, as far as we have seen.
#[derive(Debug, Default)]
pub(crate) struct Progression {
    since: BTreeMap<String, (State, Duration)>,
}

impl State {
    /// What a server's holdings say of a model.
    pub(crate) fn of(model: &str, holdings: &[Holding]) -> Self {
        let held = holdings.iter().find(|holding| holding.model == model);
        match held.map(|holding| (holding.status, &holding.reason)) {
            None | Some((ModelStatus::None, _)) => Self::Assigned,
            Some((ModelStatus::Loading, _)) => Self::Loading,
            Some((ModelStatus::Loaded, _)) => Self::Loaded,
            Some((ModelStatus::Failed, reason)) => Self::Failed(reason.clone()),
            Some((ModelStatus::Unloading, _)) => Self::Unloading,
        }
    }

    /// One word.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Assigned => "Assigned",
            Self::Loading => "Loading",
            Self::Loaded => "Loaded",
            Self::Failed(_) => "Failed",
            Self::Unloading => "Unloading",
            Self::Unknown(_) => "Unknown",
        }
    }
}

impl Replica {
    /// Why it failed or says nothing.
    pub(crate) fn reason(&self) -> &str {
        match &self.state {
            State::Failed(reason) if reason.is_empty() => "the server gives no reason",
            State::Failed(reason) | State::Unknown(reason) => reason,
            _ => "",
        }
    }

    /// Does it serve?
    pub(crate) fn is_loaded(&self) -> bool {
        self.state == State::Loaded
    }
}

impl Look {
    /// How many serve.
    pub(crate) fn loaded(&self) -> usize {
        self.replicas.iter().filter(|one| one.is_loaded()).count()
    }

    /// Those that couldn't load it.
    pub(crate) fn failed(&self) -> Vec<Replica> {
        let failed = self.replicas.iter();
        let failed = failed.filter(|one| matches!(one.state, State::Failed(_)));
        failed.cloned().collect()
    }

    /// For somebody who waits until `loaded` servers have it. A failed one keeps its place and
    /// isn't tried again, so the rest must do.
    pub(crate) fn verdict(&self, loaded: usize) -> Verdict {
        if self.loaded() >= loaded {
            return Verdict::Ready;
        }
        let failed = self.failed();
        match self.wanted.max(self.replicas.len()) - failed.len() < loaded {
            true if !failed.is_empty() => Verdict::Failed(failed),
            _ => Verdict::Waiting,
        }
    }

    /// The model's state in one word.
    pub(crate) fn phase(&self) -> &'static str {
        let any = |wanted: &str| self.replicas.iter().any(|one| one.state.word() == wanted);
        match self.verdict(self.wanted) {
            Verdict::Ready if self.wanted == 0 => "Idle",
            Verdict::Ready => "Loaded",
            Verdict::Failed(_) => "Failed",
            Verdict::Waiting if any("Failed") => "Failed",
            Verdict::Waiting if any("Unknown") => "Unknown",
            Verdict::Waiting if any("Loading") => "Loading",
            Verdict::Waiting if any("Loaded") => "Partial",
            Verdict::Waiting if any("Assigned") => "Assigned",
            Verdict::Waiting => "Waiting",
        }
    }
}

impl Progression {
    /// Takes what was seen at a time since the start.
    pub(crate) fn see(&mut self, look: &Look, at: Duration) {
        for replica in &look.replicas {
            let known = self.since.get(&replica.address);
            if known.is_none_or(|(state, _)| *state != replica.state) {
                let entry = (replica.state.clone(), at);
                self.since.insert(replica.address.clone(), entry);
            }
        }
    }

    /// A line for each server that is wanted, and whether it is done. Where nobody looks on, the
    /// time is told by the minute.
    pub(crate) fn lines(&self, look: &Look, at: Duration, live: bool) -> Vec<(String, bool)> {
        let total = look.wanted.max(look.replicas.len());
        let mut lines: Vec<_> = look
            .replicas
            .iter()
            .enumerate()
            .map(|(index, replica)| {
                let line = format!(
                    "replica {}/{total} {}",
                    index + 1,
                    self.line(replica, at, live)
                );
                (line, replica.is_loaded())
            })
            .collect();
        for index in look.replicas.len()..total {
            let line = format!("replica {}/{total} not assigned yet", index + 1);
            lines.push((line, false));
        }
        lines
    }

    fn line(&self, replica: &Replica, at: Duration, live: bool) -> String {
        let since = self.since.get(&replica.address).map(|(_, since)| *since);
        let elapsed = at.saturating_sub(since.unwrap_or(at));
        let server = &replica.server;
        match &replica.state {
            State::Assigned => format!("{server}: assigned"),
            State::Loading => format!("{server}: loading{}", told(elapsed, live)),
            State::Loaded => format!("{server}: loaded"),
            State::Unloading => format!("{server}: unloading"),
            State::Failed(_) => format!("{server}: failed: {}", replica.reason()),
            State::Unknown(_) => format!("{server}: {}", replica.reason()),
        }
    }
}

fn told(elapsed: Duration, live: bool) -> String {
    let seconds = match live {
        true => elapsed.as_secs(),
        false => elapsed.as_secs() / 60 * 60,
    };
    match seconds {
        0 => String::new(),
        seconds => format!(" for {}", duration::display(Duration::from_secs(seconds))),
    }
}

/// A published model without a word of its servers.
impl From<&Published> for Look {
    fn from(published: &Published) -> Self {
        Self {
            wanted: published.replicas(),
            replicas: Vec::new(),
        }
    }
}

#[cfg(test)]
#[path = "look_tests.rs"]
mod tests;
