//! Models that a server loads at its start: `--models`, `--model_keys`, `--checkpoints`.
//!
//! Source: `saxml/server/model_service_main.py`: lists of equal length.

use sdk::Verdict;
use tpu::sax::{CellName, ModelId};

use crate::cell::plain_name;
use crate::command_line::Setting;
use crate::component::Component;
use crate::excerpt::quoted;
use crate::hardware::Hardware;
use crate::model::{self, Target};

/// The flags whose lists belong together.
const LISTS: [&str; 3] = ["models", "model_keys", "checkpoints"];

/// SAX015, SAX016 and SAX024.
pub(crate) fn check(component: &Component<'_>, hardware: &Hardware<'_>, verdict: &mut Verdict) {
    let lists = LISTS.map(|name| component.flag(name));
    check_lengths(component, &lists, verdict);
    let [models, keys, _] = &lists;
    if let Some((path, models)) = known(models) {
        let target = Target::of(component, hardware);
        for class in models {
            model::check_class(class, path, &target, verdict);
        }
    }
    if let Some((path, keys)) = known(keys) {
        let cell = component.flag("sax_cell").and_then(|cell| cell.value);
        for key in keys {
            check_key(key, path, cell.as_deref(), verdict);
        }
    }
}

fn check_lengths(component: &Component<'_>, lists: &[Option<Setting>; 3], verdict: &mut Verdict) {
    let Some(first) = lists.iter().flatten().next() else {
        return;
    };
    let is_unknown = |list: &Option<Setting>| match list {
        Some(setting) => setting.value.is_none(),
        None => component.has_foreign_flags(),
    };
    if lists.iter().any(is_unknown) {
        return;
    }
    let length = |list: &Option<Setting>| known(list).map_or(0, |(_, items)| items.len());
    let lengths = [length(&lists[0]), length(&lists[1]), length(&lists[2])];
    if lengths[0] == lengths[1] && lengths[1] == lengths[2] {
        return;
    }
    let [models, keys, checkpoints] = lengths;
    verdict.deny(
        "SAX024",
        first.path.as_str(),
        format!(
            "found {models} --models, {keys} --model_keys and {checkpoints} --checkpoints, \
             expected lists of equal length"
        ),
        "give each model a key and a checkpoint, the word None where it has none",
    );
}

fn check_key(key: &str, path: &str, cell: Option<&str>, verdict: &mut Verdict) {
    // A malformed cell has its own finding.
    let cell = cell.and_then(|cell| CellName::parse(cell).ok());
    let (expected, right) = match (ModelId::parse(key), &cell) {
        (Err(_), _) => (
            "/sax/<cell>/<name>, each part matching ^[a-z]+[a-z0-9-_]*$".to_owned(),
            corrected(key, cell.as_ref()),
        ),
        (Ok(id), Some(cell)) if id.cell() != cell => (
            format!("one in the server's cell {cell}"),
            format!("{cell}/{}", id.model()),
        ),
        (Ok(_), _) => return,
    };
    verdict.deny(
        "SAX024",
        path,
        format!("found model key {}, expected {expected}", quoted(key)),
        format!("write {right}"),
    );
}

/// The key that was probably meant.
fn corrected(key: &str, cell: Option<&CellName>) -> String {
    let mut parts: Vec<&str> = key.split('/').filter(|part| !part.is_empty()).collect();
    let name = plain_name(parts.pop().unwrap_or_default(), "model");
    let written = match parts.as_slice() {
        ["sax", cell] => plain_name(cell, "test"),
        _ => "test".to_owned(),
    };
    match cell {
        Some(cell) => format!("{cell}/{name}"),
        None => format!("/sax/{written}/{name}"),
    }
}

/// A flag's items, where they are known.
fn known(list: &Option<Setting>) -> Option<(&str, Vec<&str>)> {
    let setting = list.as_ref()?;
    let value = setting.value.as_deref()?;
    let items = value.split(',').map(str::trim);
    let items = items.filter(|item| !item.is_empty()).collect();
    Some((setting.path.as_str(), items))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn corrected_keys_are_valid_whatever_was_written() {
        for key in [
            "",
            "/",
            "Bad",
            "/sax/test/1a",
            "/sax/Te st/x",
            "sax/a/b/c",
            "é/é",
        ] {
            let corrected = corrected(key, None);
            assert!(ModelId::parse(&corrected).is_ok(), "{key}: {corrected}");
        }
        assert_eq!(corrected("/sax/test/MyModel", None), "/sax/test/mymodel");
    }
}
