//! What is special about exclusive JobSets.

use sdk::{Node, Verdict};
use workload::{EXCLUSIVE_TOPOLOGY, NODE_SELECTOR_STRATEGY, Workload};

use crate::codes::{OLD_JOBSET, STRATEGY_ELSEWHERE};
use crate::jobset::{Level, is_managed_elsewhere, levels};
use crate::settings::Settings;

/// Checks a JobSet that JobSet's own controller runs.
pub(crate) fn check(workload: &Workload<'_>, settings: &Settings, verdict: &mut Verdict) {
    let levels = levels(workload);
    if is_managed_elsewhere(workload) || !levels.iter().any(|level| level.uses_tpus) {
        return;
    }
    check_strategies(workload, verdict);
    let Some(version) = settings.old_job_set() else {
        return;
    };
    if let Some(level) = levels.iter().find(|level| level.is_exclusive()) {
        report_old(level, version, verdict);
    }
}

/// JobSet reads the strategy only where exclusive-topology stands beside it.
fn check_strategies(workload: &Workload<'_>, verdict: &mut Verdict) {
    let mut places = vec![workload.root.at("metadata")];
    for group in &workload.groups {
        places.extend(group.job_metadata.clone());
        places.push(group.metadata.clone());
    }
    for metadata in places {
        let annotations: Node<'_> = metadata.at("annotations");
        let strategy = annotations.at(NODE_SELECTOR_STRATEGY);
        if strategy.is_present() && !annotations.at(EXCLUSIVE_TOPOLOGY).is_present() {
            let message = format!(
                "found it without {EXCLUSIVE_TOPOLOGY} beside it: JobSet doesn't follow it there, \
                 and Pods that carry it alone are placed by nobody"
            );
            let fix = format!("move it to where {EXCLUSIVE_TOPOLOGY} stands, or remove it");
            verdict.warn(STRATEGY_ELSEWHERE, strategy.path(), message, fix);
        }
    }
}

fn report_old(level: &Level<'_>, version: &str, verdict: &mut Verdict) {
    let message = format!(
        "found JobSet {version}, expected 0.10.1 or later: this JobSet is left to JobSet's own \
         exclusive placement, which may send a slice to nodes that can't hold it"
    );
    let node = level.annotations.at(EXCLUSIVE_TOPOLOGY);
    let fix = "update JobSet, and the setting jobSetVersion with it";
    verdict.warn(OLD_JOBSET, node.path(), message, fix);
}
