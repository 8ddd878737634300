//! `explain`: the page of a code, the list of all, or the story of a placement.

mod placement;

use admission::Severity;
use serde_json::{Value, json};

use crate::cli::{ExplainArgs, Explained, TextOrJson};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::judge::{Judge, Page};
use crate::printer::{Printer, Tone};
use crate::render::pretty_json;

/// How many suggestions a message can carry.
const SUGGESTIONS: usize = 3;
/// How many letters a misspelt code may have wrong.
const DISTANCE: usize = 2;

pub(super) fn run(args: &ExplainArgs, printer: &Printer) -> Result<Exit, Failure> {
    if let Some(Explained::Placement(args)) = &args.what {
        return placement::run(args, printer);
    }
    let pages = Judge::load(&args.policies.files)?.pages();
    let text = match &args.code {
        None => list(&pages, args.output, printer),
        Some(code) => page(find(&pages, code)?, args.output, printer),
    };
    printer.data(&text)?;
    Ok(Exit::Fine)
}

fn find<'a>(pages: &'a [Page], code: &str) -> Result<&'a Page, Failure> {
    let found = pages
        .iter()
        .find(|page| page.code.eq_ignore_ascii_case(code));
    found.ok_or_else(|| Failure::UnknownCode {
        code: code.to_owned(),
        suggestions: suggestions(pages, code),
    })
}

fn suggestions(pages: &[Page], code: &str) -> Vec<String> {
    let wanted = code.to_uppercase();
    let mut near: Vec<_> = pages
        .iter()
        .map(|page| (strsim::levenshtein(&wanted, &page.code), &page.code))
        .filter(|(distance, _)| *distance <= DISTANCE)
        .collect();
    near.sort();
    let codes = near.into_iter().map(|(_, code)| code.clone());
    codes.take(SUGGESTIONS).collect()
}

fn page(page: &Page, format: TextOrJson, printer: &Printer) -> String {
    match format {
        TextOrJson::Json => pretty_json(&page_json(page)),
        TextOrJson::Text => {
            let title = printer.out(&format!("{}: {}", page.code, page.title), Tone::Strong);
            let severity = severity(page.severity);
            format!(
                "{title}\n{severity}, by {}\n\n{}\n",
                by(page),
                page.text.trim()
            )
        }
    }
}

fn list(pages: &[Page], format: TextOrJson, printer: &Printer) -> String {
    match format {
        TextOrJson::Json => {
            let pages: Vec<_> = pages.iter().map(page_json).collect();
            pretty_json(&json!({ "codes": pages }))
        }
        TextOrJson::Text => pages
            .iter()
            .map(|page| {
                let code = printer.out(&page.code, Tone::Strong);
                format!("{code}  {:4}  {}\n", severity(page.severity), page.title)
            })
            .collect(),
    }
}

fn page_json(page: &Page) -> Value {
    json!({
        "code": page.code,
        "severity": severity(page.severity),
        "policies": page.policies,
        "title": page.title,
        "text": page.text,
    })
}

fn by(page: &Page) -> String {
    match page.policies.is_empty() {
        true => "the engine".to_owned(),
        false => page.policies.join(", "),
    }
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Deny => "deny",
        Severity::Warn => "warn",
    }
}
