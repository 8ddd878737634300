//! A model that answers: the servers that have it loaded, asked in turn.

use std::cell::Cell;
use std::time::Duration;

use tokio::time::{Instant, sleep};
use tonic::Code;
use tpu::sax::ModelId;

use super::waiting::{Hopeless, is_passing, until_loaded};
use crate::cli::{AskFlags, SaxFlags};
use crate::failure::Failure;
use crate::printer::Printer;
use crate::sax::{
    Answer, Extras, Grpc, HttpServer, Look, ModelServer, Progression, Reach, Route, SaxError,
    Transcript,
};

/// The first pause where a server has too much to do; it doubles.
const PAUSE: Duration = Duration::from_millis(50);

/// A model that answers.
pub(super) struct Serving {
    /// Which.
    pub(super) id: ModelId,
    /// What goes with each text.
    extras: Extras,
    way: Way,
    limit: Duration,
}

enum Way {
    Grpc {
        servers: Vec<ModelServer>,
        turn: Cell<usize>,
    },
    Http(Box<HttpServer>),
}

impl Serving {
    /// Finds the servers that have the model loaded, and says how things stand where none has.
    pub(super) async fn find(
        ask: &AskFlags,
        extras: Extras,
        sax: &SaxFlags,
        reach: Reach,
        printer: &Printer,
    ) -> Result<Self, Failure> {
        let route = Route::find(sax, ask.model.cell(), reach, printer).await?;
        let id = route.id(&ask.model, sax).await?;
        let way = match route {
            Route::Grpc(mut grpc) => {
                let servers = servers(&mut grpc, &id, ask, &extras, printer).await?;
                let turn = Cell::new(0);
                Way::Grpc { servers, turn }
            }
            Route::Http(server) => Way::Http(Box::new(server)),
        };
        Ok(Self {
            id,
            extras,
            way,
            limit: ask.timeout,
        })
    }

    /// Texts that go on from this one. Where a server has lost the model or has too much to do,
    /// another one is asked, or the same later.
    pub(super) async fn generate(&self, text: &str) -> Result<Vec<Answer>, SaxError> {
        match &self.way {
            Way::Http(server) => {
                server
                    .generate(&self.id, text, &self.extras, self.limit)
                    .await
            }
            Way::Grpc { .. } => {
                let call = async |server: &ModelServer, left| {
                    let extras = self.extras.message();
                    server.generate(&self.id, text, extras, left).await
                };
                self.patiently(call).await
            }
        }
    }

    /// The same once, for somebody who measures.
    pub(super) async fn generate_once(&self, text: &str) -> Result<Vec<Answer>, SaxError> {
        match self.next() {
            None => self.generate(text).await,
            Some(server) => {
                let extras = self.extras.message();
                server.generate(&self.id, text, extras, self.limit).await
            }
        }
    }

    /// The same piece by piece; `None` where the model or the way to it can't.
    pub(super) async fn generate_stream(
        &self,
        text: &str,
        show: impl FnMut(&Transcript) -> std::io::Result<()>,
    ) -> Result<Option<Vec<Answer>>, SaxError> {
        let Some(server) = self.next() else {
            return Ok(None);
        };
        let extras = self.extras.message();
        let streamed = server.generate_stream(&self.id, text, extras, self.limit, show);
        match streamed.await {
            Ok(transcript) => Ok(Some(transcript.answers().to_vec())),
            // Models that don't stream refuse it so.
            Err(error) if cannot_stream(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// How likely each suffix is after the prefix.
    pub(super) async fn score(
        &self,
        prefix: &str,
        suffixes: &[String],
    ) -> Result<Vec<f64>, SaxError> {
        let call = async |server: &ModelServer, left| {
            let extras = self.extras.message();
            server.score(&self.id, prefix, suffixes, extras, left).await
        };
        self.patiently(call).await
    }

    /// A text as a vector.
    pub(super) async fn embed(&self, text: &str) -> Result<Vec<f64>, SaxError> {
        let call = async |server: &ModelServer, left| {
            let extras = self.extras.message();
            server.embed(&self.id, text, extras, left).await
        };
        self.patiently(call).await
    }

    /// How many servers answer.
    pub(super) fn servers(&self) -> usize {
        match &self.way {
            Way::Grpc { servers, .. } => servers.len(),
            Way::Http(_) => 1,
        }
    }

    fn next(&self) -> Option<&ModelServer> {
        match &self.way {
            Way::Http(_) => None,
            Way::Grpc { servers, turn } => {
                let index = turn.get();
                turn.set(index.wrapping_add(1));
                servers.get(index % servers.len())
            }
        }
    }

    async fn patiently<T>(
        &self,
        call: impl AsyncFn(&ModelServer, Duration) -> Result<T, SaxError>,
    ) -> Result<T, SaxError> {
        let deadline = Instant::now() + self.limit;
        let mut pause = PAUSE;
        let mut others = self.servers().saturating_sub(1);
        loop {
            let server = self.next().expect("only gRPC gets here, with servers");
            let left = deadline.saturating_duration_since(Instant::now());
            match call(server, left).await {
                Err(error) if others > 0 && is_elsewhere(&error) => others -= 1,
                Err(error) if is_busy(&error) && Instant::now() + pause < deadline => {
                    sleep(pause).await;
                    pause *= 2;
                }
                ended => return ended,
            }
        }
    }
}

/// The servers that have the model loaded.
async fn servers(
    grpc: &mut Grpc,
    id: &ModelId,
    ask: &AskFlags,
    extras: &Extras,
    printer: &Printer,
) -> Result<Vec<ModelServer>, Failure> {
    let published = grpc.admin.get(id).await?;
    extras.check(published.extra_inputs().as_deref())?;
    for over in extras.over(&published.overrides()) {
        printer.warning(&over)?;
    }
    let look = match ask.wait {
        Some(limit) => {
            until_loaded(grpc, id, Some(1), limit, Hopeless::Ends.into(), printer).await?
        }
        None => grpc.look_at(&published).await,
    };
    let loaded = look.replicas.iter().filter(|replica| replica.is_loaded());
    let servers: Vec<_> = loaded
        .filter_map(|replica| grpc.server(&replica.address).ok())
        .collect();
    if servers.is_empty() {
        return Err(not_loaded(id, &look).into());
    }
    if published.is_test() {
        printer.note("this is a test class: its weights are random, and so are its answers")?;
    }
    Ok(servers)
}

fn not_loaded(id: &ModelId, look: &Look) -> SaxError {
    let (id, failed) = (id.clone(), look.failed());
    if !failed.is_empty() && failed.len() == look.replicas.len() {
        let replicas = failed;
        return SaxError::LoadFailed { id, replicas };
    }
    let lines = Progression::default().lines(look, Duration::ZERO, true);
    let lines: Vec<_> = lines.into_iter().map(|(line, _)| line).collect();
    let state = match lines.is_empty() {
        true => "it is published for 0 replicas".to_owned(),
        false => lines.join("; "),
    };
    SaxError::NotLoaded { id, state }
}

/// May another server do better?
fn is_elsewhere(error: &SaxError) -> bool {
    is_passing(error) || matches!(error.code(), Some(Code::NotFound | Code::Unavailable))
}

fn is_busy(error: &SaxError) -> bool {
    error.code() == Some(Code::ResourceExhausted)
}

fn cannot_stream(error: &SaxError) -> bool {
    matches!(
        error.code(),
        Some(Code::Unimplemented | Code::InvalidArgument | Code::FailedPrecondition)
    )
}
