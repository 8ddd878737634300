//! `exec`: a program in a server's container, with its own streams and exit status.

use std::convert::Infallible;

use futures_util::future::join;
use kube::api::AttachedProcess;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;

use super::block_on;
use super::servers::Servers;
use crate::cli::ExecArgs;
use crate::cluster::exit_status;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::sources::{ServerError, Source};

/// Saxml's own client.
const SAXUTIL: &str = "saxutil";
/// Its flag for the cell's files, which the admin server is told by a variable.
const ROOT: &str = "--sax_root";

pub(super) fn run(args: &ExecArgs, printer: &Printer) -> Result<Exit, Failure> {
    block_on(async {
        let servers = Servers::connect(&args.connection, &args.name).await?;
        let source = servers.running(args.component, args.slice).await?;
        let command = command(&args.command, &source);
        let Source { pod, container, .. } = &source;
        let process =
            servers
                .cluster
                .exec(&servers.namespace, pod, container, &command, args.stdin);
        let ran = timeout(args.timeout, attached(process.await?, args.stdin, printer)).await;
        match ran {
            Ok(status) => ended(status?, &source),
            Err(_) => Err(ServerError::StillRuns {
                program: command.first().cloned().unwrap_or_default(),
                limit: args.timeout,
            }
            .into()),
        }
    })
}

/// saxutil with the root that the admin server has, unless one is given.
fn command(words: &[String], source: &Source) -> Vec<String> {
    let mut command = words.to_vec();
    let is_saxutil = words.first().is_some_and(|word| word == SAXUTIL);
    let has_root = words
        .iter()
        .any(|word| word.trim_start_matches('-').starts_with("sax_root"));
    if let (true, false, Some(bucket)) = (is_saxutil, has_root, &source.bucket) {
        command.insert(1, format!("{ROOT}=gs://{bucket}/sax-root"));
    }
    command
}

/// Carries the streams until the program has ended.
async fn attached(
    mut process: AttachedProcess,
    stdin: bool,
    printer: &Printer,
) -> Result<Option<kube::core::Status>, Failure> {
    let status = process.take_status();
    let (stdout, stderr, input) = (process.stdout(), process.stderr(), process.stdin());
    let feeding = async {
        if let (true, Some(mut input)) = (stdin, input) {
            // A program that reads no more has ended, which its status tells.
            let _ = tokio::io::copy(&mut tokio::io::stdin(), &mut input).await;
            let _ = input.shutdown().await;
        }
        std::future::pending::<Infallible>().await
    };
    let reading = join(
        copied(stdout, |bytes| printer.bytes(bytes)),
        copied(stderr, |bytes| printer.their_stderr(bytes)),
    );
    let streams = tokio::select! {
        streams = reading => streams,
        never = feeding => match never {},
    };
    streams.0?;
    streams.1?;
    Ok(match status {
        Some(status) => status.await.and_then(as_status),
        None => None,
    })
}

async fn copied(
    stream: Option<impl AsyncRead + Unpin>,
    write: impl Fn(&[u8]) -> std::io::Result<()>,
) -> std::io::Result<()> {
    let Some(mut stream) = stream else {
        return Ok(());
    };
    let mut bytes = [0; 8192];
    loop {
        match stream.read(&mut bytes).await? {
            0 => return Ok(()),
            count => write(&bytes[..count])?,
        }
    }
}

/// The two types that the library has for a status are one on the wire.
fn as_status(status: impl serde::Serialize) -> Option<kube::core::Status> {
    serde_json::from_value(serde_json::to_value(status).ok()?).ok()
}

fn ended(status: Option<kube::core::Status>, source: &Source) -> Result<Exit, Failure> {
    match exit_status(status) {
        Ok(0) => Ok(Exit::Fine),
        Ok(code) => Ok(Exit::Of(code)),
        Err(message) => Err(ServerError::NotRun {
            pod: source.pod.clone(),
            message,
        }
        .into()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Source, command};

    #[test]
    fn saxutil_gets_the_root_that_the_admin_server_has() {
        let pod = json!({"metadata": {"name": "a-1-x", "ownerReferences": [{"name": "a-1"}]}, "spec": {"containers": [
            {"name": "c", "image": "r/sax-admin-server:v1.1.0", "env": [{"name": "GSBUCKET", "value": "b"}]}]}});
        let sources = Source::all(&[pod], "a");
        let of = |words: &[&str]| {
            let words: Vec<_> = words.iter().map(|word| (*word).to_owned()).collect();
            command(&words, &sources[0]).join(" ")
        };
        assert_eq!(
            of(&["saxutil", "ls", "/sax/test"]),
            "saxutil --sax_root=gs://b/sax-root ls /sax/test"
        );
        assert_eq!(
            of(&["saxutil", "-sax_root=x", "ls"]),
            "saxutil -sax_root=x ls"
        );
        assert_eq!(of(&["env"]), "env");
    }
}
