//! A whole simulated Saxml: an admin server, model servers, and the HTTP server in front.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

use crate::control;
use crate::log::Log;
use crate::process::Process;
use crate::script::{Action, Event, Script};
use crate::world::{World, lock};
use crate::{admin, http, script, server};

/// A simulated Saxml. It ends when it is dropped.
pub struct Sax {
    pub(crate) world: Arc<World>,
    admin: Mutex<Option<Process>>,
    http: Mutex<Option<Process>>,
    servers: Mutex<Vec<Slot>>,
    endpoints: Mutex<Endpoints>,
    logs: Option<PathBuf>,
}

/// Where a simulation listens on this machine.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Endpoints {
    /// The admin server's gRPC.
    pub admin: SocketAddr,
    /// The HTTP server.
    pub http: SocketAddr,
    /// The model servers' gRPC, in the order of their start.
    pub servers: Vec<SocketAddr>,
    /// Takes an [`Action`] as JSON on a line, and answers `ok` or what was wrong.
    pub control: SocketAddr,
}

/// A place for a model server, which can be started again.
struct Slot {
    name: String,
    flags: script::Server,
    here: SocketAddr,
    running: Option<server::Running>,
}

impl Sax {
    /// Starts all that the script names, on free ports. Must be called within tokio.
    ///
    /// # Errors
    /// When the script can't be played or no port is free.
    pub async fn start(script: Script) -> Result<Arc<Self>> {
        Self::start_with(script, None).await
    }

    /// [`Self::start`] with logs in a folder: `admin.log`, and `server-0.log` and so on. A process
    /// that starts again begins its log anew.
    ///
    /// # Errors
    /// As [`Self::start`], and when the folder can't be written.
    pub async fn start_with(script: Script, logs: Option<&Path>) -> Result<Arc<Self>> {
        let world = World::new(script)?;
        let log = log(logs, "admin")?;
        let (process, here) = admin::start(&world, None, 0, &log)?;
        let (front, http) = http::start(&world, 0)?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let endpoints = Endpoints {
            admin: here,
            http,
            servers: Vec::new(),
            control: listener.local_addr()?,
        };
        let sax = Arc::new(Self {
            world,
            admin: Mutex::new(Some(process)),
            http: Mutex::new(Some(front)),
            servers: Mutex::default(),
            endpoints: Mutex::new(endpoints),
            logs: logs.map(Path::to_path_buf),
        });
        for flags in sax.world.script.servers.clone() {
            sax.add_server(flags)?;
        }
        tokio::spawn(control::serve(listener, Arc::clone(&sax)));
        for event in sax.world.script.events.clone() {
            tokio::spawn(Arc::clone(&sax).later(event));
        }
        Ok(sax)
    }

    /// Where everything listens.
    #[must_use]
    pub fn endpoints(&self) -> Endpoints {
        lock(&self.endpoints).clone()
    }

    /// Does something to it, at once.
    ///
    /// # Errors
    /// When there is no such server, or it doesn't start again.
    pub fn act(&self, action: &Action) -> Result<()> {
        match action {
            Action::StopAdmin => drop(lock(&self.admin).take()),
            Action::StartAdmin => self.start_admin()?,
            Action::RestartAdmin => {
                drop(lock(&self.admin).take());
                self.start_admin()?;
            }
            Action::StopServer { server } => self.slot(*server, |slot| {
                slot.running = None;
                Ok(())
            })?,
            Action::StartServer { server } => self.slot(*server, |slot| self.restart(slot))?,
            Action::SilenceServer { server } => self.slot(*server, |slot| {
                slot.running.as_ref().context("it doesn't run")?.silence();
                Ok(())
            })?,
            Action::SetLoad(load) => self.world.set_load(load.clone()),
        }
        Ok(())
    }

    fn start_admin(&self) -> Result<()> {
        let mut admin = lock(&self.admin);
        if admin.is_some() {
            bail!("the admin server runs");
        }
        let port = self.endpoints().admin.port();
        let log = log(self.logs.as_deref(), "admin")?;
        let (process, _) = admin::start(&self.world, None, port, &log)?;
        *admin = Some(process);
        Ok(())
    }

    fn add_server(&self, flags: script::Server) -> Result<()> {
        let mut slot = Slot {
            name: format!("server-{}", lock(&self.servers).len()),
            flags,
            here: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            running: None,
        };
        self.restart(&mut slot)?;
        lock(&self.endpoints).servers.push(slot.here);
        lock(&self.servers).push(slot);
        Ok(())
    }

    fn restart(&self, slot: &mut Slot) -> Result<()> {
        slot.running = None;
        let start = server::Start {
            address: None,
            port: slot.here.port(),
            flags: slot.flags.clone(),
            log: log(self.logs.as_deref(), &slot.name)?,
        };
        let running = server::start(&self.world, start)?;
        slot.here = running.here;
        slot.running = Some(running);
        Ok(())
    }

    fn slot(&self, number: usize, act: impl FnOnce(&mut Slot) -> Result<()>) -> Result<()> {
        let mut servers = lock(&self.servers);
        let count = servers.len();
        let slot = servers.get_mut(number);
        act(slot.with_context(|| format!("there is no server {number} of {count}"))?)
    }

    async fn later(self: Arc<Self>, event: Event) {
        self.world.sleep(event.at).await;
        if let Err(error) = self.act(&event.action) {
            xtask::progress::say(&format!("{:?}: {error:#}", event.action));
        }
    }
}

impl Drop for Sax {
    fn drop(&mut self) {
        drop(lock(&self.http).take());
        drop(lock(&self.admin).take());
        lock(&self.servers).clear();
    }
}

fn log(folder: Option<&Path>, name: &str) -> Result<Log> {
    let file = folder.map(|folder| folder.join(format!("{name}.log")));
    file.map_or_else(|| Ok(Log::default()), |file| Log::to(&file))
}
