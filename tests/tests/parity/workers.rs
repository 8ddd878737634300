//! Many small things, a few at once.

use std::sync::Mutex;

/// Does `work` on each item, at most `workers` at once, and returns the results in the items'
/// order. A panic of one is a panic of all.
pub(crate) fn each<T: Sync, R: Send>(
    items: &[T],
    workers: usize,
    work: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    let next = Mutex::new(items.iter().enumerate());
    let take = || next.lock().expect("taking an item never panics").next();
    let worker = || {
        let mut done = Vec::new();
        while let Some((index, item)) = take() {
            done.push((index, work(item)));
        }
        done
    };
    let mut done: Vec<(usize, R)> = std::thread::scope(|scope| {
        let started: Vec<_> = (0..workers).map(|_| scope.spawn(worker)).collect();
        let joined = started.into_iter().map(|thread| {
            let done = thread.join();
            done.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        });
        joined.flatten().collect()
    });
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, result)| result).collect()
}

/// Fails the test with all failures, if there are any; else says how many cases agreed.
pub(crate) fn assert_none(channel: &str, cases: usize, failures: &[String]) {
    let failed = failures.len();
    assert!(
        failures.is_empty(),
        "{channel}: {failed} of {cases} cases disagree:\n\n{}",
        failures.join("\n\n")
    );
    xtask::progress::say(&format!("parity: {channel}: {cases} cases agree"));
}
