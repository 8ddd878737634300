//! Reading a request's body within bounds of size, time and memory.

use axum::body::{Body, Bytes};
use http_body_util::BodyExt;
use hyper::body::Body as _;

/// The largest review. An AdmissionReview holds the object twice (3 MiB each is the API server's
/// own limit on a request), options and user: about 7 MiB.
pub(crate) const MAX_BODY: usize = 8 << 20;

/// What is read and thrown away after the limit, so that the refusal reaches a peer that is still
/// sending: closing with unread bytes would reset the connection under it.
const MAX_DISCARDED: usize = 64 << 20;

/// Why there is no body.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BodyError {
    /// More than [`MAX_BODY`] bytes.
    #[error("the body has more than {MAX_BODY} bytes")]
    TooLarge,
    /// The peer broke off.
    #[error("the body ended early: {0}")]
    Broken(#[from] axum::Error),
}

/// The bytes that a body says it has, as far as they count.
pub(crate) fn announced(body: &Body) -> usize {
    let upper = body
        .size_hint()
        .upper()
        .and_then(|bytes| usize::try_from(bytes).ok());
    upper.unwrap_or(MAX_BODY).min(MAX_BODY)
}

/// Reads the whole body. Most come in one frame, which is handed on without a copy.
pub(crate) async fn read(mut body: Body) -> Result<Bytes, BodyError> {
    let Some(first) = next(&mut body).await? else {
        return Ok(Bytes::new());
    };
    if body.is_end_stream() && first.len() <= MAX_BODY {
        return Ok(first);
    }
    let mut whole = Vec::with_capacity(announced(&body).saturating_add(first.len()));
    let mut length = first.len();
    whole.extend_from_slice(&first);
    while let Some(data) = next(&mut body).await? {
        length = length.saturating_add(data.len());
        match length {
            0..=MAX_BODY => whole.extend_from_slice(&data),
            _ if length > MAX_DISCARDED => return Err(BodyError::TooLarge),
            _ => whole = Vec::new(),
        }
    }
    match length {
        0..=MAX_BODY => Ok(whole.into()),
        _ => Err(BodyError::TooLarge),
    }
}

/// The next piece of data; trailers are of no use here.
async fn next(body: &mut Body) -> Result<Option<Bytes>, axum::Error> {
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame?.into_data() {
            return Ok(Some(data));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::body::Frame;
    use std::convert::Infallible;
    use std::pin::Pin;
    use std::task::{Context, Poll};

    /// `left` frames of `size` bytes, of unknown length in all.
    struct Pieces {
        left: usize,
        size: usize,
    }

    impl hyper::body::Body for Pieces {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            let Some(left) = self.left.checked_sub(1) else {
                return Poll::Ready(None);
            };
            self.left = left;
            Poll::Ready(Some(Ok(Frame::data(vec![b'x'; self.size].into()))))
        }
    }

    async fn read_pieces(left: usize, size: usize) -> Result<usize, BodyError> {
        let body = Body::new(Pieces { left, size });
        read(body).await.map(|bytes| bytes.len())
    }

    #[tokio::test]
    async fn a_body_in_pieces_is_put_together() {
        assert_eq!(read_pieces(3, 1000).await.unwrap(), 3000);
        assert_eq!(read_pieces(0, 0).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn the_limit_is_the_last_length_that_is_taken() {
        assert_eq!(read_pieces(8, 1 << 20).await.unwrap(), MAX_BODY);
        assert!(matches!(
            read_pieces(9, 1 << 20).await,
            Err(BodyError::TooLarge)
        ));
        assert!(matches!(
            read_pieces(1, MAX_BODY + 1).await,
            Err(BodyError::TooLarge)
        ));
    }

    #[tokio::test]
    async fn a_body_without_an_end_is_given_up() {
        assert!(matches!(
            read_pieces(usize::MAX, 1 << 20).await,
            Err(BodyError::TooLarge)
        ));
    }

    #[test]
    fn an_unknown_length_counts_as_the_longest() {
        assert_eq!(announced(&Body::new(Pieces { left: 1, size: 1 })), MAX_BODY);
        assert_eq!(announced(&Body::from("four")), 4);
        assert_eq!(announced(&Body::from(vec![0; MAX_BODY + 1])), MAX_BODY);
    }
}
