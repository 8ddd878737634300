//! How servers are replaced, multiplied and probed.

use sdk::{Node, Verdict};
use workload::{Workload, WorkloadKind};

use crate::component::{Component, Role};
use crate::excerpt::shortened;
use crate::hardware::Hardware;
use crate::settings::Settings;

/// What the kubelet uses where a probe doesn't say. Source: the Kubernetes API.
const PROBE_PERIOD: i64 = 10;
const PROBE_FAILURES: i64 = 3;

/// SAX010 and SAX011: an admin server is alone in its cell.
pub(crate) fn check_admin(workload: &Workload<'_>, verdict: &mut Verdict) {
    let is_replicated = matches!(
        workload.kind,
        WorkloadKind::Deployment | WorkloadKind::StatefulSet
    );
    if !is_replicated {
        return;
    }
    let spec = workload.root.at("spec");
    let replicas = spec.at("replicas");
    if let Some(count) = replicas.integer().filter(|count| *count > 1) {
        verdict.deny(
            "SAX010",
            replicas.path(),
            format!(
                "found {count} replicas, expected 1: admin servers elect no leader across \
                 processes, so both would write the cell's files"
            ),
            "set replicas to 1",
        );
    }
    if workload.kind == WorkloadKind::Deployment {
        check_admin_strategy(&spec, verdict);
    }
}

fn check_admin_strategy(spec: &Node<'_>, verdict: &mut Verdict) {
    let kind = spec.at("strategy").at("type");
    let found = match kind.text() {
        Some("Recreate") => return,
        // The API server fills it in, and what it shows the webhook must read the same.
        None | Some("RollingUpdate") => "strategy RollingUpdate (the default)".to_owned(),
        Some(other) => format!("strategy {}", shortened(other)),
    };
    verdict.warn(
        "SAX011",
        kind.path(),
        format!(
            "found {found}, expected Recreate: during an update two admin servers would \
             write the cell's files"
        ),
        "set strategy.type to Recreate",
    );
}

/// SAX013: a rolling update starts the new Pod before the old one frees its chips.
pub(crate) fn check_strategy(
    workload: &Workload<'_>,
    component: &Component<'_>,
    hardware: &Hardware<'_>,
    verdict: &mut Verdict,
) {
    let Some(chips) = component.container.chips() else {
        return;
    };
    let slice_vms = hardware
        .slice()
        .and_then(|slice| slice.vms(u32::try_from(chips).ok()?));
    if workload.kind != WorkloadKind::Deployment || slice_vms.is_some_and(|vms| vms > 1) {
        return;
    }
    let strategy = workload.root.at("spec").at("strategy");
    let kind = strategy.at("type");
    if kind.text() == Some("Recreate") || has_no_surge(&strategy) {
        return;
    }
    verdict.warn(
        "SAX013",
        kind.path(),
        format!(
            "found a rolling update, expected Recreate: the new Pod waits for the {chips} chips \
             that the old one holds until the new one is ready"
        ),
        "set strategy.type to Recreate",
    );
}

fn has_no_surge(strategy: &Node<'_>) -> bool {
    let surge = strategy.at("rollingUpdate").at("maxSurge");
    surge
        .value()
        .is_some_and(|value| value == 0 || value == "0%")
}

/// SAX014: a liveness probe that ends a server before it has loaded.
pub(crate) fn check_probes(component: &Component<'_>, settings: &Settings, verdict: &mut Verdict) {
    let liveness = component.container.node.at("livenessProbe");
    if !liveness.is_present() {
        return;
    }
    let startup = component.container.node.at("startupProbe");
    let (probe, name) = if startup.is_present() {
        (startup, "startupProbe")
    } else {
        (liveness, "livenessProbe")
    };
    let budget = Budget::of(&probe);
    let seconds = budget.seconds();
    if seconds >= settings.load_seconds {
        return;
    }
    let Budget {
        delay,
        period,
        failures,
    } = budget;
    let needed = settings.load_seconds.div_ceil(period.max(1));
    verdict.warn(
        "SAX014",
        probe.path(),
        format!(
            "found a {name} that kills the server after {seconds} s ({delay} + {period} * \
             {failures}), expected at least {} s: until then it loads and compiles",
            settings.load_seconds
        ),
        format!("set startupProbe.failureThreshold to {needed} at a period of {period} s"),
    );
}

/// How long a probe lets a container fail from its start.
struct Budget {
    delay: u64,
    period: u64,
    failures: u64,
}

impl Budget {
    fn of(probe: &Node<'_>) -> Self {
        let read = |key: &str, default: i64| {
            let value = probe.at(key).integer().filter(|value| *value > 0);
            u64::try_from(value.unwrap_or(default)).unwrap_or(0)
        };
        Self {
            delay: read("initialDelaySeconds", 0),
            period: read("periodSeconds", PROBE_PERIOD),
            failures: read("failureThreshold", PROBE_FAILURES),
        }
    }

    fn seconds(&self) -> u64 {
        let failing = self.period.saturating_mul(self.failures);
        self.delay.saturating_add(failing)
    }
}

/// SAX019: workload identity beside the node's network.
pub(crate) fn check_identity(component: &Component<'_>, verdict: &mut Verdict) {
    if component.role != Role::ModelServer || !component.group.host_network() {
        return;
    }
    let spec = &component.group.spec;
    let account = spec.at("serviceAccountName").text();
    let Some(account) = account.filter(|name| !name.is_empty() && *name != "default") else {
        return;
    };
    verdict.warn(
        "SAX019",
        spec.at("hostNetwork").path(),
        format!(
            "found hostNetwork beside the service account {}, expected one of the two: with the \
             node's network the Pods act as the node's service account",
            shortened(account)
        ),
        "give the node pool's service account access to the bucket, or set hostNetwork to false",
    );
}
