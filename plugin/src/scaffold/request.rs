//! What a deployment is made of besides hardware, checked before anything is built.

use clap::ValueEnum;
use serde::Serialize;
use tpu::sax::CellName;

use super::names::{LABEL_LIMIT, NameError, Names, is_dns_label};
use crate::plan::Plan;

/// Where the images are published.
const REGISTRY: &str = "us-docker.pkg.dev/cloud-tpu-images/inference";
/// The tutorial's admin and model server.
const TUTORIAL_VERSION: &str = "v1.1.0";
/// The HTTP server that belongs to admin and model servers up to v1.1.0: there is no v1.1.0 of it.
const OLD_HTTP_VERSION: &str = "v1.0.0";
/// The words that stand for a value in Google's own instructions.
const PLACEHOLDERS: [&str; 6] = [
    "BUCKET_NAME",
    "PROJECT_ID",
    "GSBUCKET",
    "COMPUTE_",
    "VERSION",
    "YOUR_",
];
/// Google's limits for a bucket's name.
const BUCKET_LENGTH: std::ops::RangeInclusive<usize> = 3..=63;

/// Who reaches the HTTP server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Expose {
    /// The cluster's Pods.
    #[default]
    None,
    /// The VPC network too, by an internal load balancer.
    Internal,
    /// The whole internet, without authentication.
    External,
}

/// The three images.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Images {
    /// The admin server.
    pub(crate) admin: String,
    /// The model server.
    pub(crate) model: String,
    /// The HTTP server.
    pub(crate) http: String,
}

/// A deployment, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Request {
    /// The names of its objects.
    pub(crate) names: Names,
    /// Where they go.
    pub(crate) namespace: String,
    /// The bucket's bare name.
    pub(crate) bucket: String,
    /// The Sax cell.
    pub(crate) cell: CellName,
    /// The Google service account behind the Kubernetes one.
    pub(crate) google_service_account: Option<String>,
    /// The Kubernetes service account, made with the rest.
    pub(crate) service_account: String,
    /// Whether the user named it: it may carry more than a Google identity, such as the secrets
    /// that images are pulled with.
    pub(crate) service_account_is_given: bool,
    /// Who reaches it.
    pub(crate) expose: Expose,
    /// What runs.
    pub(crate) images: Images,
}

/// Why a flag's value can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RequestError {
    /// The deployment's name.
    #[error(transparent)]
    Name(#[from] NameError),
    /// No name.
    #[error("no NAME: the deployment's objects need one")]
    NoName,
    /// No bucket.
    #[error("no --bucket: the cell keeps its state in one")]
    NoBucket,
    /// A value that only stands for one.
    #[error("{flag} {value:?}: {word:?} is a placeholder")]
    Placeholder {
        /// The flag.
        flag: &'static str,
        /// As written.
        value: String,
        /// The word in it that gives it away.
        word: String,
    },
    /// A bucket with a scheme or path.
    #[error("{flag} {value:?}: must be the bare name; the scheme and /sax-root are added")]
    BucketPath {
        /// The flag.
        flag: &'static str,
        /// As written.
        value: String,
        /// The bare name in it.
        bare: String,
    },
    /// Not a bucket's name.
    #[error(
        "{flag} {value:?}: a bucket's name has {} to {} lower-case letters, digits, dashes, \
         dots and underscores, with a letter or digit at both ends",
        BUCKET_LENGTH.start(), BUCKET_LENGTH.end()
    )]
    Bucket {
        /// The flag.
        flag: &'static str,
        /// As written.
        value: String,
    },
    /// Not a cell.
    #[error("--cell {value:?}: {cause}")]
    Cell {
        /// As written.
        value: String,
        /// Why.
        cause: tpu::sax::NameError,
    },
    /// Not a Google service account.
    #[error("--google-service-account {value:?}: must be ACCOUNT@PROJECT.iam.gserviceaccount.com")]
    GoogleServiceAccount {
        /// As written.
        value: String,
    },
    /// Not a namespace.
    #[error("--namespace {value:?}: must be at most 63 lower-case letters, digits and dashes")]
    Namespace {
        /// As written.
        value: String,
    },
    /// Not a service account's name.
    #[error(
        "--service-account {value:?}: must be at most 63 lower-case letters, digits and dashes"
    )]
    ServiceAccount {
        /// As written.
        value: String,
    },
    /// Not an image.
    #[error("{flag} {value:?}: must be an image reference without blanks")]
    Image {
        /// The flag.
        flag: &'static str,
        /// As written.
        value: String,
    },
}

impl Images {
    /// The published images of a version; the tutorial's for `None`.
    pub(crate) fn of(version: Option<&str>) -> Self {
        let version = version.unwrap_or(TUTORIAL_VERSION);
        let http = match version {
            "v1.0.0" | TUTORIAL_VERSION => OLD_HTTP_VERSION,
            newer => newer,
        };
        let image = |name: &str, tag: &str| format!("{REGISTRY}/{name}:{tag}");
        Self {
            admin: image("sax-admin-server", version),
            model: image("sax-model-server", version),
            http: image("sax-http", http),
        }
    }
}

impl Request {
    /// Where the cell's files are.
    pub(super) fn sax_root(&self) -> String {
        format!("gs://{}/sax-root", self.bucket)
    }

    /// Checks what the types don't.
    pub(crate) fn check(&self, plan: &Plan) -> Result<(), RequestError> {
        self.names.check_lengths(plan.replicas, plan.vms)?;
        check_namespace(&self.namespace)?;
        check_bucket(&self.bucket)?;
        if let Some(email) = &self.google_service_account {
            check_google_service_account(email)?;
        }
        if !is_dns_label(&self.service_account) || self.service_account.len() > LABEL_LIMIT {
            let value = self.service_account.clone();
            return Err(RequestError::ServiceAccount { value });
        }
        check_image("--admin-image", &self.images.admin)?;
        check_image("--model-image", &self.images.model)?;
        check_image("--http-image", &self.images.http)
    }
}

impl RequestError {
    /// The one action that mends it.
    pub(crate) fn fix(&self) -> String {
        match self {
            Self::Name(error) => error.fix(),
            Self::NoName => "add a name such as sax".to_owned(),
            Self::NoBucket => "add --bucket NAME, the bare name".to_owned(),
            Self::Placeholder { flag, .. } => format!("give the real value to {flag}"),
            Self::BucketPath { flag, bare, .. } => format!("write {flag} {bare}"),
            Self::Bucket { flag, .. } => {
                format!("give {flag} the name that `gcloud storage buckets list` shows")
            }
            Self::Cell { .. } => "write --cell /sax/test".to_owned(),
            Self::GoogleServiceAccount { .. } => {
                "take the email that `gcloud iam service-accounts list` shows".to_owned()
            }
            Self::Namespace { .. } => "write --namespace default".to_owned(),
            Self::ServiceAccount { .. } => "write --service-account sax-sa".to_owned(),
            Self::Image { flag, .. } => format!("write {flag} REGISTRY/NAME:TAG"),
        }
    }
}

/// Is it a namespace's name?
pub(crate) fn check_namespace(value: &str) -> Result<(), RequestError> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let ends = !value.starts_with('-') && !value.ends_with('-') && !value.is_empty();
    if ends && value.len() <= LABEL_LIMIT && value.bytes().all(plain) {
        return Ok(());
    }
    let value = value.to_owned();
    Err(RequestError::Namespace { value })
}

/// Is it the bare name of a bucket?
pub(crate) fn check_bucket(value: &str) -> Result<(), RequestError> {
    let flag = "--bucket";
    check_placeholder(flag, value)?;
    let bare = value.strip_prefix("gs://").unwrap_or(value);
    let bare = bare.split('/').next().unwrap_or_default();
    if bare != value && is_bucket(bare) {
        return Err(RequestError::BucketPath {
            flag,
            value: value.to_owned(),
            bare: bare.to_owned(),
        });
    }
    if !is_bucket(value) {
        let value = value.to_owned();
        return Err(RequestError::Bucket { flag, value });
    }
    Ok(())
}

fn is_bucket(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    BUCKET_LENGTH.contains(&name.len())
        && name
            .bytes()
            .all(|byte| plain(byte) || b"-_.".contains(&byte))
        && name.bytes().next().is_some_and(plain)
        && name.bytes().last().is_some_and(plain)
}

fn check_google_service_account(value: &str) -> Result<(), RequestError> {
    check_placeholder("--google-service-account", value)?;
    let project = value
        .split_once('@')
        .filter(|(account, _)| !account.is_empty())
        .and_then(|(_, domain)| domain.strip_suffix("gserviceaccount.com"));
    let blank = value.contains(char::is_whitespace) || value.matches('@').count() != 1;
    match project {
        Some(project) if !blank && project.ends_with('.') => Ok(()),
        _ => Err(RequestError::GoogleServiceAccount {
            value: value.to_owned(),
        }),
    }
}

fn check_image(flag: &'static str, value: &str) -> Result<(), RequestError> {
    check_placeholder(flag, value)?;
    if value.is_empty() || value.contains(char::is_whitespace) {
        let value = value.to_owned();
        return Err(RequestError::Image { flag, value });
    }
    Ok(())
}

/// Words from Google's instructions, shell variables that weren't expanded, and `<...>`.
pub(crate) fn check_placeholder(flag: &'static str, value: &str) -> Result<(), RequestError> {
    let words = PLACEHOLDERS.into_iter().chain(["$", "<", "{"]);
    match words.into_iter().find(|word| value.contains(word)) {
        Some(word) => Err(RequestError::Placeholder {
            flag,
            value: value.to_owned(),
            word: word.to_owned(),
        }),
        None => Ok(()),
    }
}
