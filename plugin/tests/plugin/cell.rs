//! A simulated cell, and the binary run against it.

use std::sync::Arc;

use regex::Regex;
use sax_simulator::{Action, Endpoints, Sax, Script};
use tokio::runtime::Runtime;

use crate::run::{Ended, sax};

/// A cell of the simulator, which ends with it.
pub(crate) struct Cell {
    // Before the runtime, which runs it.
    sax: Arc<Sax>,
    runtime: Runtime,
    endpoints: Endpoints,
}

/// A way to ask it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// The admin server, by gRPC.
    Admin,
    /// The HTTP server.
    Http,
}

/// One CPU server on which the smallest test class runs, fifty times faster than Saxml.
pub(crate) const ONE: &str = "timeScale: 50\nservers: [{}]\n";
/// Two slices of the tutorial's kind.
pub(crate) const TWO: &str = "
timeScale: 50
servers:
  - {chip: tpuv5e, topology: 4x8, devices: 32}
  - {chip: tpuv5e, topology: 4x8, devices: 32}
";

/// A class that fits a CPU, and the tutorial's.
pub(crate) const SMALL: &str = "lm_cloud.LmCloudSpmd2BTest";
pub(crate) const TUTORIAL: &str = "lm_cloud.LmCloudSpmd175B32Test";

impl Cell {
    /// Starts what a script says.
    pub(crate) fn of(script: &str) -> Self {
        let script = Script::parse(script).expect("it must be a script");
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("a runtime must start");
        let sax = runtime.block_on(Sax::start(script));
        let sax = sax.expect("the simulator must start");
        let endpoints = sax.endpoints();
        let cell = Self {
            sax,
            runtime,
            endpoints,
        };
        let servers = format!("--for=joined={}", cell.endpoints.servers.len());
        let joined = cell.ask(Way::Admin, &["wait", &servers, "--timeout", "60s"]);
        assert_eq!(joined.status, Some(0), "{joined}");
        cell
    }

    /// Where its admin server is.
    pub(crate) fn admin(&self) -> String {
        self.endpoints.admin.to_string()
    }

    /// Does something to it.
    pub(crate) fn act(&self, action: &Action) {
        let _inside = self.runtime.enter();
        self.sax.act(action).expect("it must be possible");
    }

    /// Runs the binary with the flags that lead to it.
    pub(crate) fn ask(&self, way: Way, words: &[&str]) -> Ended {
        self.ask_with(way, words, "")
    }

    /// The same with this stdin.
    pub(crate) fn ask_with(&self, way: Way, words: &[&str], stdin: &str) -> Ended {
        let flags = self.flags(way);
        let flags: Vec<_> = flags.iter().map(String::as_str).collect();
        sax(&[words, &flags].concat(), stdin)
    }

    /// The flags that lead to it.
    pub(crate) fn flags(&self, way: Way) -> [String; 4] {
        let (flag, address) = match way {
            Way::Admin => ("--admin", self.endpoints.admin.to_string()),
            Way::Http => ("--endpoint", format!("http://{}", self.endpoints.http)),
        };
        [
            flag.to_owned(),
            address,
            "--cell".to_owned(),
            "test".to_owned(),
        ]
    }

    /// The same, and it must end well.
    pub(crate) fn done(&self, words: &[&str]) -> Ended {
        let ended = self.ask(Way::Admin, words);
        assert_eq!(ended.status, Some(0), "{words:?}: {ended}");
        ended
    }

    /// Publishes and waits.
    pub(crate) fn publish(&self, model: &str, class: &str, replicas: &str) {
        let words = ["publish", model, "--path", class, "--replicas", replicas];
        self.done(&[&words[..], &["--wait", "--timeout", "60s"]].concat());
    }

    /// What was said, with names for the addresses and without times.
    pub(crate) fn plain(&self, ended: &Ended) -> String {
        let mut text = ended.to_string();
        let Endpoints {
            admin,
            http,
            servers,
            ..
        } = &self.endpoints;
        let mut servers: Vec<_> = servers.iter().map(ToString::to_string).collect();
        // As they are sorted where they are printed.
        servers.sort();
        for (index, server) in servers.iter().enumerate() {
            text = text.replace(server, &format!("SERVER{index}"));
        }
        text = text.replace(&admin.to_string(), "ADMIN");
        text = text.replace(&http.to_string(), "HTTP");
        let times = Regex::new(r"\d+\.\d+ (s|ms|µs)\b").expect("it must be a pattern");
        times.replace_all(&text, "TIME").into_owned()
    }
}
