//! ARCHITECTURE.md is true: its code map names every crate, its paths exist, its arrows are the
//! only ones. And the house rules that no lint can see.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// `tests`, `fuzz` and `xtask` drive everything else and are driven by nothing.
const OUTSIDE: [&str; 5] = [
    "sax-bench",
    "sax-fuzz",
    "sax-simulator",
    "sax-tests",
    "xtask",
];
/// A file longer than this needs to be two files.
const MAX_LINES: usize = 400;

#[test]
fn the_code_map_names_every_crate_and_its_folder() {
    let map = architecture();
    for package in packages() {
        let row = format!("| `{}/` | `{}` |", package.folder, package.name);
        assert!(
            map.contains(&row),
            "ARCHITECTURE.md lacks a row that begins {row}"
        );
    }
}

#[test]
fn every_path_that_the_architecture_names_exists() {
    for text in [architecture(), read("README.md")] {
        for path in quoted(&text).filter(|word| is_path(word)) {
            let first = path.split('*').next().unwrap_or_default();
            assert!(
                root().join(first).exists(),
                "`{path}` is named but does not exist"
            );
        }
    }
}

#[test]
fn every_test_that_the_table_of_faults_names_exists() {
    let all = all_texts();
    let is_test = |word: &&str| word.len() > 15 && word.contains('_') && !word.contains(['/', ' ']);
    let rows = rows("## Faults that the webhook survives");
    for row in &rows {
        let named: Vec<&str> = quoted(row).filter(is_test).collect();
        assert!(!named.is_empty(), "no test in {row}");
        for name in named {
            assert!(
                all.contains(&format!("fn {name}(")),
                "{name} is named in {row}"
            );
        }
    }
    assert_eq!(rows.len(), 30, "faults of facts/admission.md");
}

#[test]
fn every_test_and_case_that_the_table_of_mistakes_names_exists() {
    let all = all_texts();
    let rows = rows("## Mistakes that users make");
    for (index, row) in rows.iter().enumerate() {
        assert!(row.starts_with(&format!("| {} ", index + 1)), "{row}");
        let (_, tests) = row.rsplit_once(" | ").expect("a row has columns");
        assert!(quoted(tests).next().is_some(), "no test in {row}");
        for name in quoted(tests) {
            let there = match name.strip_suffix('/') {
                // The cases of a policy's code: a folder.
                Some(folder) => root().join(folder).is_dir(),
                // A test, or a line of a table of cases.
                None => {
                    all.contains(&format!("fn {name}(")) || all.contains(&format!("\"{name}\""))
                }
            };
            assert!(there, "`{name}` is named in {row}");
        }
    }
    assert_eq!(rows.len(), 40, "mistakes of facts/plugin.md");
}

/// The rows of the table below a heading of ARCHITECTURE.md.
fn rows(heading: &str) -> Vec<String> {
    let text = architecture();
    let (_, table) = text.split_once(heading).expect("the table");
    let table = table.split("\n## ").next().unwrap_or_default();
    let rows = table.lines().filter(|line| line.starts_with("| ")).skip(2);
    rows.map(str::to_owned).collect()
}

/// All Rust files as one text.
fn all_texts() -> String {
    let all = packages();
    let all = all.iter().flat_map(|package| sources(&package.folder));
    all.map(|(_, text)| text).collect()
}

#[test]
fn crates_use_each_other_only_along_the_arrows() {
    let allowed = arrows();
    for package in packages() {
        if OUTSIDE.contains(&package.name.as_str()) {
            continue;
        }
        let allowed = allowed.get(&package.name).cloned().unwrap_or_default();
        assert_eq!(
            package.uses, allowed,
            "what `{}` uses, against the arrows",
            package.name
        );
    }
}

#[test]
fn pure_crates_know_no_io_time_network_or_engine() {
    let banned = [
        "std::fs",
        "std::net",
        "std::time",
        "std::env",
        "std::process",
        "tokio",
        "wasmtime",
    ];
    for folder in [
        "tpu/src",
        "admission/src",
        "placement/src",
        "gotemplate/src",
    ] {
        for (path, text) in sources(folder) {
            let production = text.split("#[cfg(test)]").next().unwrap_or_default();
            let in_tests = path.components().any(|part| part.as_os_str() == "tests")
                || path.file_stem().is_some_and(|stem| stem == "tests");
            let named = banned.iter().find(|word| production.contains(**word));
            assert!(
                in_tests || named.is_none(),
                "{} is pure but names {named:?}",
                path.display()
            );
        }
    }
}

#[test]
fn only_runtime_names_wasmtime_and_only_once_a_config() {
    let mut configs = 0;
    for package in packages() {
        for (path, text) in sources(&format!("{}/src", package.folder)) {
            let names = text.contains("wasmtime::") && package.name != "sax-tests";
            assert!(
                !names || package.name == "runtime",
                "{} names wasmtime",
                path.display()
            );
            if package.name == "runtime" {
                configs += text.matches("Config::new()").count();
            }
        }
    }
    assert_eq!(configs, 1, "functions that build a wasmtime::Config");
}

#[test]
fn files_are_short_and_say_what_they_are_for() {
    for (path, text) in all_sources() {
        let lines = text.lines().count();
        assert!(
            lines <= MAX_LINES,
            "{} has {lines} lines, the limit is {MAX_LINES}",
            path.display()
        );
        assert!(
            text.starts_with("//!"),
            "{} does not begin with //!",
            path.display()
        );
    }
}

#[test]
fn no_unfinished_work_and_no_machine_is_left_in_the_sources() {
    let unfinished = ["TO", "DO"].concat();
    let machine = [["/wo", "rk/"].concat(), ["/ro", "ot/"].concat()];
    for (path, text) in all_sources() {
        assert!(
            !text.contains(&unfinished),
            "{} has a {unfinished}",
            path.display()
        );
        for word in &machine {
            assert!(
                !text.contains(word.as_str()),
                "{} names {word}",
                path.display()
            );
        }
    }
}

struct Package {
    name: String,
    folder: String,
    uses: BTreeSet<String>,
}

/// The workspace's packages with their edges to each other: normal dependencies only.
fn packages() -> Vec<Package> {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--no-deps",
            "--offline",
            "--format-version",
            "1",
        ])
        .current_dir(root())
        .output()
        .expect("cargo metadata must run");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo metadata is JSON");
    let packages = metadata["packages"].as_array().expect("packages is a list");
    packages.iter().map(package).collect()
}

fn package(package: &Value) -> Package {
    let manifest = PathBuf::from(package["manifest_path"].as_str().expect("a path"));
    let folder = manifest
        .parent()
        .and_then(|folder| folder.strip_prefix(root()).ok());
    let dependencies = package["dependencies"]
        .as_array()
        .expect("dependencies is a list");
    let ours = dependencies
        .iter()
        .filter(|edge| edge["kind"].is_null() && edge["path"].is_string());
    Package {
        name: package["name"].as_str().expect("a name").to_owned(),
        folder: folder
            .expect("a folder of the workspace")
            .display()
            .to_string(),
        uses: ours
            .map(|edge| edge["name"].as_str().expect("a name").to_owned())
            .collect(),
    }
}

/// The lines `user -> used, used` of ARCHITECTURE.md.
fn arrows() -> BTreeMap<String, BTreeSet<String>> {
    let map = architecture();
    let lines = map.lines().filter_map(|line| line.split_once(" -> "));
    let edges = lines.map(|(user, used)| {
        let used = used
            .split(", ")
            .map(|name| name.trim().to_owned())
            .collect();
        (user.trim().to_owned(), used)
    });
    edges.collect()
}

fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// Words in backquotes that are paths into this repository.
fn is_path(word: &str) -> bool {
    let folders = [
        "tpu/",
        "wit/",
        "sdk/",
        "policies/",
        "admission/",
        "placement/",
        "runtime/",
        "webhook/",
        "plugin/",
    ];
    let more = [
        "saxml/",
        "gotemplate/",
        "fuzz/",
        "manifests/",
        "tests/",
        "xtask/",
        ".ci/",
    ];
    let starts = |folder: &&str| word.starts_with(*folder);
    !word.contains(['<', ' ']) && (folders.iter().any(starts) || more.iter().any(starts))
}

fn all_sources() -> Vec<(PathBuf, String)> {
    packages()
        .iter()
        .flat_map(|package| sources(&format!("{}/src", package.folder)))
        .collect()
}

/// Rust files below a folder.
fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).expect("sources are UTF-8");
                found.push((path, text));
            }
        }
    }
    assert!(!found.is_empty(), "no sources below {folder}");
    found
}

fn architecture() -> String {
    read("ARCHITECTURE.md")
}

fn read(file: &str) -> String {
    std::fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("tests/ stands in the workspace")
}
