//! The only writer of stdout and stderr: stdout is data, stderr is talk.

mod progress;
mod question;
mod screen;

use std::io::{self, IsTerminal, Write};

use clap::ValueEnum;

pub(crate) use progress::Progress;
pub(crate) use screen::{Screen, columns};

/// When to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum ColorChoice {
    /// On terminals, unless `NO_COLOR` is set or `TERM` is `dumb`.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What a text is about, which decides its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// Something is wrong.
    Bad,
    /// Something needs attention.
    Warn,
    /// Something is fine.
    Good,
    /// Something stands out.
    Strong,
}

/// Writes data to stdout and talk to stderr.
pub(crate) struct Printer {
    color_out: bool,
    color_err: bool,
}

impl Printer {
    /// A printer for this process's streams.
    pub(crate) fn new(choice: ColorChoice) -> Self {
        Self {
            color_out: colored(choice, io::stdout().is_terminal()),
            color_err: colored(choice, io::stderr().is_terminal()),
        }
    }

    /// Data, as it is. A reader that has seen enough, as with `| head`, is no error: the exit
    /// status still says how the work ended.
    pub(crate) fn data(&self, text: &str) -> io::Result<()> {
        self.data_for_reader(text).map(|_| ())
    }

    /// The same for who goes on as long as somebody reads: `false` once nobody does.
    pub(crate) fn data_for_reader(&self, text: &str) -> io::Result<bool> {
        let mut out = io::stdout().lock();
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
            written => written.map(|()| true),
        }
    }

    /// Bytes of another program's stdout, as they are.
    pub(crate) fn bytes(&self, bytes: &[u8]) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(bytes).and_then(|()| out.flush())
    }

    /// Bytes of another program's stderr, as they are.
    pub(crate) fn their_stderr(&self, bytes: &[u8]) -> io::Result<()> {
        io::stderr().lock().write_all(bytes)
    }

    /// A note for the person at the terminal.
    pub(crate) fn note(&self, text: &str) -> io::Result<()> {
        writeln!(io::stderr().lock(), "{text}")
    }

    /// Wrong usage, in the command-line parser's own form.
    pub(crate) fn usage(&self, text: &str) -> io::Result<()> {
        io::stderr().lock().write_all(text.as_bytes())
    }

    /// Something that is unwise or unfinished.
    pub(crate) fn warning(&self, text: &str) -> io::Result<()> {
        let label = self.err("warning:", Tone::Warn);
        writeln!(io::stderr().lock(), "{label} {text}")
    }

    /// Something that went wrong.
    pub(crate) fn error(&self, text: &str) -> io::Result<()> {
        let label = self.err("error:", Tone::Bad);
        writeln!(io::stderr().lock(), "{label} {text}")
    }

    /// The one action that mends the error before it.
    pub(crate) fn fix(&self, text: &str) -> io::Result<()> {
        let label = self.err("fix:", Tone::Strong);
        writeln!(io::stderr().lock(), "{label} {text}")
    }

    /// A piece of data in a colour, where stdout has colours.
    pub(crate) fn out(&self, text: &str, tone: Tone) -> String {
        paint(text, tone, self.color_out)
    }

    /// A piece of data in one of some colours that tell things apart, where stdout has colours.
    pub(crate) fn hue(&self, text: &str, index: usize) -> String {
        /// Black on a bright background: cyan, yellow, magenta, green, blue, white.
        const HUES: [&str; 6] = ["106", "103", "105", "102", "104", "107"];
        let hue = HUES[index % HUES.len()];
        match self.color_out {
            true => format!("\u{1b}[30;{hue}m{text}\u{1b}[0m"),
            false => text.to_owned(),
        }
    }

    /// How many characters a line of the terminal has; `None` where stdout is none.
    pub(crate) fn width(&self) -> Option<usize> {
        self.size().map(|(width, _)| width)
    }

    /// How many characters a line of the terminal has, and how many lines there are.
    fn size(&self) -> Option<(usize, usize)> {
        let terminal = io::stdout().is_terminal();
        let size = terminal.then(terminal_size::terminal_size).flatten();
        size.map(|(width, height)| (usize::from(width.0), usize::from(height.0)))
    }

    fn err(&self, text: &str, tone: Tone) -> String {
        paint(text, tone, self.color_err)
    }
}

fn paint(text: &str, tone: Tone, color: bool) -> String {
    let code = match tone {
        Tone::Bad => "31",
        Tone::Warn => "33",
        Tone::Good => "32",
        Tone::Strong => "1",
    };
    if color {
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    } else {
        text.to_owned()
    }
}

fn colored(choice: ColorChoice, terminal: bool) -> bool {
    match choice {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto => {
            let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
            let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
            terminal && !no_color && !dumb
        }
    }
}
