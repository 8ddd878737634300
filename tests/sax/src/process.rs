//! A simulated process: what runs in it ends at once when it is killed, connections included.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

/// For tasks to be dropped, which none holds up.
const PATIENCE: Duration = Duration::from_secs(5);

/// A runtime of its own, which is dropped without waiting for anything in it.
pub(crate) struct Process(Option<Runtime>);

impl Process {
    /// An empty process.
    ///
    /// # Errors
    /// When the machine has no more threads.
    pub(crate) fn new(name: &str) -> io::Result<Self> {
        let mut builder = Builder::new_multi_thread();
        builder.worker_threads(1).thread_name(name).enable_all();
        Ok(Self(Some(builder.build()?)))
    }

    /// Runs a task in it.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        if let Some(runtime) = &self.0 {
            runtime.spawn(task);
        }
    }

    /// Listens in it. Port 0 is any free one.
    ///
    /// # Errors
    /// When the port is taken.
    pub(crate) fn listen(&self, port: u16) -> io::Result<(TcpListener, SocketAddr)> {
        let _inside = self.0.as_ref().map(Runtime::enter);
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        Ok((TcpListener::from_std(listener)?, address))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            // Nothing of it is left afterwards, its port neither. Not here: this may be a task.
            let end = std::thread::spawn(move || runtime.shutdown_timeout(PATIENCE));
            drop(end.join());
        }
    }
}
