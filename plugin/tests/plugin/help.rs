//! Help and usage errors.

use crate::run::{sax, sax_into_a_closed_pipe};
use crate::verbs::{Verb, tree};

#[test]
fn every_verb_has_help_in_kubectls_words() {
    for Verb { name: verb, .. } in tree() {
        let words: Vec<_> = verb.split(' ').chain(["-h"]).collect();
        let ended = sax(&words, "");
        assert_eq!(ended.status, Some(0), "{verb}");
        assert!(
            ended.stdout.contains(&format!("Usage: kubectl sax {verb}")),
            "{verb}"
        );
        insta::assert_snapshot!(format!("help {verb}").replace(' ', "-"), ended.stdout);
    }
}

#[test]
fn no_arguments_print_help() {
    insta::assert_snapshot!("help", sax(&[], ""));
}

#[test]
fn a_group_without_a_verb_prints_its_help() {
    for group in ["models", "get", "policy", "webhook"] {
        let ended = sax(&[group], "");
        assert_eq!((ended.status, ended.stderr.as_str()), (Some(0), ""));
        assert!(
            ended.stdout.contains("Usage: kubectl sax"),
            "{}",
            ended.stdout
        );
    }
}

#[test]
fn wrong_usage_is_exit_1() {
    insta::assert_snapshot!("usage-unknown-verb", sax(&["lnt"], ""));
    insta::assert_snapshot!(
        "usage-unknown-format",
        sax(&["lint", "-f", "-", "-o", "yml"], "")
    );
    insta::assert_snapshot!("usage-nothing-to-lint", sax(&["lint"], ""));
    let dry_run = sax(
        &[
            "deploy",
            "sax",
            "--slice",
            "v5e:4x8",
            "--bucket",
            "b-1",
            "--dry-run=yes",
        ],
        "",
    );
    assert_eq!(dry_run.status, Some(1));
    assert!(
        dry_run
            .stderr
            .contains("Invalid dry-run value (yes). Must be \"none\", \"server\", or \"client\"."),
        "{}",
        dry_run.stderr
    );
}

#[test]
fn a_misspelt_code_gets_a_suggestion() {
    let ended = sax(&["explain", "TPU0007"], "");
    assert_eq!(ended.status, Some(1));
    assert!(
        ended.stderr.contains("did you mean TPU007"),
        "{}",
        ended.stderr
    );
}

#[test]
fn every_code_has_a_page() {
    let list = sax(&["explain"], "").stdout;
    for line in list.lines() {
        let code = line.split(' ').next().unwrap_or_default();
        let page = sax(&["explain", &code.to_lowercase()], "");
        assert_eq!(page.status, Some(0), "{code}");
        assert!(page.stdout.starts_with(code), "{}", page.stdout);
    }
    for code in ["TPU001", "SAX001", "OBJ001", "POL001"] {
        assert!(list.contains(code), "{code}");
    }
}

#[test]
fn a_reader_that_has_seen_enough_changes_nothing_about_how_it_ended() {
    let ended = sax_into_a_closed_pipe(&["lint", "-f", "../tests/fixtures/demo/wrong.yaml"]);
    assert_eq!((ended.status, ended.stderr.as_str()), (Some(2), ""));
    let ended = sax_into_a_closed_pipe(&["explain"]);
    assert_eq!((ended.status, ended.stderr.as_str()), (Some(0), ""));
}

#[test]
fn data_has_no_colour_unless_it_is_asked_for() {
    let text = ["lint", "-f", "../tests/fixtures/demo/wrong.yaml"];
    assert!(!sax(&text, "").stdout.contains('\u{1b}'));
    let always = [&text[..], &["--color", "always"]].concat();
    assert!(sax(&always, "").stdout.contains('\u{1b}'));
    for format in ["json", "sarif", "junit"] {
        let data = [&always[..], &["-o", format]].concat();
        assert!(!sax(&data, "").stdout.contains('\u{1b}'), "{format}");
    }
}

#[test]
fn the_last_of_two_flags_counts_as_with_kubectl() {
    let words = ["lint", "-f", "-", "-n", "one", "-n", "two", "-o", "json"];
    let ended = sax(
        &words,
        "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"a\"}}",
    );
    assert!(ended.stdout.contains("\"namespace\": \"two\""), "{ended}");
}
