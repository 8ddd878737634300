//! `webhook pause`: the break-glass. From then on the API server asks nobody, and what we hold is
//! handed back; `--resume` goes on.

use k8s_openapi::jiff::Timestamp;
use serde_json::{Value, json};

use super::release::Release;
use crate::cli::{DryRun, PauseArgs};
use crate::cluster::Cluster;
use crate::commands::{block_on, dry_run};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::registration::{Manifests, is_ours, paused, pausing, resuming};
use crate::scaffold::Object;

/// Who says so, in Events.
const CONTROLLER: &str = "kubectl-sax.dev/plugin";

pub(super) fn run(args: &PauseArgs, printer: &Printer) -> Result<Exit, Failure> {
    let dry_run = dry_run(&args.dry_run, printer)?;
    let word = if args.resume { "resumed" } else { "paused" };
    if dry_run == DryRun::Client {
        for registration in Manifests::embedded().registrations {
            printer.data(&format!(
                "{} {word} (dry run)\n",
                registration.display_name()
            ))?;
        }
        return Ok(Exit::Fine);
    }
    let pause = Pause {
        args,
        printer,
        dry_run: dry_run == DryRun::Server,
        word,
    };
    block_on(pause.run())?;
    Ok(Exit::Fine)
}

struct Pause<'a> {
    args: &'a PauseArgs,
    printer: &'a Printer,
    dry_run: bool,
    word: &'static str,
}

impl Pause<'_> {
    async fn run(&self) -> Result<(), Failure> {
        let cluster = Cluster::connect(&self.args.connection).await?;
        let mut changed = false;
        for wanted in Manifests::embedded().registrations {
            match cluster.get(&wanted).await? {
                Some(stored) if is_ours(&stored) => {
                    changed |= self.change(&cluster, stored).await?
                }
                Some(stored) => self.warn(&stored, "isn't ours, it stays")?,
                None => self.warn(&wanted, "isn't registered")?,
            }
        }
        if self.args.resume {
            return Ok(());
        }
        let release = Release {
            cluster: &cluster,
            printer: self.printer,
            dry_run: self.dry_run,
        };
        release.all(changed && !self.dry_run).await?;
        self.printer.note(
            "nothing is reviewed, completed, refused or placed until `kubectl sax webhook pause --resume`",
        )?;
        Ok(())
    }

    async fn change(&self, cluster: &Cluster, stored: Object) -> Result<bool, Failure> {
        let patch = match self.args.resume {
            true => resuming(&stored.value),
            false => pausing(&stored.value, &said()),
        };
        let name = stored.display_name();
        let Some(patch) = patch else {
            let word = if self.args.resume {
                "wasn't paused"
            } else {
                "is paused already"
            };
            self.printer.data(&format!("{name} {word}\n"))?;
            return Ok(false);
        };
        cluster.patch_json(&stored, &patch, self.dry_run).await?;
        let suffix = if self.dry_run {
            " (server dry run)"
        } else {
            ""
        };
        self.printer
            .data(&format!("{name} {}{suffix}\n", self.word))?;
        if !self.dry_run {
            self.tell(cluster, &stored).await?;
        }
        Ok(true)
    }

    /// An Event, where everybody looks; it isn't worth failing for.
    async fn tell(&self, cluster: &Cluster, stored: &Object) -> Result<(), Failure> {
        let told = cluster.create(&event(stored, self.args.resume)).await;
        if let Err(error) = told {
            self.printer
                .warning(&format!("no Event tells of it: {error}"))?;
        }
        Ok(())
    }

    fn warn(&self, object: &Object, what: &str) -> Result<(), Failure> {
        let name = object.display_name();
        Ok(self.printer.warning(&format!("{name} {what}"))?)
    }
}

/// Since when. Who did it is in the API server's audit log, and in the managed fields.
fn said() -> String {
    Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Of an object of no namespace, so it lies in `default`.
fn event(registration: &Object, resumed: bool) -> Object {
    let (reason, kind, note) = match (resumed, paused(&registration.value)) {
        (true, since) => (
            "Resumed",
            "Normal",
            format!("reviews are asked for again; paused since {}", since.unwrap_or_default()),
        ),
        (false, _) => (
            "Paused",
            "Warning",
            "nothing is reviewed, completed, refused or placed any more; `kubectl sax webhook pause --resume` goes on".to_owned(),
        ),
    };
    let metadata: &Value = &registration.value["metadata"];
    Object::from_value(json!({
        "apiVersion": "events.k8s.io/v1",
        "kind": "Event",
        "metadata": {"generateName": "sax-webhook-", "namespace": "default"},
        "eventTime": Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string(),
        "type": kind,
        "reason": reason,
        "action": reason,
        "note": note,
        "reportingController": CONTROLLER,
        "reportingInstance": "kubectl-sax",
        "regarding": {
            "apiVersion": registration.api_version,
            "kind": registration.kind,
            "name": registration.name,
            "uid": metadata["uid"],
        },
    }))
}
