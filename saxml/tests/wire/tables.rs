//! The tables, read from their Markdown.

use std::collections::BTreeSet;

pub(crate) const TABLES: &str = include_str!("tables.md");

/// One line a field, enum value or RPC, such as `sax Model.model_id = 1: string`.
pub(crate) fn rows(text: &str) -> BTreeSet<String> {
    let mut rows = BTreeSet::new();
    let (mut package, mut kind) = ("", "");
    for line in text.lines() {
        if let Some(heading) = line.strip_prefix("### ") {
            package = heading
                .split('`')
                .nth(1)
                .expect("a heading names a package");
        }
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        match cells[..] {
            ["", "message" | "enum" | "RPC", ..] => kind = cells[1],
            [_, "" | "---", ..] | [_] => {}
            ["", message, field, number, type_, label, ..] if kind == "message" => {
                rows.extend(field_row(package, message, field, number, type_, label));
            }
            ["", name, values, ..] if kind == "enum" => {
                rows.extend(value_rows(package, name, values))
            }
            ["", rpc, request, response, ..] if kind == "RPC" => {
                rows.insert(format!("rpc {} {request} -> {response}", bare(rpc)));
            }
            _ => {}
        }
    }
    rows
}

fn field_row(
    package: &str,
    message: &str,
    field: &str,
    number: &str,
    type_: &str,
    label: &str,
) -> Option<String> {
    let (message, field) = (bare(message), bare(field));
    // A table writes an empty message as a row without a field.
    if field == "(empty)" {
        return Some(format!("{package} {message} is there"));
    }
    let label = if label.is_empty() {
        String::new()
    } else {
        format!(" {label}")
    };
    Some(format!(
        "{package} {message}.{field} = {number}: {type_}{label}"
    ))
}

fn value_rows(package: &str, name: &str, values: &str) -> Vec<String> {
    let name = name.split('`').nth(1).expect("a row names an enum");
    let values = values.split(", ");
    values
        .map(|value| {
            let plain = value.split(' ').next().unwrap_or(value);
            format!("{package} enum {name}.{plain}")
        })
        .collect()
}

fn bare(cell: &str) -> &str {
    cell.trim_matches('`')
}
