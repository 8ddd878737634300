//! Waiting with a deadline that says what it waited for.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// How often a condition is looked at.
const INTERVAL: Duration = Duration::from_millis(50);

/// What a look at a condition found.
pub enum Look<T> {
    /// It holds.
    Ready(T),
    /// Not yet; the text says what is there instead.
    Waiting(String),
}

/// Looks until the condition holds.
///
/// # Errors
/// When `deadline` passes first, with `what` and the last thing seen; or the look's own error,
/// which means that waiting is hopeless.
pub fn until<T>(
    what: &str,
    deadline: Duration,
    mut look: impl FnMut() -> Result<Look<T>>,
) -> Result<T> {
    let start = Instant::now();
    loop {
        match look()? {
            Look::Ready(value) => return Ok(value),
            Look::Waiting(seen) if start.elapsed() >= deadline => {
                bail!(
                    "waited {} s for {what}; last seen: {seen}",
                    deadline.as_secs()
                );
            }
            Look::Waiting(_) => pause(),
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the wait with a deadline that others are to use"
)]
fn pause() {
    std::thread::sleep(INTERVAL);
}

#[cfg(test)]
mod tests {
    use super::{Look, until};
    use std::time::Duration;

    #[test]
    fn a_missed_deadline_names_what_was_awaited_and_what_was_seen() {
        let error = until::<()>("the moon", Duration::ZERO, || {
            Ok(Look::Waiting("clouds".to_owned()))
        });
        let text = error.expect_err("must time out").to_string();
        assert_eq!(text, "waited 0 s for the moon; last seen: clouds");
    }
}
