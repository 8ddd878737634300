//! Names that only a cluster, a kubeconfig or the catalogue knows.

use std::ffi::OsString;
use std::sync::OnceLock;
use std::time::Duration;

use clap::FromArgMatches;
use clap_complete::CompletionCandidate;
use clap_complete::engine::ArgValueCandidates;
use k8s_openapi::Resource as _;
use tpu::sax;

use crate::cli::{self, SaxFlags};
use crate::cluster::{
    Cluster, ConnectionFlags, Listing, WASM_POLICIES, contexts_of, offline_namespace,
};
use crate::commands::block_on;
use crate::failure::Failure;
use crate::judge::Judge;
use crate::sax::{Parts, Route};
use crate::scaffold::JobSet;

/// How long a name may take: who presses Tab doesn't wait for a cluster that isn't there.
const PATIENCE: Duration = Duration::from_secs(2);

/// The connection that the words so far lead to. A completer is only told what is being typed.
static CONNECTION: OnceLock<ConnectionFlags> = OnceLock::new();

/// Reads the connection flags of an unfinished command line; the process answers only one.
pub(super) fn remember(words: &[OsString]) {
    let name = OsString::from("kubectl-sax");
    let done = words.split_last().map_or(words, |(_, done)| done);
    let all = std::iter::once(name).chain(done.iter().cloned());
    let lenient = cli::command().ignore_errors(true);
    let matches = lenient.try_get_matches_from(all).ok();
    let flags = matches.and_then(|mut matches| {
        while let Some((_, inner)) = matches.remove_subcommand() {
            matches = inner;
        }
        // Verbs that need no cluster don't have the flags.
        matches.try_contains_id("kubeconfig").ok()?;
        ConnectionFlags::from_arg_matches(&matches).ok()
    });
    let flags = ConnectionFlags {
        request_timeout: Some(PATIENCE),
        ..flags.unwrap_or_default()
    };
    // A second line in one process is a test's, of words without a cluster.
    let _ = CONNECTION.set(flags);
}

/// Deployments of the namespace.
pub(crate) fn deployments() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        from_cluster(async |cluster, namespace| Ok(cluster.instances(namespace).await?))
    })
}

/// Workloads with TPU chips, and deployments.
pub(crate) fn workloads() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        from_cluster(async |cluster, namespace| {
            let mut names = cluster.instances(namespace).await?;
            let jobsets = Listing {
                namespace: Some(namespace),
                ..Listing::all(JobSet::API_VERSION, JobSet::URL_PATH_SEGMENT, JobSet::KIND)
            };
            names.extend(cluster.names(&jobsets).await?);
            Ok(names)
        })
    })
}

/// Cells of the namespace.
pub(crate) fn cells() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        from_cluster(async |cluster, namespace| {
            let parts = Parts::find(cluster, namespace).await?;
            Ok(parts
                .cells
                .iter()
                .map(|cell| cell.cell.to_string())
                .collect())
        })
    })
}

/// Models that are published in the namespace's cell.
pub(crate) fn published() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let flags = SaxFlags {
            connection: connection(),
            ..SaxFlags::default()
        };
        let asked = block_on(async {
            let asking = Route::published(&flags);
            let answered = tokio::time::timeout(PATIENCE, asking).await;
            answered.unwrap_or_else(|_| Ok(Vec::new()))
        });
        candidates(asked.unwrap_or_default())
    })
}

/// Policies of the cluster.
pub(crate) fn policies() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        from_cluster(async |cluster, _| Ok(cluster.names(&WASM_POLICIES).await?))
    })
}

/// Namespaces of the cluster.
pub(crate) fn namespaces() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let all = Listing::all("v1", "namespaces", "Namespace");
        from_cluster(async |cluster, _| Ok(cluster.names(&all).await?))
    })
}

/// Contexts of the kubeconfig.
pub(crate) fn contexts() -> ArgValueCandidates {
    ArgValueCandidates::new(|| candidates(contexts_of(&connection()).unwrap_or_default()))
}

/// Model classes.
pub(crate) fn classes() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let names = sax::all().iter().map(|class| class.name().to_owned());
        candidates(names.collect())
    })
}

/// Codes of findings.
pub(crate) fn codes() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let pages = Judge::load(&[])
            .map(|judge| judge.pages())
            .unwrap_or_default();
        let named =
            |code: String, title: String| CompletionCandidate::new(code).help(Some(title.into()));
        pages
            .into_iter()
            .map(|page| named(page.code, page.title))
            .collect()
    })
}

fn connection() -> ConnectionFlags {
    CONNECTION.get().cloned().unwrap_or_default()
}

/// Names that a cluster knows; none where it doesn't answer: there is nobody to tell.
fn from_cluster(
    ask: impl AsyncFnOnce(&Cluster, &str) -> Result<Vec<String>, Failure>,
) -> Vec<CompletionCandidate> {
    let flags = connection();
    let asked = block_on(async {
        let namespace = offline_namespace(&flags)?;
        let asking = async {
            let cluster = Cluster::connect(&flags).await?;
            ask(&cluster, &namespace).await
        };
        let answered = tokio::time::timeout(PATIENCE, asking).await;
        answered.unwrap_or_else(|_| Ok(Vec::new()))
    });
    candidates(asked.unwrap_or_default())
}

fn candidates(mut names: Vec<String>) -> Vec<CompletionCandidate> {
    names.sort_unstable();
    names.dedup();
    names.into_iter().map(CompletionCandidate::new).collect()
}
