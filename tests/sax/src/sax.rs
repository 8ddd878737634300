//! A whole simulated Saxml: an admin server, model servers, and the HTTP server in front.

use std::collections::BTreeMap;
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
    admin: Mutex<Option<Admin>>,
    http: Mutex<Option<Process>>,
    servers: Mutex<BTreeMap<usize, Slot>>,
    endpoints: Mutex<Endpoints>,
}

/// Where a simulation listens on this machine.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Endpoints {
    /// The admin server's gRPC.
    pub admin: SocketAddr,
    /// The admin server's status pages.
    pub pages: SocketAddr,
    /// The HTTP server.
    pub http: SocketAddr,
    /// The model servers' gRPC, in the order of their numbers.
    pub servers: Vec<SocketAddr>,
    /// Takes an [`Action`] as JSON on a line, and answers `ok` or what was wrong.
    pub control: SocketAddr,
}

/// Where a server says that it is, and where it writes; by itself it says where it listens, and
/// writes nothing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Place {
    pub(crate) address: Option<String>,
    /// The folder `SAX_ROOT`, where that counts.
    pub(crate) root: Option<String>,
    pub(crate) log: Option<PathBuf>,
}

/// The place of an admin server, which can be started again.
struct Admin {
    place: Place,
    ports: admin::Ports,
    running: Option<Process>,
}

/// The place of a model server, which can be started again.
struct Slot {
    flags: script::Server,
    place: Place,
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
        let place = |name: &str| Place {
            log: logs.map(|folder| folder.join(format!("{name}.log"))),
            ..Place::default()
        };
        let sax = Self::empty(World::new(script, false)?, 0).await?;
        sax.put_admin(place("admin"))?;
        sax.put_http()?;
        for (number, flags) in (0..).zip(sax.world.script.servers.clone()) {
            sax.put_server(number, flags, place(&format!("server-{number}")))?;
        }
        Ok(sax)
    }

    /// Starts nothing but the remote control.
    pub(crate) async fn empty(world: Arc<World>, control: u16) -> Result<Arc<Self>> {
        let nowhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, control)).await?;
        let endpoints = Endpoints {
            admin: nowhere,
            pages: nowhere,
            http: nowhere,
            servers: Vec::new(),
            control: listener.local_addr()?,
        };
        let sax = Arc::new(Self {
            world,
            admin: Mutex::default(),
            http: Mutex::default(),
            servers: Mutex::default(),
            endpoints: Mutex::new(endpoints),
        });
        tokio::spawn(control::serve(listener, Arc::downgrade(&sax)));
        for event in sax.world.script.events.clone() {
            tokio::spawn(later(Arc::clone(&sax), event));
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
            Action::StopAdmin => self.admin(|admin| {
                admin.running = None;
                Ok(())
            }),
            Action::StartAdmin => self.admin(|admin| self.start_admin(admin)),
            Action::RestartAdmin => self.admin(|admin| {
                admin.running = None;
                self.start_admin(admin)
            }),
            Action::StopServer { server } => self.slot(*server, |slot| {
                slot.running = None;
                Ok(())
            }),
            Action::StartServer { server } => self.slot(*server, |slot| self.restart(slot)),
            Action::SilenceServer { server } => self.slot(*server, |slot| {
                slot.running.as_ref().context("it doesn't run")?.silence();
                Ok(())
            }),
            Action::SetLoad(load) => {
                self.world.set_load(load.clone());
                Ok(())
            }
        }
    }

    /// Starts an admin server in the place of any other.
    pub(crate) fn put_admin(&self, place: Place) -> Result<()> {
        let mut admin = Admin {
            place,
            ports: admin::Ports::default(),
            running: None,
        };
        self.start_admin(&mut admin)?;
        *lock(&self.admin) = Some(admin);
        Ok(())
    }

    /// Ends the admin server for good.
    pub(crate) fn remove_admin(&self) {
        drop(lock(&self.admin).take());
    }

    /// Starts an HTTP server in the place of any other.
    pub(crate) fn put_http(&self) -> Result<SocketAddr> {
        let (process, here) = http::start(&self.world, 0)?;
        *lock(&self.http) = Some(process);
        lock(&self.endpoints).http = here;
        Ok(here)
    }

    /// Ends the HTTP server for good.
    pub(crate) fn remove_http(&self) {
        drop(lock(&self.http).take());
    }

    /// Starts the model server of this number.
    pub(crate) fn put_server(
        &self,
        number: usize,
        flags: script::Server,
        place: Place,
    ) -> Result<SocketAddr> {
        let mut slot = Slot {
            flags,
            place,
            here: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            running: None,
        };
        self.restart(&mut slot)?;
        let here = slot.here;
        let mut servers = lock(&self.servers);
        servers.insert(number, slot);
        lock(&self.endpoints).servers = servers.values().map(|slot| slot.here).collect();
        Ok(here)
    }

    /// Ends a model server for good.
    pub(crate) fn remove_server(&self, number: usize) {
        let mut servers = lock(&self.servers);
        drop(servers.remove(&number));
        lock(&self.endpoints).servers = servers.values().map(|slot| slot.here).collect();
    }

    fn start_admin(&self, admin: &mut Admin) -> Result<()> {
        if admin.running.is_some() {
            bail!("the admin server runs");
        }
        let (process, here, pages) = admin::start(&self.world, &admin.place, admin.ports)?;
        admin.ports = admin::Ports {
            rpc: here.port(),
            pages: pages.port(),
        };
        admin.running = Some(process);
        let mut endpoints = lock(&self.endpoints);
        endpoints.admin = here;
        endpoints.pages = pages;
        Ok(())
    }

    fn restart(&self, slot: &mut Slot) -> Result<()> {
        slot.running = None;
        let running = server::start(&self.world, &slot.place, slot.here.port(), &slot.flags)?;
        slot.here = running.here;
        slot.running = Some(running);
        Ok(())
    }

    fn admin(&self, act: impl FnOnce(&mut Admin) -> Result<()>) -> Result<()> {
        let mut admin = lock(&self.admin);
        act(admin.as_mut().context("there is no admin server")?)
    }

    fn slot(&self, number: usize, act: impl FnOnce(&mut Slot) -> Result<()>) -> Result<()> {
        let mut servers = lock(&self.servers);
        let known: Vec<usize> = servers.keys().copied().collect();
        let slot = servers.get_mut(&number);
        act(slot.with_context(|| format!("there is no server {number}, only {known:?}"))?)
    }
}

impl Place {
    pub(crate) fn log(&self) -> Result<Log> {
        let log = self.log.as_deref().map(Log::to).transpose()?;
        Ok(log.unwrap_or_default())
    }
}

async fn later(sax: Arc<Sax>, event: Event) {
    sax.world.sleep(event.at).await;
    if let Err(error) = sax.act(&event.action) {
        xtask::progress::say(&format!("{:?}: {error:#}", event.action));
    }
}
