//! What the Google Cloud commands name and only the user knows, checked.

use crate::scaffold::{
    RequestError, check_bucket, check_namespace, check_placeholder, is_dns_label,
};

/// The Kubernetes service account of a deployment named `sax`, as in the tutorial.
pub(super) const SERVICE_ACCOUNT: &str = "sax-sa";
/// The tutorial's Google service account.
pub(super) const GOOGLE_ACCOUNT: &str = "sax-iam-sa";

/// The most characters of a GKE cluster's name.
const CLUSTER_LIMIT: usize = 40;
/// How long a project's id is.
const PROJECT_LENGTH: std::ops::RangeInclusive<usize> = 6..=30;

/// Where the commands do their work.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Site {
    /// The Google Cloud project's id.
    pub(crate) project: Option<String>,
    /// The zone of the cluster and its TPUs.
    pub(crate) zone: Option<String>,
    /// The GKE cluster.
    pub(crate) cluster: Option<String>,
    /// The bucket's bare name.
    pub(crate) bucket: Option<String>,
    /// The namespace that the deployment goes to.
    pub(crate) namespace: String,
    /// The arguments of the `deploy` that belongs to the plan.
    pub(crate) deploy: Vec<String>,
}

/// One of the user's values, as a shell variable.
pub(super) struct Variable<'a> {
    name: &'static str,
    flag: &'static str,
    value: Option<&'a str>,
}

/// Why a value can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SiteError {
    /// A value that `deploy` refuses too.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// Not a project's id.
    #[error(
        "--project {value:?}: a project's id has 6 to 30 lower-case letters, digits and dashes, \
         begins with a letter and doesn't end with a dash"
    )]
    Project {
        /// As written.
        value: String,
    },
    /// A region.
    #[error("--zone {value:?}: is a region; TPU node pools are made in a zone of it")]
    Region {
        /// As written.
        value: String,
    },
    /// Not a zone.
    #[error("--zone {value:?}: must be a zone such as us-west4-a")]
    Zone {
        /// As written.
        value: String,
    },
    /// Not a cluster's name.
    #[error(
        "--gke-cluster {value:?}: a cluster's name has at most 40 lower-case letters, digits and \
         dashes, begins with a letter and doesn't end with a dash"
    )]
    Cluster {
        /// As written.
        value: String,
    },
}

impl Site {
    /// Checks what the commands repeat: a value that passes is a name and nothing else, so that
    /// the shell takes it as it is.
    pub(crate) fn check(&self) -> Result<(), SiteError> {
        self.check_names()?;
        Ok(check_namespace(&self.namespace)?)
    }

    /// What the context's name gives away: `gcloud container clusters get-credentials` calls it
    /// `gke_PROJECT_LOCATION_CLUSTER`.
    pub(crate) fn of_context(context: Option<&str>) -> Self {
        let parts: Vec<_> = context.unwrap_or_default().splitn(4, '_').collect();
        let ["gke", project, location, cluster] = parts[..] else {
            return Self::default();
        };
        let said = |value: &str| Some(value.to_owned());
        let site = Self {
            project: said(project),
            // A region's cluster has its TPUs in a zone that the name doesn't say.
            zone: said(location).filter(|zone| check_zone(zone).is_ok()),
            cluster: said(cluster),
            ..Self::default()
        };
        // It is somebody's word: only what is a name goes into a command.
        match site.check_names() {
            Ok(()) => site,
            Err(_) => Self::default(),
        }
    }

    /// Project, zone, cluster and bucket.
    pub(super) fn variables(&self) -> [Variable<'_>; 4] {
        [
            Variable::new("PROJECT", "--project", self.project.as_deref()),
            Variable::new("ZONE", "--zone", self.zone.as_deref()),
            Variable::new("CLUSTER", "--gke-cluster", self.cluster.as_deref()),
            Variable::new("BUCKET", "--bucket", self.bucket.as_deref()),
        ]
    }
}

impl Site {
    fn check_names(&self) -> Result<(), SiteError> {
        self.project.as_deref().map_or(Ok(()), check_project)?;
        self.zone.as_deref().map_or(Ok(()), check_zone)?;
        self.cluster.as_deref().map_or(Ok(()), check_cluster)?;
        Ok(self.bucket.as_deref().map_or(Ok(()), check_bucket)?)
    }
}

impl<'a> Variable<'a> {
    fn new(name: &'static str, flag: &'static str, value: Option<&'a str>) -> Self {
        Self { name, flag, value }
    }

    /// The line that sets it, or that ends the run where nobody has set it.
    pub(super) fn assignment(&self) -> String {
        let Self { name, flag, .. } = self;
        match self.value {
            Some(value) => format!("{name}={value}\n"),
            None => {
                format!(
                    ": \"${{{name}:?export {name} first, or give {flag} to kubectl sax plan}}\"\n"
                )
            }
        }
    }

    /// The value as a word of a command.
    pub(super) fn word(&self) -> String {
        let name = self.name;
        self.value.map_or_else(|| format!("${name}"), str::to_owned)
    }
}

impl SiteError {
    /// The one action that mends it.
    pub(crate) fn fix(&self) -> String {
        match self {
            Self::Request(error) => error.fix(),
            Self::Project { .. } => {
                "give --project the id that `gcloud projects list` shows".to_owned()
            }
            Self::Region { value } => format!("write --zone {value}-a, or another zone of it"),
            Self::Zone { .. } => {
                "give --zone a zone that `gcloud compute zones list` shows".to_owned()
            }
            Self::Cluster { .. } => {
                "give --gke-cluster the name that `gcloud container clusters list` shows".to_owned()
            }
        }
    }
}

fn check_project(value: &str) -> Result<(), SiteError> {
    check_placeholder("--project", value)?;
    if PROJECT_LENGTH.contains(&value.len()) && is_dns_label(value) {
        return Ok(());
    }
    let value = value.to_owned();
    Err(SiteError::Project { value })
}

/// A region is two words, the last with a number: `us-west4`. A zone has a third.
fn check_zone(value: &str) -> Result<(), SiteError> {
    check_placeholder("--zone", value)?;
    let words: Vec<_> = value.split('-').collect();
    let numbered = |word: &&str| word.ends_with(|last: char| last.is_ascii_digit());
    let is_region = is_dns_label(value) && words.get(1).is_some_and(numbered);
    let value = value.to_owned();
    match words.len() {
        3 if is_region => Ok(()),
        2 if is_region => Err(SiteError::Region { value }),
        _ => Err(SiteError::Zone { value }),
    }
}

fn check_cluster(value: &str) -> Result<(), SiteError> {
    check_placeholder("--gke-cluster", value)?;
    if value.len() <= CLUSTER_LIMIT && is_dns_label(value) {
        return Ok(());
    }
    let value = value.to_owned();
    Err(SiteError::Cluster { value })
}
