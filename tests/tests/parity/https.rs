//! A client that shows all of an answer: status, warnings, body.

use std::path::Path;
use std::sync::OnceLock;

use anyhow::Result;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{Method, Request};
use kube::config::{Config, KubeConfigOptions, Kubeconfig};
use serde_json::Value;
use tokio::runtime::Runtime;

/// A client of one server. Threads may share it.
pub(crate) struct Https {
    client: kube::Client,
}

/// All of an answer.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    /// The HTTP status.
    pub(crate) status: u16,
    /// The texts of the Warning headers, as kubectl shows them.
    pub(crate) warnings: Vec<String>,
    /// Its JSON, or its text where it is none, as of a path that isn't there.
    pub(crate) body: Value,
}

impl Https {
    /// A client of a cluster's API server.
    pub(crate) fn of_cluster(kubeconfig: &Path) -> Result<Self> {
        let kubeconfig = Kubeconfig::read_from(kubeconfig)?;
        let options = KubeConfigOptions::default();
        let config = threads().block_on(Config::from_custom_kubeconfig(kubeconfig, &options))?;
        Self::of(config)
    }

    /// A client of the server at `address`, whose certificate `authority` (a PEM file) signed.
    pub(crate) fn of_server(address: &str, authority: &Path) -> Result<Self> {
        let pem = std::fs::read_to_string(authority)?;
        let lines = pem.lines().filter(|line| !line.starts_with("-----"));
        let certificate = STANDARD.decode(lines.collect::<String>())?;
        let mut config = Config::new(format!("https://{address}").parse()?);
        config.root_cert = Some(vec![certificate]);
        Self::of(config)
    }

    /// Asks and waits. Null is no body.
    ///
    /// # Errors
    /// When there is no answer, whatever its status.
    pub(crate) fn send(&self, method: Method, path: &str, body: &Value) -> Result<Answer> {
        let bytes = match body {
            Value::Null => Vec::new(),
            body => body.to_string().into_bytes(),
        };
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("Content-Type", "application/json")
            .body(bytes.into())?;
        threads().block_on(async {
            let response = self.client.send(request).await?;
            let (head, body) = response.into_parts();
            let body = body.collect_bytes().await?;
            let warnings = head.headers.get_all("warning").iter();
            Ok(Answer {
                status: head.status.as_u16(),
                warnings: warnings.map(|value| unquoted(value.as_bytes())).collect(),
                body: serde_json::from_slice(&body)
                    .unwrap_or_else(|_| String::from_utf8_lossy(&body).into()),
            })
        })
    }

    fn of(config: Config) -> Result<Self> {
        // The client spawns a task when it is made.
        let _entered = threads().enter();
        Ok(Self {
            client: kube::Client::try_from(config)?,
        })
    }
}

impl Answer {
    /// Whether the server did what was asked.
    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

fn threads() -> &'static Runtime {
    static THREADS: OnceLock<Runtime> = OnceLock::new();
    THREADS.get_or_init(|| Runtime::new().expect("the system must give threads"))
}

/// The text of `299 - "text"`.
fn unquoted(header: &[u8]) -> String {
    let header = String::from_utf8_lossy(header);
    let text = header.strip_prefix("299 - \"").unwrap_or(&header);
    let text = text.strip_suffix('"').unwrap_or(text);
    let mut unquoted = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => unquoted.extend(characters.next()),
            other => unquoted.push(other),
        }
    }
    unquoted
}
