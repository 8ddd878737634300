//! `sax-simulator`: Saxml's servers on this machine, for tests and the demo.

use std::io::{Read as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Parser;
use sax_simulator::pods::{self, Namespace};
use sax_simulator::{Sax, Script, saxutil};

/// Plays Saxml on the wire, on free ports of 127.0.0.1. Prints where as one line of JSON, and ends
/// when its stdin closes.
#[derive(Parser)]
struct Cli {
    /// What to play (YAML or JSON) [default: one CPU model server of v1.1.0].
    #[arg(long, value_name = "FILE")]
    script: Option<PathBuf>,
    /// How many times faster than Saxml all waiting is; counts before the script's.
    #[arg(long, value_name = "FACTOR")]
    time_scale: Option<f64>,
    /// Writes each server's log into this folder, as a container runtime does.
    #[arg(long, value_name = "FOLDER")]
    logs: Option<PathBuf>,
    /// Plays what the Pods of this namespace are, instead of what the script names.
    #[arg(long, requires_all = ["kubeconfig", "logs"])]
    namespace: Option<String>,
    /// The namespace's cluster, with an administrator's identity.
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,
    /// The port of the remote control of a namespace [default: any].
    #[arg(long, value_name = "PORT", default_value = "0")]
    control_port: u16,
    /// Ends after so many seconds in any case.
    #[arg(long, value_name = "SECONDS", default_value = "3600")]
    bound: u64,
    /// Doesn't look at stdin: only the bound ends it.
    #[arg(long)]
    detached: bool,
}

fn main() -> ExitCode {
    let mut arguments = std::env::args();
    let called = arguments.next().map(PathBuf::from).unwrap_or_default();
    let ended = if called.file_stem() == Some("saxutil".as_ref()) {
        saxutil(&arguments.collect::<Vec<_>>())
    } else {
        run(&Cli::parse()).map(|()| ExitCode::SUCCESS)
    };
    match ended {
        Ok(code) => code,
        Err(error) => {
            xtask::progress::say(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// This program under the name of the project's own client.
#[tokio::main]
async fn saxutil(arguments: &[String]) -> Result<ExitCode> {
    let address = std::env::var(saxutil::ADMIN);
    let address = address.context("saxutil runs in the admin server's Pod only")?;
    let ended = saxutil::run(&address, arguments).await?;
    write!(std::io::stdout(), "{}", ended.stdout).context("print to stdout")?;
    write!(std::io::stderr(), "{}", ended.stderr).context("print to stderr")?;
    Ok(ExitCode::from(ended.status))
}

#[tokio::main]
async fn run(cli: &Cli) -> Result<()> {
    let script = script(cli)?;
    let bound = tokio::time::sleep(Duration::from_secs(cli.bound));
    tokio::select! {
        played = play(cli, script) => played,
        () = bound => Ok(()),
        () = stdin_closed(), if !cli.detached => Ok(()),
    }
}

async fn play(cli: &Cli, script: Script) -> Result<()> {
    if let (Some(name), Some(kubeconfig), Some(logs)) = (&cli.namespace, &cli.kubeconfig, &cli.logs)
    {
        let namespace = Namespace {
            name: name.clone(),
            kubeconfig: kubeconfig.clone(),
            logs: logs.clone(),
            control: cli.control_port,
        };
        return pods::play(script, &namespace).await;
    }
    let sax = Sax::start_with(script, cli.logs.as_deref()).await?;
    let endpoints = serde_json::to_string(&sax.endpoints())?;
    writeln!(std::io::stdout(), "{endpoints}").context("print where it listens")?;
    std::future::pending().await
}

fn script(cli: &Cli) -> Result<Script> {
    let mut script = match &cli.script {
        Some(path) => {
            let text = std::fs::read_to_string(path);
            let text = text.with_context(|| format!("read {}", path.display()))?;
            Script::parse(&text).with_context(|| format!("script {}", path.display()))?
        }
        None => Script::parse("servers: [{}]")?,
    };
    if let Some(factor) = cli.time_scale {
        anyhow::ensure!(factor > 0.0, "--time-scale {factor} is not above 0");
        script.time_scale = factor;
    }
    Ok(script)
}

/// The reading thread is left behind when the process ends.
async fn stdin_closed() {
    let (closed, wait) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let mut buffer = [0; 256];
        while std::io::stdin()
            .read(&mut buffer)
            .is_ok_and(|read| read > 0)
        {}
        // Nobody waits any more where the bound came first.
        let _ = closed.send(());
    });
    drop(wait.await);
}
