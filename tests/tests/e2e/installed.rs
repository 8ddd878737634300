//! The release archive, installed as krew does it, and run through kubectl.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use sax_tests::kubectl::Answer;
use serde_json::Value;
use sha2::{Digest, Sha256};
use xtask::dist::{Archive, Platform, krew_manifest, pack};

use crate::shared::{bare, product};

/// A folder of one test, gone with it.
struct Place(PathBuf);

impl Place {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("sax-installed-{}", std::process::id()));
        fs::create_dir_all(&path).expect("the folder must be creatable");
        Self(path)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // Nothing depends on it: another run takes another name.
        fs::remove_dir_all(&self.0).ok();
    }
}

/// Packs the program that this build has made: what is in a release, but for its optimisation.
fn packed(out: &Path) -> Archive {
    let program = &product().plugin;
    let here = Platform::here().expect("something must be released for this machine");
    let archive = pack(&xtask::workspace_root(), program, program, here, out);
    archive.expect("the archive must be made")
}

/// krew's steps: the checksum, the archive, the files that the manifest names, a link to the
/// program whose dashes in the plugin's own name are underscores. The folder for PATH.
fn installed(archive: &Archive, place: &Path) -> PathBuf {
    let manifest = krew_manifest(std::slice::from_ref(archive), "https://example.com");
    let manifest: Value = serde_saphyr::from_str(&manifest).expect("the manifest must be YAML");
    let platform = &manifest["spec"]["platforms"][0];
    let bytes = fs::read(&archive.path).expect("the archive must be readable");
    let hash: String = Sha256::digest(&bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(platform["sha256"], hash);

    let store = place
        .join("store")
        .join("sax")
        .join(manifest["spec"]["version"].as_str().expect("a version"));
    fs::create_dir_all(&store).expect("the store must be creatable");
    let unpacked = Command::new("tar")
        .arg("-xzf")
        .arg(&archive.path)
        .arg("-C")
        .arg(&store)
        .status();
    assert!(unpacked.expect("tar must run").success());
    assert_eq!(
        platform["files"],
        serde_json::json!([{"from": "*", "to": "."}])
    );

    let bin = place.join("bin");
    fs::create_dir_all(&bin).expect("must be creatable");
    let program = store.join(platform["bin"].as_str().expect("a program"));
    std::os::unix::fs::symlink(program, bin.join("kubectl-sax")).expect("must link");
    // krew installs no completion: the README tells to do this.
    std::os::unix::fs::symlink(
        store.join("kubectl_complete-sax"),
        bin.join("kubectl_complete-sax"),
    )
    .expect("must link");
    for name in ["LICENSE", "man/kubectl-sax.1", "man/kubectl-sax-deploy.1"] {
        assert!(store.join(name).is_file(), "{name}");
    }
    bin
}

fn kubectl(bin: &Path, words: &[&str]) -> Answer {
    let path = std::env::var("PATH").unwrap_or_default();
    let output = Command::new(bare().kubectl().program())
        .args(words)
        .env("PATH", format!("{}:{path}", bin.display()))
        .env("KUBECONFIG", bare().kubectl().kubeconfig())
        .output();
    Answer::of(&output.expect("kubectl must run"))
}

#[test]
fn the_archive_is_installed_as_krew_does_and_runs_through_kubectl() {
    let place = Place::new();
    let archive = packed(&place.0.join("dist"));
    let again = packed(&place.0.join("again"));
    assert_eq!(
        archive.sha256, again.sha256,
        "the same makes the same archive"
    );
    let bin = installed(&archive, &place.0);

    let version = kubectl(&bin, &["sax", "version", "--client"]);
    assert!(
        version.success && version.stdout.contains("tpu-shape"),
        "{version:?}"
    );
    let plugins = kubectl(&bin, &["plugin", "list"]);
    assert!(
        plugins.success && plugins.stdout.contains("kubectl-sax"),
        "{plugins:?}"
    );
    assert!(!plugins.stderr.contains("warning"), "{plugins:?}");
    // The exit status is the plugin's own.
    let wrong = kubectl(&bin, &["sax", "diff", "--nonsense"]);
    assert_eq!(wrong.status, Some(2), "{wrong:?}");
    // kubectl asks `kubectl_complete-sax`, and hands on what it says.
    let completed = kubectl(&bin, &["__complete", "sax", "deplo"]);
    assert!(completed.stdout.starts_with("deploy\t"), "{completed:?}");
    assert!(completed.stdout.contains("\n:4\n"), "{completed:?}");
}
