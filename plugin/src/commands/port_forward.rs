//! `port-forward`: each connection to a local port is led to the Pod that has the part now.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};

use super::block_on;
use super::servers::Servers;
use crate::cli::PortForwardArgs;
use crate::cluster::Forwarded;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::servers::Role;
use crate::sources::Source;

/// How long a Pod may take to open its port.
const OPENING: Duration = Duration::from_secs(10);
/// The waits between tries for one connection, the last one repeated; together they are bounded.
const WAITS: [u64; 7] = [200, 400, 800, 1600, 3200, 5000, 5000];

pub(super) fn run(args: &PortForwardArgs, printer: &Printer) -> Result<Exit, Failure> {
    block_on(async {
        let servers = Servers::connect(&args.connection, &args.name).await?;
        let source = servers.running(args.component, args.slice).await?;
        let remote = port(source.role);
        let local = SocketAddr::new(args.address, args.local_port.unwrap_or(remote));
        let listener = TcpListener::bind(local)
            .await
            .map_err(|cause| taken(local, &cause))?;
        let bound = listener.local_addr()?;
        printer.data(&format!(
            "Forwarding from {bound} -> {remote} ({})\n",
            source.pod
        ))?;
        serve(args, &servers, &listener, source, printer).await
    })
}

/// Takes connections until Ctrl-C.
async fn serve(
    args: &PortForwardArgs,
    servers: &Servers,
    listener: &TcpListener,
    first: Source,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let target = tokio::sync::Mutex::new(first);
    let mut open = FuturesUnordered::new();
    loop {
        tokio::select! {
            taken = listener.accept() => {
                let (stream, _) = taken?;
                open.push(lead(args, servers, stream, &target, printer));
            }
            Some(led) = open.next() => led?,
        }
    }
}

/// Leads one connection to a Pod, and to the one that took its place where that doesn't answer.
async fn lead(
    args: &PortForwardArgs,
    servers: &Servers,
    mut stream: TcpStream,
    target: &tokio::sync::Mutex<Source>,
    printer: &Printer,
) -> Result<(), Failure> {
    for wait in WAITS {
        let source = target.lock().await.clone();
        match opened(servers, &source).await {
            Ok(mut forwarded) => {
                let copying = copy_bidirectional(&mut stream, &mut forwarded.stream);
                tokio::select! {
                    // An end by either side is an end.
                    _ = copying => {}
                    Some(trouble) = forwarded.trouble => {
                        printer.note(&format!("{}: {trouble}", source.pod))?;
                    }
                }
                return Ok(());
            }
            Err(reason) => printer.note(&format!("{}: {reason}; trying again", source.pod))?,
        }
        sleep(Duration::from_millis(wait)).await;
        // Whether another has its place is known once the cluster answers again.
        if let Ok(Some(next)) = servers.one(args.component, args.slice).await {
            let mut target = target.lock().await;
            if target.pod != next.pod {
                printer.note(&format!("now to {}", next.pod))?;
                *target = next;
            }
        }
    }
    Ok(printer.note("a connection was given up: no Pod took it")?)
}

async fn opened(servers: &Servers, source: &Source) -> Result<Forwarded, String> {
    let opening = servers
        .cluster
        .forward(&servers.namespace, &source.pod, port(source.role));
    match timeout(OPENING, opening).await {
        Ok(opened) => opened.map_err(|cause| cause.to_string()),
        Err(_) => Err(format!("no answer within {} s", OPENING.as_secs())),
    }
}

fn port(role: Role) -> u16 {
    match role {
        Role::Admin => tpu::sax::ADMIN_PORT,
        Role::Http => tpu::sax::HTTP_PORT,
        Role::Model => tpu::sax::MODEL_SERVER_PORT,
    }
}

fn taken(local: SocketAddr, cause: &std::io::Error) -> Failure {
    Failure::Flag {
        flag: "--local-port",
        message: format!(
            "{local}: {}; 0 takes a port that is free",
            crate::system::plain(cause)
        ),
    }
}
