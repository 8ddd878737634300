//! Tables of one's own: a title and a path for each column.

use serde_json::Value;

use super::evaluate::{Step, evaluate, parse_path, plain};

/// What stands where a path leads nowhere, as with kubectl.
const NONE: &str = "<none>";
/// Between two columns.
const GAP: usize = 3;

/// The columns.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Columns(Vec<(String, Vec<Step>)>);

impl Columns {
    /// Reads `NAME:.metadata.name,KIND:.kind`.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let columns = text.split(',').map(|column| {
            let (title, path) = column
                .split_once(':')
                .ok_or_else(|| format!("{column}: expected TITLE:PATH"))?;
            Ok((title.to_owned(), path_of(path)?))
        });
        columns.collect::<Result<_, String>>().map(Self)
    }

    /// Reads two lines: titles, and below them paths.
    pub(super) fn of_lines(text: &str) -> Result<Self, String> {
        let mut lines = text.lines().filter(|line| !line.trim().is_empty());
        let mut words = || lines.next().unwrap_or_default().split_whitespace();
        let (titles, paths): (Vec<_>, Vec<_>) = (words().collect(), words().collect());
        if titles.is_empty() || titles.len() != paths.len() {
            return Err("expected a line of titles and a line of as many paths".to_owned());
        }
        let columns = titles.into_iter().zip(paths);
        let columns = columns.map(|(title, path)| Ok((title.to_owned(), path_of(path)?)));
        columns.collect::<Result<_, String>>().map(Self)
    }

    /// The table.
    pub(super) fn text(&self, value: &Value) -> String {
        let titles = self.0.iter().map(|(title, _)| title.clone()).collect();
        let mut rows: Vec<Vec<String>> = vec![titles];
        for item in items(value) {
            rows.push(self.0.iter().map(|(_, steps)| cell(steps, item)).collect());
        }
        let width = |column: usize| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.0.len()).map(width).collect();
        rows.iter().map(|row| line(row, &widths)).collect()
    }
}

/// A path, in braces or not.
fn path_of(text: &str) -> Result<Vec<Step>, String> {
    let text = text.trim();
    let inner = text
        .strip_prefix('{')
        .and_then(|rest| rest.strip_suffix('}'));
    parse_path(inner.unwrap_or(text))
}

/// What the rows are: the items of a List, the members' of our own lists, else the value itself.
fn items(value: &Value) -> Vec<&Value> {
    let listed = match value {
        Value::Array(items) => Some(items),
        Value::Object(members) => match members.get("items") {
            Some(Value::Array(items)) => Some(items),
            // The first one is what the verb is about.
            _ if members.values().all(Value::is_array) => {
                members.values().next().and_then(Value::as_array)
            }
            _ => None,
        },
        _ => None,
    };
    listed.map_or_else(|| vec![value], |items| items.iter().collect())
}

fn cell(steps: &[Step], item: &Value) -> String {
    let found = evaluate(steps, item, item);
    let texts: Vec<_> = found
        .into_iter()
        .filter(|value| !value.is_null())
        .map(plain)
        .collect();
    match texts.as_slice() {
        [] => NONE.to_owned(),
        texts => texts.join(","),
    }
}

fn line(cells: &[String], widths: &[usize]) -> String {
    let mut text = String::new();
    for (index, (cell, width)) in cells.iter().zip(widths).enumerate() {
        text.push_str(cell);
        if index + 1 < cells.len() {
            let blanks = width.saturating_sub(cell.chars().count()) + GAP;
            text.push_str(&" ".repeat(blanks));
        }
    }
    text + "\n"
}
