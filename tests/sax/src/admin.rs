//! The admin server: the RPCs, and the tick by which all that they ask for happens.

mod assign;
mod member;
mod pages;
mod registry;
mod service;
mod watched;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use saxml::sax::admin_server::AdminServer;
use tokio::sync::watch;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;

use crate::process::Process;
use crate::sax::Place;
use crate::world::{World, lock};
use registry::Registry;

/// Prune, assign, load, save; the first one after as long. In seconds before scaling.
const TICK_SECONDS: f64 = 10.0;
/// Servers that weren't heard of for so long are forgotten at a tick.
const PRUNE_SECONDS: f64 = 25.0;

/// A running admin server.
pub(crate) struct Admin {
    pub(crate) world: Arc<World>,
    /// `ip:port` and a number that no other has.
    id: String,
    registry: Mutex<Registry>,
    /// Counts changes, for those who wait for one.
    changed: watch::Sender<u64>,
}

/// The ports of an admin server on this machine; 0 is any.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Ports {
    /// gRPC.
    pub(crate) rpc: u16,
    /// The status pages.
    pub(crate) pages: u16,
}

/// A started one, and where its gRPC and its status pages are.
pub(crate) type Started = (Process, SocketAddr, SocketAddr);

/// Starts an admin server on these ports.
///
/// # Errors
/// When it can't listen or its log can't be written.
pub(crate) fn start(world: &Arc<World>, place: &Place, ports: Ports) -> anyhow::Result<Started> {
    let process = Process::new("admin")?;
    let (listener, here) = process.listen(ports.rpc)?;
    let (pages, pages_here) = process.listen(ports.pages)?;
    let address = place.address.clone().unwrap_or_else(|| here.to_string());
    let log = place.log()?;
    world.name(&address, here);
    world.locate(&address, place.root.as_deref());
    let serial = world.location().serial;
    let admin = Arc::new(Admin {
        world: Arc::clone(world),
        id: format!("{address}_{:016x}", u64::from(serial) << 32 | 0x5a17),
        registry: Mutex::new(Registry::restored(world.saved())),
        changed: watch::Sender::new(0),
    });
    log.said("mgr.go:623", "Loaded manager state");
    log.said("mgr.go:627", "Refreshing manager state every 10s");
    process.spawn(tick(Arc::clone(&admin)));
    process.spawn(pages::serve(pages, Arc::clone(&admin)));
    process.spawn(async move {
        let service = AdminServer::new(service::Service(admin));
        let server = Server::builder().add_service(service);
        // It ends with its process only.
        drop(
            server
                .serve_with_incoming(TcpIncoming::from(listener))
                .await,
        );
    });
    Ok((process, here, pages_here))
}

async fn tick(admin: Arc<Admin>) {
    loop {
        admin.world.sleep(TICK_SECONDS).await;
        let silence = admin.world.scaled(PRUNE_SECONDS);
        let state = admin.change(|registry| {
            registry.prune(silence, Instant::now());
            registry.assign();
            registry.state()
        });
        admin.world.save(state);
    }
}

impl Admin {
    /// Changes what it knows, and wakes those who wait.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut Registry) -> T) -> T {
        let result = change(&mut lock(&self.registry));
        self.changed.send_modify(|changes| *changes += 1);
        result
    }

    /// Waits until `look` finds what it looks for.
    async fn until<T>(&self, mut look: impl FnMut(&mut Registry) -> Option<T>) -> T {
        let mut changes = self.changed.subscribe();
        loop {
            if let Some(found) = look(&mut lock(&self.registry)) {
                return found;
            }
            if changes.changed().await.is_err() {
                // It is `self` that sends.
                std::future::pending::<()>().await;
            }
        }
    }
}
