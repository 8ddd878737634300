//! `kubectl sax policy install|list|uninstall`, as a platform engineer runs them.

use std::fs;
use std::path::PathBuf;

use sax_tests::guest::Denial;
use sax_tests::kubectl::Answer;

use super::cluster::{OURS, Turn, await_verdict, product, turn};

/// A component in a file, gone with it.
struct File(PathBuf);

impl File {
    fn of(denial: Denial<'_>) -> Self {
        let name = format!("sax-denial-{}-{}.wasm", denial.version, std::process::id());
        let file = Self(std::env::temp_dir().join(name));
        let component = denial.component().expect("the guest must be makeable");
        fs::write(&file.0, component).expect("must write");
        file
    }

    fn path(&self) -> &str {
        self.0.to_str().expect("must be a path")
    }
}

impl Drop for File {
    fn drop(&mut self) {
        // Nothing depends on it: another run takes another name.
        fs::remove_file(&self.0).ok();
    }
}

impl Turn {
    fn policy_verb(&self, arguments: &[&str]) -> Answer {
        let words = [&["policy"], arguments].concat();
        let answer = product().sax(self.cluster.kubectl(), &words, "");
        answer.expect("must run")
    }

    fn succeeding(&self, arguments: &[&str]) -> String {
        let answer = self.policy_verb(arguments);
        assert!(
            answer.success,
            "{arguments:?}: {}{}",
            answer.stdout, answer.stderr
        );
        answer.stdout
    }

    fn modules(&self) -> Vec<String> {
        let maps = self.get(&[
            "configmaps",
            "-n",
            OURS,
            "-l",
            "kubectl-sax.dev/policy=denial",
        ]);
        let items = maps["items"].as_array().cloned().unwrap_or_default();
        let names = items.iter().map(|map| map["metadata"]["name"].as_str());
        names
            .map(|name| name.unwrap_or_default().to_owned())
            .collect()
    }
}

#[test]
fn a_file_is_put_in_force_replaced_taken_back_and_out_of_force_by_one_command_each() {
    let turn = turn();
    let namespace = turn.namespace("installed");
    let first = File::of(Denial::default());
    let second = File::of(Denial {
        version: "2",
        message: "nor there",
        ..Denial::default()
    });
    let dry = turn.succeeding(&["install", first.path(), "--dry-run=server"]);
    assert!(
        dry.contains("wasmpolicy.kubectl-sax.dev/denial created (server dry run)"),
        "{dry}"
    );
    assert_eq!(turn.modules(), Vec::<String>::new());

    let said = turn.succeeding(&["install", first.path(), "--wait"]);
    assert!(
        said.contains("wasmpolicy.kubectl-sax.dev/denial created"),
        "{said}"
    );
    await_verdict(&namespace, Some("not here"));
    let list = turn.succeeding(&["list", "-o", "wide"]);
    let row = list.lines().find(|line| line.starts_with("denial "));
    let row: Vec<&str> = row.expect("must be listed").split_whitespace().collect();
    assert_eq!(
        row[..6],
        ["denial", "enforce", "100", "True", "1", "2/2"],
        "{list}"
    );

    turn.succeeding(&["install", second.path(), "--wait"]);
    await_verdict(&namespace, Some("nor there"));
    // The first one's component went when the second was in force.
    assert_eq!(turn.modules().len(), 1);
    turn.succeeding(&["install", first.path(), "--wait"]);
    await_verdict(&namespace, Some("not here"));
    turn.succeeding(&["install", first.path(), "--wait", "--mode", "audit"]);
    await_verdict(&namespace, None);

    let said = turn.succeeding(&["uninstall", "denial"]);
    assert!(
        said.contains("wasmpolicy.kubectl-sax.dev/denial deleted"),
        "{said}"
    );
    assert_eq!(turn.modules(), Vec::<String>::new());
    let none = turn.policy_verb(&["uninstall", "denial"]);
    assert_eq!(none.status, Some(1), "{}", none.stderr);
    turn.succeeding(&["uninstall", "denial", "--ignore-not-found"]);
}

#[test]
fn one_that_the_webhook_refuses_ends_the_waiting_with_its_reason() {
    let turn = turn();
    let file = std::env::temp_dir().join(format!("sax-refused-{}.yaml", std::process::id()));
    let document = "apiVersion: kubectl-sax.dev/v1alpha1\nkind: WasmPolicy\nmetadata: {name: lost}\n\
                    spec: {module: {configMap: {name: nowhere}}}\n";
    fs::write(&file, document).expect("must write");
    let answer = turn.policy_verb(&["install", &file.to_string_lossy(), "--wait"]);
    fs::remove_file(&file).expect("must go");
    turn.succeeding(&["uninstall", "lost"]);
    assert_eq!(answer.status, Some(125), "{}", answer.stderr);
    assert!(
        answer
            .stderr
            .contains("ConfigMap nowhere is not in namespace"),
        "{}",
        answer.stderr
    );
}
