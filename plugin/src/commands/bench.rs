//! `bench`: how fast a model answers.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::Instant;

use super::block_on;
use super::prompts::texts;
use super::serving::Serving;
use crate::cli::{BenchArgs, BenchFormat, Output};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::measure::Times;
use crate::printer::Printer;
use crate::render::{Measured, bench_svg, bench_text, pretty_json, pretty_yaml, templated};
use crate::sax::{Extras, Reach, SaxError};

pub(super) fn run(args: &BenchArgs, printer: &Printer) -> Result<Exit, Failure> {
    let extras = Extras::of(&args.extras)?;
    let prompts = texts(&args.prompts, args.lines)?;
    let (measured, error) = block_on(async {
        let serving = Serving::find(&args.ask, extras, &args.sax, Reach::Any, printer).await?;
        printer.note(&format!(
            "{} callers, {} servers, {}",
            args.concurrency,
            serving.servers(),
            until(args)
        ))?;
        Ok(measure(args, &serving, &prompts).await)
    })?;
    if let (0, Some(error)) = (measured.answered, error) {
        return Err(error.into());
    }
    if let Some(path) = &args.svg {
        write(path, &bench_svg(&measured))?;
    }
    let text = match &args.output {
        Output::Template(template) => templated(&measured, template)?,
        Output::Named(BenchFormat::Json) => pretty_json(&measured),
        Output::Named(BenchFormat::Yaml) => pretty_yaml(&measured),
        Output::Named(BenchFormat::Svg) => bench_svg(&measured),
        Output::Named(BenchFormat::Table) => bench_text(&measured, printer),
    };
    printer.data(&text)?;
    Ok(match measured.failed {
        0 => Exit::Fine,
        _ => Exit::Partial,
    })
}

fn until(args: &BenchArgs) -> String {
    let duration = crate::duration::display(args.duration);
    match args.requests {
        Some(requests) => format!("{requests} prompts or {duration}"),
        None => duration,
    }
}

/// What callers share.
struct Shared {
    sent: Cell<u32>,
    times: RefCell<Vec<Duration>>,
    failed: Cell<usize>,
    error: RefCell<Option<SaxError>>,
}

/// The measurement, and an error if there was one.
async fn measure(
    args: &BenchArgs,
    serving: &Serving,
    prompts: &[String],
) -> (Measured, Option<SaxError>) {
    let shared = Shared {
        sent: Cell::new(0),
        times: RefCell::default(),
        failed: Cell::new(0),
        error: RefCell::new(None),
    };
    let started = Instant::now();
    let callers = (0..args.concurrency).map(|_| call(args, serving, prompts, &shared, started));
    join_all(callers).await;
    let elapsed = started.elapsed().as_secs_f64();
    let times = Times::of(shared.times.into_inner());
    let error = shared.error.into_inner();
    let measured = Measured::of(
        serving.id.to_string(),
        args.concurrency,
        elapsed,
        times,
        shared.failed.get(),
        error.as_ref().map(ToString::to_string),
    );
    (measured, error)
}

/// One caller: the next prompt when the last is answered.
async fn call(
    args: &BenchArgs,
    serving: &Serving,
    prompts: &[String],
    shared: &Shared,
    started: Instant,
) {
    loop {
        let sent = shared.sent.get();
        let enough = args.requests.is_some_and(|requests| sent >= requests);
        // One is sent in any case, or nothing would be measured.
        if enough || (sent > 0 && started.elapsed() >= args.duration) {
            return;
        }
        shared.sent.set(sent + 1);
        let prompt = &prompts[sent as usize % prompts.len()];
        let asked = Instant::now();
        match serving.generate_once(prompt).await {
            Ok(_) => shared.times.borrow_mut().push(asked.elapsed()),
            Err(error) => {
                shared.failed.set(shared.failed.get() + 1);
                shared.error.borrow_mut().get_or_insert(error);
                // What fails at once must not become a storm.
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

fn write(path: &std::path::Path, text: &str) -> Result<(), Failure> {
    std::fs::write(path, text).map_err(|cause| Failure::Flag {
        flag: "--svg",
        message: format!("{}: {}", path.display(), crate::system::plain(&cause)),
    })
}
