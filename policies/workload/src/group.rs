//! The Pods that come from one template.

use sdk::Node;

use crate::annotations::annotation;
use crate::container::Container;

/// The Pods that come from one Pod template.
#[derive(Debug, Clone)]
pub struct PodGroup<'a> {
    /// A replicatedJob's name; `leader` or `worker` in a LeaderWorkerSet.
    pub name: Option<&'a str>,
    /// The object that holds `replicas`: the replicatedJob, the spec of a controller, the Pod.
    pub owner: Node<'a>,
    /// The Job's spec, in a Job or JobSet.
    pub job: Option<Node<'a>>,
    /// Metadata of the Job template, in a JobSet.
    pub job_metadata: Option<Node<'a>>,
    /// Metadata of the Pod template.
    pub metadata: Node<'a>,
    /// Spec of the Pod template.
    pub spec: Node<'a>,
}

impl<'a> PodGroup<'a> {
    pub(crate) fn of_pod(pod: &Node<'a>) -> Self {
        Self {
            name: None,
            owner: pod.clone(),
            job: None,
            job_metadata: None,
            metadata: pod.at("metadata"),
            spec: pod.at("spec"),
        }
    }

    pub(crate) fn of_job(job: &Node<'a>) -> Self {
        Self {
            job: Some(job.at("spec")),
            ..Self::of_template(None, job.at("spec"), "template")
        }
    }

    pub(crate) fn of_controller(object: &Node<'a>) -> Self {
        Self::of_template(None, object.at("spec"), "template")
    }

    pub(crate) fn of_jobset(jobset: &Node<'a>) -> Vec<Self> {
        let replicated_jobs = jobset.at("spec").at("replicatedJobs").elements();
        replicated_jobs
            .into_iter()
            .map(Self::of_replicated_job)
            .collect()
    }

    /// A LeaderWorkerSet without a leader template makes its leaders from the worker template.
    pub(crate) fn of_leader_worker_set(object: &Node<'a>) -> Vec<Self> {
        let owner = object.at("spec").at("leaderWorkerTemplate");
        let mut groups = Vec::new();
        if owner.at("leaderTemplate").is_present() {
            groups.push(Self::of_template(
                Some("leader"),
                owner.clone(),
                "leaderTemplate",
            ));
        }
        groups.push(Self::of_template(Some("worker"), owner, "workerTemplate"));
        groups
    }

    fn of_replicated_job(replicated_job: Node<'a>) -> Self {
        let job_template = replicated_job.at("template");
        let job = job_template.at("spec");
        Self {
            owner: replicated_job.clone(),
            job_metadata: Some(job_template.at("metadata")),
            ..Self {
                job: Some(job.clone()),
                ..Self::of_template(replicated_job.at("name").text(), job, "template")
            }
        }
    }

    fn of_template(name: Option<&'a str>, owner: Node<'a>, template: &str) -> Self {
        let template = owner.at(template);
        Self {
            name,
            owner,
            job: None,
            job_metadata: None,
            metadata: template.at("metadata"),
            spec: template.at("spec"),
        }
    }

    /// How many copies of the group there are: a replicatedJob's `replicas`, 1 where absent.
    pub fn replicas(&self) -> i64 {
        self.owner.at("replicas").integer().unwrap_or(1)
    }

    /// Pods of one Job that run at the same time: `parallelism`, 1 where absent.
    pub fn parallelism(&self) -> Option<i64> {
        let job = self.job.as_ref()?;
        Some(job.at("parallelism").integer().unwrap_or(1))
    }

    /// The annotation `key` of the Pod template.
    pub fn annotation(&self, key: &str) -> Node<'a> {
        annotation(&self.metadata, key)
    }

    /// All containers: the main ones first, then init containers.
    pub fn containers(&self) -> Vec<Container<'a>> {
        let read = |list: &str, init| {
            let elements = self.spec.at(list).elements();
            elements
                .into_iter()
                .map(move |node| Container { node, init })
        };
        read("containers", false)
            .chain(read("initContainers", true))
            .collect()
    }

    /// The containers that request TPUs, in the order of [`Self::containers`].
    pub fn tpu_containers(&self) -> Vec<Container<'a>> {
        self.containers()
            .into_iter()
            .filter(Container::uses_tpus)
            .collect()
    }

    /// Whether any container requests TPUs.
    pub fn uses_tpus(&self) -> bool {
        self.containers().iter().any(Container::uses_tpus)
    }

    /// Whether the Pods share their node's network.
    pub fn host_network(&self) -> bool {
        self.spec.at("hostNetwork").boolean() == Some(true)
    }
}
