//! Claims about TLS, HTTP and what a peer may do wrong.

use std::os::unix::fs::PermissionsExt;

use http_body_util::Full;
use hyper::{Request, StatusCode};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::client::{Client, connect_tls};
use crate::process::{Webhook, command, wait_for};

#[tokio::test]
async fn both_tls_versions_are_spoken_with_http_1_only() {
    let webhook = Webhook::start();
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let tls = connect_tls(&webhook, &[version]).await.unwrap();
        let (_, connection) = tls.get_ref();
        assert_eq!(connection.alpn_protocol(), Some(b"http/1.1".as_slice()));
        assert_eq!(connection.protocol_version(), Some(version.version));
    }
}

#[tokio::test]
async fn the_self_signed_files_are_there_and_the_key_is_private() {
    let webhook = Webhook::start();
    for (name, mode) in [("ca.crt", 0o644), ("tls.crt", 0o644), ("tls.key", 0o600)] {
        let path = webhook.tls_dir().join(name);
        let found = std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(found, mode, "{name}");
    }
}

#[tokio::test]
async fn one_connection_serves_many_requests_and_both_probes_answer() {
    let webhook = Webhook::start();
    let mut client = Client::connect(&webhook).await;
    for _ in 0..3 {
        assert_eq!(client.get("/livez").await, "ok");
        assert_eq!(client.get("/readyz").await, "ok");
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_with_a_reason() {
    let webhook = Webhook::start();
    let mut client = Client::connect(&webhook).await;
    let response = client.post("/mutate", vec![b' '; (8 << 20) + 1]).await;
    assert_eq!(response.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(
        response.json()["message"],
        "the body has more than 8388608 bytes"
    );
    assert_eq!(client.get("/livez").await, "ok");
}

#[tokio::test]
async fn a_wrong_content_type_is_refused_with_what_is_expected() {
    let webhook = Webhook::start();
    let request = Request::post("/mutate")
        .header("host", "localhost")
        .header("content-type", "application/yaml")
        .body(Full::from("{}"))
        .unwrap();
    let response = Client::connect(&webhook).await.send(request).await.unwrap();
    assert_eq!(response.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let message = response.json()["message"].clone();
    assert!(
        message
            .as_str()
            .unwrap()
            .contains("application/json is expected"),
        "{message}"
    );
    assert_eq!(response.headers["content-type"], "application/json");
}

#[tokio::test]
async fn a_peer_without_tls_is_hung_up_on_and_counted() {
    let webhook = Webhook::start();
    let mut tcp = TcpStream::connect(("127.0.0.1", webhook.port))
        .await
        .unwrap();
    tcp.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    tcp.read_to_end(&mut answer).await.unwrap();
    assert!(!answer.starts_with(b"HTTP"));
    let mut client = Client::connect(&webhook).await;
    let text = client.get("/metrics").await;
    assert!(
        text.contains("sax_webhook_failed_handshakes_total 1"),
        "{text}"
    );
}

#[test]
fn without_a_certificate_it_ends_with_1_and_names_the_way_out() {
    let folder = tempfile::tempdir().unwrap();
    let status = command(folder.path()).status().unwrap();
    let log = std::fs::read_to_string(folder.path().join("log")).unwrap();
    assert_eq!(status.code(), Some(1));
    assert!(log.contains("--self-signed"), "{log}");
}

#[test]
fn a_policy_that_cannot_be_loaded_ends_it_with_1_and_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("broken.yaml");
    std::fs::write(
        &file,
        "apiVersion: kubectl-sax.dev/v1alpha1\nkind: WasmPolicy\nspec: 5\n",
    )
    .unwrap();
    let mut child = command(folder.path())
        .arg("--self-signed")
        .arg("--policies")
        .arg(&file)
        .spawn()
        .unwrap();
    let mut ended = None;
    wait_for("the end", || {
        ended = child.try_wait().unwrap();
        ended.is_some()
    });
    let log = std::fs::read_to_string(folder.path().join("log")).unwrap();
    assert_eq!(ended.unwrap().code(), Some(1));
    assert!(log.contains("broken.yaml"), "{log}");
}

#[tokio::test]
async fn log_lines_name_the_object_and_the_codes_but_never_what_the_object_holds() {
    let webhook = Webhook::start_with(&["--log-format", "json"]);
    let mut client = Client::connect(&webhook).await;
    let review = crate::reviews::wrong_jobset("u-log", "a-secret-value");
    let response = client.post("/validate", review.to_string()).await.review();
    assert_eq!(response["allowed"], false);
    let log = webhook.log();
    let line = log
        .lines()
        .find(|line| line.contains("review denied"))
        .unwrap();
    let fields = serde_json::from_str::<Value>(line).unwrap()["fields"].clone();
    assert_eq!(fields["uid"], "\"u-log\"");
    assert!(
        fields["codes"].as_str().unwrap().contains("TPU"),
        "{fields}"
    );
    assert!(!log.contains("a-secret-value"));
}
