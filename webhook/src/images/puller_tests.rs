//! Claims about pulls from registries that answer otherwise than one would like.

use std::collections::BTreeMap;
use std::fs;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::*;

const COMPONENT: &[u8] = b"\0asm, or so";

/// A registry on this machine: what it has by path, and who may have it.
#[derive(Clone, Default)]
struct Registry {
    has: BTreeMap<String, Vec<u8>>,
    password: Option<&'static str>,
}

struct Served {
    address: String,
    task: JoinHandle<()>,
}

async fn answer(State(registry): State<Registry>, request: Request) -> Response {
    let shown = request.headers().get("authorization");
    let shown = shown.and_then(|value| value.to_str().ok());
    if registry
        .password
        .is_some_and(|wanted| shown != Some(wanted))
    {
        let challenge = [("www-authenticate", "Basic realm=\"r\"")];
        return (StatusCode::UNAUTHORIZED, challenge).into_response();
    }
    match registry.has.get(request.uri().path()) {
        Some(bytes) => bytes.clone().into_response(),
        None if request.uri().path() == "/v2/" => "".into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

impl Registry {
    /// With one image of these layers, by type; returns its digest.
    fn with(layers: &[(&str, &[u8])]) -> (Self, String) {
        let mut registry = Self::default();
        let described: Vec<_> = layers
            .iter()
            .map(|(kind, bytes)| {
                let name = digest(bytes);
                registry.put(&format!("blobs/{name}"), bytes);
                json!({"mediaType": kind, "digest": name, "size": bytes.len()})
            })
            .collect();
        let manifest = json!({
            "schemaVersion": 2, "mediaType": OCI_IMAGE_MEDIA_TYPE,
            "config": {"mediaType": "application/vnd.wasm.config.v0+json",
                       "digest": digest(b"{}"), "size": 2},
            "layers": described,
        })
        .to_string();
        let name = digest(manifest.as_bytes());
        registry.put(&format!("manifests/{name}"), manifest.as_bytes());
        (registry, name)
    }

    fn put(&mut self, path: &str, bytes: &[u8]) {
        self.has
            .insert(format!("/v2/team/a/{path}"), bytes.to_vec());
    }

    async fn serve(self) -> Served {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let router = Router::new().fallback(answer).with_state(self);
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Served { address, task }
    }
}

impl Served {
    fn image(&self, digest: &str) -> String {
        format!("{}/team/a@{digest}", self.address)
    }
}

fn puller() -> Puller {
    crate::tls::use_ring();
    Puller::new(None, Vec::new(), None)
}

#[tokio::test]
async fn the_layer_that_says_so_or_the_only_one_is_the_component() {
    for layers in [
        &[(WASM, COMPONENT)][..],
        &[("text/plain", b"notes".as_slice()), (WASM, COMPONENT)],
        &[("application/vnd.oci.image.layer.v1.tar", COMPONENT)],
    ] {
        let (registry, digest) = Registry::with(layers);
        let served = registry.serve().await;
        let pulled = puller().pull(&served.image(&digest)).await.unwrap();
        assert_eq!(&*pulled, COMPONENT);
    }
    let (registry, digest) = Registry::with(&[("a/b", COMPONENT), ("c/d", COMPONENT)]);
    let served = registry.serve().await;
    let error = puller().pull(&served.image(&digest)).await.unwrap_err();
    assert!(error.to_string().contains("only [a/b, c/d]"), "{error}");
}

#[tokio::test]
async fn what_has_another_digest_is_refused_manifest_and_component_alike() {
    let (mut registry, digest) = Registry::with(&[(WASM, COMPONENT)]);
    registry.put(&format!("blobs/{}", runtime::digest(COMPONENT)), b"another");
    let served = registry.serve().await;
    let error = puller().pull(&served.image(&digest)).await.unwrap_err();
    assert_eq!(error.reason(), "ImageDigestMismatch", "{error}");
    let (mut registry, digest) = Registry::with(&[(WASM, COMPONENT)]);
    registry.put(&format!("manifests/{digest}"), b"{}");
    let served = registry.serve().await;
    let error = puller().pull(&served.image(&digest)).await.unwrap_err();
    assert_eq!(error.reason(), "ImageDigestMismatch", "{error}");
}

#[tokio::test]
async fn a_registry_that_wants_credentials_says_so_and_takes_those_of_the_file() {
    let (mut registry, digest) = Registry::with(&[(WASM, COMPONENT)]);
    // user:secret
    registry.password = Some("Basic dXNlcjpzZWNyZXQ=");
    let served = registry.serve().await;
    let image = served.image(&digest);
    let error = puller().pull(&image).await.unwrap_err();
    assert_eq!(error.reason(), "ImageUnauthorized");
    assert!(
        error.to_string().contains("shown no credentials"),
        "{error}"
    );
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.json");
    for (password, works) in [("wrong", false), ("secret", true)] {
        let auths = json!({&served.address: {"username": "user", "password": password}});
        fs::write(&file, json!({"auths": auths}).to_string()).unwrap();
        let puller = Puller {
            credentials: Some(file.clone()),
            ..puller()
        };
        let pulled = puller.pull(&image).await;
        assert_eq!(pulled.is_ok(), works, "{pulled:?}");
        let text = pulled.err().map(|error| error.to_string());
        assert!(
            !text.unwrap_or_default().contains("wrong"),
            "a password is told"
        );
    }
}

#[tokio::test]
async fn what_is_not_there_or_not_up_is_named() {
    let (registry, _) = Registry::with(&[(WASM, COMPONENT)]);
    let served = registry.serve().await;
    let image = served.image(&runtime::digest(b"another"));
    let error = puller().pull(&image).await.unwrap_err();
    assert_eq!(error.reason(), "ImageNotFound", "{error}");
    served.task.abort();
    let gone = "127.0.0.1:1/team/a@".to_owned() + &runtime::digest(b"another");
    let error = puller().pull(&gone).await.unwrap_err();
    assert_eq!(error.reason(), "ImageUnreachable", "{error}");
    let error = puller()
        .pull("r.example.com/team/a:latest")
        .await
        .unwrap_err();
    assert!(error.to_string().contains("oras resolve"), "{error}");
}

#[tokio::test]
async fn what_was_pulled_once_needs_no_registry() {
    let (registry, digest) = Registry::with(&[(WASM, COMPONENT)]);
    let served = registry.serve().await;
    let image = served.image(&digest);
    crate::tls::use_ring();
    let folder = tempfile::tempdir().unwrap();
    let puller = || Puller::new(None, Vec::new(), Some(folder.path().to_owned()));
    assert!(puller().pull(&image).await.is_ok());
    served.task.abort();
    assert_eq!(
        served.task.await.map_err(|error| error.is_cancelled()),
        Err(true)
    );
    assert_eq!(puller().pull(&image).await.as_deref(), Ok(COMPONENT));
}

#[test]
fn without_tls_only_this_machine_is_asked_by_itself() {
    for (registry, wanted) in [
        ("127.0.0.1:5000", true),
        ("localhost", true),
        ("[::1]:5000", true),
        ("10.0.0.1:5000", false),
        ("localhost.example.com", false),
        ("127.0.0.1.example.com:80", false),
    ] {
        assert_eq!(is_loopback(registry), wanted, "{registry}");
    }
}
