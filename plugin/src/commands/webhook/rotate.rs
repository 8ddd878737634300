//! `webhook rotate-certs`: asks the leader among the replicas for another certificate, or another
//! authority, and waits until it is there.

use std::time::Duration;

use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::cli::{DryRun, RotateCertsArgs};
use crate::cluster::{Cluster, ClusterError};
use crate::commands::{block_on, dry_run};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::{Printer, Progress};
use crate::registration::{Manifests, RotationError, text_of};
use crate::scaffold::Object;

/// Annotation of the Secret by which the leader is asked.
const ROTATE: &str = "kubectl-sax.dev/rotate";
/// Between two looks.
const INTERVAL: Duration = Duration::from_millis(500);

pub(super) fn run(args: &RotateCertsArgs, printer: &Printer) -> Result<Exit, Failure> {
    let dry_run = dry_run(&args.dry_run, printer)?;
    let wanted = Manifests::embedded().secret();
    let what = if args.authority { "authority" } else { "leaf" };
    let name = wanted.display_name();
    if dry_run == DryRun::Client {
        printer.data(&format!("{name} asked for a new {what} (dry run)\n"))?;
        return Ok(Exit::Fine);
    }
    block_on(rotate(
        args,
        &wanted,
        what,
        dry_run == DryRun::Server,
        printer,
    ))?;
    Ok(Exit::Fine)
}

async fn rotate(
    args: &RotateCertsArgs,
    wanted: &Object,
    what: &'static str,
    dry_run: bool,
    printer: &Printer,
) -> Result<(), Failure> {
    let cluster = Cluster::connect(&args.connection).await?;
    let name = wanted.display_name();
    let before = cluster
        .get(wanted)
        .await?
        .ok_or_else(|| RotationError::NoSecret { name: name.clone() })?;
    if text_of(&before, "authority.crt").is_empty() {
        return Err(RotationError::Foreign { name }.into());
    }
    let patch = json!({"metadata": {"annotations": {ROTATE: what}}});
    cluster.patch_merge(&before, &patch, dry_run).await?;
    let suffix = if dry_run { " (server dry run)" } else { "" };
    printer.data(&format!("{name} asked for a new {what}{suffix}\n"))?;
    if dry_run || !args.wait {
        return Ok(());
    }
    await_rotation(args, &cluster, &before, printer).await?;
    Ok(printer.data(&format!("{name} has a new {what}\n"))?)
}

async fn await_rotation(
    args: &RotateCertsArgs,
    cluster: &Cluster,
    before: &Object,
    printer: &Printer,
) -> Result<(), Failure> {
    let (started, mut progress) = (Instant::now(), Progress::new(printer));
    loop {
        let now = look(cluster, before).await?;
        let stage = now.as_ref().map(|now| stage(before, now, args.authority));
        match stage {
            Some(None) => return Ok(progress.finish()?),
            Some(Some(waits_for)) => {
                progress.show([(format!("waiting for {waits_for}"), false)]);
                if started.elapsed() >= args.timeout {
                    progress.finish()?;
                    let limit = args.timeout;
                    return Err(RotationError::Slow { limit, waits_for }.into());
                }
            }
            None => {
                let name = before.display_name();
                return Err(RotationError::NoSecret { name }.into());
            }
        }
        sleep(INTERVAL).await;
    }
}

async fn look(cluster: &Cluster, before: &Object) -> Result<Option<Object>, ClusterError> {
    cluster.get(before).await
}

/// What isn't there yet; `None` when all of it is.
fn stage(before: &Object, now: &Object, authority: bool) -> Option<&'static str> {
    let changed = |file: &str| text_of(before, file) != text_of(now, file);
    let trusted = text_of(now, "ca.crt").matches("BEGIN CERTIFICATE").count();
    if authority && !changed("authority.crt") {
        Some("the leading replica to make an authority")
    } else if !changed("tls.crt") {
        Some(match authority {
            true => "API servers to learn of the new authority",
            false => "the leading replica to make a certificate",
        })
    } else if authority && trusted > 1 {
        Some("every replica to serve a certificate of the new authority")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    fn secret(authority: &str, leaf: &str, trusted: usize) -> Object {
        let encode = |text: &str| STANDARD.encode(text);
        Object::from_value(
            json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"},
            "data": {"authority.crt": encode(authority), "tls.crt": encode(leaf),
                "ca.crt": encode(&"BEGIN CERTIFICATE\n".repeat(trusted))}}),
        )
    }

    #[test]
    fn an_authority_is_rotated_when_only_the_new_one_is_trusted() {
        let before = secret("a", "1", 1);
        for (now, is_done) in [
            (secret("a", "1", 1), false),
            (secret("b", "1", 2), false),
            (secret("b", "2", 2), false),
            (secret("b", "2", 1), true),
        ] {
            assert_eq!(
                stage(&before, &now, true).is_none(),
                is_done,
                "{:?}",
                now.value
            );
        }
        assert_eq!(stage(&before, &secret("a", "2", 1), false), None);
        assert!(stage(&before, &secret("a", "1", 1), false).is_some());
    }
}
