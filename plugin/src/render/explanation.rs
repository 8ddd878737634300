//! The story of a placement, in paragraphs.

use placement::Time;

use super::age::age;
use super::status::{tone, why_line};
use super::wrap::wrapped;
use crate::explanation::{Explained, Explanation, Told};
use crate::printer::{Printer, Tone};
use crate::standing::Phase;

/// The text: a paragraph for each slice.
pub(crate) fn explanation_text(story: &Explanation, now: Time, printer: &Printer) -> String {
    let slices = story.slices.iter();
    let paragraphs: Vec<_> = slices
        .map(|slice| paragraph(story, slice, now, printer))
        .collect();
    let text = paragraphs.join("\n");
    let lines = text
        .lines()
        .map(|line| wrapped(line, printer.width()) + "\n");
    lines.collect()
}

fn paragraph(story: &Explanation, slice: &Explained, now: Time, printer: &Printer) -> String {
    let standing = &slice.standing;
    let name = printer.out(&standing.holder.to_string(), Tone::Strong);
    let word = format!("{:?}", standing.phase);
    let word = tone(standing.phase).map_or(word.clone(), |tone| printer.out(&word, tone));
    let mut text = format!("{name}: {word}\n");
    for (label, value) in facts(story, slice, now) {
        text += &format!("  {label:10} {value}\n");
    }
    text += &section("Why", why(slice));
    text += &section("What would make it go", slice.remedies.clone());
    text + &section(
        "Events",
        slice.events.iter().map(|event| told(event, now)).collect(),
    )
}

fn facts(story: &Explanation, slice: &Explained, now: Time) -> Vec<(&'static str, String)> {
    let standing = &slice.standing;
    let mut facts = vec![("part of", story.workload.clone())];
    let ready = format!("{} of {} Pods ready", standing.pods_ready, standing.pods);
    let hardware = standing.slice.as_ref().map(|slice| format!("{slice}, "));
    facts.push(("slice", hardware.unwrap_or_default() + &ready));
    let wants = match standing.exclusive {
        true => format!("a domain of {} to itself", standing.topology_key),
        false => format!("no domain of {} to itself", standing.topology_key),
    };
    facts.push(("wants", wants));
    if !standing.domains.is_empty() {
        facts.push(("stands on", standing.domains.join(", ")));
    }
    let claims = slice.claims.iter().map(|claim| {
        let empty = claim
            .empty_since
            .map(|since| age(&since.to_micro_time(), now));
        match empty {
            Some(age) => format!("{} (without Pods for {age})", claim.domain.value),
            None => claim.domain.value.clone(),
        }
    });
    let claims: Vec<_> = claims.collect();
    facts.push((
        "claims",
        if claims.is_empty() {
            "nothing".to_owned()
        } else {
            claims.join(", ")
        },
    ));
    if let (Some(place), Some(priority)) = (slice.place_in_queue, standing.priority) {
        let since = standing.created.as_deref().map(|created| age(created, now));
        let since = since.unwrap_or_default();
        let queue = format!("number {place} of those that wait: priority {priority}, age {since}");
        facts.push(("queue", queue));
    }
    if let Some(verdict) = &slice.verdict {
        facts.push(("placement", verdict.clone()));
    }
    if let Some(ignored) = &slice.ranking_ignored {
        facts.push(("ranking", ignored.clone()));
    }
    facts
}

fn why(slice: &Explained) -> Vec<String> {
    let why = &slice.standing.why;
    let domains = why.iter().filter_map(|why| why.domain.as_ref());
    let width = domains
        .map(|domain| domain.chars().count())
        .max()
        .unwrap_or(0);
    match slice.standing.phase {
        Phase::Running | Phase::Completed => Vec::new(),
        _ => why.iter().map(|why| why_line(why, width)).collect(),
    }
}

fn told(event: &Told, now: Time) -> String {
    let times = match event.times() {
        0 | 1 => String::new(),
        times => format!(" ({times} times)"),
    };
    let age = age(event.last(), now);
    format!(
        "{age:6} {:8} {}: {}{times}",
        event.kind, event.reason, event.message
    )
}

fn section(title: &str, lines: Vec<String>) -> String {
    match lines.is_empty() {
        true => String::new(),
        false => format!("\n  {title}:\n    {}\n", lines.join("\n    ")),
    }
}
