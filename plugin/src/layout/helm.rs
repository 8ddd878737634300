//! A deployment as a Helm chart. What decides the hardware or the objects' names stands in the
//! templates, computed, and the chart's schema refuses another value for it: Helm can't size a
//! slice. The rest are values.

use serde_json::{Map, Value, json};

use super::{File, Subject, VALUES, VALUES_SCHEMA, component};
use crate::render::{commented_yaml, pretty_json};
use crate::scaffold::Object;
use crate::values::SCHEMA;

const ROOT: &str = "\"gs://{{ .Values.bucket }}/sax-root\"";
const NAMESPACE: &str = "{{ .Release.Namespace }}";
/// The one container of a Deployment, and of the JobSet's Pods.
const CONTAINER: &str = "/spec/template/spec/containers/0";
const JOB_CONTAINER: &str = "/spec/replicatedJobs/0/template/spec/template/spec/containers/0";

/// Where each value stands that a chart's user may change, and what Helm makes of it there.
const PLACES: [Place; 9] = [
    Place::of(
        "bucket",
        "admin-server",
        "/env/0/value",
        "{{ .Values.bucket | quote }}",
    ),
    Place::of("bucket", "http", "/env/0/value", ROOT),
    Place::of("bucket", "model-server", "/env/0/value", ROOT),
    Place::of(
        "cell",
        "admin-server",
        "/env/1/value",
        "{{ .Values.cell | quote }}",
    ),
    Place::of(
        "cell",
        "model-server",
        "/args/1",
        "\"--sax_cell={{ .Values.cell }}\"",
    ),
    Place::of(
        "adminImage",
        "admin-server",
        "/image",
        "{{ .Values.adminImage | quote }}",
    ),
    Place::of(
        "modelImage",
        "model-server",
        "/image",
        "{{ .Values.modelImage | quote }}",
    ),
    Place::of(
        "httpImage",
        "http",
        "/image",
        "{{ .Values.httpImage | quote }}",
    ),
    Place::of(REPLICAS, "model-server", "", "{{ .Values.replicas }}"),
];
/// The one value that stands in no container.
const REPLICAS: &str = "replicas";

/// Where a value stands.
struct Place {
    value: &'static str,
    component: &'static str,
    /// From the container on.
    pointer: &'static str,
    template: &'static str,
}

impl Place {
    const fn of(
        value: &'static str,
        component: &'static str,
        pointer: &'static str,
        template: &'static str,
    ) -> Self {
        Self {
            value,
            component,
            pointer,
            template,
        }
    }

    /// From the object on.
    fn pointer(&self) -> String {
        match (self.value, self.component) {
            (REPLICAS, _) => "/spec/replicatedJobs/0/replicas".to_owned(),
            (_, "model-server") => format!("{JOB_CONTAINER}{}", self.pointer),
            _ => format!("{CONTAINER}{}", self.pointer),
        }
    }
}

pub(super) fn files(subject: &Subject<'_>) -> Vec<File> {
    let templates = subject.parts().into_iter().map(|(component, objects)| {
        let documents = objects.iter().map(|object| template(subject, object));
        let documents: Vec<_> = documents.collect();
        File::new(
            format!("templates/{component}.yaml"),
            documents.join("---\n"),
        )
    });
    let values = subject.values_file(&format!(
        "# {} decide the hardware or the names; for others make the chart anew:\n\
         #   kubectl sax init DIR -f {VALUES} --format helm --force\n",
        fixed(subject).join(", ")
    ));
    let around = [chart(subject), values, schema(subject)];
    templates.chain(around).collect()
}

fn chart(subject: &Subject<'_>) -> File {
    let text = format!(
        "# {plan}\n\
         # helm install {name} . --namespace {namespace}\n\
         apiVersion: v2\n\
         name: {name}\n\
         description: A Saxml deployment, made by kubectl sax\n\
         type: application\n\
         version: {version}\n",
        plan = subject.plan,
        name = subject.request.names.instance,
        namespace = subject.request.namespace,
        version = env!("CARGO_PKG_VERSION"),
    );
    File::new("Chart.yaml", text)
}

/// An object whose free values are Helm's to fill in.
fn template(subject: &Subject<'_>, object: &Object) -> String {
    let mut value = object.value.clone();
    let component = component(object);
    let places = PLACES.iter().filter(|place| place.component == component);
    let found = places.map(|place| (place.pointer(), place.template));
    let all = std::iter::once(("/metadata/namespace".to_owned(), NAMESPACE)).chain(found);
    let mut marks = Vec::new();
    for (pointer, template) in all {
        if let Some(place) = value.pointer_mut(&pointer) {
            let mark = format!("kubectl-sax-mark-{}-", marks.len());
            *place = Value::from(mark.clone());
            marks.push((mark, template));
        }
    }
    let text = commented_yaml(&value, &subject.origins(object));
    marks
        .into_iter()
        .fold(text, |text, (mark, template)| text.replace(&mark, template))
}

/// The values that the templates have computed something of.
fn fixed(subject: &Subject<'_>) -> Vec<String> {
    let value = serde_json::to_value(subject.values).expect("values must be JSON");
    let keys = value.as_object().into_iter().flat_map(Map::keys);
    let is_fixed = |key: &&String| !PLACES.iter().any(|place| place.value == *key);
    keys.filter(is_fixed).cloned().collect()
}

/// The published schema, narrowed to what this chart can do.
fn schema(subject: &Subject<'_>) -> File {
    let mut schema: Value = serde_json::from_str(SCHEMA).expect("our own schema must be JSON");
    let values = serde_json::to_value(subject.values).expect("values must be JSON");
    let known = schema["properties"].take();
    let mut properties = Map::new();
    for (key, value) in values.as_object().into_iter().flatten() {
        let mut property = known[key].clone();
        if fixed(subject).contains(key) {
            property["const"] = value.clone();
        }
        properties.insert(key.clone(), property);
    }
    // Helm adds it where the chart is part of another one.
    properties.insert("global".to_owned(), json!({"type": "object"}));
    schema["required"] = values
        .as_object()
        .into_iter()
        .flat_map(Map::keys)
        .cloned()
        .collect();
    schema["properties"] = Value::Object(properties);
    if let Some(members) = schema.as_object_mut() {
        members.retain(|key, _| !matches!(key.as_str(), "$id" | "anyOf" | "not"));
    }
    File::new(VALUES_SCHEMA, pretty_json(&schema))
}
