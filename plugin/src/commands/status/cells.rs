//! What Saxml says of the namespace's cell, within our own time or not at all.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{join, join_all};
use tokio::time::timeout;

use crate::cluster::Cluster;
use crate::failure::Failure;
use crate::sax::{Grpc, SaxError};
use crate::standing::{CellStanding, ModelStanding, ServerStanding};

/// How long all of it may take: who looks at Pods doesn't wait for Saxml.
const LIMIT: Duration = Duration::from_secs(4);
/// How long the status page may: without it there are no lags, and nothing else is missing.
const PAGE: Duration = Duration::from_secs(2);

/// The cell of a namespace; none where it has no admin server.
pub(in crate::commands) async fn cells(
    cluster: &Arc<Cluster>,
    namespace: &str,
) -> Vec<CellStanding> {
    let asked = timeout(LIMIT, ask(cluster, namespace)).await;
    let message = match asked {
        Ok(Ok(cell)) => return vec![cell],
        Ok(Err(Failure::Sax(SaxError::NoAdmin { .. }))) => return Vec::new(),
        Ok(Err(failure)) => failure.to_string(),
        Err(_) => format!("no answer within {} s", LIMIT.as_secs()),
    };
    vec![CellStanding {
        namespace: namespace.to_owned(),
        message: Some(message),
        ..CellStanding::default()
    }]
}

async fn ask(cluster: &Arc<Cluster>, namespace: &str) -> Result<CellStanding, Failure> {
    let grpc = Grpc::of_namespace(cluster, namespace, LIMIT).await?;
    let cell = grpc.cell.as_ref().map(ToString::to_string);
    let (published, joined) = join(grpc.admin.list(), grpc.lags(PAGE)).await;
    let published = published?;
    let looks = join_all(published.iter().map(|published| grpc.look_at(published))).await;
    let models = published.iter().zip(looks);
    Ok(CellStanding {
        namespace: namespace.to_owned(),
        cell,
        message: None,
        servers: ServerStanding::all(grpc.parts().as_ref(), joined.as_ref()),
        servers_message: joined.err(),
        models: models
            .map(|(published, look)| ModelStanding::of(published, look))
            .collect(),
    })
}
