//! Clients that send reviews for as long as things change, and hold each answer against what it
//! must be.
//!
//! What counts. A review is *answered* when its own uid comes back, allowed, judged by whole
//! policies and whole sets (see [`crate::pairs`]). Everything else is *failed*: a refusal, another
//! status, another's uid, half a set, a certificate that isn't trusted, and a connection that
//! broke without a cause. One thing is told apart: the connection of a process that was killed
//! breaks, and nobody can answer what that process had got. The API server says so to whoever
//! made the request, who sends it anew. So such a review is *sent again*, must be answered then,
//! and may only be there while a replica is being killed.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use anyhow::{Context, Result, ensure};
use sax_tests::https;
use serde_json::{Value, json};

use crate::client::Client;
use crate::pairs::Versions;

/// Reviews on one connection: there are many handshakes, as after idle times.
const A_CONNECTION: usize = 100;
/// A review that breaks so often is lost: no replica is killed so soon after another.
const TRIES: usize = 3;

/// What the clients share.
pub(crate) struct Load {
    pub(crate) address: String,
    pub(crate) trusted: Mutex<String>,
    pub(crate) left: AtomicUsize,
    pub(crate) stop: AtomicBool,
    /// A replica is being killed, or isn't back yet.
    pub(crate) killing: AtomicBool,
    pub(crate) answered: AtomicUsize,
    pub(crate) sent_again: AtomicUsize,
    /// Answered after one WasmPolicy had changed and before the other had.
    pub(crate) between: AtomicUsize,
    pub(crate) failures: Mutex<Vec<String>>,
}

/// A review that is to be answered.
struct Due {
    uid: usize,
    tries: usize,
}

impl Load {
    pub(crate) fn new(address: String, trusted: String, reviews: usize) -> Load {
        Load {
            address,
            trusted: Mutex::new(trusted),
            left: AtomicUsize::new(reviews),
            stop: AtomicBool::new(false),
            killing: AtomicBool::new(false),
            answered: AtomicUsize::new(0),
            sent_again: AtomicUsize::new(0),
            between: AtomicUsize::new(0),
            failures: Mutex::default(),
        }
    }

    /// Sends reviews until there are none left and the changes are over.
    pub(crate) fn run(&self) {
        let mut due = None;
        while due.is_some() || !self.is_over() {
            let trusted = self.trusted.lock().unwrap().clone();
            if let Err(error) = self.connection(&trusted, &mut due) {
                self.take(&error, &mut due);
            }
        }
    }

    fn take(&self, error: &anyhow::Error, due: &mut Option<Due>) {
        let broke = https::Client::broke(error);
        let is_killing = self.killing.load(Ordering::SeqCst);
        let tries = due.as_ref().map_or(0, |due| due.tries);
        if broke && is_killing && tries < TRIES {
            self.sent_again
                .fetch_add(usize::from(due.is_some()), Ordering::Relaxed);
            return;
        }
        *due = None;
        self.failures.lock().unwrap().push(format!("{error:#}"));
    }

    fn connection(&self, trusted: &str, due: &mut Option<Due>) -> Result<()> {
        let mut client = Client::connect(&self.address, trusted)?;
        let mut versions = Versions::default();
        for _ in 0..A_CONNECTION {
            if client.is_over() || (due.is_none() && self.is_over()) {
                break;
            }
            let next = due.get_or_insert_with(|| self.next());
            next.tries += 1;
            let response = client.review(&review(next.uid))?;
            let is_one = judge(next.uid, &response, &mut versions)?;
            self.between
                .fetch_add(usize::from(!is_one), Ordering::Relaxed);
            *due = None;
            self.answered.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }

    fn next(&self) -> Due {
        let less = |left: usize| Some(left.saturating_sub(1));
        let left = self
            .left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
        Due {
            uid: left.unwrap_or_default(),
            tries: 0,
        }
    }

    fn is_over(&self) -> bool {
        self.stop.load(Ordering::Relaxed) && self.left.load(Ordering::Relaxed) == 0
    }
}

fn judge(uid: usize, response: &Value, versions: &mut Versions) -> Result<bool> {
    ensure!(
        response["uid"] == format!("u-{uid}"),
        "another's answer: {response}"
    );
    ensure!(response["allowed"] == true, "{response}");
    let judged = versions.judge(response);
    judged.with_context(|| format!("half a set judged: {response}"))
}

fn review(uid: usize) -> String {
    json!({
        "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
        "request": {
            "uid": format!("u-{uid}"),
            "kind": {"group": "", "version": "v1", "kind": "Pod"},
            "resource": {"group": "", "version": "v1", "resource": "pods"},
            "name": "a", "namespace": "default", "operation": "CREATE",
            "userInfo": {"username": "somebody"},
            "object": {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "namespace": "default"},
                "spec": {"containers": [{"name": "main", "image": "busybox",
                    "resources": {"limits": {"google.com/tpu": "4"}}}],
                    "nodeSelector": {"cloud.google.com/gke-tpu-accelerator": "tpu-v5-lite-podslice",
                        "cloud.google.com/gke-tpu-topology": "2x2"}}},
        },
    })
    .to_string()
}
