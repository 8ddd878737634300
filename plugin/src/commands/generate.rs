//! `generate`: texts that go on from others.

use std::io;

use futures_util::StreamExt as _;
use serde::Serialize;
use tokio::time::Instant;

use super::block_on;
use super::prompts::texts;
use super::serving::Serving;
use crate::cli::{AnswerFormat, GenerateArgs, Output};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::render::{pretty_json, pretty_yaml, templated};
use crate::sax::{Answer, Extras, Reach, Transcript};

/// How many prompts are under way at once.
const SIDE_BY_SIDE: usize = 8;

pub(super) fn run(args: &GenerateArgs, printer: &Printer) -> Result<Exit, Failure> {
    let extras = Extras::of(&args.extras)?;
    let prompts = texts(&args.prompts, args.lines)?;
    block_on(async {
        let serving = Serving::find(&args.ask, extras, &args.sax, Reach::Any, printer).await?;
        let streams = args.stream && args.output == Output::Named(AnswerFormat::Text);
        match streams {
            true => streamed(args, &serving, &prompts, printer).await,
            false => whole(args, &serving, &prompts, printer).await,
        }
    })
}

/// What `-o json` prints.
#[derive(Serialize)]
struct Report<'a> {
    model: String,
    results: Vec<Outcome<'a>>,
}

#[derive(Serialize)]
struct Outcome<'a> {
    prompt: &'a str,
    answers: Vec<Answer>,
    seconds: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// All answers, several under way at once, in the order of their prompts.
async fn whole(
    args: &GenerateArgs,
    serving: &Serving,
    prompts: &[String],
    printer: &Printer,
) -> Result<Exit, Failure> {
    let asked = prompts.iter().map(|prompt| async move {
        let started = Instant::now();
        let answers = serving.generate(prompt).await;
        (prompt, answers, started.elapsed().as_secs_f64())
    });
    let mut asked = futures_util::stream::iter(asked).buffered(SIDE_BY_SIDE);
    let mut results = Vec::new();
    let mut errors = Vec::new();
    while let Some((prompt, answers, seconds)) = asked.next().await {
        let (answers, error) = match answers {
            Ok(mut answers) => {
                answers.truncate(usize::from(args.answers));
                (answers, None)
            }
            Err(error) if prompts.len() == 1 => return Err(error.into()),
            Err(error) => {
                let text = error.to_string();
                errors.push(error);
                (Vec::new(), Some(text))
            }
        };
        let result = Outcome {
            prompt,
            answers,
            seconds,
            error,
        };
        if args.output == Output::Named(AnswerFormat::Text) {
            show(&result, prompts.len() > 1, args.answers > 1, printer)?;
        }
        results.push(result);
    }
    let failed = errors.len();
    if failed == results.len() {
        return Err(errors.swap_remove(0).into());
    }
    let report = Report {
        model: serving.id.to_string(),
        results,
    };
    match &args.output {
        Output::Named(AnswerFormat::Text) => {}
        Output::Named(AnswerFormat::Json) => printer.data(&pretty_json(&report))?,
        Output::Named(AnswerFormat::Yaml) => printer.data(&pretty_yaml(&report))?,
        Output::Template(template) => printer.data(&templated(&report, template)?)?,
    }
    Ok(match failed {
        0 => Exit::Fine,
        _ => Exit::Partial,
    })
}

/// The text is data; where there are several, what each answers stands before it.
fn show(
    result: &Outcome<'_>,
    several: bool,
    scores: bool,
    printer: &Printer,
) -> Result<(), Failure> {
    if several {
        printer.note(&format!("prompt: {}", first_line(result.prompt)))?;
    }
    if let Some(error) = &result.error {
        return Ok(printer.error(error)?);
    }
    for answer in &result.answers {
        match scores {
            true => printer.data(&format!("{:.4}\t{}\n", answer.score, answer.text))?,
            false => {
                printer.data(&format!("{}\n", answer.text))?;
                printer.note(&format!(
                    "score {:.4}, {:.2} s",
                    answer.score, result.seconds
                ))?;
            }
        }
    }
    if result.answers.is_empty() {
        printer.warning("the model made no answer")?;
    }
    Ok(())
}

/// One after the other, each as it comes.
async fn streamed(
    args: &GenerateArgs,
    serving: &Serving,
    prompts: &[String],
    printer: &Printer,
) -> Result<Exit, Failure> {
    for prompt in prompts {
        let mut shown = Growing::new(printer);
        let answers = serving
            .generate_stream(prompt, |so_far| shown.show(so_far))
            .await?;
        match answers {
            Some(answers) => shown.end(&answers)?,
            None => {
                printer.note("the model can't answer piece by piece: waiting for all of it")?;
                return whole(args, serving, prompts, printer).await;
            }
        }
    }
    Ok(Exit::Fine)
}

/// A text that is printed as it grows. What a terminal has shown stays: where a model takes back
/// what it said, the new text begins on a line of its own.
pub(super) struct Growing<'a> {
    printer: &'a Printer,
    shown: String,
}

impl<'a> Growing<'a> {
    /// Nothing yet.
    pub(super) fn new(printer: &'a Printer) -> Self {
        let shown = String::new();
        Self { printer, shown }
    }

    /// Prints what is new.
    pub(super) fn show(&mut self, so_far: &Transcript) -> io::Result<()> {
        self.grow(so_far.first())
    }

    /// The text is whole: a line end, and what else there is to say.
    pub(super) fn end(mut self, answers: &[Answer]) -> io::Result<()> {
        if let Some(first) = answers.first() {
            self.grow(&first.text)?;
        }
        self.printer.data("\n")
    }

    fn grow(&mut self, text: &str) -> io::Result<()> {
        match text.strip_prefix(self.shown.as_str()) {
            Some("") => return Ok(()),
            Some(new) => self.printer.data(new)?,
            None => self.printer.data(&format!("\n{text}"))?,
        }
        text.clone_into(&mut self.shown);
        Ok(())
    }
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}
