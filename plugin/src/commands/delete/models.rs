//! The models of a deployment that is about to go. They stay published in the cell's state, in the
//! bucket, and whoever deploys there again would serve them again; so they are unpublished first.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};
use tpu::sax::ModelId;

use crate::cluster::Cluster;
use crate::commands::waiting::until_forgotten;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::sax::{Grpc, Published};

/// How long all models together may take to be forgotten: a load that goes on isn't waited for.
const PATIENCE: Duration = Duration::from_secs(30);
/// An admin server saves its state with its tick, every ten seconds.
const SAVED: Duration = Duration::from_secs(11);

/// What is published, and who is told that it no longer is.
pub(super) struct Models {
    grpc: Grpc,
    published: Vec<Published>,
}

impl Models {
    /// The models of a deployment's admin server; none where it can't be asked, which is said.
    pub(super) async fn find(
        cluster: &Arc<Cluster>,
        namespace: &str,
        deployment: &str,
        printer: &Printer,
    ) -> Result<Option<Self>, Failure> {
        match Self::asked(cluster, namespace, deployment).await {
            Ok(models) if models.published.is_empty() => Ok(None),
            Ok(models) => Ok(Some(models)),
            Err(error) => {
                stay(&error.to_string(), printer)?;
                Ok(None)
            }
        }
    }

    /// Their names.
    pub(super) fn names(&self) -> String {
        let names = self.published.iter();
        let names: Vec<_> = names.map(|published| published.id.to_string()).collect();
        names.join(", ")
    }

    /// Unpublishes them, and waits a while until that has been done and saved. What can't be
    /// unpublished doesn't keep the deployment from being deleted.
    pub(super) async fn unpublish(mut self, printer: &Printer) -> Result<(), Failure> {
        let started = Instant::now();
        for published in &self.published {
            let id = &published.id;
            match self.grpc.admin.unpublish(id).await {
                Ok(()) => printer.note(&format!("{id} unpublished"))?,
                Err(error) => stay(&error.to_string(), printer)?,
            }
        }
        for published in std::mem::take(&mut self.published) {
            let left = PATIENCE.saturating_sub(started.elapsed());
            self.wait(&published.id, &published.servers, left, printer)
                .await?;
        }
        sleep_until(started + SAVED).await;
        Ok(())
    }

    async fn wait(
        &mut self,
        id: &ModelId,
        servers: &[String],
        left: Duration,
        printer: &Printer,
    ) -> Result<(), Failure> {
        match until_forgotten(&mut self.grpc, id, servers, left, printer).await {
            Err(Failure::Sax(error)) => {
                Ok(printer.warning(&format!("not waited for any longer: {error}"))?)
            }
            waited => waited,
        }
    }

    async fn asked(
        cluster: &Arc<Cluster>,
        namespace: &str,
        deployment: &str,
    ) -> Result<Self, Failure> {
        let grpc = Grpc::of_deployment(cluster, namespace, deployment).await?;
        let published = grpc.admin.list().await?;
        Ok(Self { grpc, published })
    }
}

fn stay(why: &str, printer: &Printer) -> Result<(), Failure> {
    let text = format!(
        "models that are published stay in the cell's state, in the bucket, and are served again \
         by whoever deploys there: {why}"
    );
    Ok(printer.warning(&text)?)
}
