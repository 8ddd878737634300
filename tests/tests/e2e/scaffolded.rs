//! `init`, `diff`, `scale` and `delete`: what is written is what is applied, shown, changed and
//! taken away.

mod runs;

use std::path::PathBuf;
use std::process::{Command, Output};

use sax_tests::helm;
use sax_tests::kubectl::Answer;
use sax_tests::namespace::TempNamespace;
use serde_json::Value;
use xtask::workspace_root;

use crate::shared::{admitted, product, temporary};

/// A slice that no pool of the tests' clusters has: its Pods stay Pending and hinder nobody.
const NOWHERE: [&str; 4] = ["--slice", "v5e:4x4", "--bucket", "my-models"];
/// The kinds that a deployment is made of.
const KINDS: &str = "serviceaccounts,deployments,jobsets,services";

/// A deployment, its folder and its namespace.
struct Scaffold {
    namespace: TempNamespace<'static>,
    folder: PathBuf,
}

impl Scaffold {
    fn new(purpose: &str, format: &str) -> Self {
        Self::of(purpose, format, &NOWHERE)
    }

    fn of(purpose: &str, format: &str, wanted: &[&str]) -> Self {
        let namespace = temporary(admitted(), purpose);
        // That of the tutorial, whose name ours has too.
        let account = ["delete", "serviceaccount", "sax-sa"];
        namespace.run(&account).expect("the ServiceAccount must go");
        let folder =
            std::env::temp_dir().join(format!("sax-{}-{}", std::process::id(), namespace.name()));
        let scaffold = Self { namespace, folder };
        let out = scaffold.path("");
        let words = [&["init", &out, "--format", format][..], wanted].concat();
        let made = scaffold.sax(&words);
        assert!(made.success, "{made:?}");
        scaffold
    }

    fn path(&self, name: &str) -> String {
        self.folder.join(name).to_string_lossy().into_owned()
    }

    /// Runs `kubectl-sax` in the namespace with nobody at a terminal.
    fn sax(&self, words: &[&str]) -> Answer {
        let all = [words, &["--namespace", self.namespace.name()]].concat();
        let answer = product().sax(admitted().kubectl(), &all, "");
        answer.expect("kubectl-sax must run")
    }

    /// [`Self::sax`] that has to end with this status.
    #[track_caller]
    fn ends(&self, status: i32, words: &[&str]) -> Answer {
        let answer = self.sax(words);
        assert_eq!(answer.status, Some(status), "{answer:?}");
        answer
    }

    /// `diff` of three replicas, shown by a program of the user's own.
    fn diff_by(&self, program: &str, values: &str) -> Answer {
        let words = [
            "diff",
            "-f",
            values,
            "--replicas",
            "3",
            "-n",
            self.namespace.name(),
        ];
        let output = Command::new(&product().plugin)
            .args(words)
            .env("KUBECONFIG", admitted().kubectl().kubeconfig())
            .env("KUBECTL_EXTERNAL_DIFF", program)
            .output();
        Answer::of(&output.expect("kubectl-sax must run"))
    }

    #[track_caller]
    fn kubectl(&self, words: &[&str]) -> String {
        let ran = self.namespace.run(words);
        ran.unwrap_or_else(|error| panic!("{error:#}"))
    }

    /// Runs Helm in the namespace.
    fn try_helm(&self, words: &[&str]) -> Output {
        let mut helm = Command::new(helm::program(&workspace_root()).expect("Helm must be built"));
        helm.args(words)
            .args(["--namespace", self.namespace.name(), "--kubeconfig"])
            .arg(admitted().kubectl().kubeconfig())
            // A user's own settings and plugins must not change the test.
            .env("HOME", &self.folder);
        helm.output().expect("Helm must run")
    }

    /// [`Self::try_helm`] that has to go well.
    #[track_caller]
    fn helm(&self, words: &[&str]) -> String {
        let output = self.try_helm(words);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Kinds, names, uids and generations of all that is there, but for what controllers made: JobSet
    /// makes a Service for each JobSet, sooner or later.
    fn state(&self) -> Vec<String> {
        let objects = self.namespace.list(KINDS).expect("must be listed");
        let state = |object: &Value| {
            let metadata = &object["metadata"];
            let parts = [
                &object["kind"],
                &metadata["name"],
                &metadata["uid"],
                &metadata["generation"],
            ];
            parts.map(ToString::to_string).join(" ")
        };
        let is_made = |object: &&Value| object["metadata"].get("ownerReferences").is_some();
        let authored = objects.iter().filter(|object| !is_made(object));
        authored.map(state).collect()
    }

    fn jobset(&self) -> Value {
        let found = self.namespace.list("jobsets").expect("must be listed");
        found.into_iter().next().expect("the JobSet must be there")
    }
}

impl Drop for Scaffold {
    fn drop(&mut self) {
        // Nothing depends on it: another run takes another name.
        std::fs::remove_dir_all(&self.folder).ok();
    }
}

#[test]
fn what_init_writes_is_applied_by_kubectl_and_by_deploy_and_then_nothing_differs() {
    for (purpose, apply) in [
        ("scaffold-client", &["apply", "-k"][..]),
        (
            "scaffold-server",
            &[
                "apply",
                "--server-side",
                "--field-manager=kubectl-sax",
                "-k",
            ],
        ),
    ] {
        let scaffold = Scaffold::new(purpose, "kustomize");
        let (folder, values) = (scaffold.path(""), scaffold.path("values.yaml"));
        let diff = scaffold.ends(1, &["diff", "-f", &values]);
        assert!(
            diff.stdout.contains("+++ wanted/jobset.jobset.x-k8s.io/"),
            "{diff:?}"
        );
        let apply = [apply, &[&folder]].concat();
        scaffold.kubectl(&apply);
        let before = scaffold.state();
        scaffold.kubectl(&apply);
        assert_eq!(scaffold.state(), before, "{purpose}");
        let deployed = scaffold.ends(0, &["deploy", "-f", &values]);
        assert_eq!(scaffold.state(), before, "{purpose}: {deployed:?}");
        let same = scaffold.ends(0, &["diff", "-f", &values]);
        assert_eq!(same.stdout, "", "{purpose}");
    }
}

#[test]
fn what_init_writes_as_a_chart_is_installed_by_helm_and_an_upgrade_changes_nothing() {
    let scaffold = Scaffold::new("scaffold-helm", "helm");
    let folder = scaffold.path("");
    let linted = scaffold.helm(&["lint", "--strict", &folder]);
    assert!(linted.contains("0 chart(s) failed"), "{linted}");
    scaffold.helm(&["install", "sax", &folder]);
    let before = scaffold.state();
    scaffold.helm(&["upgrade", "sax", &folder]);
    assert_eq!(scaffold.state(), before);
    // What the hardware follows from can't be changed behind its back.
    let refused = scaffold.try_helm(&["upgrade", "sax", &folder, "--set", "slice=v5e:4x8"]);
    assert!(!refused.status.success(), "{refused:?}");
    let stderr = String::from_utf8_lossy(&refused.stderr);
    assert!(stderr.contains("slice"), "{stderr}");
    assert_eq!(scaffold.state(), before);
}

#[test]
fn diff_shows_exactly_a_changed_number_and_has_kubectls_exit_codes() {
    let scaffold = Scaffold::new("scaffold-diff", "kustomize");
    let values = scaffold.path("values.yaml");
    scaffold.ends(0, &["deploy", "-f", &values]);
    let before = scaffold.state();
    let diff = scaffold.ends(1, &["diff", "-f", &values, "--replicas", "3"]);
    let changed: Vec<_> = diff
        .stdout
        .lines()
        .filter(|line| line.starts_with(['+', '-']) && !line.contains("/jobset."))
        .map(|line| (&line[..1], line[1..].trim()))
        .collect();
    assert_eq!(
        changed,
        [("-", "replicas: 1"), ("+", "replicas: 3")],
        "{}",
        diff.stdout
    );
    assert!(
        diff.stderr.contains("can't be changed in place"),
        "{}",
        diff.stderr
    );
    assert_eq!(scaffold.state(), before);
    let external = scaffold.diff_by("diff -u -N -r", &values);
    assert_eq!(external.status, Some(1), "{external:?}");
    assert!(external.stdout.contains("replicas: 3\n"), "{external:?}");
    assert_eq!(scaffold.diff_by("false-program", &values).status, Some(2));
    for wrong in [
        &["diff", "-f", "/no/such/file"][..],
        &["diff", "--nonsense"],
    ] {
        scaffold.ends(2, wrong);
    }
}

#[test]
fn scale_makes_the_jobset_again_with_another_number_and_nothing_else() {
    let scaffold = Scaffold::new("scaffold-scale", "kustomize");
    let values = scaffold.path("values.yaml");
    scaffold.ends(0, &["deploy", "-f", &values]);
    let before = scaffold.state();
    let refused = scaffold.ends(1, &["scale", "sax", "--replicas", "2"]);
    assert!(
        refused.stderr.contains("no terminal to ask on"),
        "{}",
        refused.stderr
    );
    scaffold.ends(0, &["scale", "sax", "--replicas", "2", "--dry-run=server"]);
    scaffold.ends(0, &["scale", "sax", "--replicas", "1"]);
    assert_eq!(scaffold.state(), before);

    scaffold.ends(0, &["scale", "sax", "--replicas", "2", "--yes"]);
    let jobset = scaffold.jobset();
    assert_eq!(jobset["spec"]["replicatedJobs"][0]["replicas"], 2);
    let after = scaffold.state();
    let differing: Vec<_> = after
        .iter()
        .filter(|state| !before.contains(state))
        .collect();
    assert!(
        matches!(differing[..], [one] if one.contains("JobSet")),
        "{differing:?}"
    );
    // The values with that number make the same.
    scaffold.ends(0, &["diff", "-f", &values, "--replicas", "2"]);
    scaffold.ends(0, &["deploy", "-f", &values, "--replicas", "2"]);
    assert_eq!(scaffold.state(), after);

    let missing = scaffold.ends(1, &["scale", "sex", "--replicas", "2"]);
    assert!(
        missing.stderr.contains("fix: write sax"),
        "{}",
        missing.stderr
    );
}

#[test]
fn delete_takes_what_deploy_made_and_touches_nothing_else() {
    let scaffold = Scaffold::new("scaffold-delete", "kustomize");
    let values = scaffold.path("values.yaml");
    // Of another's, and of another deployment of ours.
    scaffold.kubectl(&["create", "deployment", "sax-of-another", "--image=nginx"]);
    scaffold.kubectl(&["create", "configmap", "sax-settings"]);
    scaffold.ends(0, &["deploy", "other", "-f", &values]);
    let before = scaffold.state();
    scaffold.ends(0, &["deploy", "-f", &values]);
    let all = scaffold.state();

    let refused = scaffold.ends(1, &["delete", "sax"]);
    assert!(
        refused.stderr.contains("no terminal to ask on"),
        "{}",
        refused.stderr
    );
    let rehearsed = scaffold.ends(0, &["delete", "sax", "--dry-run=server"]);
    assert_eq!(rehearsed.stdout.lines().count(), 5, "{}", rehearsed.stdout);
    assert_eq!(scaffold.state(), all);

    let deleted = scaffold.ends(0, &["delete", "sax", "--yes"]);
    assert_eq!(deleted.stdout.lines().count(), 5, "{}", deleted.stdout);
    assert!(
        deleted
            .stderr
            .contains("gcloud storage rm --recursive gs://my-models"),
        "{}",
        deleted.stderr
    );
    let mut after = scaffold.state();
    let mut expected = before;
    // The status of others goes on; their generation doesn't.
    after.sort();
    expected.sort();
    assert_eq!(after, expected);
    assert!(
        scaffold
            .kubectl(&["get", "configmaps"])
            .contains("sax-settings")
    );

    let again = scaffold.ends(1, &["delete", "sax", "--yes"]);
    assert!(
        again.stderr.contains("there is no deployment \"sax\""),
        "{}",
        again.stderr
    );
    assert!(again.stderr.contains("only other"), "{}", again.stderr);
    scaffold.ends(0, &["delete", "sax", "--yes", "--ignore-not-found"]);
}
