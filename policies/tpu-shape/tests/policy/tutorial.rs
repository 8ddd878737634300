//! The tutorial's JobSet, and what is made of it.

use std::path::Path;

use sdk::{Finding, Severity};
use serde_json::{Value, json};
use tpu::Slice;
use tpu_shape::{Settings, TpuShape};

/// The tutorial's JobSet with the numbers of a slice.
pub(crate) struct JobSet {
    pub(crate) object: Value,
}

/// The Job's spec.
pub(crate) const JOB: &str = "/spec/replicatedJobs/0/template/spec";
/// The Pod's spec.
pub(crate) const POD: &str = "/spec/replicatedJobs/0/template/spec/template/spec";

/// The findings of the policy on the creation of `object`.
pub(crate) fn findings(object: &Value) -> Vec<Finding> {
    let said = sdk::testing::review::<TpuShape>(object, &Settings::default(), &[]);
    let (findings, patch) = said.expect("a JobSet has apiVersion and kind");
    assert!(patch.operations().is_empty(), "this policy patches nothing");
    findings
}

/// The denials among them.
pub(crate) fn denials(object: &Value) -> Vec<Finding> {
    let mut found = findings(object);
    found.retain(|finding| finding.severity == Severity::Deny);
    found
}

impl JobSet {
    /// As the tutorial has it.
    pub(crate) fn tutorial() -> Self {
        let file = "../../tests/fixtures/tutorial/sax-model-server-set.yaml";
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        let text = std::fs::read_to_string(&path).expect("the tutorial is in the repository");
        Self {
            object: serde_saphyr::from_str(&text).expect("the tutorial is YAML"),
        }
    }

    /// With the right numbers for `slice` on VMs of `chips` chips.
    pub(crate) fn of(slice: &Slice, chips: u32) -> Self {
        let vms = slice.vms(chips).expect("a VM of the slice");
        let label = slice.accelerator().label();
        Self::tutorial()
            .with(&format!("{JOB}/parallelism"), json!(vms))
            .with(&format!("{JOB}/completions"), json!(vms))
            .with(&selector("accelerator"), json!(label))
            .with(&selector("topology"), json!(slice.topology().to_string()))
            .with(&chips_in("limits"), json!(chips))
            .with(&chips_in("requests"), json!(chips))
    }

    /// With `value` in place of what stands at `path`; null takes it out.
    pub(crate) fn with(&self, path: &str, value: Value) -> Self {
        let mut object = self.object.clone();
        let place = object.pointer_mut(path);
        *place.unwrap_or_else(|| panic!("{path} is in the tutorial")) = value;
        Self { object }
    }
}

/// Where the TPU label of this name stands.
pub(crate) fn selector(name: &str) -> String {
    format!("{POD}/nodeSelector/cloud.google.com~1gke-tpu-{name}")
}

/// Where the chips stand in limits or requests.
pub(crate) fn chips_in(part: &str) -> String {
    format!("{POD}/containers/0/resources/{part}/google.com~1tpu")
}
