//! Completion, as kubectl asks for it and as a person at a real shell's prompt does.

use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::api::Api;
use crate::run::sax;

/// A program's own words to complete, the answer without the descriptions.
fn answered(words: &[&str]) -> Vec<String> {
    let ended = sax(&[&["__complete"], words].concat(), "");
    assert_eq!(
        (ended.status, ended.stderr.as_str()),
        (Some(0), ""),
        "{ended}"
    );
    let first = |line: &str| line.split('\t').next().unwrap_or_default().to_owned();
    ended.stdout.lines().map(first).collect()
}

#[test]
fn names_come_from_the_cluster_that_the_line_leads_to() {
    let labels =
        r#"{"app.kubernetes.io/managed-by": "kubectl-sax", "app.kubernetes.io/instance": "NAME"}"#;
    let jobset = |name: &str, namespace: &str| {
        let labels = labels.replace("NAME", name);
        format!(
            r#"{{"kind": "JobSet", "metadata": {{"name": "{name}-model-server-set",
                "namespace": "{namespace}", "labels": {labels}}}}}"#
        )
    };
    let items = [
        jobset("prod", "serving"),
        jobset("test", "serving"),
        jobset("far", "other"),
    ];
    let api = Api::of(&format!(r#"{{"items": [{}]}}"#, items.join(",")));
    let [flag, address] = api.flags();
    let names = |words: &[&str]| answered(&[words, &[flag, address, "-n", "serving", ""]].concat());
    assert_eq!(names(&["delete"]), ["prod", "test", ":4"]);
    assert!(names(&["status"]).contains(&"prod-model-server-set".to_owned()));
    assert_eq!(
        answered(&["delete", flag, address, "-n", "other", "f"]),
        ["far", ":4"]
    );
}

#[test]
fn a_cluster_that_is_not_there_offers_nothing_and_says_nothing() {
    assert_eq!(
        answered(&["delete", "--server", "http://127.0.0.1:1", ""]),
        [":4"]
    );
}

#[test]
fn contexts_come_from_the_kubeconfig() {
    let folder = tempfile::tempdir().expect("a folder must be creatable");
    let path = folder.path().join("config");
    let text =
        "contexts:\n- name: gke\n  context: {cluster: a}\n- name: kind\n  context: {cluster: b}\n";
    fs::write(&path, text).expect("must be writable");
    let config = path.to_string_lossy();
    assert_eq!(
        answered(&["status", "--kubeconfig", &config, "--context", "g"]),
        ["gke", ":4"]
    );
}

/// The shells of this machine, each with what makes it interactive and how it reads the script.
const SHELLS: [(&str, &str, &str); 3] = [
    (
        "bash",
        "bash --norc --noprofile -i",
        "source <(kubectl-sax completion bash)",
    ),
    (
        "zsh",
        "zsh -f -i",
        "autoload -U compinit; compinit -D; source <(kubectl-sax completion zsh)",
    ),
    (
        "fish",
        "fish --no-config -i",
        "kubectl-sax completion fish | source",
    ),
];

#[test]
fn tab_completes_in_real_shells() {
    let folder = tempfile::tempdir().expect("a folder must be creatable");
    let program = Path::new(env!("CARGO_BIN_EXE_kubectl-sax"));
    std::os::unix::fs::symlink(program, folder.path().join("kubectl-sax")).expect("must link");
    let exists = |shell: &str| Path::new("/usr/bin").join(shell).exists();
    for (name, shell, source) in SHELLS.into_iter().filter(|(name, ..)| exists(name)) {
        // `kubectl` itself only has to be a word: what is completed is what follows it.
        let kubectl = folder.path().join("kubectl");
        let script = "#!/bin/sh\nshift\nexec kubectl-sax \"$@\"\n";
        fs::write(&kubectl, script).expect("must be writable");
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(&kubectl, mode).expect("must be settable");
        let seen = typed(
            folder.path(),
            shell,
            &[
                source,
                "kubectl-sax models descr\tlm_cloud.LmCloudSpmd175B32T\t-o name",
                "kubectl sax versi\t--client",
                "exit",
            ],
        );
        assert!(seen.contains("LmCloudSpmd175B32Test\r\n"), "{name}: {seen}");
        assert!(seen.contains("tpu-shape"), "{name}: {seen}");
    }
}

/// What a terminal shows when these lines are typed into a shell.
fn typed(folder: &Path, shell: &str, lines: &[&str]) -> String {
    let path = std::env::var("PATH").unwrap_or_default();
    let mut child = Command::new("script")
        .args(["-qefc", shell, "/dev/null"])
        .current_dir(folder)
        .env("PATH", format!("{}:{path}", folder.display()))
        .env("HOME", folder)
        .env("TERM", "xterm")
        .env_remove("KUBECONFIG")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("script must start");
    let mut keys = child.stdin.take().expect("stdin must be a pipe");
    for line in lines {
        keys.write_all(format!("{line}\r").as_bytes())
            .expect("the keys must be taken");
    }
    let mut seen = Vec::new();
    let mut screen = child.stdout.take().expect("stdout must be a pipe");
    screen
        .read_to_end(&mut seen)
        .expect("the screen must be readable");
    drop(keys);
    child.wait().expect("the shell must end");
    String::from_utf8_lossy(&seen).into_owned()
}
