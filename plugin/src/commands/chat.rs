//! `chat`: a conversation, line by line.

use std::io::{self, BufRead, IsTerminal};

use super::block_on;
use super::generate::Growing;
use super::serving::Serving;
use crate::cli::ChatArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::sax::{Extras, Reach};

/// Who speaks, as the model reads it.
const USER: &str = "User:";
const MODEL: &str = "Model:";
/// The most characters of what was said before that are sent along; the oldest is left out.
const MEMORY: usize = 16_384;

/// What else than a question can be typed.
const COMMANDS: &str = "/clear forgets what was said, /exit ends";

pub(super) fn run(args: &ChatArgs, printer: &Printer) -> Result<Exit, Failure> {
    let extras = Extras::of(&args.extras)?;
    block_on(async {
        let serving = Serving::find(&args.ask, extras, &args.sax, Reach::Any, printer).await?;
        let mut talk = Talk::new(args.system.clone(), args.plain);
        if io::stdin().is_terminal() {
            printer.note(COMMANDS)?;
        }
        while let Some(line) = next_line(printer).await? {
            match line.trim() {
                "" => {}
                "/exit" | "/quit" => break,
                "/clear" => talk.clear(),
                other if is_command(other) => {
                    printer.note(&format!("there is no {other}: {COMMANDS}"))?;
                }
                said => turn(&mut talk, said, &serving, printer).await?,
            }
        }
        Ok(Exit::Fine)
    })
}

/// Somebody at a terminal who looks for a command; a path or a date has more.
fn is_command(said: &str) -> bool {
    let word = said.strip_prefix('/');
    let letters =
        |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase());
    word.is_some_and(letters) && io::stdin().is_terminal()
}

/// A question and its answer. That one question fails doesn't end the conversation at a terminal.
async fn turn(
    talk: &mut Talk,
    said: &str,
    serving: &Serving,
    printer: &Printer,
) -> Result<(), Failure> {
    let answered = answer(&talk.prompt(said), serving, printer).await;
    match answered {
        Ok(text) => talk.remember(said, &text),
        Err(Failure::Sax(error)) if io::stdin().is_terminal() => {
            printer.error(&error.to_string())?;
        }
        Err(error) => return Err(error),
    }
    Ok(())
}

async fn answer(prompt: &str, serving: &Serving, printer: &Printer) -> Result<String, Failure> {
    let mut shown = Growing::new(printer);
    let streamed = serving.generate_stream(prompt, |so_far| shown.show(so_far));
    let answers = match streamed.await? {
        Some(answers) => answers,
        None => serving.generate(prompt).await?,
    };
    shown.end(&answers)?;
    let first = answers.into_iter().next();
    Ok(first.map(|answer| answer.text).unwrap_or_default())
}

/// Reading blocks, and Ctrl-C must still be heard.
async fn next_line(printer: &Printer) -> Result<Option<String>, Failure> {
    if io::stdin().is_terminal() {
        printer.prompt("> ")?;
    }
    let read = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        let length = io::stdin().lock().read_line(&mut line)?;
        Ok::<_, io::Error>((length > 0).then_some(line))
    });
    Ok(read.await.map_err(io::Error::other)??)
}

/// What was said.
struct Talk {
    system: Option<String>,
    plain: bool,
    turns: Vec<String>,
}

impl Talk {
    fn new(system: Option<String>, plain: bool) -> Self {
        let turns = Vec::new();
        Self {
            system,
            plain,
            turns,
        }
    }

    /// What is sent for a line.
    fn prompt(&self, said: &str) -> String {
        if self.plain {
            return said.to_owned();
        }
        let system = self.system.iter().map(|text| format!("{text}\n"));
        let before = system.chain(self.recent().iter().cloned());
        let before: String = before.collect();
        format!("{before}{USER} {said}\n{MODEL}")
    }

    fn remember(&mut self, said: &str, answer: &str) {
        // Models of text go on with the other's part, too.
        let own = answer.split(USER).next().unwrap_or(answer).trim();
        self.turns.push(format!("{USER} {said}\n{MODEL} {own}\n"));
    }

    fn clear(&mut self) {
        self.turns.clear();
    }

    /// The last turns that fit.
    fn recent(&self) -> &[String] {
        let mut left = MEMORY;
        let fitting = self.turns.iter().rev().take_while(|turn| {
            let fits = turn.len() <= left;
            left = left.saturating_sub(turn.len());
            fits
        });
        let first = self.turns.len() - fitting.count();
        &self.turns[first..]
    }
}

#[cfg(test)]
mod tests {
    use super::{MEMORY, Talk};

    #[test]
    fn what_was_said_is_sent_along() {
        let mut talk = Talk::new(Some("Be brief.".to_owned()), false);
        talk.remember("Hi", " Hello. User: and so on");
        let prompt = "Be brief.\nUser: Hi\nModel: Hello.\nUser: Bye\nModel:";
        assert_eq!(talk.prompt("Bye"), prompt);
        talk.clear();
        assert_eq!(talk.prompt("Bye"), "Be brief.\nUser: Bye\nModel:");
    }

    #[test]
    fn plain_lines_are_sent_as_they_are() {
        let mut talk = Talk::new(None, true);
        talk.remember("Hi", "Hello.");
        assert_eq!(talk.prompt("Bye"), "Bye");
    }

    #[test]
    fn the_oldest_is_forgotten_first() {
        let mut talk = Talk::new(None, false);
        talk.remember("first", &"a".repeat(MEMORY));
        talk.remember("second", "b");
        let prompt = talk.prompt("third");
        assert!(
            !prompt.contains("first") && prompt.contains("second"),
            "{prompt}"
        );
    }
}
