//! Components out of OCI images.
//!
//! Each image that a WasmPolicy names is pulled by a task of its own, beside everything else: a
//! registry that hangs holds up no other policy, and one that is down takes nothing out of force.
//! An image is named by its digest, so what was pulled once stays right for ever.
//!
//! In reading order: [`error`] (why there is none), [`credentials`] (who we are to a registry),
//! [`cache`] (what was pulled before), [`puller`] (one pull), [`images`](Images) (which).

mod cache;
mod credentials;
mod error;
mod puller;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio::time::sleep;

pub(crate) use error::ImageError;
pub(crate) use puller::Puller;

use crate::backoff::Backoff;

/// The wait after the first failure, doubled by each further one.
const FIRST: Duration = Duration::from_secs(1);
/// The longest wait.
const LONGEST: Duration = Duration::from_secs(60);

/// How far an image is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum State {
    /// It is being pulled for the first time.
    Pulling,
    /// Its component.
    Pulled(Arc<[u8]>),
    /// It couldn't be pulled; it is tried again.
    Refused(ImageError),
}

impl State {
    /// Changes with it.
    pub(crate) fn word(&self) -> String {
        match self {
            State::Pulling => "pulling".to_owned(),
            State::Pulled(_) => "pulled".to_owned(),
            State::Refused(error) => error.to_string(),
        }
    }
}

/// The images that are asked for.
pub(crate) struct Images {
    puller: Arc<Puller>,
    changed: Arc<Notify>,
    pulls: BTreeMap<String, Pull>,
}

struct Pull {
    state: watch::Receiver<State>,
    task: JoinHandle<()>,
}

impl Images {
    /// None yet.
    pub(crate) fn new(puller: Puller) -> Images {
        Images {
            puller: Arc::new(puller),
            changed: Arc::default(),
            pulls: BTreeMap::new(),
        }
    }

    /// Pulls these images and forgets all others.
    pub(crate) fn want(&mut self, wanted: &BTreeSet<String>) {
        self.pulls.retain(|image, _| wanted.contains(image));
        for image in wanted {
            if !self.pulls.contains_key(image) {
                self.pulls.insert(image.clone(), self.pull(image));
            }
        }
    }

    /// How far an image is.
    pub(crate) fn state(&self, image: &str) -> State {
        let pull = self.pulls.get(image);
        pull.map_or(State::Pulling, |pull| pull.state.borrow().clone())
    }

    /// Waits until a pull has come to something.
    pub(crate) async fn changed(&self) {
        self.changed.notified().await;
    }

    fn pull(&self, image: &str) -> Pull {
        let (says, state) = watch::channel(State::Pulling);
        let (puller, changed) = (Arc::clone(&self.puller), Arc::clone(&self.changed));
        let task = tokio::spawn(until_pulled(puller, image.to_owned(), says, changed));
        Pull { state, task }
    }
}

/// Nobody asks for it any more.
impl Drop for Pull {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn until_pulled(
    puller: Arc<Puller>,
    image: String,
    says: watch::Sender<State>,
    changed: Arc<Notify>,
) {
    let mut backoff = Backoff::between(FIRST, LONGEST);
    loop {
        let pulled = puller.pull(&image).await;
        let is_done = pulled.is_ok();
        says.send_replace(pulled.map_or_else(State::Refused, State::Pulled));
        changed.notify_one();
        if is_done {
            return;
        }
        sleep(backoff.next()).await;
    }
}
