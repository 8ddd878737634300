//! The admission webhook: an HTTPS server around the decision in `admission`, with the policies
//! that `runtime` loads, and the placer around the decision in `placement`. No rule of either
//! stands here.
//!
//! In reading order: [`args`] (what is asked), [`serve`] (start to end), [`crew`] (what runs beside
//! the server), [`server`] (connections),
//! [`http`] (requests), [`reviewer`] (reviews), [`certificates`] (what it proves itself with),
//! [`leader`] (which replica acts), [`replicas`] (which there are), [`placer`] (groups).

mod args;
mod authority;
mod backoff;
mod body;
mod budget;
mod certificates;
mod cluster;
mod crew;
mod following;
mod http;
mod images;
mod leader;
mod logging;
mod metrics;
mod objects;
mod placer;
mod policies;
mod reads;
mod replicas;
mod reviewer;
mod seen;
mod serve;
mod server;
mod shutdown;
mod tls;

use std::process::ExitCode;

use clap::Parser;

use args::{Args, Command};

/// The whole program: reads the command line, runs it, and says how it ended. Wrong usage ends
/// with 2, anything that keeps the server from serving with 1.
pub fn main_impl() -> ExitCode {
    let Command::Serve(options) = Args::parse().command;
    logging::start(options.log_format);
    match serve::run(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error}");
            ExitCode::FAILURE
        }
    }
}
