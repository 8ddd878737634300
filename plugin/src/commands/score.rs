//! `score` and `embed`: numbers about texts.

use serde::Serialize;

use super::block_on;
use super::prompts::texts;
use super::serving::Serving;
use crate::cli::{EmbedArgs, Output, ScoreArgs, ValueFormat};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::render::{Cell, Table, pretty_json, pretty_yaml, templated};
use crate::sax::{Extras, Peer, Reach, SaxError};
use crate::template::Unprintable;

/// How many numbers of a vector a table shows.
const SHOWN: usize = 6;

pub(super) fn score(args: &ScoreArgs, printer: &Printer) -> Result<Exit, Failure> {
    let extras = Extras::of(&args.extras)?;
    block_on(async {
        let reach = Reach::Grpc("score texts");
        let serving = Serving::find(&args.ask, extras, &args.sax, reach, printer).await?;
        let scores = serving.score(&args.prefix, &args.suffixes).await?;
        check_count(scores.len(), args.suffixes.len(), &serving)?;
        let scored = args.suffixes.iter().zip(scores);
        let report = Scores {
            model: serving.id.to_string(),
            prefix: &args.prefix,
            scores: scored
                .map(|(suffix, score)| Score { suffix, score })
                .collect(),
        };
        let text = match &args.output {
            Output::Named(ValueFormat::Table) => report.table(printer),
            output => data(&report, output)?,
        };
        printer.data(&text)?;
        Ok(Exit::Fine)
    })
}

pub(super) fn embed(args: &EmbedArgs, printer: &Printer) -> Result<Exit, Failure> {
    let extras = Extras::of(&args.extras)?;
    let wanted = texts(&args.texts, args.lines)?;
    block_on(async {
        let reach = Reach::Grpc("turn texts into vectors");
        let serving = Serving::find(&args.ask, extras, &args.sax, reach, printer).await?;
        let mut embeddings = Vec::new();
        for text in &wanted {
            let embedding = serving.embed(text).await?;
            embeddings.push(Embedding { text, embedding });
        }
        let report = Embeddings {
            model: serving.id.to_string(),
            embeddings,
        };
        let text = match &args.output {
            Output::Named(ValueFormat::Table) => report.table(printer),
            output => data(&report, output)?,
        };
        printer.data(&text)?;
        Ok(Exit::Fine)
    })
}

#[derive(Serialize)]
struct Scores<'a> {
    model: String,
    prefix: &'a str,
    scores: Vec<Score<'a>>,
}

#[derive(Serialize)]
struct Score<'a> {
    suffix: &'a str,
    score: f64,
}

#[derive(Serialize)]
struct Embeddings<'a> {
    model: String,
    embeddings: Vec<Embedding<'a>>,
}

#[derive(Serialize)]
struct Embedding<'a> {
    text: &'a str,
    embedding: Vec<f64>,
}

impl Scores<'_> {
    fn table(&self, printer: &Printer) -> String {
        let mut table = Table::new(["SCORE", "SUFFIX"]);
        for Score { suffix, score } in &self.scores {
            table.row([format!("{score:.4}"), format!("{suffix:?}")].map(Cell::from));
        }
        table.text(printer)
    }
}

impl Embeddings<'_> {
    fn table(&self, printer: &Printer) -> String {
        let mut table = Table::new(["DIMENSIONS", "VECTOR", "TEXT"]);
        for Embedding { text, embedding } in &self.embeddings {
            let shown = embedding.iter().take(SHOWN);
            let mut shown: Vec<_> = shown.map(|number| format!("{number:.4}")).collect();
            if embedding.len() > SHOWN {
                shown.push("…".to_owned());
            }
            let dimensions = embedding.len().to_string();
            table.row([dimensions, shown.join(" "), format!("{text:?}")].map(Cell::from));
        }
        table.text(printer)
    }
}

fn data(report: &impl Serialize, output: &Output<ValueFormat>) -> Result<String, Unprintable> {
    Ok(match output {
        Output::Template(template) => templated(report, template)?,
        Output::Named(ValueFormat::Yaml) => pretty_yaml(report),
        Output::Named(_) => pretty_json(report),
    })
}

/// Scores belong to suffixes by their place alone.
fn check_count(found: usize, wanted: usize, serving: &Serving) -> Result<(), SaxError> {
    match found == wanted {
        true => Ok(()),
        false => Err(SaxError::Broken {
            peer: Peer::new(format!("a model server of {}", serving.id)),
            cause: format!("{found} scores for {wanted} suffixes"),
        }),
    }
}
