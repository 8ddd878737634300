//! What all simulated processes share: the script, the network's addresses, and the bucket.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use saxml::sax::State;
use tokio::sync::watch;
use tonic::transport::{Channel, Endpoint};
use tpu::sax::{CellName, NameError};

use crate::script::{Class, Load, Script};

/// For a connection, in seconds before scaling.
const DIAL_SECONDS: f64 = 10.0;

/// Shared by everything that is simulated.
pub(crate) struct World {
    /// The script as it was given.
    pub(crate) script: Script,
    /// The cell's name.
    pub(crate) cell: CellName,
    /// Is all of it reached through kwok, which hands on no end of a connection?
    pub(crate) forwarded: bool,
    loads: Mutex<Vec<Load>>,
    addresses: Mutex<BTreeMap<String, SocketAddr>>,
    saved: Mutex<State>,
    location: watch::Sender<Location>,
}

/// What stands in `location.proto`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Location {
    /// Where the admin server says that it listens; empty before the first one.
    pub(crate) address: String,
    /// The bucket's folder in which this stands, where that counts.
    pub(crate) root: Option<String>,
    /// Counts admin servers: a new one has another address on a real cluster.
    pub(crate) serial: u32,
}

impl World {
    /// Reads the script.
    ///
    /// # Errors
    /// When its cell is none.
    pub(crate) fn new(script: Script, forwarded: bool) -> Result<Arc<Self>, NameError> {
        let cell = CellName::parse(&script.cell)?;
        Ok(Arc::new(Self {
            loads: Mutex::new(script.loads.clone()),
            addresses: Mutex::default(),
            saved: Mutex::default(),
            location: watch::Sender::default(),
            cell,
            forwarded,
            script,
        }))
    }

    /// How long something of these seconds takes here.
    pub(crate) fn scaled(&self, seconds: f64) -> Duration {
        self.script.scaled(seconds)
    }

    /// Waits as long as something of these seconds takes here.
    pub(crate) async fn sleep(&self, seconds: f64) {
        tokio::time::sleep(self.scaled(seconds)).await;
    }

    /// How a load of this path goes: seconds before scaling, and the reason for which it fails.
    pub(crate) fn load(&self, path: &str) -> (f64, Option<String>) {
        let loads = lock(&self.loads);
        let load = loads.iter().rev().find(|load| load.path == path);
        let seconds = load.and_then(|load| load.seconds);
        let fails = load.and_then(|load| load.fails.clone());
        (seconds.unwrap_or(self.script.load_seconds), fails)
    }

    /// From now on, loads of this path go like this.
    pub(crate) fn set_load(&self, load: Load) {
        lock(&self.loads).push(load);
    }

    /// All model classes with the numbers of devices that they run on.
    pub(crate) fn classes(&self) -> Vec<Class> {
        let version = self.script.version.image();
        let saxml = tpu::sax::all().iter().filter_map(|class| {
            Some(Class {
                path: class.full_name(),
                devices: class.chips(version)?.to_vec(),
            })
        });
        saxml.chain(self.script.classes.iter().cloned()).collect()
    }

    /// An address of the simulated network is this one here.
    pub(crate) fn name(&self, address: &str, here: SocketAddr) {
        lock(&self.addresses).insert(address.to_owned(), here);
    }

    /// A connection to an address of the simulated network, made when it is used first.
    ///
    /// # Errors
    /// When it is no address.
    pub(crate) fn connect(&self, address: &str) -> Result<Channel, tonic::transport::Error> {
        let here = lock(&self.addresses).get(address).copied();
        let here = here.map_or_else(|| address.to_owned(), |here| here.to_string());
        let endpoint = Endpoint::from_shared(format!("http://{here}"))?;
        let endpoint = endpoint.connect_timeout(self.scaled(DIAL_SECONDS));
        Ok(endpoint.connect_lazy())
    }

    /// What the admin server saved last.
    pub(crate) fn saved(&self) -> State {
        lock(&self.saved).clone()
    }

    /// The admin server saves.
    pub(crate) fn save(&self, state: State) {
        *lock(&self.saved) = state;
    }

    /// Where the admin server is.
    pub(crate) fn location(&self) -> Location {
        self.location.borrow().clone()
    }

    /// An admin server starts and writes where it is.
    pub(crate) fn locate(&self, address: &str, root: Option<&str>) {
        self.location.send_modify(|location| {
            address.clone_into(&mut location.address);
            location.root = root.map(str::to_owned);
            location.serial += 1;
        });
    }
}

impl Location {
    /// Does a server find it that looks in this bucket's folder? Where one of the two says none,
    /// nothing speaks against it.
    pub(crate) fn is_in(&self, root: Option<&str>) -> bool {
        let same = match (&self.root, root) {
            (Some(there), Some(here)) => here == there,
            _ => true,
        };
        same && !self.address.is_empty()
    }
}

/// The content, even if a thread that held it panicked: each change is whole.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::Location;

    #[test]
    fn a_server_finds_what_stands_in_its_own_bucket() {
        let nowhere = Location::default();
        assert!(!nowhere.is_in(None));
        let there = Location {
            address: "10.0.0.1:10000".to_owned(),
            root: Some("gs://a/sax-root".to_owned()),
            serial: 1,
        };
        assert!(there.is_in(Some("gs://a/sax-root")));
        assert!(there.is_in(None));
        assert!(!there.is_in(Some("gs://b/sax-root")));
    }
}
