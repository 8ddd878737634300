//! The Google Cloud commands of `plan`, run by real shells with programs that only write down how
//! they were called.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

use crate::run::sax;

/// The tutorial's commands, in its order, as its shell runs them in project my-project.
const TUTORIAL: &str = "\
gcloud container node-pools create tpu1 --project=my-project --zone=us-west4-a --cluster=saxml --machine-type=ct5lp-hightpu-4t --num-nodes=8 --tpu-topology=4x8
gcloud container node-pools create tpu2 --project=my-project --zone=us-west4-a --cluster=saxml --machine-type=ct5lp-hightpu-4t --num-nodes=8 --tpu-topology=4x8
gcloud storage buckets create gs://my-bucket --project=my-project
gcloud iam service-accounts create sax-iam-sa --project=my-project
gcloud projects add-iam-policy-binding my-project --member=serviceAccount:sax-iam-sa@my-project.iam.gserviceaccount.com --role=roles/storage.admin
gcloud iam service-accounts add-iam-policy-binding sax-iam-sa@my-project.iam.gserviceaccount.com --project=my-project --role=roles/iam.workloadIdentityUser --member=serviceAccount:my-project.svc.id.goog[default/sax-sa]
";

const MODEL: &str = "lm_cloud.LmCloudSpmd175B32Test";
const SITE: [(&str, &str, &str); 4] = [
    ("PROJECT", "--project", "my-project"),
    ("ZONE", "--zone", "us-west4-a"),
    ("CLUSTER", "--gke-cluster", "saxml"),
    ("BUCKET", "--bucket", "my-bucket"),
];

/// A folder in which `gcloud` and `kubectl` write down how they were called.
struct Programs {
    folder: TempDir,
}

impl Programs {
    fn new() -> Self {
        let programs = Self {
            folder: tempfile::tempdir().expect("a folder must be creatable"),
        };
        for name in ["gcloud", "kubectl"] {
            programs.write(name, "echo \"${0##*/} $*\" >> \"${0%/*}/calls\"\n");
        }
        programs
    }

    fn write(&self, name: &str, body: &str) {
        let path = self.folder.path().join(name);
        fs::write(&path, format!("#!/bin/sh\n{body}")).expect("must be writable");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("must be settable");
    }

    /// Gives a text to a shell on stdin, as a paste does.
    fn run(&self, shell: &[&str], text: &str, variables: &[(&str, &str)]) -> Output {
        let script = self.folder.path().join("pasted");
        fs::write(&script, text).expect("must be writable");
        let path = std::env::var("PATH").unwrap_or_default();
        let (program, arguments) = shell.split_first().expect("must name a shell");
        Command::new(program)
            .args(arguments)
            .env_clear()
            .env("PATH", format!("{}:{path}", self.folder.path().display()))
            .envs(variables.iter().copied())
            .stdin(fs::File::open(&script).expect("must be readable"))
            .output()
            .expect("the shell must start")
    }

    fn calls(&self) -> String {
        fs::read_to_string(self.folder.path().join("calls")).unwrap_or_default()
    }
}

/// Shells that read commands from stdin: as scripts, and as a person's who pastes.
fn shells() -> Vec<Vec<&'static str>> {
    let all = [
        vec!["sh"],
        vec!["bash", "--norc", "--noprofile"],
        vec!["bash", "--norc", "--noprofile", "-i"],
        vec!["fish", "--no-config"],
        vec!["dash", "-i"],
        vec!["zsh", "-f"],
    ];
    let exists = |shell: &Vec<&str>| {
        ["/bin", "/usr/bin"]
            .iter()
            .any(|folder| Path::new(folder).join(shell[0]).exists())
    };
    all.into_iter().filter(exists).collect()
}

fn gcloud(more: &[&str]) -> String {
    let arguments = [&["plan", MODEL, "--replicas", "2", "-o", "gcloud"], more].concat();
    let ended = sax(&arguments, "");
    assert_eq!((ended.status, ended.stderr.as_str()), (Some(0), ""));
    ended.stdout
}

#[test]
fn given_values_make_the_tutorials_commands() {
    let flags: Vec<_> = SITE
        .iter()
        .flat_map(|(_, flag, value)| [*flag, *value])
        .collect();
    let text = gcloud(&flags);
    insta::assert_snapshot!("gcloud-tutorial", text);
    for shell in shells() {
        let programs = Programs::new();
        programs.run(&shell, &text, &[]);
        assert_eq!(programs.calls(), TUTORIAL, "{shell:?}");
    }
}

#[test]
fn set_variables_make_the_same_commands() {
    let text = gcloud(&[]);
    insta::assert_snapshot!("gcloud-variables", text);
    let variables = SITE.map(|(name, _, value)| (name, value));
    for shell in shells() {
        let programs = Programs::new();
        programs.run(&shell, &text, &variables);
        assert_eq!(programs.calls(), TUTORIAL, "{shell:?}");
    }
}

#[test]
fn a_missing_variable_ends_it_before_anything_is_called_and_leaves_the_shell_alone() {
    let text = gcloud(&[]) + "echo still here\n";
    for missing in SITE {
        let others = SITE.into_iter().filter(|other| *other != missing);
        let variables: Vec<_> = others.map(|(name, _, value)| (name, value)).collect();
        // An empty value is as bad as none.
        let empty = [variables.clone(), vec![(missing.0, "")]].concat();
        for shell in shells() {
            for variables in [&variables, &empty] {
                let programs = Programs::new();
                let output = programs.run(&shell, &text, variables);
                let said = String::from_utf8_lossy(&output.stderr).into_owned();
                assert_eq!(programs.calls(), "", "{shell:?} without {}", missing.0);
                assert!(
                    said.contains(missing.0) && said.contains(missing.1),
                    "{shell:?}: {said}"
                );
                let out = String::from_utf8_lossy(&output.stdout);
                assert!(out.contains("still here"), "{shell:?}: {out} {said}");
            }
        }
    }
}

#[test]
fn a_command_that_fails_ends_it() {
    let text = gcloud(&[]);
    let variables = SITE.map(|(name, _, value)| (name, value));
    for shell in shells() {
        let programs = Programs::new();
        programs.write("gcloud", "echo \"$*\" >> \"${0%/*}/calls\"\nexit 1\n");
        programs.run(&shell, &text, &variables);
        assert_eq!(programs.calls().lines().count(), 1, "{shell:?}");
    }
}

#[test]
fn many_slices_are_a_loop_over_their_pools() {
    let text = sax(
        &[
            "plan",
            "--slice",
            "v4:2x2x2",
            "--replicas",
            "9",
            "-o",
            "gcloud",
        ],
        "",
    )
    .stdout;
    let variables = SITE.map(|(name, _, value)| (name, value));
    for shell in shells() {
        let programs = Programs::new();
        programs.run(&shell, &text, &variables);
        let calls = programs.calls();
        for number in 1..=9 {
            let call = format!(
                "gcloud container node-pools create tpu{number} --project=my-project \
                 --zone=us-west4-a --cluster=saxml --machine-type=ct4p-hightpu-4t --num-nodes=2 \
                 --tpu-topology=2x2x2\n"
            );
            assert!(calls.contains(&call), "{shell:?}: {calls}");
        }
        assert_eq!(calls.matches("node-pools create").count(), 9, "{shell:?}");
    }
}

/// The last comment of the text is the deployment of the plan.
#[test]
fn the_deploy_that_it_ends_with_deploys_the_same_plan() {
    let flags: Vec<_> = SITE
        .iter()
        .flat_map(|(_, flag, value)| [*flag, *value])
        .collect();
    let text = gcloud(&flags);
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("#   kubectl sax "));
    let words: Vec<_> = line
        .expect("must name deploy")
        .split(' ')
        .chain(["--dry-run=client"])
        .collect();
    let ended = sax(&words, "");
    assert_eq!(ended.status, Some(0), "{ended}");
    assert!(
        ended.stderr.starts_with("2 x v5e:4x8 = 64 chips"),
        "{ended}"
    );
}
