//! The data side of a model server. Its answers are canned, and equal for equal questions.

use std::pin::Pin;
use std::sync::Arc;

use futures_util::Stream;
use futures_util::stream;
use saxml::lm::lm_service_server::LmService;
use saxml::lm::{
    DecodedText, EmbedRequest, EmbedResponse, GenerateRequest, GenerateResponse,
    GenerateStreamItem, GenerateStreamResponse, GradientRequest, GradientResponse, ScoreRequest,
    ScoreResponse,
};
use saxml::sax::{ExtraInputs, ModelStatus};
use tonic::{Request, Response, Status};

use super::Server;
use crate::world::lock;

/// Of each text.
const SCORE: f64 = -1.25;
/// Of an embedding.
const DIMENSIONS: u32 = 8;

pub(super) struct Service(pub(super) Arc<Server>);

type Answer<T> = Result<Response<T>, Status>;
type Items = Pin<Box<dyn Stream<Item = Result<GenerateStreamResponse, Status>> + Send>>;

#[tonic::async_trait]
impl LmService for Service {
    type GenerateStreamStream = Items;

    async fn score(&self, request: Request<ScoreRequest>) -> Answer<ScoreResponse> {
        let request = request.into_inner();
        let asked = (&request.model_key, "lm.score");
        self.0.asked(asked, request.extra_inputs.as_ref()).await?;
        let suffixes = request.suffix.iter();
        // A longer suffix is less likely.
        let logp = suffixes.map(|suffix| -0.5 * words(suffix)).collect();
        Ok(Response::new(ScoreResponse { logp }))
    }

    async fn generate(&self, request: Request<GenerateRequest>) -> Answer<GenerateResponse> {
        let request = request.into_inner();
        let asked = (&request.model_key, "lm.generate");
        self.0.asked(asked, request.extra_inputs.as_ref()).await?;
        let text = answer(&request.text);
        let texts = vec![DecodedText { text, score: SCORE }];
        Ok(Response::new(GenerateResponse { texts }))
    }

    async fn generate_stream(
        &self,
        request: Request<GenerateRequest>,
    ) -> Answer<Self::GenerateStreamStream> {
        let request = request.into_inner();
        let asked = (&request.model_key, "lm.generate");
        self.0.asked(asked, request.extra_inputs.as_ref()).await?;
        let items = pieces(&answer(&request.text)).into_iter().map(Ok);
        Ok(Response::new(Box::pin(stream::iter(items))))
    }

    async fn embed(&self, request: Request<EmbedRequest>) -> Answer<EmbedResponse> {
        let request = request.into_inner();
        let asked = (&request.model_key, "lm.embed");
        self.0.asked(asked, request.extra_inputs.as_ref()).await?;
        let words = words(&request.text);
        let embedding = (1..=DIMENSIONS).map(|place| words / f64::from(place));
        Ok(Response::new(EmbedResponse {
            embedding: embedding.collect(),
        }))
    }

    async fn gradient(&self, request: Request<GradientRequest>) -> Answer<GradientResponse> {
        let key = request.into_inner().model_key;
        let text = format!("{key} does not support lm.gradient");
        Err(Status::invalid_argument(text))
    }
}

fn answer(text: &str) -> String {
    format!("canned answer to: {text}")
}

fn words(text: &str) -> f64 {
    let words = u32::try_from(text.split_whitespace().count());
    f64::from(words.unwrap_or(u32::MAX))
}

/// A text in pieces of a word each, which say how many code points stand before them.
fn pieces(text: &str) -> Vec<GenerateStreamResponse> {
    let mut before = 0;
    let words = text.split_inclusive(' ');
    let piece = words.map(|word| {
        let prefix_len = before;
        before += i32::try_from(word.chars().count()).unwrap_or_default();
        GenerateStreamResponse {
            items: vec![GenerateStreamItem {
                text: word.to_owned(),
                prefix_len,
                scores: vec![SCORE],
                ..GenerateStreamItem::default()
            }],
        }
    });
    piece.collect()
}

impl Server {
    /// May this model be asked so? Takes as long as an answer does.
    async fn asked(
        &self,
        (key, method): (&String, &'static str),
        extra: Option<&ExtraInputs>,
    ) -> Result<(), Status> {
        self.heard().await;
        if let Some(model) = lock(&self.held).0.get_mut(key)
            && model.status == ModelStatus::Loaded
        {
            model.answered(method);
        } else {
            let text = format!("{key} is still loading or already unloaded");
            return Err(Status::not_found(text));
        }
        self.known(extra)?;
        self.world.sleep(self.world.script.answer_seconds).await;
        Ok(())
    }

    fn known(&self, extra: Option<&ExtraInputs>) -> Result<(), Status> {
        let Some(extra) = extra else { return Ok(()) };
        let known = &self.world.script.extra_inputs;
        let keys = extra.items.keys().chain(extra.tensors.keys());
        let mut keys = keys.chain(extra.strings.keys());
        match keys.find(|key| !known.contains(key)) {
            None => Ok(()),
            Some(key) => Err(Status::invalid_argument(format!(
                "The extra_inputs key `{key}` in the RPC request is not defined in \
                 ServableModel.extra_inputs. Current extra_inputs is {known:?}."
            ))),
        }
    }
}
