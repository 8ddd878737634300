//! A real `sax-webhook` process for one group of cases.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use sax_tests::wait::{Look, until};

use crate::groups::{Group, cache, document_of};
use crate::https::Https;
use crate::product::product;

/// Compiling the policies without a cache takes seconds on a busy machine.
const DEADLINE: Duration = Duration::from_secs(60);

/// The policy that a webhook without a placer leaves out unless a document names it.
const PLACEMENT: &str = "exclusive-placement";

/// A webhook that serves; it ends with this value.
pub(crate) struct Serving {
    process: Child,
    /// Where it listens.
    pub(crate) address: String,
    /// The certificate of its authority.
    pub(crate) authority: PathBuf,
}

impl Serving {
    /// Starts a webhook with the group's policies and objects. All webhooks of one `folder` have
    /// the same certificate; `address` may have port 0.
    ///
    /// # Errors
    /// When it doesn't come up; the message has its log.
    pub(crate) fn start(group: &Group, folder: &Path, address: &str) -> Result<Self> {
        std::fs::create_dir_all(folder)?;
        let ready = folder.join("address");
        if ready.exists() {
            std::fs::remove_file(&ready)?;
        }
        let log = folder.join("log");
        let mut process = command(group, folder, address)
            .arg("--ready-file")
            .arg(&ready)
            .stderr(std::fs::File::create(&log)?)
            .spawn()
            .context("run sax-webhook")?;
        let address = until("sax-webhook to serve", DEADLINE, || {
            if let Some(status) = process.try_wait()? {
                let log = std::fs::read_to_string(&log)?;
                bail!("sax-webhook ended with {status} for {}: {log}", group.name);
            }
            Ok(match std::fs::read_to_string(&ready) {
                Ok(address) => Look::Ready(address.trim().to_owned()),
                Err(error) => Look::Waiting(error.to_string()),
            })
        })?;
        Ok(Self {
            process,
            address,
            authority: folder.join("ca.crt"),
        })
    }

    /// A client of it.
    pub(crate) fn client(&self) -> Result<Https> {
        Https::of_server(&self.address, &self.authority)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let ended = self.process.kill().and_then(|()| self.process.wait());
        if let Err(error) = ended {
            xtask::progress::say(&format!("sax-webhook doesn't end: {error}"));
        }
    }
}

fn command(group: &Group, folder: &Path, address: &str) -> Command {
    let mut command = Command::new(&product().webhook);
    command
        .args(["serve", "--self-signed", "--listen", address, "--tls-dir"])
        .arg(folder)
        .arg("--cache-dir")
        .arg(cache());
    for (flag, file) in [
        ("--policies", &group.policies),
        ("--objects", &group.objects),
    ] {
        if let Some(file) = file {
            command.arg(flag).arg(file);
        }
    }
    // No placer runs beside it: what is gated here stays gated. It takes a document to be in force.
    if !group.configures(PLACEMENT) {
        command.arg("--policies").arg(document_of(PLACEMENT));
    }
    command.stdin(Stdio::null()).stdout(Stdio::null());
    command
}
