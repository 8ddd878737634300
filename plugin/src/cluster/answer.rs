//! One answer of the API server: how long all of it may take, and how much of it is read. What
//! comes in pieces (a log, a watch, an exec, a port-forward) is bounded by who reads it.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http::{Request, Response};
use http_body_util::{BodyExt, Either, Full, LengthLimitError, Limited};
use hyper::body::{Body as HttpBody, Bytes};
use kube::client::{Body, ClientBuilder};
use kube::{Client, Config};
use tokio::time::timeout;
use tower::layer::layer_fn;
use tower::{BoxError, Service};

use crate::duration;

/// How long an answer may take where nobody says another limit: a little more than the API server
/// gives itself (`kube-apiserver --request-timeout`, a minute), so that its own reason comes first.
pub(super) const PATIENCE: Duration = Duration::from_secs(70);
/// The most bytes of an answer: a page of 500 objects of a quarter megabyte each.
pub(super) const LARGEST: usize = 128 << 20;

/// The subresources whose answers come in pieces.
const STREAMS: [&str; 4] = ["log", "exec", "attach", "portforward"];

/// Why an answer isn't read to its end.
#[derive(Debug, thiserror::Error)]
pub(super) enum AnswerError {
    /// It takes too long.
    #[error("nothing whole within {}", duration::display(*_0))]
    Late(Duration),
    /// It is larger than anybody can mean.
    #[error("more than {} MB in one answer", LARGEST >> 20)]
    TooLarge,
}

/// A client whose answers are bounded; `None` for as long as they take.
pub(super) fn client(config: Config, limit: Option<Duration>) -> Result<Client, kube::Error> {
    let bounded = layer_fn(|inner| Bounded { inner, limit });
    Ok(ClientBuilder::try_from(config)?
        .with_layer(&bounded)
        .build())
}

struct Bounded<S> {
    inner: S,
    limit: Option<Duration>,
}

impl<S, B> Service<Request<Body>> for Bounded<S>
where
    S: Service<Request<Body>, Response = Response<B>, Error = BoxError>,
    S::Future: Send + 'static,
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response<Either<Full<Bytes>, B>>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let streams = is_stream(&request);
        let answer = self.inner.call(request);
        let answer = async move {
            let (head, body) = answer.await?.into_parts();
            let body = match streams {
                true => Either::Right(body),
                false => Either::Left(whole(body).await?),
            };
            Ok(Response::from_parts(head, body))
        };
        match self.limit {
            None => Box::pin(answer),
            Some(limit) => Box::pin(async move {
                let answered = timeout(limit, answer).await;
                answered.unwrap_or_else(|_| Err(AnswerError::Late(limit).into()))
            }),
        }
    }
}

async fn whole<B>(body: B) -> Result<Full<Bytes>, BoxError>
where
    B: HttpBody<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    if body.size_hint().lower() > LARGEST as u64 {
        return Err(AnswerError::TooLarge.into());
    }
    match Limited::new(body, LARGEST).collect().await {
        Ok(collected) => Ok(Full::new(collected.to_bytes())),
        Err(error) if error.is::<LengthLimitError>() => Err(AnswerError::TooLarge.into()),
        Err(error) => Err(error),
    }
}

fn is_stream<B>(request: &Request<B>) -> bool {
    let uri = request.uri();
    // /api/v1/namespaces/NAMESPACE/pods/POD/SUBRESOURCE
    let subresource = uri.path().split('/').nth(7).unwrap_or_default();
    let mut flags = uri.query().unwrap_or_default().split('&');
    let bounded = uri
        .query()
        .is_some_and(|query| query.contains("limitBytes="));
    let watches = flags.any(|flag| matches!(flag, "watch=true" | "watch=1" | "watch"));
    watches || (STREAMS.contains(&subresource) && !bounded)
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::is_stream;

    #[test]
    fn what_comes_in_pieces_is_not_collected_and_all_else_is() {
        let streams = |path: &str| is_stream(&Request::get(path).body(()).expect("a request"));
        let pod = "/api/v1/namespaces/a/pods/p";
        for path in [
            "log?follow=true",
            "exec?command=a",
            "portforward?ports=1",
            "log",
        ] {
            assert!(streams(&format!("{pod}/{path}")), "{path}");
        }
        assert!(streams("/api/v1/pods?watch=true&limit=1"));
        for path in ["log?limitBytes=9", "status", ""] {
            assert!(!streams(&format!("{pod}/{path}")), "{path}");
        }
        assert!(!streams("/api/v1/pods?limit=500"));
        assert!(
            !streams("/api/v1/namespaces/log"),
            "a namespace of this name"
        );
    }
}
