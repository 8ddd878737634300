//! The HTTP server in front of Saxml, in either of its dialects.
//!
//! The older one serves one request at a time and closes the connection on what it doesn't
//! understand, so each request has a connection of its own, and a deadline.

mod exchange;
mod pages;
mod tls;

use std::time::Duration;

use http::Uri;
use saxml::Failure as Told;
use saxml::http::{
    CellRequest, Dialect, GenerateRequest, Listed, ModelRequest, PublishRequest, Route, error_text,
    generated, models,
};
use serde::Serialize;
use tonic::Code;
use tpu::sax::{CellName, ModelId};

use super::door::Door;
use super::peer::Peer;
use super::{Answer, Extras, SaxError};
use exchange::{Exchange, Reply};
pub(super) use pages::lags;

/// An HTTP server.
pub(crate) struct HttpServer {
    exchange: Exchange,
    dialect: Dialect,
    limit: Duration,
}

impl HttpServer {
    /// At a URL.
    pub(super) async fn at(url: &Uri, limit: Duration) -> Result<Self, SaxError> {
        Self::probed(Exchange::at(url)?, limit).await
    }

    /// Behind a door.
    pub(super) async fn behind(door: Door, limit: Duration) -> Result<Self, SaxError> {
        Self::probed(Exchange::behind(door), limit).await
    }

    /// How messages name it.
    pub(crate) fn peer(&self) -> &Peer {
        self.exchange.peer()
    }

    /// The version of the image that speaks so.
    pub(crate) fn dialect_text(&self) -> &'static str {
        match self.dialect {
            Dialect::V1_0 => "v1.0.0",
            Dialect::V1_2 => "v1.2.0",
        }
    }

    /// A published model: how many servers are assigned to it is not how many have it loaded.
    pub(crate) async fn get(&self, id: &ModelId) -> Result<Listed, SaxError> {
        let body = model(id);
        let reply = self.ask(Route::ListCell, &body, self.limit).await;
        let reply = reply.map_err(|error| missing(error, id))?;
        self.read(serde_json::from_slice(&reply.body), "a model")
    }

    /// The models of a cell; `None` where the dialect has no such list.
    pub(crate) async fn list(&self, cell: &CellName) -> Result<Option<Vec<Listed>>, SaxError> {
        if !Route::ListAll.is_in(self.dialect) {
            return Ok(None);
        }
        let sax_cell = cell.to_string();
        let body = CellRequest { sax_cell };
        let reply = self.ask(Route::ListAll, &body, self.limit).await?;
        let mut ids = self.read(models(&reply.body), "a list of models")?;
        ids.sort_unstable();
        let mut listed = Vec::new();
        for id in ids.iter().filter_map(|id| ModelId::parse(id).ok()) {
            listed.push(self.get(&id).await?);
        }
        Ok(Some(listed))
    }

    /// Publishes.
    pub(crate) async fn publish(&self, request: &PublishRequest) -> Result<(), SaxError> {
        let reply = self.ask(Route::Publish, request, self.limit).await;
        reply.map(|_| ())
    }

    /// Replaces what is published; overrides are lost, as this way has none.
    pub(crate) async fn update(&self, request: &PublishRequest) -> Result<(), SaxError> {
        let reply = self.ask(Route::Update, request, self.limit).await;
        reply.map(|_| ())
    }

    /// Unpublishes.
    pub(crate) async fn unpublish(&self, id: &ModelId) -> Result<(), SaxError> {
        let reply = self.ask(Route::Unpublish, &model(id), self.limit).await;
        reply.map(|_| ()).map_err(|error| missing(error, id))
    }

    /// Texts that go on from this one. The server itself would wait for ever for a model that
    /// isn't loaded.
    pub(crate) async fn generate(
        &self,
        id: &ModelId,
        text: &str,
        extras: &Extras,
        limit: Duration,
    ) -> Result<Vec<Answer>, SaxError> {
        let extra_inputs = match self.dialect {
            Dialect::V1_0 => extras.none().map(|()| None)?,
            // Absent would mean four defaults, which many models don't declare.
            Dialect::V1_2 => Some(extras.members()?),
        };
        let body = GenerateRequest {
            model: id.to_string(),
            query: text.to_owned(),
            extra_inputs,
        };
        let reply = self.ask(Route::Generate, &body, limit).await;
        let reply = reply.map_err(|error| missing(error, id))?;
        let texts = self.read(generated(&reply.body), "texts with scores")?;
        Ok(texts
            .into_iter()
            .map(|(text, score)| Answer { text, score })
            .collect())
    }

    /// Asks for a list that only one dialect has, of a cell that need not be there.
    async fn probed(exchange: Exchange, limit: Duration) -> Result<Self, SaxError> {
        let sax_cell = "/sax/test".to_owned();
        let body = body(&CellRequest { sax_cell });
        let route = Route::ListAll;
        let reply = exchange
            .send(route, body, "a list of models", limit)
            .await?;
        let dialect = Dialect::of_list_all(reply.status);
        let dialect = dialect.filter(|_| reply.status == 200 || error_text(&reply.body).is_some());
        match dialect {
            Some(dialect) => Ok(Self {
                exchange,
                dialect,
                limit,
            }),
            None => Err(SaxError::Broken {
                peer: exchange.peer().clone(),
                cause: format!(
                    "it answers {} and is no HTTP server of Saxml's",
                    reply.status
                ),
            }),
        }
    }

    async fn ask(
        &self,
        route: Route,
        request: &impl Serialize,
        limit: Duration,
    ) -> Result<Reply, SaxError> {
        let question = question(route);
        let reply = self
            .exchange
            .send(route, body(request), question, limit)
            .await?;
        if reply.status == 200 {
            return Ok(reply);
        }
        let peer = self.peer().clone();
        match error_text(&reply.body) {
            Some(text) => Err(SaxError::Refused {
                peer,
                question,
                told: Told::from_text(&text),
            }),
            None => Err(SaxError::Broken {
                peer,
                cause: format!("it answers {} without a reason", reply.status),
            }),
        }
    }

    fn read<T, E>(&self, read: Result<T, E>, what: &str) -> Result<T, SaxError> {
        read.map_err(|_| SaxError::Broken {
            peer: self.peer().clone(),
            cause: format!("what it answers is not {what}"),
        })
    }
}

fn model(id: &ModelId) -> ModelRequest {
    let model = id.to_string();
    ModelRequest { model }
}

fn body(request: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(request).expect("our own requests must be JSON")
}

fn missing(error: SaxError, id: &ModelId) -> SaxError {
    match error.code() {
        Some(Code::NotFound) => SaxError::NoModel {
            id: id.clone(),
            known: Vec::new(),
        },
        _ => error,
    }
}

/// As the gRPC service names it.
fn question(route: Route) -> &'static str {
    match route {
        Route::Root => "GET /",
        Route::ListCell | Route::ListAll => "List",
        Route::Publish => "Publish",
        Route::Update => "Update",
        Route::Unpublish => "Unpublish",
        Route::Generate => "Generate",
    }
}
