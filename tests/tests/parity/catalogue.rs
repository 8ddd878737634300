//! The tutorial's manifest with the numbers of every slice of the catalogue, through the whole
//! pipeline: each single thing that is taken out comes back, and each single number that is made
//! wrong is refused with the right ones.

use admission::{Decision, Finding, Phase, Request};
use runtime::Loaded;
use serde_json::{Value, json};
use tpu::keys::{ACCELERATOR_LABEL, CHIPS_PER_VM_LABEL, TOPOLOGY_LABEL};
use tpu::{Accelerator, Slice, topologies_with_chips};

use crate::groups::loaded;
use crate::workers::{assert_none, each};

const JOB: &str = "/spec/replicatedJobs/0/template/spec";
const POD: &str = "/spec/replicatedJobs/0/template/spec/template";
const CONTAINER: &str = "/spec/replicatedJobs/0/template/spec/template/spec/containers/0";
const CHIPS: &str = "google.com~1tpu";
/// Slices at a time.
const WORKERS: usize = 2;

/// A slice on VMs of a size.
#[derive(Clone, Copy)]
struct Row {
    slice: Slice,
    chips: u32,
    vms: u32,
}

/// What names the slice where the labels don't.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    JobSet,
    PodTemplate,
    Namespace,
    DefaultAccelerator,
}

const SOURCES: [Source; 4] = [
    Source::JobSet,
    Source::PodTemplate,
    Source::Namespace,
    Source::DefaultAccelerator,
];

#[test]
fn each_single_thing_taken_out_of_the_manifest_comes_back() {
    let rows = Row::all();
    let failures: Vec<Vec<String>> = each(&rows, WORKERS, |row| {
        let sources = SOURCES.into_iter();
        sources.flat_map(|source| row.lost(source)).collect()
    });
    let failures: Vec<String> = failures.into_iter().flatten().collect();
    assert_none("catalogue, taken out", rows.len(), &failures);
}

#[test]
fn each_single_number_made_wrong_is_refused_with_the_right_ones() {
    let rows: Vec<Row> = Row::all().into_iter().filter(|row| row.vms > 1).collect();
    let policies = loaded("catalogue-wrong", None, &[]);
    let failures: Vec<Vec<String>> = each(&rows, WORKERS, |row| {
        let wrong = row.wrong_numbers().into_iter();
        wrong
            .filter_map(|(path, value)| row.let_in(&policies, &path, &value))
            .collect()
    });
    let failures: Vec<String> = failures.into_iter().flatten().collect();
    assert_none("catalogue, made wrong", rows.len(), &failures);
}

impl Row {
    fn all() -> Vec<Self> {
        let mut rows = Vec::new();
        for accelerator in Accelerator::all() {
            for topology in accelerator.published() {
                let slice = Slice::new(accelerator, topology);
                let (slice, _) = slice.expect("a published topology is legal");
                for chips in slice.chips_per_vm_choices() {
                    let vms = slice.vms(chips).expect("a choice divides its slice");
                    rows.push(Self { slice, chips, vms });
                }
            }
        }
        assert!(rows.len() > 50, "{}", rows.len());
        rows
    }

    /// The tutorial's manifest with the numbers of this slice, `source` naming it once more.
    fn manifest(&self, source: Option<Source>) -> Value {
        let path =
            xtask::workspace_root().join("tests/fixtures/tutorial/sax-model-server-set.yaml");
        let text = std::fs::read_to_string(&path).expect("the tutorial is in the repository");
        let mut object: Value = serde_saphyr::from_str(&text).expect("the tutorial is YAML");
        let slice = self.slice;
        for (place, value) in [
            (format!("{JOB}/parallelism"), json!(self.vms)),
            (format!("{JOB}/completions"), json!(self.vms)),
            (label(ACCELERATOR_LABEL), json!(slice.accelerator().label())),
            (label(TOPOLOGY_LABEL), json!(slice.topology().to_string())),
            (chips("limits"), json!(self.chips)),
            (chips("requests"), json!(self.chips)),
        ] {
            *object.pointer_mut(&place).expect("it is in the tutorial") = value;
        }
        match source {
            Some(Source::JobSet) => annotate(&mut object, "", &self.name()),
            Some(Source::PodTemplate) => annotate(&mut object, POD, &self.name()),
            Some(Source::Namespace | Source::DefaultAccelerator) | None => {}
        }
        object
    }

    /// As the slice annotation has it.
    fn name(&self) -> String {
        let slice = self.slice;
        format!("{}:{}", slice.accelerator().label(), slice.topology())
    }

    fn policies(&self, source: Source) -> Loaded {
        // Rows run beside each other: a settings file that two of them wrote would be read empty.
        let slice = self.slice;
        let accelerator = slice.accelerator().label();
        let name = format!(
            "catalogue-{accelerator}-{}-{}",
            slice.topology(),
            self.chips
        );
        match source {
            Source::JobSet | Source::PodTemplate => loaded(&name, None, &[]),
            Source::Namespace => {
                let annotations = json!({"kubectl-sax.dev/slice": self.name()});
                let metadata = json!({"name": "default", "annotations": annotations});
                let namespace =
                    json!({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata});
                loaded(&name, None, &[namespace])
            }
            Source::DefaultAccelerator => {
                let settings = json!({"defaultAccelerator": accelerator});
                loaded(&name, Some(("tpu-defaults", &settings)), &[])
            }
        }
    }

    /// What doesn't come back, each taken out by itself.
    fn lost(&self, source: Source) -> Vec<String> {
        let policies = self.policies(source);
        let whole = decide(&policies, self.manifest(Some(source)));
        let what = format!("{} by {source:?}", self.slice);
        if !whole.allowed {
            return vec![format!("{what}: {:?}", whole.denials)];
        }
        let whole = whole.object.expect("a creation has an object");
        let parts = self.parts(&whole).into_iter();
        let parts = parts.filter(|part| !self.is_open(source, part));
        parts
            .filter_map(|part| {
                let mut object = whole.clone();
                remove(&mut object, &part);
                let decision = decide(&policies, object);
                let back = decision
                    .object
                    .as_ref()
                    .is_some_and(|b| sorted(b) == sorted(&whole));
                (!decision.allowed || !back)
                    .then(|| format!("{what}: {part}: {} {:?}", decision.patch, decision.denials))
            })
            .collect()
    }

    /// The places of what is filled in where it is missing.
    fn parts(&self, whole: &Value) -> Vec<String> {
        let selector = format!("{POD}/spec/nodeSelector");
        let mut parts = vec![
            label(ACCELERATOR_LABEL),
            label(TOPOLOGY_LABEL),
            selector,
            chips("limits"),
            format!("{CONTAINER}/resources/limits"),
        ];
        if self.vms == 1 {
            // Slices of one VM are left alone but for what the API would refuse.
            return parts;
        }
        parts.extend([
            format!("{POD}/spec/hostNetwork"),
            format!("{POD}/spec/dnsPolicy"),
            chips("requests"),
            format!("{CONTAINER}/resources/requests"),
            format!("{CONTAINER}/ports/1"),
        ]);
        let count = label(CHIPS_PER_VM_LABEL);
        assert_eq!(whole.pointer(&count).is_some(), self.slice.is_ambiguous());
        parts.extend(self.slice.is_ambiguous().then_some(count));
        let variables = whole.pointer(&format!("{CONTAINER}/env"));
        let variables = variables.and_then(Value::as_array).expect("there are some");
        for (index, variable) in variables.iter().enumerate() {
            let is_ours = |name: &str| name.starts_with("MEGASCALE_");
            if variable["name"].as_str().is_some_and(is_ours) {
                parts.push(format!("{CONTAINER}/env/{index}"));
            }
        }
        assert!(parts.len() >= 13, "{parts:?}");
        parts
    }

    /// Whether a default accelerator leaves open what the slice was: several topologies have as
    /// many chips, and the author has to choose.
    fn is_open(&self, source: Source, part: &str) -> bool {
        let names_topology =
            part != format!("{POD}/spec/nodeSelector") && part != label(TOPOLOGY_LABEL);
        if source != Source::DefaultAccelerator || names_topology {
            return false;
        }
        let accelerator = self.slice.accelerator();
        let alike = topologies_with_chips(accelerator, self.slice.chips()).into_iter();
        let alike = alike.filter(|topology| {
            let slice = Slice::new(accelerator, *topology).ok();
            slice.and_then(|(slice, _)| slice.vms(self.chips)) == Some(self.vms)
        });
        alike.count() > 1
    }

    /// Places of numbers, with other numbers than the slice has.
    fn wrong_numbers(&self) -> Vec<(String, Value)> {
        let vms = i64::from(self.vms);
        let mut wrong = Vec::new();
        for field in ["parallelism", "completions"] {
            for number in [vms - 1, vms + 1, vms * 2, 1, 0, -1, i64::MAX] {
                if number != vms {
                    wrong.push((format!("{JOB}/{field}"), json!(number)));
                }
            }
            wrong.push((format!("{JOB}/{field}"), Value::Null));
        }
        for number in [json!(1), json!(6), json!(-1), Value::Null] {
            wrong.push((format!("{JOB}/backoffLimit"), number));
        }
        let can_share = self.slice.accelerator().allows_chip_sharing();
        for number in [0, 1, 2, 3, 5, 6, 7, 8, 9, 16, u64::MAX] {
            if number == u64::from(self.chips) {
                continue;
            }
            wrong.push((chips("requests"), json!(number)));
            if !can_share && !self.slice.is_ambiguous() {
                wrong.push((chips("limits"), json!(number)));
            }
        }
        wrong
    }

    /// What is wrong with the answer to `value` at `path`.
    fn let_in(&self, policies: &Loaded, path: &str, value: &Value) -> Option<String> {
        let mut object = self.manifest(None);
        *object.pointer_mut(path).expect("it is in the tutorial") = value.clone();
        let decision = decide(policies, object);
        let (vms, chips) = (self.vms, self.slice.chips());
        let right = format!("{vms} VMs = {chips} chips / {}", self.chips);
        let is_right = |denial: &Finding| denial.message.contains(&right);
        let is_told = !decision.allowed && decision.denials.iter().any(is_right);
        (!is_told).then(|| {
            let what = format!("{} with {value} at {path}", self.slice);
            format!("{what}: expected {right}, found {:?}", decision.denials)
        })
    }
}

fn label(key: &str) -> String {
    format!("{POD}/spec/nodeSelector/{}", key.replace('/', "~1"))
}

fn chips(part: &str) -> String {
    format!("{CONTAINER}/resources/{part}/{CHIPS}")
}

fn annotate(object: &mut Value, path: &str, slice: &str) {
    let holder = object.pointer_mut(path).expect("it is in the tutorial");
    holder["metadata"]["annotations"]["kubectl-sax.dev/slice"] = json!(slice);
}

fn decide(policies: &Loaded, object: Value) -> Decision {
    let request = Request::from_manifest(object, "default").expect("it is an object");
    policies.admit(&request, Phase::Mutate)
}

fn remove(object: &mut Value, path: &str) {
    let (parent, token) = path.rsplit_once('/').expect("a place has a parent");
    let token = token.replace("~1", "/");
    match object.pointer_mut(parent) {
        Some(Value::Object(members)) => drop(members.remove(&token).expect(path)),
        Some(Value::Array(elements)) => drop(elements.remove(token.parse().expect(path))),
        other => panic!("{path}: {other:?} has no members"),
    }
}

/// Without the order of lists: what comes back stands at their end.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Array(elements) => {
            let mut elements: Vec<Value> = elements.iter().map(sorted).collect();
            elements.sort_by_key(Value::to_string);
            Value::Array(elements)
        }
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by_key(|(key, _)| key.to_owned());
            let members = members.into_iter();
            members
                .map(|(key, value)| (key.clone(), sorted(value)))
                .collect()
        }
        other => other.clone(),
    }
}
