//! Whether the machine had time for what was measured.

use std::fmt;
use std::fs;
use std::thread::available_parallelism;

use serde_json::{Value, json};

/// A load per processor above which times are not to be trusted: somebody else computed too.
const BUSY: f64 = 0.7;

/// The machine's state over a run.
#[derive(Clone, Debug)]
pub(crate) struct Machine {
    processors: u32,
    /// The kernel's load average of one minute, before and after.
    load: [Option<f64>; 2],
}

impl Machine {
    /// The state before a run.
    pub(crate) fn now() -> Self {
        let processors = available_parallelism().map_or(1, usize::from);
        Self {
            processors: u32::try_from(processors).unwrap_or(u32::MAX),
            load: [load(), None],
        }
    }

    /// The same with the state after the run.
    pub(crate) fn until_now(self) -> Self {
        let [before, _] = self.load;
        let load = [before, load()];
        Self { load, ..self }
    }

    /// For programs.
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "processors": self.processors,
            "loadBefore": self.load[0],
            "loadAfter": self.load[1],
            "wasBusy": self.was_busy(),
        })
    }

    /// Whether others computed before the run began; what the run itself does shows afterwards.
    fn was_busy(&self) -> Option<bool> {
        let [before, _] = self.load;
        before.map(|load| load > BUSY * f64::from(self.processors))
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |load: Option<f64>| load.map_or("unknown".to_owned(), |load| load.to_string());
        let [before, after] = self.load.map(shown);
        let processors = self.processors;
        write!(
            f,
            "{processors} processors, load {before} before and {after} after"
        )?;
        match self.was_busy() {
            Some(true) => f.write_str(
                "; BUSY: others computed too, so times and rates are too high, fuel and ratios hold",
            ),
            Some(false) | None => Ok(()),
        }
    }
}

fn load() -> Option<f64> {
    let text = fs::read_to_string("/proc/loadavg").ok()?;
    text.split(' ').next()?.parse().ok()
}
