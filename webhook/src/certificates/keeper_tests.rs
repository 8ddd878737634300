//! Claims about keepers that share a vault in memory: it behaves as the API server does, and
//! counts what is written.

use std::sync::Mutex;

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use prometheus_client::registry::Registry;
use tokio::sync::watch;

use super::super::step::Period;
use super::super::vault::Trust;
use super::*;
use crate::placer::leads_until;
use crate::tls::Tls;

/// One Secret, and what the registration trusts.
#[derive(Default)]
struct Memories {
    stored: Option<Stored>,
    version: u64,
    trusted: Option<String>,
    /// All bundles that were ever trusted.
    history: Vec<String>,
}

#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Memories>>);

impl Shared {
    fn with<T>(&self, does: impl FnOnce(&mut Memories) -> T) -> T {
        does(&mut self.0.lock().unwrap())
    }

    fn stored(&self) -> Stored {
        self.with(|memories| memories.stored.clone()).unwrap()
    }

    fn ask(&self, wish: &str) {
        self.with(|memories| {
            memories.version += 1;
            let version = memories.version.to_string();
            let stored = memories.stored.as_mut().unwrap();
            stored
                .annotations
                .insert(ROTATE.to_owned(), wish.to_owned());
            stored.secret.metadata.resource_version = Some(version);
        });
    }
}

fn refused() -> ApiError {
    let status = kube::core::Status::failure("it has changed", "Conflict").with_code(409);
    kube::Error::Api(status.boxed()).into()
}

impl Vault for Shared {
    async fn read(&self) -> Result<Option<Stored>, ApiError> {
        Ok(self.with(|memories| memories.stored.clone()))
    }

    async fn create(&self, data: BTreeMap<String, ByteString>) -> Result<(), ApiError> {
        self.with(|memories| {
            if memories.stored.is_some() {
                return Err(refused());
            }
            memories.version += 1;
            let mut secret = Secret::default();
            secret.metadata.resource_version = Some(memories.version.to_string());
            memories.stored = Some(Stored {
                data,
                secret,
                ..Stored::default()
            });
            Ok(())
        })
    }

    async fn replace(&self, mut stored: Stored) -> Result<(), ApiError> {
        self.with(|memories| {
            let version = |stored: &Stored| stored.secret.metadata.resource_version.clone();
            if memories.stored.as_ref().map(version) != Some(version(&stored)) {
                return Err(refused());
            }
            memories.version += 1;
            stored.secret.metadata.resource_version = Some(memories.version.to_string());
            memories.stored = Some(stored);
            Ok(())
        })
    }

    async fn is_registered(&self) -> Result<bool, ApiError> {
        Ok(self.with(|memories| memories.trusted.is_some()))
    }

    async fn trust(&self, bundle: &str) -> Result<Trust, ApiError> {
        Ok(self.with(|memories| {
            let already = memories
                .trusted
                .as_deref()
                .is_none_or(|trusted| trusted == bundle);
            if !already {
                memories.trusted = Some(bundle.to_owned());
                memories.history.push(bundle.to_owned());
            }
            Trust {
                already,
                paused: false,
            }
        }))
    }
}

/// A keeper, what it remembers, and what it serves.
struct Replica {
    keeper: Keeper<Shared>,
    memory: Memory,
    tls: Tls,
    live: watch::Sender<Option<Vec<Record>>>,
}

impl Replica {
    fn new(vault: &Shared, leads: bool) -> Replica {
        let (exchange, tls) = Tls::new();
        let (live, known) = watch::channel(None);
        let period = |lifetime, renew_before| Period {
            lifetime: Duration::from_secs(lifetime),
            renew_before: Duration::from_secs(renew_before),
        };
        let keeper = Keeper {
            vault: vault.clone(),
            rules: Rules {
                leaf: period(1000, 100),
                authority: period(10_000, 2000),
                settle: Duration::ZERO,
                hosts: vec!["127.0.0.1".to_owned()],
            },
            look: Duration::from_millis(1),
            patience: Duration::from_secs(60),
            leadership: leads_until(leads.then(|| Instant::now() + Duration::from_secs(3600))),
            clients: None,
            exchange,
            metrics: Arc::new(CertificateMetrics::register(&mut Registry::default())),
            voice: Voice::unheard(),
            live: known,
        };
        Replica {
            keeper,
            memory: Memory::default(),
            tls,
            live,
        }
    }

    async fn look(&mut self) -> Result<(), KeeperError> {
        self.keeper.look(&mut self.memory).await
    }

    fn serves(&self) -> String {
        assert!(self.tls.acceptor().is_some());
        self.memory.served.clone().unwrap().0
    }

    fn authority(&self) -> String {
        let last = self.memory.last.as_ref().unwrap();
        last.leaf.as_ref().unwrap().facts.signer.clone()
    }
}

fn leaf_of(stored: &Stored) -> String {
    Kept::read(&stored.data).leaf.unwrap().facts.fingerprint
}

#[tokio::test]
async fn two_that_begin_at_once_make_one_secret_and_serve_the_same() {
    let vault = Shared::default();
    let (mut one, mut other) = (Replica::new(&vault, false), Replica::new(&vault, false));
    let (first, second) = tokio::join!(one.look(), other.look());
    assert!(first.is_ok() || second.is_ok());
    one.look().await.unwrap();
    other.look().await.unwrap();
    assert_eq!(one.serves(), other.serves());
    assert_eq!(one.serves(), leaf_of(&vault.stored()));
}

#[tokio::test]
async fn a_deleted_secret_comes_back_as_it_was_and_nobody_waits_for_another_leaf() {
    let vault = Shared::default();
    let (mut one, mut fresh) = (Replica::new(&vault, true), Replica::new(&vault, false));
    one.look().await.unwrap();
    let before = vault.stored();
    vault.with(|memories| {
        memories.trusted = Some(String::new());
        memories.stored = None;
    });
    // A process that knows nothing waits, for it would make another authority.
    fresh.look().await.unwrap();
    assert!(fresh.tls.acceptor().is_none());
    one.look().await.unwrap();
    fresh.look().await.unwrap();
    assert_eq!(vault.stored().data, before.data);
    assert_eq!(one.serves(), fresh.serves());
}

#[tokio::test]
async fn a_broken_secret_is_mended_by_whoever_knows_it_and_serves_on_meanwhile() {
    let vault = Shared::default();
    let (mut one, mut other) = (Replica::new(&vault, true), Replica::new(&vault, false));
    one.look().await.unwrap();
    other.look().await.unwrap();
    let before = vault.stored().data;
    vault.with(|memories| {
        let data = &mut memories.stored.as_mut().unwrap().data;
        data.insert("tls.key".to_owned(), ByteString(b"half".to_vec()));
    });
    other.look().await.unwrap();
    assert_eq!(
        other.serves(),
        leaf_of(&Stored {
            data: before.clone(),
            ..Stored::default()
        })
    );
    one.look().await.unwrap();
    assert_eq!(vault.stored().data, before);
}

#[tokio::test]
async fn a_rotation_that_was_asked_for_happens_once_and_by_the_leader_only() {
    let vault = Shared::default();
    let (mut one, mut other) = (Replica::new(&vault, true), Replica::new(&vault, false));
    one.look().await.unwrap();
    other.look().await.unwrap();
    let before = one.serves();
    vault.ask("leaf");
    other.look().await.unwrap();
    assert_eq!(leaf_of(&vault.stored()), before);
    one.look().await.unwrap();
    let after = leaf_of(&vault.stored());
    assert_ne!(after, before);
    one.look().await.unwrap();
    other.look().await.unwrap();
    assert_eq!((one.serves(), other.serves()), (after.clone(), after));
    assert!(vault.stored().annotations.is_empty());
}

#[tokio::test]
async fn the_registration_trusts_old_and_new_until_every_replica_serves_the_new() {
    let vault = Shared::default();
    let (mut one, mut other) = (Replica::new(&vault, true), Replica::new(&vault, false));
    one.look().await.unwrap();
    vault.with(|memories| memories.trusted = Some(String::new()));
    one.look().await.unwrap();
    let first = one.authority();
    vault.ask("authority");
    for _ in 0..3 {
        one.look().await.unwrap();
    }
    let second = one.authority();
    assert_ne!(first, second);
    let authorities = |bundle: &str| bundle.matches("BEGIN").count();
    assert_eq!(authorities(&vault.with(|m| m.trusted.clone().unwrap())), 2);
    // The other hasn't looked: the old one stays, however often the leader looks.
    let record = |name: &str, signer: &str| Record::of(name, &[(SERVED_AUTHORITY, signer)]);
    let says = |one: &str, other: &str| Some(vec![record("a", one), record("b", other)]);
    one.live.send_replace(says(&second, &first));
    one.look().await.unwrap();
    assert_eq!(authorities(&vault.with(|m| m.trusted.clone().unwrap())), 2);
    other.look().await.unwrap();
    assert_eq!(other.authority(), second);
    one.live.send_replace(says(&second, &second));
    one.look().await.unwrap();
    one.look().await.unwrap();
    assert_eq!(authorities(&vault.with(|m| m.trusted.clone().unwrap())), 1);
    let history = vault.with(|memories| memories.history.clone());
    assert_eq!(
        history.iter().map(|b| authorities(b)).collect::<Vec<_>>(),
        [1, 2, 1]
    );
}

#[tokio::test]
async fn a_secret_without_an_authoritys_key_is_taken_over_without_a_gap() {
    let vault = Shared::default();
    let mut one = Replica::new(&vault, true);
    one.look().await.unwrap();
    vault.with(|memories| {
        let data = &mut memories.stored.as_mut().unwrap().data;
        data.remove("authority.key");
        data.remove("authority.crt");
        memories.trusted = data
            .get("ca.crt")
            .map(|pem| String::from_utf8(pem.0.clone()).unwrap());
    });
    let old = one.serves();
    // A new version, with nothing in memory.
    let mut one = Replica::new(&vault, true);
    one.keeper.rules.settle = Duration::from_secs(60);
    one.look().await.unwrap();
    assert_eq!(one.serves(), old);
    let trusted = vault.with(|memories| memories.trusted.clone()).unwrap();
    assert_eq!(trusted.matches("BEGIN").count(), 2);
}
