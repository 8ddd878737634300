//! The one cluster of this program, with two replicas of our webhook, and policies that the tests
//! put in force. A guard process ends it when this program ends, however that happens.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sax_tests::controlplane::Cluster;
use sax_tests::controlplane::pools::default_pools;
use sax_tests::controlplane::webhook::{self, Replica};
use sax_tests::guest::{Denial, Reader};
use sax_tests::kubectl::Answer;
use sax_tests::namespace::TempNamespace;
use sax_tests::product::Product;
use sax_tests::wait::{Look, until};
use serde_json::{Value, json};
use xtask::guard::Guard;

/// Our own namespace, where modules lie.
pub(crate) const OURS: &str = "kubectl-sax-system";

/// For what the product does within a second; the machine may be busy.
pub(crate) const SOON: Duration = Duration::from_secs(60);

/// The cluster, held by one test at a time: policies are of the whole cluster.
pub(crate) struct Turn {
    pub(crate) cluster: &'static Cluster,
    /// It answers reviews.
    pub(crate) first: &'static Replica,
    /// It only loads policies.
    pub(crate) second: &'static Replica,
    _lock: MutexGuard<'static, ()>,
}

struct Shared {
    cluster: Cluster,
    first: Replica,
    second: Replica,
    _guard: Guard,
}

/// A policy of a test, gone with it.
pub(crate) struct Policy<'a> {
    turn: &'a Turn,
    pub(crate) name: &'static str,
}

/// Waits for its turn.
pub(crate) fn turn() -> Turn {
    static TURN: Mutex<()> = Mutex::new(());
    static SHARED: OnceLock<Shared> = OnceLock::new();
    let lock = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let shared = SHARED.get_or_init(start);
    Turn {
        cluster: &shared.cluster,
        first: &shared.first,
        second: &shared.second,
        _lock: lock,
    }
}

/// The built plugin and webhook.
pub(crate) fn product() -> &'static Product {
    static PRODUCT: OnceLock<Product> = OnceLock::new();
    PRODUCT
        .get_or_init(|| Product::build(&xtask::workspace_root()).expect("the product must compile"))
}

impl Turn {
    /// A throw-away namespace.
    pub(crate) fn namespace(&self, purpose: &str) -> TempNamespace<'static> {
        TempNamespace::create(self.cluster, purpose).expect("the namespace must be created")
    }

    /// Runs kubectl as an administrator.
    pub(crate) fn kubectl(&self, arguments: &[&str]) -> String {
        let answer = self.cluster.kubectl().run(arguments);
        answer.unwrap_or_else(|error| panic!("{error:#}"))
    }

    /// Puts an object into the cluster.
    pub(crate) fn apply(&self, object: &Value) {
        let applied = self.cluster.kubectl().apply(&object.to_string());
        applied.unwrap_or_else(|error| panic!("{error:#}"));
    }

    /// A policy that sees one namespace, with its module in a ConfigMap of its own.
    pub(crate) fn policy(
        &self,
        name: &'static str,
        namespace: &str,
        denial: Denial<'_>,
    ) -> Policy<'_> {
        let policy = Policy { turn: self, name };
        policy.ship(denial);
        policy.apply(namespace, &json!({}));
        policy
    }

    /// A policy that sees one namespace and is granted to read objects of a kind of `v1`.
    pub(crate) fn reader(
        &self,
        name: &'static str,
        namespace: &str,
        reader: Reader<'_>,
        kind: &str,
    ) -> Policy<'_> {
        let policy = Policy { turn: self, name };
        policy.ship_bytes(&reader.component().expect("the guest must be makeable"));
        let grants = json!([{"apiVersion": "v1", "kind": kind}]);
        policy.apply(namespace, &json!({"grants": grants}));
        policy
    }

    /// What `kubectl sax webhook status` says of a policy, by replica.
    pub(crate) fn standing(&self, policy: &str) -> Vec<Value> {
        let words = ["webhook", "status", "-o", "json"];
        let answer = product().sax(self.cluster.kubectl(), &words, "");
        let answer = answer.expect("must run");
        let status: Value = serde_json::from_str(&answer.stdout).expect("must be JSON");
        let replicas = status["replicas"].as_array().expect("must be told").iter();
        let of = |replica: &Value| {
            let all = replica["policies"].as_array().expect("must be told").iter();
            let found = all.clone().find(|one| one["name"] == policy);
            found.cloned().unwrap_or_default()
        };
        replicas.map(of).collect()
    }

    /// A policy that sees one namespace, out of an image.
    pub(crate) fn of_image(&self, name: &'static str, namespace: &str, image: &str) -> Policy<'_> {
        let policy = Policy { turn: self, name };
        policy.apply(namespace, &json!({"module": {"image": image}}));
        policy
    }

    /// An object as it is stored.
    pub(crate) fn get(&self, arguments: &[&str]) -> Value {
        let text = self.kubectl(&[&["get", "-o", "json"], arguments].concat());
        serde_json::from_str(&text).expect("must be JSON")
    }
}

impl Policy<'_> {
    /// Puts a component into the policy's ConfigMap.
    pub(crate) fn ship(&self, denial: Denial<'_>) {
        let component = denial.component().expect("the guest must be makeable");
        self.ship_bytes(&component);
    }

    /// Puts bytes into the policy's ConfigMap.
    pub(crate) fn ship_bytes(&self, bytes: &[u8]) {
        self.turn.apply(&json!({
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": self.name, "namespace": OURS},
            "binaryData": {"policy.wasm": STANDARD.encode(bytes)},
        }));
    }

    /// Applies the WasmPolicy with this part of a spec.
    pub(crate) fn apply(&self, namespace: &str, more: &Value) {
        let mut spec = json!({
            "module": {"configMap": {"name": self.name}},
            "match": {"namespaces": [namespace]},
        });
        for (name, value) in more.as_object().expect("must be members") {
            spec[name] = value.clone();
        }
        self.turn.apply(&json!({
            "apiVersion": "kubectl-sax.dev/v1alpha1", "kind": "WasmPolicy",
            "metadata": {"name": self.name}, "spec": spec,
        }));
    }

    /// As it is stored.
    pub(crate) fn stored(&self) -> Value {
        self.turn.get(&["wasmpolicy", self.name])
    }

    /// Waits until the condition of the newest generation has this status; its message.
    pub(crate) fn await_condition(&self, kind: &str, status: &str) -> String {
        let what = format!("{kind}={status} of {}", self.name);
        let said = until(&what, SOON, || {
            let stored = self.stored();
            let conditions = &stored["status"]["conditions"];
            let all = conditions.as_array().cloned().unwrap_or_default();
            let one = all.iter().find(|one| one["type"] == kind);
            let current = |one: &&Value| {
                one["status"] == status
                    && one["observedGeneration"] == stored["metadata"]["generation"]
            };
            Ok(match one.filter(current) {
                Some(one) => Look::Ready(one["message"].as_str().unwrap_or_default().to_owned()),
                None => Look::Waiting(conditions.to_string()),
            })
        });
        said.unwrap_or_else(|error| panic!("{error:#}"))
    }
}

impl Drop for Policy<'_> {
    fn drop(&mut self) {
        for kind in ["wasmpolicy", "configmap"] {
            let delete = ["delete", kind, self.name, "--ignore-not-found", "-n", OURS];
            let deleted = self.turn.cluster.kubectl().run(&delete);
            assert!(deleted.is_ok() || std::thread::panicking(), "{deleted:?}");
        }
    }
}

/// Would this ConfigMap be let in? Nothing is stored.
pub(crate) fn try_map(namespace: &TempNamespace<'_>) -> Answer {
    let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "tried"}});
    let create = ["create", "--dry-run=server", "-f", "-"];
    let answer = namespace.try_run_with(&create, &map.to_string());
    answer.expect("kubectl must run")
}

/// Waits until ConfigMaps are let in, or not, in these words.
pub(crate) fn await_verdict(namespace: &TempNamespace<'_>, denied: Option<&str>) {
    let what = format!("ConfigMaps to be denied with {denied:?}");
    let found = until(&what, SOON, || {
        let answer = try_map(namespace);
        let as_wanted = match denied {
            Some(words) => !answer.success && answer.stderr.contains(words),
            None => answer.success,
        };
        Ok(match as_wanted {
            true => Look::Ready(()),
            false => Look::Waiting(answer.stderr),
        })
    });
    found.unwrap_or_else(|error| panic!("{error:#}"));
}

fn start() -> Shared {
    // Two checkouts, or two runs at once, must not meet.
    let name = format!("policies-{}", std::process::id());
    let guard = Guard::start(Path::new(env!("CARGO_BIN_EXE_controlplane")), &name)
        .expect("the guard must start");
    let cluster = Cluster::up(&xtask::workspace_root(), &name, &default_pools())
        .unwrap_or_else(|error| panic!("{error:#}"));
    let (first, second) =
        webhook::pair(&cluster, product()).unwrap_or_else(|error| panic!("{error:#}"));
    Shared {
        cluster,
        first,
        second,
        _guard: guard,
    }
}
