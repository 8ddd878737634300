//! Which cell a component is in, and how cells are named.
//!
//! Source: `saxml/common/naming.go`; facts/saxml.md §0 fact 8 for the default.

use sdk::Verdict;
use tpu::sax::CellName;

use crate::command_line::Setting;
use crate::component::{Component, Role};
use crate::excerpt::quoted;

/// The first version whose images may have the newer default: they were built around the change
/// of 2024-04-01, so the tag alone doesn't say which default it is.
const UNCERTAIN_DEFAULT: (u32, u32, u32) = (1, 2, 0);

/// A component's cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cell {
    /// What says so, or would.
    pub(crate) setting: Setting,
    /// Whether nothing says so and it is the image's default.
    pub(crate) is_default: bool,
}

/// SAX005 malformed names, SAX012 an admin that leaves the name to its image.
pub(crate) fn check(component: &Component<'_>, verdict: &mut Verdict) {
    let named = [
        ("SAX_CELL", admins_variable(component)),
        ("--sax_cell", component.flag("sax_cell")),
    ];
    for (name, setting) in named {
        if let Some(Setting {
            path,
            value: Some(value),
        }) = setting
        {
            check_name(name, path, &value, verdict);
        }
    }
    if let Some(Cell {
        setting,
        is_default: true,
    }) = cell_of(component)
    {
        report_default(&setting, verdict);
    }
}

/// The cell of an admin or model server; none where it is in none that we know.
pub(crate) fn cell_of(component: &Component<'_>) -> Option<Cell> {
    let stated = |setting| Cell {
        setting,
        is_default: false,
    };
    let flag = component.flag("sax_cell").map(stated);
    match component.role {
        Role::Admin => flag
            .or_else(|| admins_variable(component).map(stated))
            .or_else(|| Some(unstated(component))),
        Role::ModelServer => flag,
        Role::Http => None,
    }
}

/// What the name should probably be: lower case, no other characters, one `/sax/` before it.
pub(crate) fn suggestion(text: &str) -> String {
    let name = text.trim_matches('/');
    let name = name.strip_prefix("sax/").unwrap_or(name);
    format!("/sax/{}", plain_name(name, "test"))
}

/// A name that Saxml takes, as near to `text` as possible.
pub(crate) fn plain_name(text: &str, otherwise: &str) -> String {
    let is_allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    let lower = text.trim().to_ascii_lowercase();
    let named: String = lower
        .chars()
        .map(|c| if is_allowed(c) { c } else { '-' })
        .collect();
    let named = named.trim_start_matches(|c: char| !c.is_ascii_lowercase());
    let named = named.trim_end_matches('-');
    let short: String = named.chars().take(63).collect();
    if short.is_empty() {
        otherwise.to_owned()
    } else {
        short
    }
}

/// Only the admin's image reads it.
fn admins_variable(component: &Component<'_>) -> Option<Setting> {
    (component.role == Role::Admin)
        .then(|| component.variable("SAX_CELL"))
        .flatten()
}

fn unstated(component: &Component<'_>) -> Cell {
    let has_own_command = component.container.node.at("command").is_present();
    let is_unseen = component.has_foreign_variables() || has_own_command;
    let default = default_cell(component).map(str::to_owned);
    Cell {
        setting: Setting {
            path: component.variables().path().to_owned(),
            value: default.filter(|_| !is_unseen),
        },
        is_default: !is_unseen,
    }
}

/// The default of the admin's image; none where it isn't known.
fn default_cell(component: &Component<'_>) -> Option<&'static str> {
    match component.image.version() {
        Some(version) if version < UNCERTAIN_DEFAULT => Some("/sax/test"),
        Some(version) if version > UNCERTAIN_DEFAULT => Some("/sax/cell"),
        Some(_) => None,
        None => (component.image.tag == Some("nightly")).then_some("/sax/cell"),
    }
}

fn check_name(name: &str, path: String, value: &str, verdict: &mut Verdict) {
    if CellName::parse(value).is_ok() {
        return;
    }
    verdict.deny(
        "SAX005",
        path,
        format!(
            "found {name} {}, expected /sax/<cell>, the cell matching ^[a-z]+[a-z0-9-_]*$",
            quoted(value)
        ),
        format!("write {}", suggestion(value)),
    );
}

fn report_default(setting: &Setting, verdict: &mut Verdict) {
    let here = match &setting.value {
        Some(cell) => format!("here it is {cell}"),
        None => "here it isn't known".to_owned(),
    };
    verdict.warn(
        "SAX012",
        setting.path.as_str(),
        format!(
            "found no SAX_CELL, expected one: the default is /sax/test in images built before \
             2024-04-01 and /sax/cell after; {here}"
        ),
        "set the variable SAX_CELL to the model servers' --sax_cell, such as /sax/test",
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggested_names_are_valid_whatever_was_written() {
        for text in [
            "",
            "/",
            "test",
            "/sax/Test",
            "/SAX/x",
            "sax/1a",
            "/sax/a b/",
            "/sax/a/b",
            "é",
            "9",
            "__",
        ] {
            let suggested = suggestion(text);
            assert!(CellName::parse(&suggested).is_ok(), "{text}: {suggested}");
        }
        assert_eq!(suggestion("test"), "/sax/test");
        assert_eq!(suggestion("/sax/My Cell/"), "/sax/my-cell");
    }
}
