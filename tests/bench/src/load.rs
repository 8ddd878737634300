//! Clients side by side, each on a thread of its own, and reviews that are sent when they are due.

use std::thread;
use std::time::Duration;

use anyhow::{Result, anyhow};

/// What `client` does on each of so many connections, by their numbers.
pub(crate) fn on_connections<T: Send>(
    connections: u32,
    client: impl Fn(u32) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    let client = &client;
    thread::scope(|scope| {
        let threads: Vec<_> = (0..connections)
            .map(|number| scope.spawn(move || client(number)))
            .collect();
        let join = |thread: thread::ScopedJoinHandle<'_, Result<T>>| {
            let joined = thread.join();
            joined.map_err(|_| anyhow!("a connection's thread panicked"))?
        };
        threads.into_iter().map(join).collect()
    })
}

/// Until a review is due.
#[expect(
    clippy::disallowed_methods,
    reason = "a load of so many a second is made by waiting for the time of each"
)]
pub(crate) fn wait(time: Duration) {
    thread::sleep(time);
}
