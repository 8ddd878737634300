//! An API server that answers lists from a file: enough for verbs that only read. A time in the
//! file such as `@-5h` is five hours ago, so that ages are the same whenever a test runs.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

use serde_json::{Value, json};

/// The objects that it knows, and the resources that it refuses.
pub(crate) struct Api {
    address: String,
}

struct State {
    objects: Vec<Value>,
    refused: Vec<&'static str>,
}

/// Kinds by path, and the API group of each.
const RESOURCES: [(&str, &str); 7] = [
    ("/api/v1/nodes", "Node"),
    ("/api/v1/pods", "Pod"),
    ("/api/v1/events", "Event"),
    ("/apis/batch/v1/jobs", "Job"),
    ("/apis/jobset.x-k8s.io/v1alpha2/jobsets", "JobSet"),
    ("/apis/apps/v1/statefulsets", "StatefulSet"),
    ("/apis/coordination.k8s.io/v1/leases", "Lease"),
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
        let list: Value = serde_json::from_str(&dated(list)).expect("the fixture must be JSON");
        let objects = list["items"].as_array().expect("it must be a List").clone();
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port must be free");
        let address = listener.local_addr().expect("it must have an address");
        let state = Arc::new(State {
            objects,
            refused: refused.to_vec(),
        });
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
        let target = first.split(' ').nth(1)?.to_owned();
        let mut header = String::new();
        while reader.read_line(&mut header).ok()? > "\r\n".len() {
            header.clear();
        }
        let (status, body) = answer(&target, state);
        let body = body.to_string();
        let head = format!(
            "HTTP/1.1 {status} OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        let mut stream = stream;
        stream.write_all((head + &body).as_bytes()).ok()?;
    }
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
        .flat_map(|selector| selector.split(','));
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
