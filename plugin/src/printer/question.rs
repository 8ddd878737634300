//! A question with yes or no, as kubectl asks: only on a terminal.

use std::io::{self, IsTerminal, Write};

use super::{Printer, Tone};

/// The line of a question, which ends with the answer, or else with us.
struct OpenLine {
    answered: bool,
}

impl Drop for OpenLine {
    fn drop(&mut self) {
        if !self.answered {
            // What follows tells if stderr is gone.
            let _ = writeln!(io::stderr().lock());
        }
    }
}

impl Printer {
    /// What stands before what somebody types.
    pub(crate) fn prompt(&self, text: &str) -> io::Result<()> {
        let mut err = io::stderr().lock();
        write!(err, "{text}")?;
        err.flush()
    }

    /// Asks on stderr and reads one line; `None` where nobody sits at a terminal. Everything but
    /// `y` and `yes` is a no, the end of the input included.
    pub(crate) async fn ask(&self, question: &str) -> io::Result<Option<bool>> {
        if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
            return Ok(None);
        }
        let question = self.err(question, Tone::Strong);
        let mut err = io::stderr().lock();
        write!(err, "{question} (y/N): ")?;
        err.flush()?;
        drop(err);
        let mut line = OpenLine { answered: false };
        // Reading blocks, and Ctrl-C must still be heard.
        let answer = tokio::task::spawn_blocking(read_line).await;
        let answer = answer.map_err(io::Error::other)??;
        line.answered = answer.ends_with('\n');
        Ok(Some(is_yes(&answer)))
    }
}

fn read_line() -> io::Result<String> {
    let mut line = String::new();
    io::stdin().read_line(&mut line)?;
    Ok(line)
}

fn is_yes(answer: &str) -> bool {
    let answer = answer.trim();
    answer.eq_ignore_ascii_case("y") || answer.eq_ignore_ascii_case("yes")
}

#[cfg(test)]
mod tests {
    use super::is_yes;

    #[test]
    fn only_yes_is_yes() {
        for yes in ["y\n", "Y", " yes \n", "YES"] {
            assert!(is_yes(yes), "{yes}");
        }
        for no in ["", "\n", "n\n", "yess", "ja"] {
            assert!(!is_yes(no), "{no}");
        }
    }
}
