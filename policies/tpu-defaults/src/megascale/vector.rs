//! The three variables, as one container has them.

use sdk::Node;
use workload::{Container, EnvValue};

/// How many slices there are.
pub(super) const NUM_SLICES: &str = "MEGASCALE_NUM_SLICES";
/// Which of them this is, from 0.
pub(super) const SLICE_ID: &str = "MEGASCALE_SLICE_ID";
/// The first Pod of all.
pub(super) const COORDINATOR_ADDRESS: &str = "MEGASCALE_COORDINATOR_ADDRESS";

/// The three variables of one container.
pub(super) struct Vector<'a> {
    pub(super) num_slices: Variable<'a>,
    pub(super) slice_id: Variable<'a>,
    pub(super) coordinator: Variable<'a>,
}

/// One variable of a container.
pub(super) struct Variable<'a> {
    pub(super) name: &'static str,
    pub(super) state: State<'a>,
    /// Where its value stands, or would stand.
    pub(super) place: Node<'a>,
}

/// What a variable is set to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum State<'a> {
    Absent,
    Empty,
    Literal(&'a str),
    /// Set by `valueFrom`.
    Reference,
}

impl<'a> Vector<'a> {
    pub(super) fn of(container: &Container<'a>) -> Self {
        Self {
            num_slices: Variable::of(container, NUM_SLICES),
            slice_id: Variable::of(container, SLICE_ID),
            coordinator: Variable::of(container, COORDINATOR_ADDRESS),
        }
    }

    pub(super) fn variables(&self) -> [&Variable<'a>; 3] {
        [&self.num_slices, &self.slice_id, &self.coordinator]
    }
}

impl<'a> Variable<'a> {
    fn of(container: &Container<'a>, name: &'static str) -> Self {
        let Some(env) = container.env(name) else {
            return Self {
                name,
                state: State::Absent,
                place: container.node.at("env"),
            };
        };
        let (state, key) = match env.value {
            EnvValue::Literal("") => (State::Empty, "value"),
            EnvValue::Literal(text) => (State::Literal(text), "value"),
            EnvValue::Reference => (State::Reference, "valueFrom"),
        };
        Self {
            name,
            state,
            place: env.node.at(key),
        }
    }

    /// Whether it has a value other than the empty string.
    pub(super) fn is_filled(&self) -> bool {
        matches!(self.state, State::Literal(_) | State::Reference)
    }

    /// What it is set to, for messages.
    pub(super) fn found(&self) -> String {
        match self.state {
            State::Absent => format!("no {}", self.name),
            State::Empty => format!("an empty {}", self.name),
            State::Literal(text) => format!("{} {text:?}", self.name),
            State::Reference => format!("{} by valueFrom", self.name),
        }
    }
}
