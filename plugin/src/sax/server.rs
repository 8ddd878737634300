//! A model server: what it holds, and what its models answer.

use std::time::Duration;

use saxml::lm::lm_service_client::LmServiceClient;
use saxml::lm::{EmbedRequest, GenerateRequest, GenerateStreamResponse, ScoreRequest};
use saxml::sax::modelet_client::ModeletClient;
use saxml::sax::{ExtraInputs, GetStatusRequest, ModelStatus};
use serde::Serialize;
use tokio::time::{Instant, timeout_at};
use tonic::Streaming;
use tonic::transport::Channel;
use tpu::sax::ModelId;

use super::admin::ask;
use super::door::Door;
use super::peer::{LARGEST, Peer};
use super::{SaxError, Transcript};

/// A connection to a model server.
#[derive(Clone)]
pub(crate) struct ModelServer {
    modelet: ModeletClient<Channel>,
    data: LmServiceClient<Channel>,
    door: Door,
    peer: Peer,
}

/// What a server says of a model that it has been given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Holding {
    /// Which, by its whole id.
    pub(crate) model: String,
    /// How far it is.
    pub(crate) status: ModelStatus,
    /// Why it failed; empty otherwise.
    pub(crate) reason: String,
}

/// One text that a model made.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Answer {
    /// The text.
    pub(crate) text: String,
    /// The logarithm of its likelihood, as the model sees it.
    pub(crate) score: f64,
}

impl ModelServer {
    /// Behind a door.
    pub(super) fn new(door: Door, address: &str) -> Self {
        let channel = door.channel();
        let name = door.to_string();
        let peer = match name == address {
            true => Peer::new(format!("the model server {address}")),
            false => Peer::new(format!("the model server {name} ({address})")),
        };
        Self {
            modelet: ModeletClient::new(channel.clone()).max_decoding_message_size(LARGEST),
            data: LmServiceClient::new(channel).max_decoding_message_size(LARGEST),
            door,
            peer,
        }
    }

    /// The models that it holds, those included that it failed to load.
    pub(crate) async fn holdings(&self, limit: Duration) -> Result<Vec<Holding>, SaxError> {
        let request = GetStatusRequest {
            include_failure_reasons: true,
            ..GetStatusRequest::default()
        };
        let mut client = self.modelet.clone();
        let call = async |request| client.get_status(request).await;
        let answer = ask(&self.peer, &self.door, "GetStatus", limit, request, call).await?;
        let holdings = answer.models.into_iter().map(|model| Holding {
            status: model.model_status(),
            model: model.model_key,
            reason: model.failure_reason,
        });
        Ok(holdings.collect())
    }

    /// Texts that go on from this one, best first as the server has them.
    pub(crate) async fn generate(
        &self,
        id: &ModelId,
        text: &str,
        extras: Option<ExtraInputs>,
        limit: Duration,
    ) -> Result<Vec<Answer>, SaxError> {
        let request = generate_request(id, text, extras);
        let mut client = self.data.clone();
        let call = async |request| client.generate(request).await;
        let answer = ask(&self.peer, &self.door, "Generate", limit, request, call).await?;
        let texts = answer.texts.into_iter();
        Ok(texts
            .map(|decoded| Answer {
                text: decoded.text,
                score: decoded.score,
            })
            .collect())
    }

    /// The same piece by piece: `show` gets the answers so far whenever they have grown.
    pub(crate) async fn generate_stream(
        &self,
        id: &ModelId,
        text: &str,
        extras: Option<ExtraInputs>,
        limit: Duration,
        mut show: impl FnMut(&Transcript) -> std::io::Result<()>,
    ) -> Result<Transcript, SaxError> {
        let deadline = Instant::now() + limit;
        let request = generate_request(id, text, extras);
        let mut client = self.data.clone();
        let call = async |request| client.generate_stream(request).await;
        let question = "GenerateStream";
        let mut stream = ask(&self.peer, &self.door, question, limit, request, call).await?;
        let mut transcript = Transcript::default();
        while let Some(piece) = self.next(&mut stream, deadline, limit).await? {
            transcript.add(piece);
            if transcript.bytes() > LARGEST {
                let peer = self.peer.clone();
                return Err(SaxError::TooLarge { peer });
            }
            show(&transcript).map_err(|error| SaxError::Broken {
                peer: Peer::new("stdout"),
                cause: error.to_string(),
            })?;
        }
        Ok(transcript)
    }

    /// How likely each suffix is after the prefix.
    pub(crate) async fn score(
        &self,
        id: &ModelId,
        prefix: &str,
        suffixes: &[String],
        extras: Option<ExtraInputs>,
        limit: Duration,
    ) -> Result<Vec<f64>, SaxError> {
        let request = ScoreRequest {
            model_key: id.to_string(),
            prefix: prefix.to_owned(),
            suffix: suffixes.to_vec(),
            extra_inputs: extras,
        };
        let mut client = self.data.clone();
        let call = async |request| client.score(request).await;
        let answer = ask(&self.peer, &self.door, "Score", limit, request, call).await?;
        Ok(answer.logp)
    }

    /// A text as a vector.
    pub(crate) async fn embed(
        &self,
        id: &ModelId,
        text: &str,
        extras: Option<ExtraInputs>,
        limit: Duration,
    ) -> Result<Vec<f64>, SaxError> {
        let request = EmbedRequest {
            model_key: id.to_string(),
            text: text.to_owned(),
            extra_inputs: extras,
        };
        let mut client = self.data.clone();
        let call = async |request| client.embed(request).await;
        let answer = ask(&self.peer, &self.door, "Embed", limit, request, call).await?;
        Ok(answer.embedding)
    }

    async fn next(
        &self,
        stream: &mut Streaming<GenerateStreamResponse>,
        deadline: Instant,
        limit: Duration,
    ) -> Result<Option<GenerateStreamResponse>, SaxError> {
        let question = "GenerateStream";
        match timeout_at(deadline, stream.message()).await {
            Ok(Ok(piece)) => Ok(piece),
            Ok(Err(status)) => Err(SaxError::of_status(&self.peer, question, &status)),
            Err(_) => Err(SaxError::Silent {
                peer: self.peer.clone(),
                question,
                limit,
            }),
        }
    }
}

fn generate_request(id: &ModelId, text: &str, extras: Option<ExtraInputs>) -> GenerateRequest {
    GenerateRequest {
        model_key: id.to_string(),
        text: text.to_owned(),
        extra_inputs: extras,
    }
}
