//! A model server: the primary of one slice. It joins the admin server, loads what that tells it,
//! and answers for what it has loaded.

mod held;
mod joining;
mod lm;
mod modelet;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use saxml::lm::lm_service_server::LmServiceServer;
use saxml::sax::ModelServer;
use saxml::sax::modelet_server::ModeletServer;
use saxml::{ChipTopology, ChipType};
use tonic::transport::Server as Grpc;
use tonic::transport::server::TcpIncoming;

use crate::log::Log;
use crate::process::Process;
use crate::sax::Place;
use crate::script;
use crate::world::World;
use held::Held;

/// A running model server.
pub(crate) struct Server {
    world: Arc<World>,
    /// Where it says that it listens.
    address: String,
    spec: ModelServer,
    /// The flag `--sax_cell`; without it, it joins nobody.
    cell: Option<String>,
    root: Option<String>,
    held: Mutex<Held>,
    /// One load or unload after the other.
    turn: tokio::sync::Mutex<()>,
    silent: Arc<AtomicBool>,
    log: Log,
}

/// A model server's process.
pub(crate) struct Running {
    _process: Process,
    /// Where it listens on this machine.
    pub(crate) here: SocketAddr,
    silent: Arc<AtomicBool>,
}

impl Running {
    /// From now on it takes calls and answers none.
    pub(crate) fn silence(&self) {
        self.silent.store(true, Ordering::Relaxed);
    }
}

/// Starts a model server on `port` of this machine, or on any where that is 0.
///
/// # Errors
/// When it can't listen or its log can't be written.
pub(crate) fn start(
    world: &Arc<World>,
    place: &Place,
    port: u16,
    flags: &script::Server,
) -> anyhow::Result<Running> {
    let process = Process::new("model-server")?;
    let (listener, here) = process.listen(port)?;
    let address = place.address.clone().unwrap_or_else(|| here.to_string());
    world.name(&address, here);
    let silent = Arc::new(AtomicBool::new(false));
    let log = place.log()?;
    let server = Arc::new(Server {
        world: Arc::clone(world),
        spec: specified(world, flags, &log),
        cell: flags.cell.clone(),
        root: place.root.clone(),
        address,
        held: Mutex::default(),
        turn: tokio::sync::Mutex::default(),
        silent: Arc::clone(&silent),
        log,
    });
    process.spawn(joining::join(Arc::clone(&server)));
    process.spawn(async move {
        let modelet = ModeletServer::new(modelet::Service(Arc::clone(&server)));
        let data = LmServiceServer::new(lm::Service(server));
        let grpc = Grpc::builder().add_service(modelet).add_service(data);
        // It ends with its process only.
        drop(grpc.serve_with_incoming(TcpIncoming::from(listener)).await);
    });
    Ok(Running {
        _process: process,
        here,
        silent,
    })
}

/// What it says of itself: a class is servable where its mesh has exactly as many devices as there
/// are, and only the log says why another isn't.
fn specified(world: &World, flags: &script::Server, log: &Log) -> ModelServer {
    let devices = flags.devices;
    log.said(
        "model_service_main.py:410",
        &format!("JAX process: 0 / {}", flags.processes),
    );
    log.said(
        "model_service_main.py:411",
        &format!("jax.device_count(): {devices}"),
    );
    log.said(
        "model_service_main.py:412",
        &format!("Platform chip {}", flags.chip),
    );
    let mut paths = Vec::new();
    for class in world.classes() {
        let path = class.path;
        if class.devices.contains(&devices) {
            log.said(
                "model_service_base.py:1127",
                &format!("Servable model {path}"),
            );
            paths.push(path);
        } else {
            let meshes: Vec<String> = class.devices.iter().map(u32::to_string).collect();
            let text = format!(
                "Skipping unsupported model {path}, Unsupported mesh shape: Number of devices \
                 {devices} must equal the product of mesh_shape [{}]",
                meshes.join(", ")
            );
            log.said("model_service_base.py:1131", &text);
        }
    }
    paths.sort();
    ModelServer {
        chip_type: ChipType::from_flag(&flags.chip).unwrap_or_default().into(),
        chip_topology: ChipTopology::from_flag(&flags.topology)
            .unwrap_or_default()
            .into(),
        servable_model_paths: paths,
        tags: Vec::new(),
    }
}

impl Server {
    /// A silent server hears, and that is all.
    async fn heard(&self) {
        if self.silent.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
    }
}
