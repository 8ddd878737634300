//! The HTTP server in front of Saxml, in its two dialects.

mod front;
mod new;
mod old;
mod python;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use saxml::http::Dialect;

use crate::process::Process;
use crate::world::World;
use front::Front;

/// Starts it on `port` of this machine, or on any where that is 0.
///
/// # Errors
/// When it can't listen.
pub(crate) fn start(world: &Arc<World>, port: u16) -> io::Result<(Process, SocketAddr)> {
    let process = Process::new("http")?;
    let (listener, here) = process.listen(port)?;
    let front = Arc::new(Front::new(Arc::clone(world)));
    match world.script.http.dialect() {
        Dialect::V1_0 => process.spawn(old::serve(listener, front)),
        Dialect::V1_2 => process.spawn(new::serve(listener, front)),
    }
    Ok((process, here))
}
