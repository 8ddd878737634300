//! The names of a deployment's objects, derived from one and short enough for all that
//! Kubernetes and JobSet derive from them.

/// The most characters of a DNS label: names of Services, Jobs' Pods, and label values.
pub(super) const LABEL_LIMIT: usize = 63;
/// What the Job controller adds to a Pod's name: a dash and five random characters.
const POD_SUFFIX: usize = 6;
/// The name of the one replicated job, which the Jobs and Pods carry too.
pub(crate) const REPLICATED_JOB: &str = "sax-model-server";

/// The names of the objects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Names {
    /// What the user named.
    pub(crate) instance: String,
    /// The admin server's Deployment.
    pub(crate) admin: String,
    /// The model servers' JobSet.
    pub(crate) model_servers: String,
    /// The HTTP server's Deployment.
    pub(crate) http: String,
    /// The HTTP server's Service.
    pub(crate) service: String,
}

/// Why a name can't be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NameError {
    /// Not a DNS label that begins with a letter.
    #[error(
        "NAME {name:?}: must be lower-case letters, digits and dashes, \
         begin with a letter and end with a letter or digit"
    )]
    Characters {
        /// As written.
        name: String,
        /// The same with what is allowed of it.
        suggestion: Option<String>,
    },
    /// A derived name is too long.
    #[error(
        "NAME {name:?}: {what} {longest:?} would have {length} characters, \
         the limit is {LABEL_LIMIT}"
    )]
    TooLong {
        /// As written.
        name: String,
        /// What the longest derived name names.
        what: &'static str,
        /// The longest derived name.
        longest: String,
        /// Its length.
        length: usize,
    },
}

impl Names {
    /// The names of a deployment.
    pub(crate) fn of(name: &str) -> Result<Self, NameError> {
        if !is_dns_label(name) {
            return Err(NameError::Characters {
                name: name.to_owned(),
                suggestion: suggestion(name),
            });
        }
        Ok(Self {
            instance: name.to_owned(),
            admin: format!("{name}-admin-server"),
            model_servers: format!("{name}-model-server-set"),
            http: format!("{name}-http"),
            service: format!("{name}-http-lb"),
        })
    }

    /// Are the names short enough for the Jobs and Pods of so many slices of so many VMs each?
    pub(crate) fn check_lengths(&self, replicas: u32, vms: u32) -> Result<(), NameError> {
        let (replica, index) = (replicas.saturating_sub(1), vms.saturating_sub(1));
        let jobset = &self.model_servers;
        let pod = format!("{jobset}-{REPLICATED_JOB}-{replica}-{index}-xxxxx");
        // The Deployments' Pods are shorter than a model server's: their name plus 17 characters.
        let derived = [
            ("the Pod name", pod),
            ("the admin server's name", self.admin.clone()),
        ];
        let longest = derived.into_iter().max_by_key(|(_, name)| name.len());
        match longest {
            Some((what, longest)) if longest.len() > LABEL_LIMIT => Err(NameError::TooLong {
                name: self.instance.clone(),
                what,
                length: longest.len(),
                longest,
            }),
            _ => Ok(()),
        }
    }
}

impl NameError {
    /// The one action that mends it.
    pub(crate) fn fix(&self) -> String {
        match self {
            Self::Characters { suggestion, .. } => match suggestion {
                Some(name) => format!("write {name}"),
                None => "take a name such as sax".to_owned(),
            },
            Self::TooLong { length, .. } => {
                format!("cut {} characters from NAME", length - LABEL_LIMIT)
            }
        }
    }
}

/// The most characters of a deployment's name with so many slices of so many VMs each.
pub(crate) fn longest_name(replicas: u32, vms: u32) -> usize {
    let fits = |length: &usize| {
        let names = Names::of(&"x".repeat(*length));
        names.is_ok_and(|names| names.check_lengths(replicas, vms).is_ok())
    };
    (1..LABEL_LIMIT).take_while(fits).last().unwrap_or(0)
}

/// A DNS label (RFC 1035) of any length.
pub(crate) fn is_dns_label(name: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && !name.ends_with('-')
        && name.bytes().all(inner)
}

fn suggestion(name: &str) -> Option<String> {
    let lower: String = name
        .to_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .take(LABEL_LIMIT - POD_SUFFIX)
        .collect();
    let trimmed = lower.trim_matches(|c: char| c == '-' || c.is_ascii_digit());
    is_dns_label(trimmed).then(|| trimmed.to_owned())
}
