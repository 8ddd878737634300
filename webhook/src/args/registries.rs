//! The options about registries, which components come from.

use std::env;
use std::path::PathBuf;

/// Who we are to registries, and how they are asked.
#[derive(Debug, clap::Args)]
pub(crate) struct Registries {
    /// Docker config.json with credentials for the registries of policies' images, such as a
    /// mounted image pull secret; it is read for each pull. Without it that of $DOCKER_CONFIG or of
    /// ~/.docker is taken. Where there is no such file, images are pulled without credentials.
    #[arg(long, value_name = "FILE")]
    pub(crate) registry_config: Option<PathBuf>,

    /// Registry, as HOST:PORT, that is asked without TLS; repeatable. Those on this machine always
    /// are.
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) plain_registry: Vec<String>,
}

impl Registries {
    /// The file with credentials, which needn't be there.
    pub(crate) fn config(&self) -> Option<PathBuf> {
        let folder = |name| {
            env::var_os(name)
                .filter(|value| !value.is_empty())
                .map(PathBuf::from)
        };
        let of_docker =
            || folder("DOCKER_CONFIG").or_else(|| Some(folder("HOME")?.join(".docker")));
        let named = self.registry_config.clone();
        named.or_else(|| Some(of_docker()?.join("config.json")))
    }
}
