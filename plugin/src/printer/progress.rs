//! Progress on stderr: redrawn in place on a terminal, else one line for each change.

use std::io::{self, IsTerminal};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::Printer;

/// How often a spinner turns.
const TURN: Duration = Duration::from_millis(100);

/// Some things that go on side by side.
pub(crate) struct Progress<'a> {
    printer: &'a Printer,
    shown: Vec<String>,
    bars: Option<Bars>,
    fault: Option<io::Error>,
}

struct Bars {
    all: MultiProgress,
    each: Vec<ProgressBar>,
}

impl<'a> Progress<'a> {
    /// Nothing to see yet.
    pub(crate) fn new(printer: &'a Printer) -> Self {
        let terminal = io::stderr().is_terminal();
        Self {
            printer,
            shown: Vec::new(),
            bars: terminal.then(|| Bars {
                all: MultiProgress::new(),
                each: Vec::new(),
            }),
            fault: None,
        }
    }

    /// Does somebody look on, so that the lines may change every second?
    pub(crate) fn is_live(&self) -> bool {
        self.bars.is_some()
    }

    /// Shows the lines as they stand; `true` for those that are done.
    pub(crate) fn show(&mut self, lines: impl IntoIterator<Item = (String, bool)>) {
        let lines: Vec<_> = lines.into_iter().collect();
        match &mut self.bars {
            Some(bars) => bars.draw(&lines),
            None => self.print_changes(&lines),
        }
        self.shown = lines.into_iter().map(|(text, _)| text).collect();
    }

    /// Leaves the last state on screen.
    pub(crate) fn finish(self) -> io::Result<()> {
        for bar in self.bars.into_iter().flat_map(|bars| bars.each) {
            bar.abandon();
        }
        self.fault.map_or(Ok(()), Err)
    }

    fn print_changes(&mut self, lines: &[(String, bool)]) {
        for (index, (text, _)) in lines.iter().enumerate() {
            if self.shown.get(index) == Some(text) {
                continue;
            }
            if let Err(error) = self.printer.note(text) {
                self.fault.get_or_insert(error);
            }
        }
    }
}

impl Bars {
    fn draw(&mut self, lines: &[(String, bool)]) {
        while self.each.len() < lines.len() {
            let bar = self.all.add(ProgressBar::new_spinner());
            bar.enable_steady_tick(TURN);
            self.each.push(bar);
        }
        // What isn't said any more doesn't stay on the screen.
        for bar in self.each.drain(lines.len()..) {
            bar.finish_and_clear();
            self.all.remove(&bar);
        }
        for (bar, (text, done)) in self.each.iter().zip(lines) {
            bar.set_message(text.clone());
            if *done && !bar.is_finished() {
                bar.set_style(ProgressStyle::with_template("✓ {msg}").unwrap_or_else(|_| plain()));
                bar.finish();
            }
        }
    }
}

fn plain() -> ProgressStyle {
    ProgressStyle::default_spinner()
}
