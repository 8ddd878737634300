//! The zip files that `doctor` and `report` write.

use std::path::Path;

use crate::bundle::{self, Entry};
use crate::doctor::Report;
use crate::failure::Failure;
use crate::printer::{ColorChoice, Printer};
use crate::render::{pretty_json, report_text};

/// A file that is there isn't written over, and that is said before anything is read.
pub(super) fn refuse_existing(flag: &'static str, path: &Path) -> Result<(), Failure> {
    match path.exists() {
        false => Ok(()),
        true => Err(Failure::Flag {
            flag,
            message: format!("{} exists already; name another file", path.display()),
        }),
    }
}

/// A doctor's report in both formats, as files, and what made it.
pub(super) fn reports(report: &Report) -> Vec<Entry> {
    let plain = Printer::new(ColorChoice::Never);
    vec![
        Entry::new("report.txt", report_text(report, &plain)),
        Entry::new("report.json", pretty_json(report)),
        Entry::new(
            "version.txt",
            format!("kubectl-sax {}\n", env!("CARGO_PKG_VERSION")),
        ),
    ]
}

/// Writes them to a new file, and says so.
pub(super) fn write(
    flag: &'static str,
    path: &Path,
    files: &[Entry],
    printer: &Printer,
) -> Result<(), Failure> {
    bundle::write(path, files).map_err(|cause| Failure::Flag {
        flag,
        message: format!(
            "{} can't be written: {}",
            path.display(),
            crate::system::plain(&cause)
        ),
    })?;
    Ok(printer.note(&format!("wrote {}: {} files", path.display(), files.len()))?)
}
