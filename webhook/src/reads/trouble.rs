//! Why the objects of a granted kind aren't known.

use runtime::Grant;

/// Marks the ClusterRoles whose rules the webhook gets as well: `manifests/base/rbac.yaml`.
const AGGREGATED: &str = "kubectl-sax.dev/aggregate-to-webhook=true";

/// Why the objects of a granted kind aren't known. In words that don't change from try to try.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Trouble {
    /// There is no such kind.
    #[error(
        "the API server serves no {grant}, which spec.grants names: install it, or correct \
         apiVersion and kind (`kubectl api-resources` lists them)"
    )]
    NotServed {
        /// The kind.
        grant: Grant,
    },
    /// It can't be followed.
    #[error("the API server can't watch {grant}, which spec.grants names: take it out")]
    NotWatched {
        /// The kind.
        grant: Grant,
    },
    /// Nobody has given us the right.
    #[error("the webhook may not list and watch {resource}; {}", command(.resource))]
    Forbidden {
        /// As RBAC writes it, such as `jobs.batch`.
        resource: String,
    },
    /// There is too much of it.
    #[error(
        "the cluster has more than {limit} of {grant}, the most that the webhook keeps: raise \
         {flag} of `sax-webhook serve`, or take it out of spec.grants"
    )]
    TooMany {
        /// The kind.
        grant: Grant,
        /// In words.
        limit: String,
        /// Which would allow more.
        flag: &'static str,
    },
    /// The API server doesn't answer.
    #[error("{grant} can't be listed yet: the API server doesn't answer, and is asked again")]
    Silent {
        /// The kind.
        grant: Grant,
    },
}

impl Trouble {
    /// One word, for conditions and metrics.
    pub(crate) fn reason(&self) -> &'static str {
        match self {
            Trouble::NotServed { .. } => "GrantNotServed",
            Trouble::NotWatched { .. } => "GrantNotWatched",
            Trouble::Forbidden { .. } => "GrantForbidden",
            Trouble::TooMany { .. } => "GrantTooLarge",
            Trouble::Silent { .. } => "GrantUnread",
        }
    }
}

/// What gives us the right, to be copied.
fn command(resource: &str) -> String {
    let role = format!("sax-webhook-reads-{resource}");
    format!(
        "`kubectl create clusterrole {role} --verb=list,watch --resource={resource} && \
         kubectl label clusterrole {role} {AGGREGATED}` allows it"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_right_that_is_missing_comes_with_the_command_that_gives_it() {
        let resource = "jobs.batch".to_owned();
        let told = Trouble::Forbidden { resource }.to_string();
        for words in [
            "may not list and watch jobs.batch",
            "create clusterrole sax-webhook-reads-jobs.batch --verb=list,watch --resource=jobs.batch",
            "label clusterrole sax-webhook-reads-jobs.batch kubectl-sax.dev/aggregate-to-webhook=true",
        ] {
            assert!(told.contains(words), "{told}");
        }
    }
}
