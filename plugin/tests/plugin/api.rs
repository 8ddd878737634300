//! An API server that answers lists from a file: enough for verbs that only read. A time in the
//! file such as `@-5h` is five hours ago, so that ages are the same whenever a test runs.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read as _, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

use serde_json::{Value, json};

/// The objects that it knows, and the resources that it refuses.
pub(crate) struct Api {
    address: String,
}

/// How it answers.
#[derive(Default)]
pub(crate) struct State {
    /// The objects that it knows.
    pub(crate) objects: Vec<Value>,
    /// The resources that may not be read.
    pub(crate) refused: Vec<&'static str>,
    /// The `verb resource` that an account is told it may not.
    pub(crate) denied: Vec<&'static str>,
    /// What creating a JobSet fails with, the API server's own words.
    pub(crate) broken_webhook: Option<&'static str>,
    /// Our webhook's answer to whether it is ready; 0 where nobody reaches it.
    pub(crate) ready: u16,
    /// Logs by `POD/CONTAINER`.
    pub(crate) logs: BTreeMap<String, String>,
}

/// Kinds by path.
const RESOURCES: [(&str, &str); 16] = [
    ("/api/v1/namespaces", "Namespace"),
    ("/api/v1/services", "Service"),
    ("/api/v1/serviceaccounts", "ServiceAccount"),
    ("/apis/apps/v1/deployments", "Deployment"),
    ("/apis/apps/v1/replicasets", "ReplicaSet"),
    ("/apis/discovery.k8s.io/v1/endpointslices", "EndpointSlice"),
    (
        "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations",
        "MutatingWebhookConfiguration",
    ),
    (
        "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations",
        "ValidatingWebhookConfiguration",
    ),
    ("/api/v1/nodes", "Node"),
    ("/api/v1/pods", "Pod"),
    ("/api/v1/events", "Event"),
    ("/apis/batch/v1/jobs", "Job"),
    ("/apis/jobset.x-k8s.io/v1alpha2/jobsets", "JobSet"),
    ("/apis/apps/v1/statefulsets", "StatefulSet"),
    ("/apis/coordination.k8s.io/v1/leases", "Lease"),
    ("/apis/kubectl-sax.dev/v1alpha1/wasmpolicies", "WasmPolicy"),
];

/// No answer holds more, so that every list takes several.
const PAGE: usize = 7;

impl Api {
    /// Serves a List until the test ends.
    pub(crate) fn of(list: &str) -> Self {
        Self::refusing(list, &[])
    }

    /// Serves a List, and refuses these resources.
    pub(crate) fn refusing(list: &str, refused: &[&'static str]) -> Self {
        let list: Value = serde_json::from_str(list).expect("the fixture must be JSON");
        Self::serving(State {
            objects: list["items"].as_array().expect("it must be a List").clone(),
            refused: refused.to_vec(),
            ..State::default()
        })
    }

    /// Answers so until the test ends.
    pub(crate) fn serving(mut state: State) -> Self {
        for object in &mut state.objects {
            let text = dated(&object.to_string());
            *object = serde_json::from_str(&text).expect("an object must be JSON");
        }
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port must be free");
        let address = listener.local_addr().expect("it must have an address");
        let state = Arc::new(state);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = Arc::clone(&state);
                std::thread::spawn(move || serve(&stream, &state));
            }
        });
        Self {
            address: format!("http://{address}"),
        }
    }

    /// The flags that lead to it.
    pub(crate) fn flags(&self) -> [&str; 2] {
        ["--server", &self.address]
    }
}

/// Answers until the client hangs up.
fn serve(stream: &TcpStream, state: &State) -> Option<()> {
    let mut reader = BufReader::new(stream);
    loop {
        let mut first = String::new();
        reader.read_line(&mut first).ok()?;
        let mut words = first.split(' ');
        let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
        let body = body(&mut reader)?;
        let (status, answer) = match method.as_str() {
            "POST" => posted(&target, &body, state),
            _ => match log(&target, state) {
                Some(text) => (200, Answer::Text(text)),
                None => json_answer(answer(&target, state)),
            },
        };
        let (kind, text) = match answer {
            Answer::Json(value) => ("application/json", value.to_string()),
            Answer::Text(text) => ("text/plain", text),
        };
        let head = format!(
            "HTTP/1.1 {status} OK\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\r\n",
            text.len()
        );
        let mut stream = stream;
        stream.write_all((head + &text).as_bytes()).ok()?;
    }
}

enum Answer {
    Json(Value),
    Text(String),
}

fn json_answer((status, value): (u16, Value)) -> (u16, Answer) {
    (status, Answer::Json(value))
}

/// Reads a request's headers and what follows them.
fn body(reader: &mut BufReader<&TcpStream>) -> Option<Value> {
    let (mut length, mut header) = (0, String::new());
    while reader.read_line(&mut header).ok()? > "\r\n".len() {
        let lower = header.to_lowercase();
        if let Some(value) = lower.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        header.clear();
    }
    let mut bytes = vec![0; length];
    reader.read_exact(&mut bytes).ok()?;
    Some(serde_json::from_slice(&bytes).unwrap_or_default())
}

/// The end of a log, as many lines as are asked for.
fn log(target: &str, state: &State) -> Option<String> {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let pod = path.strip_suffix("/log")?.rsplit('/').next()?;
    let query = parameters(query);
    let previous = if query.contains_key("previous") {
        "#previous"
    } else {
        ""
    };
    let text = state
        .logs
        .get(&format!("{pod}/{}{previous}", query.get("container")?))?;
    let lines: Vec<_> = text.lines().collect();
    let tail = query.get("tailLines").and_then(|tail| tail.parse().ok());
    let start = lines.len().saturating_sub(tail.unwrap_or(usize::MAX));
    Some(
        lines[start..]
            .iter()
            .map(|line| format!("{line}\n"))
            .collect(),
    )
}

fn posted(target: &str, body: &Value, state: &State) -> (u16, Answer) {
    let answer = if target.ends_with("/selfsubjectreviews") {
        (201, json!({"status": {"userInfo": {"username": "jane"}}}))
    } else if target.ends_with("/selfsubjectaccessreviews") {
        let asked = &body["spec"]["resourceAttributes"];
        let text = |member: &str| asked[member].as_str().unwrap_or_default();
        let asked = format!("{} {}", text("verb"), text("resource"));
        let allowed = !state.denied.contains(&asked.as_str());
        (201, json!({"status": {"allowed": allowed}}))
    } else {
        match state.broken_webhook {
            Some(message) => (500, failure(500, "InternalError", message)),
            None => (201, body.clone()),
        }
    };
    json_answer(answer)
}

fn answer(target: &str, state: &State) -> (u16, Value) {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let (path, namespace) = without_namespace(path);
    let resource = path.rsplit('/').next().unwrap_or_default();
    if state.refused.contains(&resource) {
        let mut status = failure(403, "Forbidden", &format!("{resource} is forbidden"));
        status["details"] = json!({"kind": resource});
        return (403, status);
    }
    if let Some(found) = special(target, state) {
        return found;
    }
    let Some((_, kind)) = RESOURCES.iter().find(|(known, _)| *known == path) else {
        return (
            404,
            failure(
                404,
                "NotFound",
                "the server could not find the requested resource",
            ),
        );
    };
    let query = parameters(query);
    let found: Vec<_> = state
        .objects
        .iter()
        .filter(|object| {
            object["kind"] == *kind
                && namespace
                    .as_ref()
                    .is_none_or(|name| object["metadata"]["namespace"] == **name)
                && labelled(object, query.get("labelSelector"))
                && chosen(object, query.get("fieldSelector"))
        })
        .collect();
    (200, page(&found, &query))
}

/// What is no list: versions, discovery, our webhook's answer, one object by its name.
fn special(target: &str, state: &State) -> Option<(u16, Value)> {
    let path = target.split('?').next()?;
    if path == "/version" {
        let text = [
            "major",
            "minor",
            "gitCommit",
            "gitTreeState",
            "buildDate",
            "goVersion",
            "compiler",
            "platform",
        ];
        let mut version: Value = text
            .iter()
            .map(|name| ((*name).to_owned(), Value::from("x")))
            .collect();
        version["gitVersion"] = "v1.36.3".into();
        return Some((200, version));
    }
    if path == "/apis/jobset.x-k8s.io/v1alpha2" {
        let known = state
            .objects
            .iter()
            .any(|object| object["kind"] == "JobSet");
        let resources = if known {
            json!([{"name": "jobsets"}])
        } else {
            json!([])
        };
        return Some((200, json!({"resources": resources})));
    }
    if path.ends_with("/proxy/readyz") {
        let message = "no policy is loaded yet";
        return Some((
            state.ready,
            if state.ready == 200 {
                json!({})
            } else {
                failure(state.ready, "", message)
            },
        ));
    }
    named(path, state)
}

/// One object.
fn named(path: &str, state: &State) -> Option<(u16, Value)> {
    let (parent, name) = path.rsplit_once('/')?;
    let is_namespace = parent == "/api/v1/namespaces";
    let (parent, namespace) = match is_namespace {
        true => (parent.to_owned(), None),
        false => without_namespace(parent),
    };
    let (_, kind) = RESOURCES.iter().find(|(known, _)| *known == parent)?;
    let mut objects = state.objects.iter();
    let found = objects.find(|object| {
        object["kind"] == *kind
            && object["metadata"]["name"] == name
            && namespace
                .as_ref()
                .is_none_or(|of| object["metadata"]["namespace"] == **of)
    });
    Some(match found {
        Some(object) => (200, object.clone()),
        None => {
            let mut status = failure(404, "NotFound", &format!("{name} not found"));
            let resource = parent.rsplit('/').next();
            status["details"] = json!({"kind": resource, "name": name});
            (404, status)
        }
    })
}

/// Objects of a list come without their kind, as from the real one.
fn page(found: &[&Value], query: &BTreeMap<String, String>) -> Value {
    let number = |name: &str| query.get(name).and_then(|text| text.parse::<usize>().ok());
    let start = number("continue").unwrap_or(0);
    let limit = number("limit").map_or(usize::MAX, |limit| limit.min(PAGE));
    let mut items: Vec<Value> = found
        .iter()
        .skip(start)
        .take(limit)
        .map(|item| (*item).clone())
        .collect();
    for item in &mut items {
        let members = item.as_object_mut().expect("an object must be an object");
        members.remove("kind");
        members.remove("apiVersion");
    }
    let next = start.saturating_add(items.len());
    let token = if next < found.len() {
        next.to_string()
    } else {
        String::new()
    };
    json!({"metadata": {"resourceVersion": "1", "continue": token}, "items": items})
}

fn without_namespace(path: &str) -> (String, Option<String>) {
    match path.split_once("/namespaces/") {
        Some((front, back)) => {
            let (namespace, resource) = back.split_once('/').unwrap_or((back, ""));
            (format!("{front}/{resource}"), Some(namespace.to_owned()))
        }
        None => (path.to_owned(), None),
    }
}

fn parameters(query: &str) -> BTreeMap<String, String> {
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let plain = |text: &str| {
        text.replace("%2F", "/")
            .replace("%3D", "=")
            .replace("%2C", ",")
    };
    pairs
        .map(|(name, value)| (name.to_owned(), plain(value)))
        .collect()
}

fn labelled(object: &Value, selector: Option<&String>) -> bool {
    let labels = &object["metadata"]["labels"];
    let mut terms = selector
        .into_iter()
        .flat_map(|selector| selector.split(','))
        .filter(|term| !term.is_empty());
    terms.all(|term| match term.split_once('=') {
        Some((key, value)) => labels[key] == value,
        None => labels.get(term).is_some(),
    })
}

fn chosen(object: &Value, selector: Option<&String>) -> bool {
    let mut terms = selector
        .into_iter()
        .flat_map(|selector| selector.split(','));
    terms.all(|term| {
        let (path, value) = term.split_once('=').unwrap_or((term, ""));
        object.pointer(&format!("/{}", path.replace('.', "/"))) == Some(&Value::from(value))
    })
}

fn failure(code: u16, reason: &str, message: &str) -> Value {
    json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code,
           "reason": reason, "message": message})
}

/// Writes out the times.
fn dated(list: &str) -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let now = now.expect("it must be after 1970").as_secs();
    let time = |hours: u64| placement::Time((now - hours * 3600) * 1000).to_micro_time();
    (1..100).fold(list.to_owned(), |list, hours| {
        list.replace(&format!("@-{hours}h"), &time(hours))
    })
}
