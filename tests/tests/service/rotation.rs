//! Reviews while certificates, authorities and replicas change: none is lost.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::client::Client;
use crate::replicas::Service;
use crate::shared::{cluster, product};

/// Reviews of one run, unless SAX_SOAK_REVIEWS says otherwise; 100,000 is the long one.
const REVIEWS: usize = 20_000;
/// Reviews on one connection: there are many handshakes, as after idle times.
const A_CONNECTION: usize = 100;
/// Clients at one time.
const CLIENTS: usize = 4;
/// Of each kind of change, at least.
const LEAVES: usize = 20;
const AUTHORITIES: usize = 3;
const ROLLS: usize = 10;
const UPDATES: usize = 60;
/// For one thing to happen on a machine that compiles meanwhile.
const PATIENCE: Duration = Duration::from_secs(120);

/// What the replicas are started with, so that months pass in seconds.
const QUICK: [&str; 10] = [
    "--certificate-look=100ms",
    "--leaf-lifetime=60s",
    "--leaf-renew-before=59s",
    "--authority-lifetime=400h",
    "--authority-renew-before=60s",
    "--authority-settle=1s",
    "--shutdown-delay=1s",
    "--placement=on",
    "--log-format=json",
    "--workers=2",
];

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

/// What the clients share.
struct Load {
    address: String,
    trusted: Mutex<String>,
    left: AtomicUsize,
    stop: AtomicBool,
    failures: Mutex<Vec<String>>,
}

impl Load {
    /// Sends reviews until there are none left and the changes are over.
    fn run(&self) {
        while !self.is_over() {
            let trusted = self.trusted.lock().unwrap().clone();
            if let Err(error) = self.connection(&trusted) {
                self.failures.lock().unwrap().push(format!("{error:#}"));
            }
        }
    }

    fn connection(&self, trusted: &str) -> anyhow::Result<()> {
        let mut client = Client::connect(&self.address, trusted)?;
        for _ in 0..A_CONNECTION {
            if client.is_over() || self.is_over() {
                break;
            }
            let uid = self
                .left
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                    Some(left.saturating_sub(1))
                });
            let uid = uid.unwrap_or_default();
            let response = client.review(&review(uid))?;
            anyhow::ensure!(
                response["uid"] == format!("u-{uid}"),
                "another's answer: {response}"
            );
            anyhow::ensure!(response["allowed"] == true, "{response}");
        }
        Ok(())
    }

    fn is_over(&self) -> bool {
        self.stop.load(Ordering::Relaxed) && self.left.load(Ordering::Relaxed) == 0
    }
}

fn wanted() -> usize {
    let said = std::env::var("SAX_SOAK_REVIEWS").ok();
    said.map_or(REVIEWS, |text| {
        text.parse().expect("SAX_SOAK_REVIEWS must be a number")
    })
}

/// Waits until `happened`.
fn until(what: &str, mut happened: impl FnMut() -> bool) {
    let started = Instant::now();
    while !happened() {
        assert!(started.elapsed() < PATIENCE, "{what} did not come");
        thread::park_timeout(Duration::from_millis(50));
    }
}

/// What changed so far.
#[derive(Default)]
struct Changes {
    leaf: Option<String>,
    leaves: usize,
    updates: usize,
}

impl Changes {
    fn look(&mut self, leaf: Option<String>) {
        if leaf.is_some() && leaf != self.leaf {
            self.leaves += usize::from(self.leaf.is_some());
            self.leaf = leaf;
        }
    }
}

#[test]
fn no_review_fails_while_certificates_authorities_and_replicas_change() {
    let service = Service::start(cluster("rotation"), &QUICK);
    let load = Arc::new(Load {
        address: service.address(),
        trusted: Mutex::new(service.trusted()),
        left: AtomicUsize::new(wanted()),
        stop: AtomicBool::new(false),
        failures: Mutex::default(),
    });
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let load = Arc::clone(&load);
            thread::spawn(move || load.run())
        })
        .collect();
    let mut changes = Changes::default();
    let follow = |changes: &mut Changes| {
        changes.look(service.kept("tls.crt"));
        // An API server learns of a registration a moment later.
        *load.trusted.lock().unwrap() = service.trusted();
        service.update_policy(changes.updates);
        changes.updates += 1;
    };
    for at in 0..ROLLS {
        let rolled = at % 2;
        thread::scope(|scope| {
            let rolling = scope.spawn(|| service.roll(rolled));
            while !rolling.is_finished() {
                follow(&mut changes);
            }
        });
        if at < AUTHORITIES {
            let before = service.kept("authority.crt");
            ask_for_an_authority(&service);
            until("a new authority alone", || {
                follow(&mut changes);
                let trusted = service.kept("ca.crt").unwrap_or_default();
                service.kept("authority.crt") != before && trusted.matches("BEGIN").count() == 1
            });
        }
    }
    until("leaves and policies enough", || {
        follow(&mut changes);
        changes.leaves >= LEAVES && changes.updates >= UPDATES
    });
    load.stop.store(true, Ordering::Relaxed);
    until("all reviews", || {
        follow(&mut changes);
        clients.iter().all(thread::JoinHandle::is_finished)
    });
    println!(
        "{} reviews, {} leaves, {AUTHORITIES} authorities, {} policy updates, {ROLLS} replicas ended",
        wanted(),
        changes.leaves,
        changes.updates
    );
    let failures = load.failures.lock().unwrap();
    assert!(
        failures.is_empty(),
        "{} failed: {:#?}",
        failures.len(),
        failures.iter().take(5).collect::<Vec<_>>()
    );
}

fn ask_for_an_authority(service: &Service) {
    let words = ["webhook", "rotate-certs", "--authority", "--wait=false"];
    let answer = product()
        .sax(cluster("rotation").kubectl(), &words, "")
        .unwrap();
    assert!(answer.success, "{answer:?} {}", service.address());
}

#[test]
fn the_real_api_server_trusts_us_through_a_new_authority_and_a_deleted_secret() {
    let cluster = cluster("trust");
    let service = Service::start(cluster, &QUICK);
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "namespace": "default"},
        "spec": {"containers": [{"name": "a", "image": "a", "resources": {"limits": {"google.com/tpu": "4"}}}],
            "nodeSelector": {"cloud.google.com/gke-tpu-accelerator": "tpu-v5-lite-podslice",
                "cloud.google.com/gke-tpu-topology": "2x2"}}})
    .to_string();
    // A Pod that requests TPUs is refused where nobody answers whom the API server trusts.
    let create = || {
        let words = ["create", "--dry-run=server", "-f", "-", "-o", "name"];
        let answer = cluster.kubectl().try_run_with(&words, &pod).unwrap();
        assert!(answer.success, "{answer:?}");
    };
    until("the ServiceAccount", || {
        let words = ["create", "serviceaccount", "default"];
        let made = cluster.kubectl().try_run(&words).unwrap();
        made.success || made.stderr.contains("AlreadyExists")
    });
    create();
    let before = service.kept("authority.crt");
    let words = ["webhook", "rotate-certs", "--authority", "--wait=false"];
    assert!(
        product()
            .sax(cluster.kubectl(), &words, "")
            .unwrap()
            .success
    );
    until("a new authority alone", || {
        create();
        let trusted = service.kept("ca.crt").unwrap_or_default();
        service.kept("authority.crt") != before && trusted.matches("BEGIN").count() == 1
    });
    let authority = service.kept("authority.key");
    let words = [
        "delete",
        "secret",
        "sax-webhook-tls",
        "-n",
        "kubectl-sax-system",
    ];
    cluster.kubectl().run(&words).unwrap();
    until("the Secret", || {
        create();
        service.kept("authority.key").is_some()
    });
    assert_eq!(
        service.kept("authority.key"),
        authority,
        "it came back with another authority"
    );
    // Whoever leads is killed: the other one goes on keeping.
    let leaf = service.kept("tls.crt");
    service.kill(0);
    until("another leaf", || {
        create();
        service.kept("tls.crt") != leaf
    });
}
