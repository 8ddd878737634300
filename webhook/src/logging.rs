//! Log lines on stderr. They name objects and codes, never what an object holds.

use std::panic::PanicHookInfo;

use tracing_subscriber::EnvFilter;

use crate::args::LogFormat;

/// Environment variable with the filter, in tracing's syntax.
const FILTER_VARIABLE: &str = "SAX_WEBHOOK_LOG";

/// Every request that fails is told by whoever sent it, who knows what it means.
const DEFAULT_FILTER: &str = "info,kube_client=off";

/// Starts logging. A filter that cannot be read falls back to the default, and a line says so.
pub(crate) fn start(format: LogFormat) {
    let wanted = std::env::var(FILTER_VARIABLE).unwrap_or_else(|_| DEFAULT_FILTER.to_owned());
    let parsed = EnvFilter::try_new(&wanted);
    let refused = parsed.as_ref().err().map(ToString::to_string);
    let builder = tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .with_env_filter(parsed.unwrap_or_else(|_| EnvFilter::new(DEFAULT_FILTER)));
    match format {
        LogFormat::Text => builder.init(),
        LogFormat::Json => builder.json().init(),
    }
    if let Some(reason) = refused {
        tracing::warn!(
            filter = wanted,
            reason,
            "{FILTER_VARIABLE} is no filter; using {DEFAULT_FILTER}"
        );
    }
    std::panic::set_hook(Box::new(log_panic));
}

/// Only the place: a panic's message may quote the object that caused it.
fn log_panic(info: &PanicHookInfo<'_>) {
    let place = info.location().map(ToString::to_string);
    tracing::error!(place, "a thread panicked; the server goes on");
}
