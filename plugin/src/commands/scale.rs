//! `scale`: another number of slices, which is another JobSet.

mod authored;

use serde_json::{Map, Value, json};

use super::block_on;
use super::judging::{judge_creation, load_judge};
use super::rollout::Rollout;
use crate::changes::Ledger;
use crate::cli::{DryRun, ScaleArgs};
use crate::cluster::{ApplyOptions, Cluster, Outcome, offline_namespace};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::render;
use crate::scaffold::{JobSet, Names, Object, RequestError};
use crate::template::Unprintable;
use authored::authored;

/// Where the number stands. Ours have one replicated job.
const REPLICAS: &str = "/spec/replicatedJobs/0/replicas";
/// What the server writes, and what describes the stored object and not the next one.
const OF_THE_STORED: [&str; 8] = [
    "managedFields",
    "generation",
    "resourceVersion",
    "uid",
    "creationTimestamp",
    "selfLink",
    "ownerReferences",
    "finalizers",
];
/// kubectl's record of what it applied.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

pub(super) fn run(args: &ScaleArgs, printer: &Printer) -> Result<Exit, Failure> {
    let dry_run = super::dry_run(&args.dry_run, printer)?;
    let names = Names::of(&args.name).map_err(RequestError::from)?;
    let namespace = offline_namespace(&args.connection)?;
    block_on(async {
        let cluster = Cluster::connect(&args.connection).await?;
        cluster.require_jobset().await?;
        let stored = find(&cluster, &names, &namespace).await?;
        if stored.value.pointer(REPLICAS) == Some(&json!(args.replicas)) {
            return unchanged(args, &stored, printer);
        }
        let wanted = [scaled(&stored, args)];
        let judge = load_judge(&args.policies, &wanted)?;
        judge_creation(&judge, &wanted, printer)?;
        if dry_run == DryRun::Client {
            printer.data(&rehearsed(args, &wanted)?)?;
            return Ok(Exit::Fine);
        }
        let ledger = Ledger::of([wanted[0].display_name()]);
        let rollout = Rollout {
            cluster: &cluster,
            judge: &judge,
            printer,
            ledger: &ledger,
            names: &names,
            namespace: &namespace,
            objects: &wanted,
            options: ApplyOptions {
                field_manager: args.field_manager.clone(),
                force: args.force_conflicts,
                dry_run: dry_run == DryRun::Server,
            },
            output: args.output.as_ref(),
            replace: true,
            yes: args.yes,
            timeout: args.timeout,
        };
        let done = rollout.run().await;
        done.map_err(|failure| ledger.settle(failure))?;
        Ok(Exit::Fine)
    })
}

/// The deployment's JobSet.
async fn find(cluster: &Cluster, names: &Names, namespace: &str) -> Result<Object, Failure> {
    let found = cluster.objects_of(namespace, &names.instance).await?;
    let mut jobsets = found.into_iter().filter(|object| object.is::<JobSet>());
    if let Some(jobset) = jobsets.find(|jobset| jobset.name == names.model_servers) {
        return Ok(jobset);
    }
    let known = cluster.instances(namespace).await?;
    let namespace = namespace.to_owned();
    Err(Failure::no_deployment(&names.instance, namespace, known))
}

fn unchanged(args: &ScaleArgs, stored: &Object, printer: &Printer) -> Result<Exit, Failure> {
    let text = match &args.output {
        Some(output) => render::printed(std::slice::from_ref(stored), output)?,
        None => format!("{} {}\n", stored.display_name(), Outcome::Unchanged),
    };
    printer.data(&text)?;
    Ok(Exit::Fine)
}

fn rehearsed(args: &ScaleArgs, wanted: &[Object]) -> Result<String, Unprintable> {
    let line = |object: &Object| {
        let (name, outcome) = (object.display_name(), Outcome::Configured);
        format!("{name} {outcome} (dry run)\n")
    };
    match &args.output {
        Some(output) => render::printed(wanted, output),
        None => Ok(wanted.iter().map(line).collect()),
    }
}

/// The same JobSet with another number, as its author would have written it: what was applied, or
/// where it was created in another way all that is stored.
fn scaled(stored: &Object, args: &ScaleArgs) -> Object {
    let applied = authored(&stored.value, &args.field_manager);
    let value = applied.unwrap_or_else(|| stored.value.clone());
    renumbered(value, args.replicas)
}

fn renumbered(mut value: Value, replicas: u32) -> Object {
    if let Some(members) = value.as_object_mut() {
        members.remove("status");
    }
    let metadata = value.get_mut("metadata").and_then(Value::as_object_mut);
    if let Some(metadata) = metadata {
        metadata.retain(|key, _| !OF_THE_STORED.contains(&key.as_str()));
        let annotations = metadata
            .get_mut("annotations")
            .and_then(Value::as_object_mut);
        annotations.map(without_marks);
    }
    if let Some(number) = value.pointer_mut(REPLICAS) {
        *number = json!(replicas);
    }
    Object::from_value(value)
}

/// kubectl's record is of another number, and our mark is admission's to set.
fn without_marks(annotations: &mut Map<String, Value>) {
    annotations.remove(LAST_APPLIED);
    if annotations.get(placement::NODE_SELECTOR_STRATEGY) == Some(&json!(placement::MARK)) {
        annotations.remove(placement::NODE_SELECTOR_STRATEGY);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::renumbered;

    #[test]
    fn only_the_number_and_what_the_server_wrote_differ() {
        let stored = json!({
            "apiVersion": "jobset.x-k8s.io/v1alpha2", "kind": "JobSet",
            "metadata": {
                "name": "a", "namespace": "b", "uid": "c", "resourceVersion": "1", "generation": 1,
                "labels": {"l": "v"},
                "annotations": {
                    "kept": "yes",
                    "kubectl.kubernetes.io/last-applied-configuration": "{}",
                    "alpha.jobset.sigs.k8s.io/node-selector": "kubectl-sax.dev",
                },
            },
            "spec": {"replicatedJobs": [{"name": "s", "replicas": 2}]},
            "status": {"restarts": 1},
        });
        let wanted = json!({
            "apiVersion": "jobset.x-k8s.io/v1alpha2", "kind": "JobSet",
            "metadata": {
                "name": "a", "namespace": "b", "labels": {"l": "v"}, "annotations": {"kept": "yes"},
            },
            "spec": {"replicatedJobs": [{"name": "s", "replicas": 3}]},
        });
        assert_eq!(renumbered(stored, 3).value, wanted);
    }
}
