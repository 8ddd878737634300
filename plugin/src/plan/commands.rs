//! The Google Cloud commands for a plan, as text: node pools, bucket and identity, the tutorial's
//! steps. Nothing here runs them.
//!
//! The text is one command, a shell of its own with the steps as its script, so that it means the
//! same wherever it is pasted (zsh takes no comments at its prompt) and leaves that shell as it
//! was. It ends at the first step that fails, and a value that nobody gave is a variable that is
//! checked before anything else: nothing is ever called with an empty name.

use std::fmt::Write as _;

use tpu::Slice;

use super::Plan;
use super::site::{GOOGLE_ACCOUNT, SERVICE_ACCOUNT, Site};

/// The tutorial's role for the Google service account.
const STORAGE_ROLE: &str = "roles/storage.admin";
/// What lets a Kubernetes service account act as a Google one.
const IDENTITY_ROLE: &str = "roles/iam.workloadIdentityUser";
/// What the tutorial's node pools' names begin with.
const POOL: &str = "tpu";
/// More node pools than these are a loop: nobody reads so many commands.
const WRITTEN_OUT: u32 = 8;
/// The command that makes a node pool.
const CREATE_POOL: &str = "gcloud container node-pools create";
/// What binds the two service accounts in Kubernetes.
const ANNOTATION: &str = "iam.gke.io/gcp-service-account";

/// Under hostNetwork there is no workload identity.
const NODES_ACCOUNT: &str = "
# The model servers use the network of their nodes, so they act as the service account of the node
# pools. It must be able to read the bucket too.
";

/// One command with what it is for.
struct Step {
    purpose: String,
    command: &'static str,
    arguments: Vec<String>,
}

/// The commands for a plan, and what comes after them as comments.
pub(crate) fn commands(plan: &Plan, site: &Site) -> String {
    let mut text = format!("sh -eu -c '\n# {plan}\n");
    for variable in site.variables() {
        text.push_str(&variable.assignment());
    }
    text.push_str(&pools(plan));
    for step in std::iter::once(bucket()).chain(identity(site)) {
        text.push_str(&step.text());
    }
    if plan.is_multi_host() {
        text.push_str(NODES_ACCOUNT);
    }
    text.push_str(&afterwards(site));
    text.push_str("'\n");
    text
}

impl Step {
    /// A comment and the command, an argument a line.
    fn text(&self) -> String {
        let mut text = format!("\n# {}\n{}", self.purpose, self.command);
        for argument in &self.arguments {
            let _ = write!(text, " \\\n    {argument}");
        }
        text.push('\n');
        text
    }
}

/// One node pool for each slice of several VMs; slices of one VM are nodes of one pool.
fn pools(plan: &Plan) -> String {
    let replicas = plan.replicas;
    if !plan.is_multi_host() {
        let purpose = format!("The node pool of slices of one VM: {replicas} of them");
        return pool(plan, purpose, &format!("{POOL}1")).text();
    }
    if replicas <= WRITTEN_OUT {
        let numbers = 1..=replicas;
        let step = |number| {
            let purpose = format!("The node pool of slice {number} of {replicas}");
            pool(plan, purpose, &format!("{POOL}{number}")).text()
        };
        return numbers.map(step).collect();
    }
    let purpose = format!("The node pools of {replicas} slices");
    let step = pool(plan, purpose, &format!("\"{POOL}$number\"")).text();
    let (comment, command) = step.trim_start().split_once('\n').unwrap_or_default();
    format!(
        "\n{comment}\nnumber=1\nwhile [ \"$number\" -le {replicas} ]; do\n{command}\
         number=$((number + 1))\ndone\n"
    )
}

fn pool(plan: &Plan, purpose: String, name: &str) -> Step {
    // A pool of single VMs has no topology: its nodes are slices of their own.
    let nodes = match plan.is_multi_host() {
        true => plan.vms,
        false => plan.replicas,
    };
    let words = ["PROJECT", "ZONE", "CLUSTER"].map(|name| format!("\"${name}\""));
    let arguments = arguments(&plan.slice, plan.chips_per_vm, nodes, &words);
    Step {
        purpose,
        command: CREATE_POOL,
        arguments: std::iter::once(name.to_owned()).chain(arguments).collect(),
    }
}

/// The command that makes one node pool for a slice, on one line. What the site doesn't say is a
/// shell variable.
pub(crate) fn pool_command(
    slice: &Slice,
    chips_per_vm: u32,
    vms: u32,
    name: &str,
    site: &Site,
) -> String {
    let [project, zone, cluster, _] = site.variables().map(|variable| variable.word());
    let arguments = arguments(slice, chips_per_vm, vms, &[project, zone, cluster]);
    format!("{CREATE_POOL} {name} {}", arguments.join(" "))
}

fn arguments(
    slice: &Slice,
    chips_per_vm: u32,
    nodes: u32,
    [project, zone, cluster]: &[String; 3],
) -> Vec<String> {
    let machine = slice
        .machine(chips_per_vm)
        .map_or("", |machine| machine.name);
    let several = slice.vms(chips_per_vm).is_some_and(|vms| vms > 1);
    let topology = several.then(|| format!("--tpu-topology={}", slice.topology()));
    let fixed = [
        format!("--project={project}"),
        format!("--zone={zone}"),
        format!("--cluster={cluster}"),
        format!("--machine-type={machine}"),
        format!("--num-nodes={nodes}"),
    ];
    fixed.into_iter().chain(topology).collect()
}

fn bucket() -> Step {
    Step {
        purpose: "The bucket that keeps the state of the cell".to_owned(),
        command: "gcloud storage buckets create",
        arguments: vec![
            "\"gs://$BUCKET\"".to_owned(),
            "--project=\"$PROJECT\"".to_owned(),
        ],
    }
}

/// The tutorial's workload identity, except what `deploy` makes: the Kubernetes service account
/// with its annotation.
fn identity(site: &Site) -> [Step; 3] {
    let project = "--project=\"$PROJECT\"".to_owned();
    let email = format!("{GOOGLE_ACCOUNT}@$PROJECT.iam.gserviceaccount.com");
    let namespace = &site.namespace;
    [
        Step {
            purpose: "The Google service account of the servers".to_owned(),
            command: "gcloud iam service-accounts create",
            arguments: vec![GOOGLE_ACCOUNT.to_owned(), project.clone()],
        },
        Step {
            purpose: "It reads and writes Cloud Storage".to_owned(),
            command: "gcloud projects add-iam-policy-binding",
            arguments: vec![
                "\"$PROJECT\"".to_owned(),
                format!("--member=\"serviceAccount:{email}\""),
                format!("--role={STORAGE_ROLE}"),
            ],
        },
        Step {
            purpose: format!(
                "The Kubernetes service account {SERVICE_ACCOUNT} of namespace {namespace} acts \
                 as it"
            ),
            command: "gcloud iam service-accounts add-iam-policy-binding",
            arguments: vec![
                format!("\"{email}\""),
                project,
                format!("--role={IDENTITY_ROLE}"),
                format!(
                    "--member=\"serviceAccount:$PROJECT.svc.id.goog[{namespace}/{SERVICE_ACCOUNT}]\""
                ),
            ],
        },
    ]
}

/// What comes next, for the reader to run: it changes which cluster kubectl talks to.
fn afterwards(site: &Site) -> String {
    let [project, zone, cluster, bucket] = site.variables().map(|variable| variable.word());
    let email = format!("{GOOGLE_ACCOUNT}@{project}.iam.gserviceaccount.com");
    let namespace = &site.namespace;
    let deploy = site.deploy.join(" ");
    format!(
        "\n# Then:\n\
         #   gcloud container clusters get-credentials {cluster} --zone={zone} --project={project}\n\
         #   kubectl sax deploy {deploy} --bucket {bucket} --google-service-account {email} \
         --namespace {namespace}\n\
         # deploy makes the Kubernetes service account too. For manifests of your own:\n\
         #   kubectl create serviceaccount {SERVICE_ACCOUNT} --namespace {namespace}\n\
         #   kubectl annotate serviceaccount {SERVICE_ACCOUNT} --namespace {namespace} \
         {ANNOTATION}={email}\n"
    )
}
