//! Names that JobSet and Job generate: TPU015, TPU016.

use std::collections::HashSet;

use sdk::{Cluster, Node, Verdict};
use workload::{PodGroup, Workload, WorkloadKind, controller};

use crate::group::quoted;

/// The JobSets that name collisions are looked for among.
pub(crate) const JOBSET_VERSION: &str = "jobset.x-k8s.io/v1alpha2";
/// The Jobs that name collisions are looked for among.
pub(crate) const JOB_VERSION: &str = "batch/v1";

/// How many of a JobSet's Jobs are looked for: each is a call of the host, of which a review may
/// have 256 unless the operator says otherwise.
const LOOKED_FOR: i64 = 100;

/// Generated names are DNS labels.
const LONGEST: usize = 63;

/// The random characters that the API appends to a `generateName`, and Jobs to a Pod's name.
const RANDOM: &str = "xxxxx";

/// A workload's name, or what will be its name.
struct OwnName<'a> {
    node: Node<'a>,
    text: String,
    is_generated: bool,
}

/// Checks the names that a JobSet or Job gives to what it makes.
pub(crate) fn check(
    workload: &Workload<'_>,
    namespace: Option<&str>,
    cluster: &impl Cluster,
    verdict: &mut Verdict,
) {
    let Some(own) = OwnName::of(&workload.root) else {
        return;
    };
    match workload.kind {
        WorkloadKind::JobSet => {
            for group in &workload.groups {
                check_jobset_length(&own, group, verdict);
            }
            check_siblings(&own, &workload.groups, verdict);
            if own.is_final() {
                check_others(&own, workload, namespace, cluster, verdict);
                check_jobs(&own, workload, namespace, cluster, verdict);
            }
        }
        WorkloadKind::Job => {
            check_job_length(&own, workload, verdict);
            if own.is_final() && controller(&workload.root).is_none() {
                check_jobsets(&own, namespace, cluster, verdict);
            }
        }
        WorkloadKind::Pod
        | WorkloadKind::Deployment
        | WorkloadKind::StatefulSet
        | WorkloadKind::LeaderWorkerSet => {}
    }
}

impl<'a> OwnName<'a> {
    /// None where there is no name at all, which the API refuses.
    fn of(root: &Node<'a>) -> Option<Self> {
        let metadata = root.at("metadata");
        let (name, prefix) = (metadata.at("name"), metadata.at("generateName"));
        if let Some(text) = name.text().filter(|text| !text.is_empty()) {
            return Some(Self {
                text: text.to_owned(),
                node: name,
                is_generated: false,
            });
        }
        let text = prefix.text().filter(|text| !text.is_empty())?;
        // The API cuts a long prefix rather than the random part.
        let kept: String = text.chars().take(LONGEST - RANDOM.len()).collect();
        Some(Self {
            text: kept + RANDOM,
            node: prefix,
            is_generated: true,
        })
    }

    /// Whether it is a name that the object can have: only then it can collide.
    fn is_final(&self) -> bool {
        !self.is_generated && self.text.len() <= LONGEST
    }

    fn field(&self) -> &'static str {
        if self.is_generated {
            "generateName"
        } else {
            "name"
        }
    }
}

/// Pods of a JobSet are `<JobSet>-<replicatedJob>-<Job>-<Pod>-xxxxx`, the indices from 0.
fn check_jobset_length(own: &OwnName<'_>, group: &PodGroup<'_>, verdict: &mut Verdict) {
    let (Some(name), Some(job)) = (group.name, &group.job) else {
        return;
    };
    let completions = job.at("completions").integer();
    let pods = completions.or(group.parallelism()).unwrap_or(1);
    let longest = format!(
        "{}-{name}-{}-{}-{RANDOM}",
        own.text,
        last_index(group.replicas()),
        last_index(pods)
    );
    let shorten = format!("the JobSet's {} or the replicatedJob's name", own.field());
    check_length(own, "Pod", &longest, &shorten, verdict);
}

/// The hostname of an Indexed Job's Pod is `<Job>-<Pod>`; Pod names are cut to fit.
fn check_job_length(own: &OwnName<'_>, workload: &Workload<'_>, verdict: &mut Verdict) {
    let spec = workload.root.at("spec");
    let is_indexed = spec.at("completionMode").text() == Some("Indexed");
    let (what, longest) = match spec.at("completions").integer().filter(|_| is_indexed) {
        Some(pods) => ("Pod hostname", format!("{}-{}", own.text, last_index(pods))),
        None => ("Job", own.text.clone()),
    };
    let shorten = format!("the Job's {}", own.field());
    check_length(own, what, &longest, &shorten, verdict);
}

fn last_index(count: i64) -> i64 {
    count.saturating_sub(1).max(0)
}

fn check_length(
    own: &OwnName<'_>,
    what: &str,
    longest: &str,
    shorten: &str,
    verdict: &mut Verdict,
) {
    let length = longest.chars().count();
    let excess = length.saturating_sub(LONGEST);
    if excess == 0 {
        return;
    }
    // The whole name is the evidence; only an absurd one is cut.
    let shown: String = longest.chars().take(4 * LONGEST).collect();
    let message = format!(
        "found {length} characters in the longest {what} name {shown}, expected at most {LONGEST}"
    );
    let plural = if excess == 1 { "" } else { "s" };
    let fix = format!("cut {excess} character{plural} from {shorten}");
    verdict.deny("TPU015", own.node.path(), message, fix);
}

/// Two replicatedJobs of one name.
fn check_siblings(own: &OwnName<'_>, groups: &[PodGroup<'_>], verdict: &mut Verdict) {
    let mut earlier = HashSet::new();
    for group in groups {
        let Some(name) = group.name else {
            continue;
        };
        if earlier.contains(name) {
            let job = format!("{}-{name}-0", own.text);
            let message = format!(
                "found a second replicatedJob {}, expected one: both generate the Job {job}",
                quoted(name)
            );
            let fix = "give each replicatedJob a name of its own";
            verdict.deny("TPU016", group.owner.at("name").path(), message, fix);
        }
        if makes_jobs(group) {
            earlier.insert(name);
        }
    }
}

/// Another JobSet that generates the same Job names: `a` with `b-c`, and `a-b` with `c`. Both
/// are `<JobSet>-<replicatedJob>-<index>`, so they are the same or differ from the first index on.
fn check_others(
    own: &OwnName<'_>,
    workload: &Workload<'_>,
    namespace: Option<&str>,
    cluster: &impl Cluster,
    verdict: &mut Verdict,
) {
    // Without the grant nobody can know, and that is no fault of the object.
    let Ok(others) = cluster.list(JOBSET_VERSION, "JobSet", namespace) else {
        return;
    };
    let groups = workload.groups.iter().filter(|group| makes_jobs(group));
    let mine: Vec<(String, &PodGroup<'_>)> = groups
        .filter_map(|group| Some((format!("{}-{}", own.text, group.name?), group)))
        .collect();
    for other in &others {
        let other = Workload::read(WorkloadKind::JobSet, other.root());
        let name = other.root.at("metadata").at("name").text();
        let Some(name) = name.filter(|name| *name != own.text) else {
            continue;
        };
        for theirs in other.groups.iter().filter(|group| makes_jobs(group)) {
            let stem = format!("{name}-{}", theirs.name.unwrap_or_default());
            for (_, group) in mine.iter().filter(|(mine, _)| *mine == stem) {
                report_collision(group, name, &stem, verdict);
            }
        }
    }
}

/// Jobs that are there already under names which the JobSet will generate.
fn check_jobs(
    own: &OwnName<'_>,
    workload: &Workload<'_>,
    namespace: Option<&str>,
    cluster: &impl Cluster,
    verdict: &mut Verdict,
) {
    let mut left = LOOKED_FOR;
    for group in workload.groups.iter().filter(|group| makes_jobs(group)) {
        // Longer names are no names, and have a finding of their own.
        let Some(name) = group.name.filter(|name| name.len() <= LONGEST) else {
            continue;
        };
        let count = group.replicas().min(left);
        left -= count;
        let jobs = (0..count).map(|index| format!("{}-{name}-{index}", own.text));
        let taken = |job: &String| {
            let found = cluster.get(JOB_VERSION, "Job", namespace, job);
            // Without the grant nobody can know. Another JobSet's Job is that JobSet's finding.
            found.is_ok_and(|job| job.is_some_and(|job| !is_of_jobset(&job.root())))
        };
        if let Some(job) = jobs.into_iter().find(taken) {
            let message = format!(
                "found the Job name {job}, which a Job of its own has already: the JobSet never \
                 gets it"
            );
            let fix = "rename the replicatedJob, or delete the Job";
            verdict.deny("TPU016", group.owner.at("name").path(), message, fix);
        }
    }
}

fn is_of_jobset(job: &Node<'_>) -> bool {
    controller(job).is_some_and(|owner| owner.at("kind").text() == Some("JobSet"))
}

/// A JobSet that gives the Job's name to one of its own.
fn check_jobsets(
    own: &OwnName<'_>,
    namespace: Option<&str>,
    cluster: &impl Cluster,
    verdict: &mut Verdict,
) {
    let Ok(jobsets) = cluster.list(JOBSET_VERSION, "JobSet", namespace) else {
        return;
    };
    for jobset in &jobsets {
        let jobset = Workload::read(WorkloadKind::JobSet, jobset.root());
        let Some(name) = jobset.root.at("metadata").at("name").text() else {
            continue;
        };
        if jobset
            .groups
            .iter()
            .any(|group| generates(name, group, &own.text))
        {
            let message = format!(
                "found the Job name {}, which the JobSet {} generates too: one of them never \
                 gets its Job",
                own.text,
                quoted(name)
            );
            verdict.deny("TPU016", own.node.path(), message, "rename the Job");
        }
    }
}

/// Whether `group` of the JobSet `jobset` makes a Job `job`.
fn generates(jobset: &str, group: &PodGroup<'_>, job: &str) -> bool {
    let rest = job
        .strip_prefix(jobset)
        .and_then(|job| job.strip_prefix('-'));
    let rest = rest.and_then(|job| job.strip_prefix(group.name?)?.strip_prefix('-'));
    let index = rest.and_then(|index| index.parse::<u32>().ok().filter(|n| n.to_string() == index));
    index.is_some_and(|index| i64::from(index) < group.replicas())
}

fn makes_jobs(group: &PodGroup<'_>) -> bool {
    group.replicas() > 0
}

fn report_collision(group: &PodGroup<'_>, other: &str, stem: &str, verdict: &mut Verdict) {
    let message = format!(
        "found the Job name {stem}-0, which the JobSet {} generates too: one of them never gets \
         its Job",
        quoted(other)
    );
    let fix = "rename the replicatedJob";
    verdict.deny("TPU016", group.owner.at("name").path(), message, fix);
}
