//! What is released of the plugin: an archive for each platform with the licence inside, its
//! checksum, and the manifest by which krew installs it.
//!
//! An archive depends on what is in it and on nothing else: no time, no owner, one order.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// The plugin as krew knows it.
pub const NAME: &str = "sax";
/// The plugin's program.
const PROGRAM: &str = "kubectl-sax";
/// What kubectl runs to complete our words. krew doesn't install it; it is in the archive.
const COMPLETION: &str = "kubectl_complete-sax";
/// When everything in an archive was changed, for `tar`.
const NO_TIME: &str = "1970-01-01 00:00:00Z";

/// A platform that is released for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Platform {
    /// Rust's name of it.
    pub triple: &'static str,
    /// krew's name of its system.
    pub os: &'static str,
    /// krew's name of its processor.
    pub arch: &'static str,
}

/// The platforms that are released for, as far as a machine's toolchains allow.
pub const PLATFORMS: [Platform; 4] = [
    Platform {
        triple: "x86_64-unknown-linux-gnu",
        os: "linux",
        arch: "amd64",
    },
    Platform {
        triple: "aarch64-unknown-linux-gnu",
        os: "linux",
        arch: "arm64",
    },
    Platform {
        triple: "x86_64-apple-darwin",
        os: "darwin",
        arch: "amd64",
    },
    Platform {
        triple: "aarch64-apple-darwin",
        os: "darwin",
        arch: "arm64",
    },
];

/// An archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Archive {
    /// What it is for.
    pub platform: Platform,
    /// Where it is.
    pub path: PathBuf,
    /// The SHA-256 of it, in lower-case hexadecimal.
    pub sha256: String,
}

impl Platform {
    /// This machine's.
    ///
    /// # Errors
    /// When nothing is released for it.
    pub fn here() -> Result<Self> {
        let (os, arch) = (std::env::consts::OS, std::env::consts::ARCH);
        let os = if os == "macos" { "darwin" } else { os };
        let is_here = |platform: &&Self| platform.os == os && platform.triple.starts_with(arch);
        let found = PLATFORMS.iter().find(is_here).copied();
        found.with_context(|| format!("nothing is released for {os} on {arch}"))
    }

    /// The platform of this triple.
    ///
    /// # Errors
    /// When nothing is released for it.
    pub fn of(triple: &str) -> Result<Self> {
        let found = PLATFORMS.iter().find(|platform| platform.triple == triple);
        let known = PLATFORMS.map(|platform| platform.triple).join(", ");
        found
            .copied()
            .with_context(|| format!("nothing is released for {triple}, only for {known}"))
    }
}

/// Packs the plugin's program, its completion, its man pages and the licence. Man pages and
/// completion are what `talker`, the same program for this machine, prints.
///
/// # Errors
/// When a file can't be read or written, or `tar` is missing.
pub fn pack(
    root: &Path,
    program: &Path,
    talker: &Path,
    platform: Platform,
    out: &Path,
) -> Result<Archive> {
    let stem = stem(platform);
    let staged = out.join(&stem);
    if staged.exists() {
        fs::remove_dir_all(&staged).with_context(|| format!("empty {}", staged.display()))?;
    }
    fs::create_dir_all(&staged).with_context(|| format!("make {}", staged.display()))?;
    copy(program, &staged.join(PROGRAM))?;
    copy(&root.join("LICENSE"), &staged.join("LICENSE"))?;
    let script = printed(Command::new(talker).args(["completion", "kubectl"]))?;
    write_program(&staged.join(COMPLETION), &script)?;
    printed(Command::new(talker).arg("__man").arg(staged.join("man")))?;
    let path = out.join(format!("{stem}.tar.gz"));
    tar(&staged, &path)?;
    fs::remove_dir_all(&staged).with_context(|| format!("empty {}", staged.display()))?;
    let sha256 = sha256(&path)?;
    Ok(Archive {
        platform,
        path,
        sha256,
    })
}

/// The archives of this version that lie in a folder, one for each platform that is released for.
///
/// # Errors
/// When one is missing or can't be read.
pub fn packed(folder: &Path) -> Result<Vec<Archive>> {
    let archive = |platform| {
        let path = folder.join(format!("{}.tar.gz", stem(platform)));
        ensure!(path.is_file(), "{} is missing", path.display());
        let sha256 = sha256(&path)?;
        Ok(Archive {
            platform,
            path,
            sha256,
        })
    };
    PLATFORMS.into_iter().map(archive).collect()
}

/// The manifest by which krew installs the archives, which lie below `url`.
#[must_use]
pub fn krew_manifest(archives: &[Archive], url: &str) -> String {
    let platforms: String = archives
        .iter()
        .map(|archive| krew_platform(archive, url))
        .collect();
    format!(
        "apiVersion: krew.googlecontainertools.github.com/v1alpha2\n\
         kind: Plugin\n\
         metadata:\n  name: {NAME}\n\
         spec:\n  version: v{version}\n  homepage: {url}\n  \
         shortDescription: Serve large models with Saxml on TPUs\n  \
         description: |\n    \
         Plans, checks, deploys and watches Saxml model servers on multi-host TPU\n    \
         slices: from a model's name to running servers, with every number derived,\n    \
         and the same policies offline as in the cluster's admission webhook.\n  \
         platforms:\n{platforms}",
        version = version(),
    )
}

/// `HASH  FILE` for each, as `sha256sum --check` reads it.
#[must_use]
pub fn checksums(archives: &[Archive]) -> String {
    let line = |archive: &Archive| format!("{}  {}\n", archive.sha256, file_name(&archive.path));
    archives.iter().map(line).collect()
}

fn krew_platform(archive: &Archive, url: &str) -> String {
    let Archive {
        platform,
        path,
        sha256,
    } = archive;
    format!(
        "  - selector:\n      matchLabels:\n        os: {os}\n        arch: {arch}\n    \
         uri: {url}/{file}\n    sha256: {sha256}\n    \
         files:\n    - from: \"*\"\n      to: .\n    \
         bin: {PROGRAM}\n",
        os = platform.os,
        arch = platform.arch,
        file = file_name(path),
    )
}

/// An archive's name without its ending.
fn stem(platform: Platform) -> String {
    format!("{PROGRAM}-v{}-{}-{}", version(), platform.os, platform.arch)
}

/// All crates have one version.
fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::copy(from, to).with_context(|| format!("copy {}", from.display()))?;
    Ok(())
}

fn write_program(path: &Path, text: &str) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::write(path, text).with_context(|| format!("write {}", path.display()))?;
    let permissions = fs::Permissions::from_mode(0o755);
    fs::set_permissions(path, permissions).with_context(|| format!("write {}", path.display()))
}

fn tar(folder: &Path, archive: &Path) -> Result<()> {
    let mut tar = Command::new("tar");
    tar.args([
        "--create",
        "--sort=name",
        "--owner=0",
        "--group=0",
        "--numeric-owner",
    ])
    .args(["--mtime", NO_TIME, "--use-compress-program", "gzip -9n"])
    .arg("--file")
    .arg(archive)
    .arg("--directory")
    .arg(folder)
    .arg(".");
    printed(&mut tar).map(drop)
}

fn sha256(path: &Path) -> Result<String> {
    let text = printed(Command::new("sha256sum").arg(path))?;
    let hash = text
        .split(' ')
        .next()
        .unwrap_or_default()
        .trim_start_matches('\\');
    ensure!(hash.len() == 64, "sha256sum printed {text:?}");
    Ok(hash.to_owned())
}

fn printed(command: &mut Command) -> Result<String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().with_context(|| format!("run {program}"))?;
    ensure!(
        output.status.success(),
        "{program} ended with {}: {}",
        output.status,
        String::from_utf8_lossy(&output.stderr).trim()
    );
    String::from_utf8(output.stdout).with_context(|| format!("read what {program} printed"))
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::{Archive, PLATFORMS, Platform, checksums, krew_manifest, packed, stem};

    #[test]
    fn a_manifest_has_what_krew_demands() {
        let archives = [Archive {
            platform: PLATFORMS[0],
            path: PathBuf::from("dist/a.tar.gz"),
            sha256: "0".repeat(64),
        }];
        let manifest = krew_manifest(&archives, "https://example.com/v1");
        for line in [
            "  name: sax\n",
            "  version: v0.1.0\n",
            "        os: linux\n        arch: amd64\n",
            "    uri: https://example.com/v1/a.tar.gz\n",
            "    bin: kubectl-sax\n",
        ] {
            assert!(manifest.contains(line), "{line}: {manifest}");
        }
        let short = manifest
            .lines()
            .find_map(|line| line.trim().strip_prefix("shortDescription: "));
        assert!(short.is_some_and(|text| text.len() <= 50), "{short:?}");
        assert!(checksums(&archives).ends_with("00  a.tar.gz\n"));
    }

    #[test]
    fn archives_of_several_machines_make_one_manifest_and_a_missing_one_is_named() {
        let folder = std::env::temp_dir().join(format!("sax-packed-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("must be creatable");
        for platform in PLATFORMS {
            let missing = packed(&folder).expect_err("one is missing").to_string();
            let name = format!("{}.tar.gz", stem(platform));
            assert!(missing.contains(&name), "{missing}");
            std::fs::write(folder.join(name), platform.triple).expect("must be writable");
        }
        let manifest = packed(&folder).map(|archives| krew_manifest(&archives, "https://x"));
        std::fs::remove_dir_all(&folder).expect("must be removable");
        let manifest = manifest.expect("all are there");
        assert_eq!(manifest.matches("    sha256: ").count(), PLATFORMS.len());
    }

    #[test]
    fn each_platform_is_built_by_ci() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let ci = std::fs::read_to_string(root.join(".github/workflows/ci.yml"));
        let ci = ci.expect("must be readable");
        for platform in PLATFORMS {
            let target = format!("target: {} }}", platform.triple);
            assert!(ci.contains(&target), "{target}");
        }
    }

    #[test]
    fn a_triple_that_nothing_is_released_for_is_refused() {
        assert!(Platform::of("wasm32-unknown-unknown").is_err());
        for platform in PLATFORMS {
            assert_eq!(Platform::of(platform.triple).ok(), Some(platform));
        }
    }
}
