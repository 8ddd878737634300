//! What a simulation plays: which Saxml, which model servers, how loads go, what happens when.

use std::time::Duration;

use saxml::http::Dialect;
use serde::{Deserialize, Serialize};

/// A simulation as a file (YAML or JSON), all of it optional.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Script {
    /// Which Saxml.
    pub version: Version,
    /// Which status codes the admin server sends.
    pub codes: Codes,
    /// Which HTTP server stands in front.
    pub http: HttpServer,
    /// The cell, `/sax/<cell>`.
    pub cell: String,
    /// How many times faster than Saxml all waiting is: 10 makes the tick of 10 s one of 1 s.
    pub time_scale: f64,
    /// How long a load takes, in seconds before scaling.
    pub load_seconds: f64,
    /// How long an answer takes, in seconds before scaling.
    pub answer_seconds: f64,
    /// The keys that a model's `extra_inputs` may have.
    pub extra_inputs: Vec<String>,
    /// Loads of some model paths that go otherwise.
    pub loads: Vec<Load>,
    /// Model classes beside Saxml's own.
    pub classes: Vec<Class>,
    /// The model servers, where no cluster says which there are.
    pub servers: Vec<Server>,
    /// What happens when, in seconds before scaling after the start.
    pub events: Vec<Event>,
}

/// A build of Saxml.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Version {
    /// v1.1.0.
    #[default]
    #[serde(rename = "v1.1.0")]
    V1_1_0,
    /// v1.2.0.
    #[serde(rename = "v1.2.0")]
    V1_2_0,
    /// The repository's last state.
    #[serde(rename = "head")]
    Head,
}

/// Which status code an admin server's error has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Codes {
    /// `Unknown`, and only the text names the code, as built with the project's own grpc-go.
    #[default]
    Wrapped,
    /// The true one, and the same text, as built with a grpc-go of today.
    True,
}

/// The HTTP server in front of Saxml.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum HttpServer {
    /// `sax-http:v1.0.0`, one request at a time.
    #[default]
    #[serde(rename = "v1.0.0")]
    V1_0_0,
    /// `sax-http:v1.2.0`.
    #[serde(rename = "v1.2.0")]
    V1_2_0,
}

/// How loads of one model path go.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Load {
    /// The class's full name.
    pub path: String,
    /// In seconds before scaling; the script's own where there is none.
    #[serde(default)]
    pub seconds: Option<f64>,
    /// The reason for which it fails at its end.
    #[serde(default)]
    pub fails: Option<String>,
}

/// A model class.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Class {
    /// Its full name, such as `lm.Fake`.
    pub path: String,
    /// The numbers of devices that it runs on.
    pub devices: Vec<u32>,
}

/// A model server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct Server {
    /// The flag `--platform_chip`.
    pub chip: String,
    /// The flag `--platform_topology`.
    pub topology: String,
    /// How many devices it sees.
    pub devices: u32,
    /// On how many hosts it runs.
    pub processes: u32,
    /// The flag `--sax_cell`; without it, it joins nobody.
    pub cell: Option<String>,
}

/// Something that happens at a time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// In seconds before scaling after the start.
    pub at: f64,
    /// What happens.
    #[serde(flatten)]
    pub action: Action,
}

/// What can be done to a simulation from outside.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "camelCase")]
pub enum Action {
    /// The admin server is killed: its connections break and its port refuses. What it hadn't
    /// saved is lost.
    StopAdmin,
    /// The admin server starts again, from what it had saved.
    StartAdmin,
    /// Both, one after the other.
    RestartAdmin,
    /// A model server is killed, by its number.
    StopServer {
        /// Counted from 0 in the order of their start.
        server: usize,
    },
    /// A model server starts again, with no model.
    StartServer {
        /// As above.
        server: usize,
    },
    /// A model server takes calls and answers none.
    SilenceServer {
        /// As above.
        server: usize,
    },
    /// From now on, loads of a path go like this.
    SetLoad(Load),
}

impl Default for Script {
    fn default() -> Self {
        Self {
            version: Version::default(),
            codes: Codes::default(),
            http: HttpServer::default(),
            cell: CELL.to_owned(),
            time_scale: 1.0,
            load_seconds: 12.0,
            answer_seconds: 0.0,
            extra_inputs: EXTRA_INPUTS.map(str::to_owned).to_vec(),
            loads: Vec::new(),
            classes: Vec::new(),
            servers: Vec::new(),
            events: Vec::new(),
        }
    }
}

const CELL: &str = "/sax/test";

/// Those that the HTTP server of v1.2.0 sends by itself.
const EXTRA_INPUTS: [&str; 4] = [
    "temperature",
    "per_example_max_decode_steps",
    "per_example_top_k",
    "per_example_top_p",
];

impl Default for Server {
    fn default() -> Self {
        Self {
            chip: "cpu".to_owned(),
            topology: "1".to_owned(),
            devices: 1,
            processes: 1,
            cell: Some(CELL.to_owned()),
        }
    }
}

impl Script {
    /// Reads a script.
    ///
    /// # Errors
    /// When it is no script; the message says where.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        let script: Self = serde_saphyr::from_str(text)?;
        anyhow::ensure!(
            script.time_scale > 0.0 && script.time_scale.is_finite(),
            "timeScale {} is not above 0",
            script.time_scale
        );
        Ok(script)
    }

    /// How long something of these seconds takes here.
    #[must_use]
    pub fn scaled(&self, seconds: f64) -> Duration {
        Duration::try_from_secs_f64(seconds / self.time_scale).unwrap_or_default()
    }
}

impl Version {
    /// The same build as the catalogue of model classes knows it.
    #[must_use]
    pub fn image(self) -> tpu::sax::ImageVersion {
        match self {
            Self::V1_1_0 => tpu::sax::ImageVersion::V1_1_0,
            Self::V1_2_0 => tpu::sax::ImageVersion::V1_2_0,
            Self::Head => tpu::sax::ImageVersion::Head,
        }
    }
}

impl HttpServer {
    /// The dialect that it speaks.
    #[must_use]
    pub fn dialect(self) -> Dialect {
        match self {
            Self::V1_0_0 => Dialect::V1_0,
            Self::V1_2_0 => Dialect::V1_2,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Action, Event, Load, Script};

    #[test]
    fn a_script_says_what_happens_when() {
        let text = "
timeScale: 20
http: v1.2.0
codes: 'true'
loads: [{path: lm.Bad, fails: asked to fail}]
servers: [{chip: tpuv5e, topology: 4x8, devices: 32}]
events:
- {at: 12, do: restartAdmin}
- {at: 30.5, do: stopServer, server: 1}
- {at: 40, do: setLoad, path: lm.Fake, seconds: 3}
";
        let script = Script::parse(text).expect("must parse");
        let load = Load {
            path: "lm.Fake".to_owned(),
            seconds: Some(3.0),
            fails: None,
        };
        let actions = [
            (12.0, Action::RestartAdmin),
            (30.5, Action::StopServer { server: 1 }),
            (40.0, Action::SetLoad(load)),
        ];
        let events = actions.map(|(at, action)| Event { at, action });
        assert_eq!(script.events, events);
        assert_eq!(script.servers[0].processes, 1);
        assert_eq!(script.scaled(10.0).as_millis(), 500);
    }

    #[test]
    fn what_is_no_script_is_refused() {
        for text in [
            "timeScale: 0",
            "timescale: 2",
            "http: v9",
            "events: [{at: 1}]",
        ] {
            assert!(Script::parse(text).is_err(), "{text}");
        }
    }
}
