//! How soon the webhook serves.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;

use crate::policy_set::write_ten;
use crate::row::Row;
use crate::sample::Sample;
use crate::webhook::Folders;

const WARM: Duration = Duration::from_millis(150);
const COLD: Duration = Duration::from_millis(1_500);
/// A cold start takes seconds, a warm one a fraction.
const COLD_STARTS: usize = 3;
const WARM_STARTS: usize = 15;

/// Measures starts with ten policies.
pub(crate) fn measure(program: &Path) -> Result<Vec<Row>> {
    let folders = Folders::new()?;
    write_ten(&folders.policies(), &[])?;
    // The first start makes the certificate, which is not what is measured.
    drop(folders.start(program)?);
    let cold = Sample::of_runs(COLD_STARTS, || {
        folders.cool()?;
        Ok(folders.start(program)?.took)
    })?;
    let warm = Sample::of_runs(WARM_STARTS, || Ok(folders.start(program)?.took))?;
    let what = |cache| format!("webhook start to ready, ten policies, cache {cache}");
    let note = |runs| format!("the built-in policies and copies of them as files; {runs} starts");
    Ok(vec![
        Row::of_time("start-warm", &what("warm"), WARM, &warm).noting(note(WARM_STARTS)),
        Row::of_time("start-cold", &what("cold"), COLD, &cold).noting(note(COLD_STARTS)),
    ])
}
