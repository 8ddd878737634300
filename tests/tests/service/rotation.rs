//! Reviews while certificates, authorities and replicas change: none is lost.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::load::Load;
use crate::replicas::Service;
use crate::shared::{cluster, product};

/// Reviews of one run, unless SAX_SOAK_REVIEWS says otherwise: about three minutes on two cores
/// that compile meanwhile. The changes alone take half of that, and 35,000 reviews come meanwhile.
const REVIEWS: usize = 100_000;
/// Clients at one time.
const CLIENTS: usize = 4;
/// Of each kind of change, at least.
const LEAVES: usize = 20;
const AUTHORITIES: usize = 3;
const ENDS: usize = 16;
const UPDATES: usize = 60;
/// For one thing to happen on a machine that compiles meanwhile.
const PATIENCE: Duration = Duration::from_secs(120);

/// What the replicas are started with, so that months pass in seconds. They place nothing, and
/// judge by the cluster's policies all the same.
const QUICK: [&str; 10] = [
    "--certificate-look=100ms",
    "--leaf-lifetime=60s",
    "--leaf-renew-before=59s",
    "--authority-lifetime=400h",
    "--authority-renew-before=60s",
    // Longer than kubectl takes here to learn of a registration; an API server watches.
    "--authority-settle=4s",
    "--shutdown-delay=1s",
    "--placement=off",
    "--log-format=json",
    "--workers=2",
];

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
    ends: usize,
    kills: usize,
}

impl Changes {
    /// Another version of the policies, and what there is to see.
    fn follow(&mut self, service: &Service) {
        self.look(service.kept("tls.crt"));
        service.update_policy(self.updates);
        self.updates += 1;
    }

    fn look(&mut self, leaf: Option<String>) {
        if leaf.is_some() && leaf != self.leaf {
            self.leaves += usize::from(self.leaf.is_some());
            self.leaf = leaf;
        }
    }
}

/// What changes, and in what time.
struct Soak {
    service: Arc<Service>,
    load: Arc<Load>,
    changes: Changes,
}

impl Soak {
    fn begin() -> Soak {
        let service = Service::start(cluster("rotation"), &QUICK);
        // What policies out of files match is registered, as what a WasmPolicy matches is.
        until("the files' entry", || {
            service.entries().contains("policies.")
        });
        service.update_policy(0);
        service.await_policy();
        let load = Load::new(service.address(), service.trusted(), wanted());
        Soak {
            service: Arc::new(service),
            load: Arc::new(load),
            changes: Changes {
                updates: 1,
                ..Changes::default()
            },
        }
    }

    fn follow(&mut self) {
        self.changes.follow(&self.service);
    }

    /// Ends a replica, killed or asked to, and has it back with newer files.
    fn end(&mut self, index: usize, is_killed: bool) {
        let files = self.changes.ends + 1;
        let load = Arc::clone(&self.load);
        load.killing.store(is_killed, Ordering::SeqCst);
        let service = &self.service;
        thread::scope(|scope| {
            let ending = scope.spawn(move || match is_killed {
                true => service.kill(index, files),
                false => service.roll(index, files),
            });
            let changes = &mut self.changes;
            while !ending.is_finished() {
                changes.follow(service);
            }
        });
        load.killing.store(false, Ordering::SeqCst);
        self.changes.ends += 1;
        self.changes.kills += usize::from(is_killed);
    }

    fn exchange_authority(&mut self) {
        let before = self.service.kept("authority.crt");
        ask_for_an_authority(&self.service);
        until("a new authority alone", || {
            self.follow();
            let trusted = self.service.kept("ca.crt").unwrap_or_default();
            self.service.kept("authority.crt") != before && trusted.matches("BEGIN").count() == 1
        });
    }
}

#[test]
fn no_review_fails_while_certificates_authorities_and_replicas_change() {
    let began = Instant::now();
    let mut soak = Soak::begin();
    let (service, load) = (Arc::clone(&soak.service), Arc::clone(&soak.load));
    // An API server learns of a registration a moment later.
    let learning = thread::spawn(move || {
        while !load.stop.load(Ordering::Relaxed) {
            *load.trusted.lock().unwrap() = service.trusted();
        }
    });
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let load = Arc::clone(&soak.load);
            thread::spawn(move || load.run())
        })
        .collect();
    for at in 0..ENDS {
        // Each replica is asked once and killed twice, in turn.
        soak.end(at % 2, at / 2 % 3 != 0);
        if at < AUTHORITIES {
            soak.exchange_authority();
        }
    }
    until("leaves and policies enough", || {
        soak.follow();
        soak.changes.leaves >= LEAVES && soak.changes.updates >= UPDATES
    });
    while soak.load.left.load(Ordering::Relaxed) > 0 {
        soak.follow();
    }
    soak.load.stop.store(true, Ordering::Relaxed);
    learning.join().unwrap();
    for client in clients {
        client.join().unwrap();
    }
    let Soak { load, changes, .. } = soak;
    let failures = load.failures.lock().unwrap();
    println!(
        "{} reviews answered, {} of them sent again after a kill, {} between the changes of two \
         objects, {} failed; {} leaves, \
         {AUTHORITIES} authorities, {} policy updates, {} replicas ended, {} of them killed; {} s",
        load.answered.load(Ordering::Relaxed),
        load.sent_again.load(Ordering::Relaxed),
        load.between.load(Ordering::Relaxed),
        failures.len(),
        changes.leaves,
        changes.updates,
        changes.ends,
        changes.kills,
        began.elapsed().as_secs()
    );
    assert!(
        failures.is_empty(),
        "{} failed: {:#?}",
        failures.len(),
        failures.iter().take(5).collect::<Vec<_>>()
    );
    assert!(load.answered.load(Ordering::Relaxed) >= wanted());
    // Whoever is killed takes with it what its clients had just sent, and nothing else.
    let sent_again = load.sent_again.load(Ordering::Relaxed);
    assert!(sent_again <= changes.kills * CLIENTS, "{sent_again}");
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
    service.kill(0, 1);
    until("another leaf", || {
        create();
        service.kept("tls.crt") != leaf
    });
}
