//! Policies out of OCI images, pulled from a real registry.

use std::net::TcpListener;
use std::process::Command;

use oci_client::client::{ClientConfig, ClientProtocol, Config, ImageLayer};
use oci_client::secrets::RegistryAuth::Anonymous;
use oci_client::{Client, Reference};
use sax_tests::controlplane::{Cluster, Ending};
use sax_tests::guest::Denial;
use sax_tests::registry;
use sax_tests::wait::{Look, until};
use serde_json::json;

use super::cluster::{SOON, await_verdict, turn};

/// What the process is called in its cluster.
const NAME: &str = "registry";

/// A registry beside a cluster, gone with this.
struct Registry<'a> {
    cluster: &'a Cluster,
    address: String,
}

impl<'a> Registry<'a> {
    fn start(cluster: &'a Cluster) -> Self {
        let program = registry::program(&xtask::workspace_root()).expect("it must compile");
        let free = TcpListener::bind("localhost:0").expect("a port must be free");
        let port = free.local_addr().expect("it must be bound").port();
        drop(free);
        let mut command = Command::new(program);
        command.args(["-port", &port.to_string()]);
        cluster
            .add_process(NAME, &mut command)
            .expect("it must start");
        let address = format!("localhost:{port}");
        let up = until("the registry to listen", SOON, || {
            Ok(match std::net::TcpStream::connect(&address) {
                Ok(_) => Look::Ready(()),
                Err(error) => Look::Waiting(error.to_string()),
            })
        });
        up.unwrap_or_else(|error| panic!("{error:#}"));
        Self { cluster, address }
    }

    /// Pushes a component as `wkg` and ORAS do; its name by digest.
    fn push(&self, denial: Denial<'_>) -> String {
        let component = denial.component().expect("the guest must be makeable");
        let layer = ImageLayer::new(component, "application/wasm".to_owned(), None);
        let kind = "application/vnd.wasm.config.v0+json".to_owned();
        let config = Config::new(b"{}".to_vec(), kind, None);
        let tag = format!("{}/team/denial:{}", self.address, denial.version);
        let tag: Reference = tag.parse().expect("it must be a name");
        let client = Client::new(ClientConfig {
            protocol: ClientProtocol::Http,
            ..ClientConfig::default()
        });
        let threads = tokio::runtime::Runtime::new().expect("must start");
        let pushed = threads.block_on(async {
            client
                .push(&tag, &[layer], config, &Anonymous, None)
                .await?;
            client.fetch_manifest_digest(&tag, &Anonymous).await
        });
        let digest = pushed.expect("it must be pushed");
        format!("{}/team/denial@{digest}", self.address)
    }
}

impl Drop for Registry<'_> {
    fn drop(&mut self) {
        // The test may have ended it itself.
        self.cluster.end_process(NAME, Ending::Killed).ok();
    }
}

#[test]
fn an_image_is_pulled_and_judges_and_a_registry_that_is_down_takes_nothing_out_of_force() {
    // A client of registries uses what the process names.
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok();
    let turn = turn();
    let namespace = turn.namespace("imaged");
    let registry = Registry::start(turn.cluster);
    let image = registry.push(Denial::default());
    let policy = turn.of_image("imaged", namespace.name(), &image);
    await_verdict(&namespace, Some("not here"));
    policy.await_condition("Enforced", "True");
    let other = Denial {
        version: "2",
        message: "nor there",
        ..Denial::default()
    };
    let second = registry.push(other);

    turn.cluster
        .end_process(NAME, Ending::Killed)
        .expect("must end");
    policy.apply(namespace.name(), &json!({"module": {"image": second}}));
    let said = policy.await_condition("Accepted", "False");
    assert!(said.contains("cannot pull localhost:"), "{said}");
    assert!(said.ends_with("; generation 1 stays in force"), "{said}");
    await_verdict(&namespace, Some("not here"));
    // What is there needs no registry.
    policy.apply(
        namespace.name(),
        &json!({"module": {"image": image}, "mode": "warn"}),
    );
    policy.await_condition("Enforced", "True");
    await_verdict(&namespace, None);
}
