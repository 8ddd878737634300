//! A cell's admin server: what is published, where it is assigned, what could be served.

use std::time::Duration;

use saxml::sax::admin_client::AdminClient;
use saxml::sax::{
    ListRequest, Model, PublishRequest, StatsRequest, StatsResponse, UnpublishRequest,
    UpdateRequest,
};
use tokio::time::timeout;
use tonic::transport::Channel;
use tonic::{Code, Request, Response, Status};
use tpu::sax::ModelId;

use super::door::Door;
use super::peer::{LARGEST, Peer};
use super::{Published, SaxError};

/// How much later than we the server gives up.
const GRACE: Duration = Duration::from_secs(1);

/// A connection to an admin server.
#[derive(Clone)]
pub(crate) struct Admin {
    client: AdminClient<Channel>,
    pub(super) door: Door,
    peer: Peer,
    limit: Duration,
}

impl Admin {
    /// Behind a door; each answer may take so long.
    pub(super) fn new(door: Door, limit: Duration) -> Self {
        let client = AdminClient::new(door.channel()).max_decoding_message_size(LARGEST);
        let peer = Peer::new(format!("the admin server {door}"));
        Self {
            client,
            door,
            peer,
            limit,
        }
    }

    /// The published models in the order of their names; Saxml's own order is random.
    pub(crate) async fn list(&self) -> Result<Vec<Published>, SaxError> {
        let mut client = self.client.clone();
        let request = ListRequest::default();
        let answer = self.ask("List", request, async |request| client.list(request).await);
        let models = answer.await?.published_models.into_iter();
        let mut models: Vec<_> = models.filter_map(Published::read).collect();
        models.sort_by_key(|published| published.id.to_string());
        Ok(models)
    }

    /// One published model; `None` where there is none.
    pub(crate) async fn find(&self, id: &ModelId) -> Result<Option<Published>, SaxError> {
        let mut client = self.client.clone();
        let request = ListRequest {
            model_id: id.to_string(),
        };
        let answer = self.ask("List", request, async |request| client.list(request).await);
        match answer.await {
            Ok(list) => Ok(list.published_models.into_iter().find_map(Published::read)),
            Err(error) if error.code() == Some(Code::NotFound) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// One published model, or what is published instead.
    pub(crate) async fn get(&self, id: &ModelId) -> Result<Published, SaxError> {
        match self.find(id).await? {
            Some(published) => Ok(published),
            None => Err(self.missing(id).await),
        }
    }

    /// The model servers that have joined, by kind, and what they can serve.
    pub(crate) async fn stats(&self) -> Result<StatsResponse, SaxError> {
        let mut client = self.client.clone();
        let request = StatsRequest::default();
        let answer = self.ask("Stats", request, async |request| {
            client.stats(request).await
        });
        answer.await
    }

    /// Publishes. Access lists are never sent: the open-source platform refuses any.
    pub(crate) async fn publish(&self, model: Model) -> Result<(), SaxError> {
        let mut client = self.client.clone();
        let request = PublishRequest { model: Some(model) };
        let answer = self.ask("Publish", request, async |request| {
            client.publish(request).await
        });
        answer.await.map(|_| ())
    }

    /// Replaces what is published of a model, all of it.
    pub(crate) async fn update(&self, model: Model) -> Result<(), SaxError> {
        let mut client = self.client.clone();
        let request = UpdateRequest { model: Some(model) };
        let answer = self.ask("Update", request, async |request| {
            client.update(request).await
        });
        answer.await.map(|_| ())
    }

    /// Unpublishes.
    pub(crate) async fn unpublish(&self, id: &ModelId) -> Result<(), SaxError> {
        let mut client = self.client.clone();
        let request = UnpublishRequest {
            model_id: id.to_string(),
        };
        let answer = self.ask("Unpublish", request, async |request| {
            client.unpublish(request).await
        });
        match answer.await {
            Ok(_) => Ok(()),
            Err(error) if error.code() == Some(Code::NotFound) => Err(self.missing(id).await),
            Err(error) => Err(error),
        }
    }

    /// The error of a model that isn't there, with those that are as far as they can be had.
    async fn missing(&self, id: &ModelId) -> SaxError {
        let known = self.list().await.unwrap_or_default();
        SaxError::NoModel {
            id: id.clone(),
            known: known.iter().map(|other| other.id.to_string()).collect(),
        }
    }

    async fn ask<Q, A>(
        &self,
        question: &'static str,
        message: Q,
        call: impl AsyncFnOnce(Request<Q>) -> Result<Response<A>, Status>,
    ) -> Result<A, SaxError> {
        ask(&self.peer, &self.door, question, self.limit, message, call).await
    }
}

/// Asks, and waits no longer than `limit`, whatever the other side does.
pub(super) async fn ask<Q, A>(
    peer: &Peer,
    door: &Door,
    question: &'static str,
    limit: Duration,
    message: Q,
    call: impl AsyncFnOnce(Request<Q>) -> Result<Response<A>, Status>,
) -> Result<A, SaxError> {
    let mut request = Request::new(message);
    // So that the server stops, too, and not before us.
    request.set_timeout(limit + GRACE);
    let silent = || SaxError::Silent {
        peer: peer.clone(),
        question,
        limit,
    };
    match timeout(limit, call(request)).await {
        Ok(Ok(answer)) => Ok(answer.into_inner()),
        Ok(Err(status)) => Err(match SaxError::of_status(peer, question, &status) {
            error if error.code() == Some(Code::DeadlineExceeded) => silent(),
            error => with_trouble(error, door),
        }),
        Err(_) => Err(silent()),
    }
}

/// What a port-forward complained about says more than how the connection ended.
fn with_trouble(error: SaxError, door: &Door) -> SaxError {
    match (error, door.trouble()) {
        (SaxError::Broken { peer, .. }, Some(cause)) => SaxError::Broken { peer, cause },
        (error, _) => error,
    }
}
