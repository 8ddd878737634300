//! Rows printed once, or each time that they change.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::super::waiting::is_passing;
use crate::cli::{GetArgs, GetFormat, Output};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::render::{Columns, Growing, Listed, pretty_json, pretty_yaml, templated};
use crate::template::Unprintable;

/// How often to look, and how small a part of the time looking may take.
const INTERVAL: Duration = Duration::from_secs(1);
const SHARE: u32 = 10;
/// How many looks until the Pods are looked for anew.
const LOOKS: u32 = 10;

/// What one look found.
pub(super) struct Seen<T> {
    /// The rows.
    pub(super) rows: Vec<T>,
    /// What else could not be asked.
    pub(super) troubles: Vec<String>,
}

/// All rows could be had.
impl<T> From<Vec<T>> for Seen<T> {
    fn from(rows: Vec<T>) -> Self {
        let troubles = Vec::new();
        Self { rows, troubles }
    }
}

/// Prints what a look finds, and with `-w` what has changed since the one before. `empty` says that
/// there is nothing. A look is told when to look for the Pods anew: they may come, go and be
/// replaced.
pub(super) async fn show<T: Listed>(
    args: &GetArgs,
    empty: &str,
    printer: &Printer,
    mut look: impl AsyncFnMut(bool) -> Result<Seen<T>, Failure>,
) -> Result<Exit, Failure> {
    let seen = look(false).await?;
    warn(&seen.troubles, printer)?;
    if seen.rows.is_empty() {
        printer.note(empty)?;
    }
    let mut growing = args.watch.then(Growing::default);
    let quiet = seen.rows.is_empty() && (args.watch || is_table(args));
    if !quiet && !printer.data_for_reader(&text(&seen.rows, args, growing.as_mut(), printer)?)? {
        return Ok(Exit::Fine);
    }
    match args.watch {
        true => watch(args, seen, growing.unwrap_or_default(), printer, look).await,
        false if seen.troubles.is_empty() => Ok(Exit::Fine),
        false => Ok(Exit::Partial),
    }
}

/// Until Ctrl-C, or until nobody reads. What may pass is told once.
async fn watch<T: Listed>(
    args: &GetArgs,
    first: Seen<T>,
    mut growing: Growing,
    printer: &Printer,
    mut look: impl AsyncFnMut(bool) -> Result<Seen<T>, Failure>,
) -> Result<Exit, Failure> {
    let mut shown = keyed(first.rows);
    let mut troubles = first.troubles;
    let (mut failed, mut looks) = (false, 0);
    loop {
        let started = Instant::now();
        looks += 1;
        let seen = look(failed || looks % LOOKS == 0).await;
        failed = seen.is_err();
        let now = match seen {
            Ok(seen) => {
                let changes = changes(&shown, &seen.rows);
                shown = keyed(seen.rows);
                let text = text(&changes, args, Some(&mut growing), printer)?;
                if !changes.is_empty() && !printer.data_for_reader(&text)? {
                    return Ok(Exit::Fine);
                }
                seen.troubles
            }
            Err(Failure::Sax(error)) if is_passing(&error) => vec![error.to_string()],
            Err(failure) => return Err(failure),
        };
        if now != troubles {
            warn(&now, printer)?;
            troubles = now;
        }
        sleep(INTERVAL.max(started.elapsed() * SHARE)).await;
    }
}

/// Rows that are new or not as they were, and then those that are gone.
fn changes<T: Listed>(before: &BTreeMap<Key, T>, rows: &[T]) -> Vec<T> {
    let is_new = |row: &&T| before.get(&key(*row)) != Some(row);
    let there: Vec<_> = rows.iter().map(key).collect();
    let gone = before.iter().filter(|(key, _)| !there.contains(key));
    let gone = gone.map(|(_, row)| row.clone().gone());
    rows.iter().filter(is_new).cloned().chain(gone).collect()
}

/// A row's namespace and name.
type Key = (Option<String>, String);

fn key<T: Listed>(row: &T) -> Key {
    (row.namespace().map(str::to_owned), row.name().to_owned())
}

fn keyed<T: Listed>(rows: Vec<T>) -> BTreeMap<Key, T> {
    rows.into_iter().map(|row| (key(&row), row)).collect()
}

fn is_table(args: &GetArgs) -> bool {
    let formats = [GetFormat::Table, GetFormat::Wide].map(Output::Named);
    formats.contains(&args.output)
}

fn text<T: Listed>(
    rows: &[T],
    args: &GetArgs,
    growing: Option<&mut Growing>,
    printer: &Printer,
) -> Result<String, Unprintable> {
    let all = BTreeMap::from([(T::WHAT, rows)]);
    let columns = Columns {
        namespaces: args.all_namespaces,
        wide: args.output == Output::Named(GetFormat::Wide),
    };
    Ok(match &args.output {
        Output::Template(template) => templated(&all, template)?,
        Output::Named(GetFormat::Json) => pretty_json(&all),
        Output::Named(GetFormat::Yaml) => match args.watch {
            true => format!("---\n{}", pretty_yaml(&all)),
            false => pretty_yaml(&all),
        },
        Output::Named(GetFormat::Name) => {
            let names = rows.iter().map(|row| format!("{}\n", row.name()));
            names.collect()
        }
        Output::Named(GetFormat::Table | GetFormat::Wide) => {
            let table = T::table(rows, columns, printer);
            match growing {
                Some(growing) => table.below(growing, printer),
                None => table.text(printer),
            }
        }
    })
}

fn warn(troubles: &[String], printer: &Printer) -> Result<(), Failure> {
    for trouble in troubles {
        printer.warning(trouble)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{changes, keyed};
    use crate::render::CellRow;

    fn row(namespace: &str, cell: &str, slices: usize) -> CellRow {
        CellRow {
            namespace: Some(namespace.to_owned()),
            cell: cell.to_owned(),
            admin: Vec::new(),
            phase: "Running".to_owned(),
            slices,
        }
    }

    #[test]
    fn what_is_new_changed_or_gone_is_told_and_nothing_else() {
        let before = keyed(vec![row("a", "x", 1), row("b", "x", 1), row("b", "y", 1)]);
        let rows = [row("a", "x", 1), row("b", "x", 2), row("c", "x", 1)];
        let told = changes(&before, &rows);
        let told: Vec<_> = told
            .iter()
            .map(|row| {
                (
                    row.namespace.as_deref().unwrap_or_default(),
                    &*row.cell,
                    &*row.phase,
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                ("b", "x", "Running"),
                ("c", "x", "Running"),
                ("b", "y", "Gone")
            ]
        );
        assert!(changes(&keyed(rows.to_vec()), &rows).is_empty());
    }
}
