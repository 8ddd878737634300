//! Lists of the API server and what becomes of them, by `kube::runtime::watcher`: pages of a list,
//! then a watch that is taken up again where it broke, then a new list where that is no longer
//! possible.
//!
//! What is left to us: a kind that isn't installed has no objects, and the pace after errors,
//! which kube's `.backoff()` takes back to its beginning with each list that begins, though none
//! succeeds.

use std::pin::pin;
use std::time::Duration;

use futures_util::{Stream, StreamExt as _};
use kube::runtime::watcher::{self, Event};
use tokio::time::sleep;

use crate::backoff::Backoff;

/// Objects of one answer.
pub(crate) const PAGE: u32 = 500;

/// Nobody listens any more.
#[derive(Debug)]
pub(crate) struct Closed;

/// Who is told.
pub(crate) trait Sink<K>: Send {
    /// Something happened.
    fn event(&mut self, event: Event<K>) -> impl Future<Output = Result<(), Closed>> + Send;

    /// The kind isn't installed, so it has no objects.
    fn nothing(&mut self) -> impl Future<Output = Result<(), Closed>> + Send;

    /// It is tried again after `wait`.
    fn broke(&mut self, error: watcher::Error, wait: Duration);
}

/// Why a watcher is asked no more.
enum End {
    /// The version at which its watch should begin is forgotten: a new list is needed. The
    /// watcher itself sees that only in the middle of a watch.
    Forgotten,
    /// There is no such kind.
    NotInstalled,
    /// Nobody listens any more.
    Closed,
}

impl From<Closed> for End {
    fn from(_: Closed) -> Self {
        End::Closed
    }
}

/// Follows what `watch` begins, anew where it gets no further, until nobody listens. Looks for a
/// kind that isn't installed every `not_installed`.
pub(crate) async fn follow<K, W>(
    watch: impl Fn() -> W,
    sink: &mut impl Sink<K>,
    not_installed: Duration,
) where
    W: Stream<Item = watcher::Result<Event<K>>>,
{
    let mut backoff = Backoff::default();
    loop {
        match until_end(watch(), sink, &mut backoff).await {
            End::Forgotten => sleep(backoff.next()).await,
            End::NotInstalled => {
                if sink.nothing().await.is_err() {
                    return;
                }
                sleep(not_installed).await;
            }
            End::Closed => return,
        }
    }
}

/// The HTTP status, or that of an error in the middle of a watch.
pub(crate) fn code(error: &watcher::Error) -> Option<u16> {
    match error {
        watcher::Error::InitialListFailed(kube::Error::Api(status))
        | watcher::Error::WatchStartFailed(kube::Error::Api(status))
        | watcher::Error::WatchFailed(kube::Error::Api(status))
        | watcher::Error::WatchError(status) => Some(status.code),
        _ => None,
    }
}

/// Follows one watcher, which begins with a list, until it gets no further.
async fn until_end<K>(
    events: impl Stream<Item = watcher::Result<Event<K>>>,
    sink: &mut impl Sink<K>,
    backoff: &mut Backoff,
) -> End {
    let mut events = pin!(events);
    while let Some(event) = events.next().await {
        let taken = match event {
            Ok(event) => {
                // That a list begins is no success.
                if !matches!(event, Event::Init) {
                    backoff.reset();
                }
                sink.event(event).await.map_err(End::from)
            }
            Err(error) => broke(sink, error, backoff).await,
        };
        if let Err(end) = taken {
            return end;
        }
    }
    End::Forgotten
}

/// Tells it and waits; then the watcher tries again, if that can help.
async fn broke<K>(
    sink: &mut impl Sink<K>,
    error: watcher::Error,
    backoff: &mut Backoff,
) -> Result<(), End> {
    let starts = matches!(error, watcher::Error::WatchStartFailed(_));
    match code(&error) {
        Some(404) => return Err(End::NotInstalled),
        Some(410) if starts => return Err(End::Forgotten),
        _ => {}
    }
    let wait = backoff.next();
    sink.broke(error, wait);
    sleep(wait).await;
    Ok(())
}

#[cfg(test)]
mod tests {
    use futures_util::stream;

    use super::*;

    struct Deaf;

    impl Sink<()> for Deaf {
        async fn event(&mut self, _: Event<()>) -> Result<(), Closed> {
            Ok(())
        }

        async fn nothing(&mut self) -> Result<(), Closed> {
            Ok(())
        }

        fn broke(&mut self, _: watcher::Error, _: Duration) {}
    }

    #[tokio::test]
    async fn beginning_a_list_is_no_success_so_waits_grow_until_a_list_is_complete() {
        let mut backoff = Backoff::default();
        let shortest = backoff.next();
        for (event, grows) in [(Event::Init, true), (Event::InitDone, false)] {
            let events = stream::iter([Ok(event)]);
            let end = until_end(events, &mut Deaf, &mut backoff).await;
            assert!(matches!(end, End::Forgotten));
            assert_eq!(backoff.next() > shortest, grows);
        }
    }
}
