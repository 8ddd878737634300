//! JobSet: is it there, how old is it, does it answer?

use super::{Answer, Controller, Evidence, Finding, JobSetSeen, Outcome};
use crate::cluster::ClusterError;

/// The oldest that our placer takes over from (design §6).
const OLDEST: [u32; 3] = [0, 10, 1];
/// Those that are tested.
const TESTED: &str = "0.10.1, 0.11.1 and 0.12.0";

pub(super) fn check(evidence: &Evidence) -> Outcome {
    let jobset = &evidence.jobset;
    if !jobset.served {
        let finding = Finding::problem("jobset", ClusterError::NoJobSet.to_string());
        return Outcome::found("not installed", vec![finding.fixed_by(install())]);
    }
    let mut findings: Vec<Finding> = unanswered(jobset).into_iter().collect();
    if findings.is_empty() {
        findings.extend(idle(jobset));
    }
    findings.extend(jobset.controller.as_ref().and_then(old));
    Outcome::found(seen(jobset), findings)
}

/// Nobody answers where the API server asks about JobSets.
fn unanswered(jobset: &JobSetSeen) -> Option<Finding> {
    let service = jobset.service.as_deref().unwrap_or("jobset");
    if jobset.endpoints == Some(0) {
        let message = format!(
            "JobSet's webhook is Service {service}, which has no endpoints: no JobSet and no Pod \
             of one can be made"
        );
        return Some(repair(Finding::problem("jobset", message), jobset));
    }
    let Answer::Failed(message) = &jobset.answer else {
        return None;
    };
    // Another webhook may be the one that fails; it says itself which.
    let ours = jobset.webhooks.is_empty()
        || jobset
            .webhooks
            .iter()
            .any(|name| message.contains(name.as_str()));
    if !ours {
        let finding = Finding::problem("jobset", format!("no JobSet can be made: {message}"));
        return Some(finding.fixed_by(
            "kubectl get mutatingwebhookconfigurations,validatingwebhookconfigurations",
        ));
    }
    let message =
        format!("JobSet's controller doesn't answer, so no JobSet can be made: {message}");
    Some(repair(Finding::problem("jobset", message), jobset))
}

/// What answers isn't the Deployment that is seen, or it is on its way out.
fn idle(jobset: &JobSetSeen) -> Option<Finding> {
    let controller = jobset.controller.as_ref()?;
    if controller.available > 0 {
        return None;
    }
    let message = format!(
        "deployment {}/{} has {} of {} replicas available",
        controller.namespace, controller.name, controller.available, controller.wanted
    );
    Some(repair(Finding::problem("jobset", message), jobset))
}

/// The command that brings the controller back.
fn repair(finding: Finding, jobset: &JobSetSeen) -> Finding {
    match &jobset.controller {
        Some(Controller {
            namespace,
            name,
            wanted: 0,
            ..
        }) => finding.fixed_by(format!("kubectl scale deployment {name} -n {namespace} --replicas=1")),
        Some(Controller {
            namespace, name, ..
        }) => finding
            .because(format!("why: kubectl describe pods -n {namespace}, kubectl logs -n {namespace} deployment/{name}"))
            .fixed_by(format!("kubectl rollout restart deployment/{name} -n {namespace}")),
        None => finding
            .because("no Deployment of the controller is seen: it isn't there, or runs elsewhere")
            .fixed_by(install()),
    }
}

fn old(controller: &Controller) -> Option<Finding> {
    let version = version(&controller.image)?;
    if version >= OLDEST {
        return None;
    }
    let [major, minor, patch] = version;
    let message = format!(
        "version {major}.{minor}.{patch} is older than 0.10.1: our placer leaves its JobSets \
         alone; tested are {TESTED}"
    );
    let object = format!("deployment/{}", controller.name);
    Some(Finding::warning(object, message).fixed_by(install()))
}

/// `v0.12.0` of `registry.k8s.io/jobset/jobset:v0.12.0`.
fn version(image: &str) -> Option<[u32; 3]> {
    let reference = image.split('@').next()?;
    let (_, tag) = reference.rsplit_once(":v")?;
    let mut numbers = tag.split(['.', '-']).map(str::parse::<u32>);
    let mut next = || numbers.next()?.ok();
    Some([next()?, next()?, next()?])
}

fn seen(jobset: &JobSetSeen) -> String {
    let controller = jobset.controller.as_ref();
    let version = controller.and_then(|controller| version(&controller.image));
    let version = match version {
        Some([major, minor, patch]) => format!("v{major}.{minor}.{patch}"),
        None => "an unknown version".to_owned(),
    };
    let answer = match &jobset.answer {
        Answer::Answered => "its webhook answers",
        Answer::Failed(_) => "its webhook doesn't answer",
        Answer::NotAsked => "its webhook wasn't asked",
    };
    format!("{version}, {answer}")
}

fn install() -> String {
    ClusterError::NoJobSet.fix().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::version;

    #[test]
    fn an_image_says_its_version() {
        let of = |image: &str| version(image);
        assert_eq!(
            of("registry.k8s.io/jobset/jobset:v0.12.0"),
            Some([0, 12, 0])
        );
        assert_eq!(
            of("r:5000/jobset:v0.10.1-gke.1@sha256:00"),
            Some([0, 10, 1])
        );
        assert_eq!(of("r:5000/jobset"), None);
        assert_eq!(of("jobset:main"), None);
    }
}
