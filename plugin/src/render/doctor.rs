//! A doctor's report: the verdict, the findings in at most three lines each, the checks.

use super::table::{Cell, Table};
use super::wrap::wrapped;
use crate::doctor::{Check, Finding, Report, Severity, State};
use crate::printer::{Printer, Tone};

/// The whole report.
pub(crate) fn report_text(report: &Report, printer: &Printer) -> String {
    let tone = match (report.problems, report.warnings) {
        (0, 0) => Tone::Good,
        (0, _) => Tone::Warn,
        _ => Tone::Bad,
    };
    let mut text = printer.out(&wrapped(&report.verdict, printer.width()), tone) + "\n";
    if !report.findings.is_empty() {
        text.push('\n');
    }
    for finding in &report.findings {
        text += &lines(finding, printer);
    }
    text + "\n" + &checks(&report.checks, printer)
}

/// What was found, why or what follows, and what mends it.
fn lines(finding: &Finding, printer: &Printer) -> String {
    let (word, tone) = match finding.severity {
        Severity::Problem => ("problem:", Tone::Bad),
        Severity::Warning => ("warning:", Tone::Warn),
        Severity::Note => ("note:", Tone::Strong),
    };
    let code = finding.code.as_ref().map(|code| format!("[{code}] "));
    let code = code.unwrap_or_default();
    let word = printer.out(word, tone);
    let first = format!("{word} {code}{}: {}", finding.object, finding.message);
    let detail = finding.detail.as_ref().map(|detail| format!("  {detail}"));
    let fix = finding.fix.as_ref().map(|fix| {
        let label = printer.out("fix:", Tone::Strong);
        format!("  {label} {fix}")
    });
    let told = std::iter::once(first).chain(detail);
    let told = told.map(|line| wrapped(&one_line(&line), printer.width()));
    // A command in several lines can't be copied.
    let fix = fix.map(|line| one_line(&line));
    told.chain(fix).map(|line| line + "\n").collect()
}

/// Servers' words may have several lines.
fn one_line(text: &str) -> String {
    let lines = text.lines().map(str::trim_end);
    lines
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

fn checks(checks: &[Check], printer: &Printer) -> String {
    let mut table = Table::new(["CHECK", "STATE", "SEEN"]);
    for check in checks {
        let (word, tone) = match check.state {
            State::Good => ("ok", Tone::Good),
            State::Warning => ("warning", Tone::Warn),
            State::Problem => ("problem", Tone::Bad),
            State::Unknown => ("unknown", Tone::Warn),
        };
        table.row([
            Cell::from(check.name),
            Cell::toned(word, tone, printer),
            Cell::from(one_line(&check.seen)),
        ]);
    }
    table.text(printer)
}
