//! The webhook over HTTPS, and a real API server that asks it, say what the pipeline says.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use sax_tests::controlplane::Cluster;
use sax_tests::controlplane::pools::Pool;
use sax_tests::wait::{Look, until};
use serde_json::{Value, json};
use xtask::guard::Guard;

use crate::attempts::Attempt;
use crate::cases::Case;
use crate::groups::{Group, groups};
use crate::https::{Answer, Https};
use crate::product::product;
use crate::reviews;
use crate::serving::Serving;
use crate::verdicts::{Outcome, Without, our_refusal, outcome, reason};
use crate::workers::{assert_none, each};

/// Requests at once.
const WORKERS: usize = 8;
/// How long the API server gets to see that it has a webhook.
const DEADLINE: Duration = Duration::from_secs(30);

#[test]
fn the_webhook_over_https_answers_as_the_pipeline() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("parity/https");
    let mut failures = Vec::new();
    for group in groups() {
        let webhook = Serving::start(group, &folder, "127.0.0.1:0").expect("it must serve");
        let client = webhook.client().expect("its certificate must do");
        let differences = each(&group.cases, WORKERS, |case| {
            let difference = reviews::difference(&client, group, case);
            let difference = difference.unwrap_or_else(|error| Some(format!("{error:#}")));
            difference.map(|difference| format!("{}: {difference}", case.name()))
        });
        failures.extend(differences.into_iter().flatten());
    }
    let count = groups().iter().map(|group| group.cases.len()).sum();
    assert_none("webhook over HTTPS", count, &failures);
}

#[test]
fn the_api_server_answers_and_stores_as_the_pipeline_says() {
    let control_plane = ControlPlane::start();
    let outcomes = control_plane.outcomes().unwrap_or_else(|error| {
        control_plane.cluster.mark_failed().ok();
        panic!("{error:#}")
    });
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut failures = Vec::new();
    for (case, outcome) in &outcomes {
        let kind = match outcome {
            Outcome::Stored => "stored".to_owned(),
            Outcome::Refused => "refused by us".to_owned(),
            Outcome::RefusedAnyway(reason) => {
                xtask::progress::say(&format!("parity: {}: {reason}", case.name()));
                format!("refused anyway ({reason})")
            }
            Outcome::Differs(difference) => {
                failures.push(format!("{}: {difference}", case.name()));
                "differ".to_owned()
            }
        };
        *counts.entry(kind).or_default() += 1;
    }
    let counts: Vec<_> = counts
        .iter()
        .map(|(kind, count)| format!("{count} {kind}"))
        .collect();
    xtask::progress::say(&format!("parity: API server: {}", counts.join(", ")));
    assert_none("API server", outcomes.len(), &failures);
}

/// A cluster of this test's own. A guard process ends it when this program ends, however that
/// happens.
struct ControlPlane {
    cluster: Cluster,
    api: Https,
    _guard: Guard,
}

/// An attempt of a group, and what the API server says of it without us.
type Prepared = (Attempt, Without);

/// A case and what became of it.
type Judged = (&'static Case, Outcome);

impl ControlPlane {
    fn start() -> Self {
        let name = format!("parity-{}", std::process::id());
        let guard = Guard::start(Path::new(env!("CARGO_BIN_EXE_controlplane")), &name)
            .expect("the guard must start");
        let cluster = Cluster::up(&xtask::workspace_root(), &name, &[Pool::cpu("cpu", 1)])
            .unwrap_or_else(|error| panic!("{error:#}"));
        let api = Https::of_cluster(cluster.kubectl().kubeconfig());
        Self {
            api: api.expect("the API server's certificate must do"),
            cluster,
            _guard: guard,
        }
    }

    fn outcomes(&self) -> Result<Vec<Judged>> {
        self.prepare()?;
        let mut outcomes = Vec::new();
        let mut prepared = Vec::new();
        for group in groups() {
            let (attempts, refused) = self.attempts(group)?;
            outcomes.extend(refused);
            prepared.push((group, self.without(attempts)?));
        }
        let mut address = "127.0.0.1:0".to_owned();
        for (group, prepared) in &prepared {
            let webhook = Serving::start(group, &self.folder(), &address)?;
            if address != webhook.address {
                self.register(&webhook, prepared)?;
                address.clone_from(&webhook.address);
            }
            outcomes.extend(self.with(prepared)?);
        }
        Ok(outcomes)
    }

    /// Makes what cases take for granted: the tutorial's ServiceAccount, and LeaderWorkerSet as a
    /// kind whose objects the API server doesn't look into.
    fn prepare(&self) -> Result<()> {
        let kubectl = self.cluster.kubectl();
        kubectl.run(&["create", "serviceaccount", "sax-sa"])?;
        kubectl.apply(&leader_worker_set().to_string())?;
        let name = "crd/leaderworkersets.leaderworkerset.x-k8s.io";
        kubectl.run(&["wait", "--for=condition=Established", name, "--timeout=30s"])?;
        let path = "/apis/leaderworkerset.x-k8s.io/v1/leaderworkersets";
        until("LeaderWorkerSet to be served", DEADLINE, || {
            let answer = self.api.send(http::Method::GET, path, &Value::Null)?;
            Ok(match answer.is_success() {
                true => Look::Ready(()),
                false => Look::Waiting(answer.body.to_string()),
            })
        })
    }

    /// What can be asked of a group's cases, and the outcomes of those whose old object the API
    /// server doesn't take.
    fn attempts(&self, group: &Group) -> Result<(Vec<Attempt>, Vec<Judged>)> {
        let mut attempts = Vec::new();
        let mut refused = Vec::new();
        for &case in &group.cases {
            if !case.is_update() {
                attempts.push(Attempt::create(group, case));
                continue;
            }
            let namespace = self.namespace(group, case)?;
            match Attempt::update(&self.api, group, case, &namespace)? {
                Ok(attempt) => attempts.push(attempt),
                Err(answer) => {
                    let reason = format!("the old object: {}", reason(&answer));
                    refused.push((case, Outcome::RefusedAnyway(reason)));
                }
            }
        }
        Ok((attempts, refused))
    }

    /// A namespace for one case; the group's own where there must be objects around it.
    fn namespace(&self, group: &Group, case: &Case) -> Result<String> {
        let metadata = match case.content.context.is_empty() {
            true => json!({"generateName": "parity-"}),
            false => json!({"name": group.namespace}),
        };
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata});
        let made = self
            .api
            .send(http::Method::POST, "/api/v1/namespaces", &namespace)?;
        let name = made.body["metadata"]["name"].as_str();
        name.map(str::to_owned).context("a namespace must be made")
    }

    fn without(&self, attempts: Vec<Attempt>) -> Result<Vec<Prepared>> {
        let answers = each(&attempts, WORKERS, |attempt| -> Result<Without> {
            Ok(Without {
                submitted: attempt.submit(&self.api)?,
                completed: attempt.submit_completed(&self.api)?,
            })
        });
        let answers: Result<Vec<Without>> = answers.into_iter().collect();
        Ok(attempts.into_iter().zip(answers?).collect())
    }

    fn with(&self, prepared: &[Prepared]) -> Result<Vec<Judged>> {
        let outcomes = each(prepared, WORKERS, |(attempt, without)| -> Result<_> {
            let answer = attempt.submit(&self.api)?;
            Ok((attempt.case, outcome(attempt, without, &answer)))
        });
        outcomes.into_iter().collect()
    }

    /// Registers the webhook, and waits until the API server asks it.
    fn register(&self, webhook: &Serving, prepared: &[Prepared]) -> Result<()> {
        let url = format!("https://{}", webhook.address);
        let authority = webhook.authority.to_string_lossy();
        let arguments = ["webhook", "install", "--url", &url, "--ca-file", &authority];
        let installed = product().sax(self.cluster.kubectl(), &arguments, "")?;
        ensure!(
            installed.success,
            "`kubectl-sax webhook install` failed: {}",
            installed.stderr
        );
        let mut denied = prepared.iter().map(|(attempt, _)| attempt);
        let denied = denied.find(|attempt| !attempt.decision.allowed && !attempt.case.is_update());
        let denied = denied.context("the first group must have a denied case")?;
        until("the API server to ask the webhook", DEADLINE, || {
            let answer: Answer = denied.submit(&self.api)?;
            Ok(match our_refusal(&answer.body) {
                Some(_) => Look::Ready(()),
                None => Look::Waiting(Value::to_string(&answer.body)),
            })
        })
    }

    fn folder(&self) -> PathBuf {
        self.cluster.folder().join("webhook")
    }
}

fn leader_worker_set() -> Value {
    let schema = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "leaderworkersets.leaderworkerset.x-k8s.io"},
        "spec": {
            "group": "leaderworkerset.x-k8s.io",
            "scope": "Namespaced",
            "names": {
                "kind": "LeaderWorkerSet",
                "plural": "leaderworkersets",
                "singular": "leaderworkerset",
            },
            "versions": [{
                "name": "v1", "served": true, "storage": true,
                "schema": {"openAPIV3Schema": schema},
            }],
        },
    })
}
