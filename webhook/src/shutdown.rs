//! Signals: the first one drains, the second one ends at once.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

/// SIGTERM and SIGINT, caught from the moment this exists.
pub(crate) struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

/// Says that something begins, once.
#[derive(Debug)]
pub(crate) struct Trigger(watch::Sender<bool>);

/// Whether it has begun. It has, too, where nobody can say so any more.
#[derive(Debug, Clone)]
pub(crate) struct Begun(watch::Receiver<bool>);

impl Signals {
    /// Starts to catch the signals.
    pub(crate) fn catch() -> io::Result<Signals> {
        Ok(Signals {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Waits for the next of them.
    pub(crate) async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

impl Trigger {
    /// Of something that has not begun.
    pub(crate) fn new() -> (Trigger, Begun) {
        let (sender, receiver) = watch::channel(false);
        (Trigger(sender), Begun(receiver))
    }

    /// It begins.
    pub(crate) fn pull(&self) {
        self.0.send_replace(true);
    }
}

impl Begun {
    /// Has it?
    pub(crate) fn already(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits for it.
    pub(crate) async fn wait(mut self) {
        // The end of the trigger is its pulling: then there is nothing to wait for.
        self.0.wait_for(|begun| *begun).await.ok();
    }
}
