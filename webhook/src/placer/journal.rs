//! What is to be said of groups, in Events on their objects: why each waits, without repeating
//! itself, and where it went. Pure: the time is a parameter.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use placement::{Domain, GroupRef, GroupReport, ObjectRef, Reason, Rejection, State};

/// A wait shorter than this isn't worth an Event.
const PATIENCE: Duration = Duration::from_secs(1);
/// Pods are made one after the other: only after so long it is worth one that some are missing.
const MAKING: Duration = Duration::from_secs(20);
/// The reason of such an Event.
const INCOMPLETE: &str = "WaitingForPods";
/// A group whose reasons change says so at most this often.
const PACE: Duration = Duration::from_secs(10);
/// A wait that goes on is said again this often: an Event is forgotten after an hour.
const REMINDER: Duration = Duration::from_secs(300);
/// The longest note that the API server takes, in bytes.
const LONGEST_NOTE: usize = 1024;

/// One thing to say of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Note {
    /// What it is about.
    pub(crate) object: ObjectRef,
    /// One word.
    pub(crate) reason: &'static str,
    /// Whether somebody should do something.
    pub(crate) warning: bool,
    /// For people.
    pub(crate) text: String,
    /// How often it has been said, this time included.
    pub(crate) times: u32,
}

/// What was said of the groups that wait.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    waiting: HashMap<GroupRef, Entry>,
}

#[derive(Debug)]
struct Entry {
    note: Note,
    since: Instant,
    said: Option<(String, Instant)>,
}

impl Journal {
    /// Takes in what a decision says of all groups. What isn't said of them any more is forgotten.
    pub(crate) fn take(&mut self, groups: &[GroupReport], now: Instant) {
        let mut waiting = HashMap::new();
        for report in groups {
            let Some(note) = note(report) else { continue };
            let entry = match self.waiting.remove(&report.group) {
                Some(entry) if entry.note.reason == note.reason => Entry {
                    note: Note {
                        times: entry.note.times,
                        ..note
                    },
                    ..entry
                },
                _ => Entry {
                    note,
                    since: now,
                    said: None,
                },
            };
            waiting.insert(report.group.clone(), entry);
        }
        self.waiting = waiting;
    }

    /// What to say now.
    pub(crate) fn due(&mut self, now: Instant) -> Vec<Note> {
        let entries = self.waiting.values_mut();
        entries.filter_map(|entry| entry.due(now)).collect()
    }

    /// When something may be due next.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.waiting.values().map(Entry::next).min()
    }
}

impl Entry {
    fn due(&mut self, now: Instant) -> Option<Note> {
        if now < self.next() {
            return None;
        }
        let same = self
            .said
            .as_ref()
            .is_some_and(|(text, _)| *text == self.note.text);
        self.note.times = if same { self.note.times + 1 } else { 1 };
        self.said = Some((self.note.text.clone(), now));
        Some(self.note.clone())
    }

    fn next(&self) -> Instant {
        match &self.said {
            None if self.note.reason == INCOMPLETE => self.since + MAKING,
            None => self.since + PATIENCE,
            Some((text, at)) if *text == self.note.text => *at + REMINDER,
            Some((_, at)) => *at + PACE,
        }
    }
}

/// That a group was let go.
pub(crate) fn placed(report: &GroupReport, domain: Option<&Domain>) -> Note {
    let pods = report.pods;
    let (text, warning) = match domain {
        Some(domain) => (format!("{pods} Pods placed on {domain}"), false),
        None => (
            format!(
                "{pods} Pods released without a domain, so that an autoscaler sees them; it is \
                 not promised that they land together"
            ),
            true,
        ),
    };
    Note {
        object: report.object.clone(),
        reason: if warning { "Released" } else { "Placed" },
        warning,
        text,
        times: 1,
    }
}

/// What a waiting group's Event says; `None` where nothing need be said.
fn note(report: &GroupReport) -> Option<Note> {
    let (reason, warning) = match &report.state {
        State::Waiting { .. } => ("WaitingForDomain", false),
        State::Gang { .. } => ("WaitingForGang", false),
        State::Incomplete { .. } => (INCOMPLETE, false),
        State::OtherGates { .. } => ("WaitingForOtherGates", false),
        State::Stranded { .. } => ("Stranded", true),
        State::Split { .. } => ("Split", true),
        // These pass by themselves.
        State::Suspended
        | State::Claiming
        | State::Ending
        | State::Leaving { .. }
        | State::Releasing { .. }
        | State::Loose
        | State::Placed => return None,
    };
    Some(Note {
        object: report.object.clone(),
        reason,
        warning,
        text: text(report),
        times: 0,
    })
}

/// The state, then domain by domain why not, as far as there is room. Domains that have no node
/// of the kind that the Pods select are only counted, unless there are no others.
fn text(report: &GroupReport) -> String {
    let mut text = format!("{} Pods: {}", report.pods, report.state);
    if let Some(fault) = &report.rank_fault {
        text += &format!("; {fault}");
    }
    let all: Vec<&Rejection> = report.rejected.iter().collect();
    let (others, mut told): (Vec<_>, Vec<_>) = all.into_iter().partition(|one| is_other(one));
    let tail = match (told.is_empty(), others.len()) {
        (false, 1) => "; 1 domain has no node that the Pods select".to_owned(),
        (false, 2..) => format!(
            "; {} domains have no node that the Pods select",
            others.len()
        ),
        (_, 0) => String::new(),
        (true, _) => {
            told = others;
            String::new()
        }
    };
    let room = LONGEST_NOTE.saturating_sub(text.len() + tail.len());
    shortened(text + &lines(&told, room) + &tail)
}

/// Has it no node that the Pods select?
fn is_other(rejection: &Rejection) -> bool {
    let reasons = &rejection.reasons;
    let mismatch = |reason: &Reason| {
        matches!(
            reason,
            Reason::SelectorMismatch { .. } | Reason::AffinityMismatch { .. }
        )
    };
    let some_fit = |reason: &Reason| matches!(reason, Reason::TooFewNodes { fit: 1.., .. });
    reasons.iter().any(mismatch) && !reasons.iter().any(some_fit)
}

/// A line a domain, in `room` bytes with the number of those that find none.
fn lines(told: &[&Rejection], room: usize) -> String {
    let mut lines = String::new();
    for (shown, rejection) in told.iter().enumerate() {
        let line = format!(". {rejection}");
        let rest = format!("; and {} more domains", told.len() - shown);
        if lines.len() + line.len() + rest.len() > room {
            return lines + &rest;
        }
        lines += &line;
    }
    lines
}

/// Never longer than the API server takes, whatever names there are.
fn shortened(mut text: String) -> String {
    if text.len() > LONGEST_NOTE {
        let end = (0..=LONGEST_NOTE)
            .rev()
            .find(|at| text.is_char_boundary(*at));
        text.truncate(end.unwrap_or(0));
    }
    text
}

#[cfg(test)]
#[path = "journal_tests.rs"]
mod tests;
