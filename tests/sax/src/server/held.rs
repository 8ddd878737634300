//! The models that a server holds, and how often they were asked.

use std::collections::BTreeMap;
use std::time::Instant;

use saxml::sax::ModelStatus;
use saxml::sax::get_status_response::{MethodStats, ModelWithStatus};

/// By full name. Models that are unloaded are absent.
#[derive(Debug, Default)]
pub(super) struct Held(pub(super) BTreeMap<String, Model>);

/// A model that a server holds.
#[derive(Debug)]
pub(super) struct Model {
    pub(super) path: String,
    pub(super) status: ModelStatus,
    /// Why it failed.
    pub(super) reason: String,
    since: Instant,
    answers: BTreeMap<&'static str, u32>,
}

impl Model {
    pub(super) fn loading(path: &str) -> Self {
        Self {
            path: path.to_owned(),
            status: ModelStatus::Loading,
            reason: String::new(),
            since: Instant::now(),
            answers: BTreeMap::new(),
        }
    }

    /// One more answer of a data method.
    pub(super) fn answered(&mut self, method: &'static str) {
        *self.answers.entry(method).or_default() += 1;
    }

    /// What GetStatus tells of it.
    pub(super) fn told(&self, key: &str, reasons: bool, stats: bool) -> ModelWithStatus {
        let reason = if reasons { self.reason.as_str() } else { "" };
        ModelWithStatus {
            model_key: key.to_owned(),
            model_status: self.status.into(),
            failure_reason: reason.to_owned(),
            method_stats: if stats { self.stats() } else { Vec::new() },
        }
    }

    fn stats(&self) -> Vec<MethodStats> {
        let seconds = self.since.elapsed().as_secs_f32().max(1.0);
        let of = |(method, answers): (&&str, &u32)| MethodStats {
            method: (*method).to_owned(),
            successes_per_second: f32::from(u16::try_from(*answers).unwrap_or(u16::MAX)) / seconds,
            ..MethodStats::default()
        };
        self.answers.iter().map(of).collect()
    }
}
