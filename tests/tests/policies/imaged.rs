//! Policies out of OCI images, pulled from a real registry.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::Command;

use runtime::digest;
use sax_tests::controlplane::{Cluster, Ending};
use sax_tests::guest::Denial;
use sax_tests::registry;
use sax_tests::wait::{Look, until};
use serde_json::{Value, json};

use super::cluster::{SOON, await_verdict, turn};

/// What the process is called in its cluster.
const NAME: &str = "registry";
/// Where policies are pushed to.
const REPOSITORY: &str = "team/denial";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

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
            Ok(match TcpStream::connect(&address) {
                Ok(_) => Look::Ready(()),
                Err(error) => Look::Waiting(error.to_string()),
            })
        });
        up.unwrap_or_else(|error| panic!("{error:#}"));
        Self { cluster, address }
    }

    /// Pushes a component laid out as `wkg` and ORAS do; its name by digest.
    fn push(&self, denial: Denial<'_>) -> String {
        let component = denial.component().expect("the guest must be makeable");
        let config = self.put_blob("application/vnd.wasm.config.v0+json", b"{}");
        let layer = self.put_blob("application/wasm", &component);
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": config,
            "layers": [layer],
        });
        let manifest = manifest.to_string();
        let path = format!("/v2/{REPOSITORY}/manifests/{}", denial.version);
        self.send(&format!("PUT {path}"), MANIFEST, manifest.as_bytes());
        let digest = digest(manifest.as_bytes());
        format!("{}/{REPOSITORY}@{digest}", self.address)
    }

    /// Stores bytes, and describes them as a manifest does.
    fn put_blob(&self, kind: &str, bytes: &[u8]) -> Value {
        let digest = digest(bytes);
        let path = format!("/v2/{REPOSITORY}/blobs/uploads/?digest={digest}");
        self.send(&format!("POST {path}"), "application/octet-stream", bytes);
        json!({"mediaType": kind, "digest": digest, "size": bytes.len()})
    }

    /// By hand: `oci-client` wants a `Location` for what it pushed, and this registry sends none.
    fn send(&self, request: &str, kind: &str, body: &[u8]) {
        let address = &self.address;
        let length = body.len();
        let head = format!(
            "{request} HTTP/1.1\r\nHost: {address}\r\nContent-Type: {kind}\r\n\
             Content-Length: {length}\r\nConnection: close\r\n\r\n"
        );
        let mut stream = TcpStream::connect(address).expect("it must listen");
        stream
            .write_all(&[head.as_bytes(), body].concat())
            .expect("it must take a request");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it must answer");
        assert!(answer.starts_with("HTTP/1.1 201 "), "{request}: {answer}");
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
