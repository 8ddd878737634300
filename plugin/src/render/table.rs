//! Tables as kubectl prints them: a header in capitals, columns three spaces apart.

use super::wrap::{wrapped, wrapped_cell};
use crate::printer::{Printer, Tone};

/// Between two columns.
const GAP: &str = "   ";

/// A table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Table {
    header: Vec<&'static str>,
    rows: Vec<Row>,
}

/// One cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cell {
    /// As it is written; where it is painted, without its colour.
    text: String,
    /// With its colour.
    painted: String,
}

/// How wide the columns of a table are that is printed piece by piece.
#[derive(Debug, Default)]
pub(crate) struct Growing(Vec<usize>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Row {
    Cells(Vec<Cell>),
    Line(String),
}

impl Table {
    /// A table with these columns.
    pub(crate) fn new(header: impl IntoIterator<Item = &'static str>) -> Self {
        Self {
            header: header.into_iter().collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.rows.push(Row::Cells(cells.into_iter().collect()));
    }

    /// Adds a line about the row before, which keeps to no column.
    pub(crate) fn line(&mut self, text: impl Into<String>) {
        self.rows.push(Row::Line(text.into()));
    }

    /// The text. A column in which nothing stands is left out.
    pub(crate) fn text(&self, printer: &Printer) -> String {
        let widths = self.widths();
        self.titles(&widths, printer) + &self.body(&widths, printer)
    }

    /// The text below what was printed of a table that grows: its header stands at the top, and no
    /// column gets narrower or is left out.
    pub(crate) fn below(&self, growing: &mut Growing, printer: &Printer) -> String {
        let own = self.widths();
        let begun = !growing.0.is_empty();
        growing.0.resize(own.len(), 0);
        let columns = growing.0.iter_mut().zip(self.header.iter().zip(own));
        for (width, (title, own)) in columns {
            *width = (*width).max(own.unwrap_or(title.len()));
        }
        let widths: Vec<_> = growing.0.iter().copied().map(Some).collect();
        match begun {
            true => self.body(&widths, printer),
            false => self.titles(&widths, printer) + &self.body(&widths, printer),
        }
    }

    fn titles(&self, widths: &[Option<usize>], printer: &Printer) -> String {
        let titles = self.header.iter().map(|title| Cell::from(*title));
        let titles: Vec<_> = titles.collect();
        printer.out(&line(&titles, widths), Tone::Strong) + "\n"
    }

    fn body(&self, widths: &[Option<usize>], printer: &Printer) -> String {
        let mut text = String::new();
        for row in &self.rows {
            match row {
                Row::Cells(cells) => {
                    let line = line(cells, widths);
                    text += &wrapped_cell(&line, last_column(widths), printer.width());
                }
                Row::Line(line) => text += &wrapped(line, printer.width()),
            }
            text += "\n";
        }
        text
    }

    /// The width of each column; `None` for one that is left out.
    fn widths(&self) -> Vec<Option<usize>> {
        let widest = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| match row {
                Row::Cells(cells) => cells.get(column),
                Row::Line(_) => None,
            });
            cells.map(Cell::width).max().unwrap_or(0)
        };
        let columns = self.header.iter().enumerate();
        columns
            .map(|(column, title)| match widest(column) {
                0 => None,
                width => Some(width.max(title.len())),
            })
            .collect()
    }
}

impl Cell {
    /// A text in a colour.
    pub(crate) fn toned(text: impl Into<String>, tone: Tone, printer: &Printer) -> Self {
        let text = text.into();
        let painted = printer.out(&text, tone);
        Self { text, painted }
    }

    /// A text that has its colours already, and the same without.
    pub(crate) fn painted(text: String, painted: String) -> Self {
        Self { text, painted }
    }

    /// The text with its colour.
    pub(crate) fn painted_text(&self) -> &str {
        &self.painted
    }

    fn width(&self) -> usize {
        self.text.chars().count()
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        let text = text.into();
        Self {
            painted: text.clone(),
            text,
        }
    }
}

/// Where the last of the columns that are shown begins.
fn last_column(widths: &[Option<usize>]) -> usize {
    let shown: Vec<_> = widths.iter().flatten().collect();
    let before = shown.len().saturating_sub(1);
    shown[..before]
        .iter()
        .map(|width| **width + GAP.len())
        .sum()
}

/// Cells side by side, without spaces at the end.
fn line(cells: &[Cell], widths: &[Option<usize>]) -> String {
    let shown: Vec<_> = cells
        .iter()
        .zip(widths)
        .filter_map(|(cell, width)| width.map(|width| (cell, width)))
        .collect();
    let last = shown.iter().rposition(|(cell, _)| !cell.text.is_empty());
    let mut text = String::new();
    for (index, (cell, width)) in shown.iter().enumerate() {
        text += &cell.painted;
        if Some(index) >= last {
            break;
        }
        text += &" ".repeat(width.saturating_sub(cell.width()));
        text += GAP;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Cell, Growing, Table};
    use crate::printer::{ColorChoice, Printer, Tone};

    fn table(printer: &Printer) -> Table {
        let mut table = Table::new(["NAMESPACE", "NAME", "STATE"]);
        table.row([
            Cell::from(""),
            Cell::from("a"),
            Cell::toned("Waiting", Tone::Warn, printer),
        ]);
        table.line("  because");
        table.row([Cell::from(""), Cell::from("longer-name"), Cell::from("")]);
        table
    }

    #[test]
    fn columns_are_aligned_and_empty_ones_left_out() {
        let printer = Printer::new(ColorChoice::Never);
        let text = "NAME          STATE\na             Waiting\n  because\nlonger-name\n";
        assert_eq!(table(&printer).text(&printer), text);
    }

    #[test]
    fn a_table_that_grows_has_one_header_and_keeps_its_columns() {
        let printer = Printer::new(ColorChoice::Never);
        let mut growing = Growing::default();
        let first = table(&printer).below(&mut growing, &printer);
        assert!(
            first.starts_with("NAMESPACE   NAME          STATE\n"),
            "{first}"
        );
        let mut more = Table::new(["NAMESPACE", "NAME", "STATE"]);
        more.row(["x", "b", "Gone"].map(Cell::from));
        let text = more.below(&mut growing, &printer);
        assert_eq!(text, "x           b             Gone\n");
    }

    #[test]
    fn colours_have_no_width() {
        let printer = Printer::new(ColorChoice::Always);
        let text = table(&printer).text(&printer);
        assert!(
            text.contains("a             \u{1b}[33mWaiting\u{1b}[0m\n"),
            "{text:?}"
        );
    }
}
