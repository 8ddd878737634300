//! Logs of containers.

use std::time::Duration;

use futures_util::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _};
use futures_util::stream::{Stream, StreamExt as _, try_unfold};
use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, LogParams};
use tokio::time::timeout;

use super::{Cluster, ClusterError};

/// How long the API server and a kubelet may take to begin.
const PATIENCE: Duration = Duration::from_secs(15);
/// A longer line comes in several pieces.
const LONGEST_LINE: u64 = 1 << 20;

/// What of a log is wanted.
#[derive(Debug, Clone, Default)]
pub(crate) struct LogRequest {
    /// Go on as more is written.
    pub(crate) follow: bool,
    /// The log of the container before this one.
    pub(crate) previous: bool,
    /// Only what is as new as this.
    pub(crate) since: Option<Duration>,
    /// Only so many of its last lines.
    pub(crate) tail: Option<u32>,
    /// The kubelet's time before each line.
    pub(crate) timestamps: bool,
}

impl Cluster {
    /// The last lines of a container's log, at most so many bytes.
    pub(crate) async fn log_end(
        &self,
        namespace: &str,
        pod: &str,
        container: &str,
        lines: i64,
        bytes: i64,
    ) -> Result<String, ClusterError> {
        let params = LogParams {
            container: Some(container.to_owned()),
            tail_lines: Some(lines),
            limit_bytes: Some(bytes),
            ..LogParams::default()
        };
        let text = self.pod_api(namespace).logs(pod, &params).await;
        text.map_err(|cause| self.error(cause))
    }

    /// The lines of a container's log, as they come.
    ///
    /// # Errors
    /// When there is no such log, or nothing comes in time.
    pub(crate) async fn log_lines(
        &self,
        namespace: &str,
        pod: &str,
        container: &str,
        request: &LogRequest,
    ) -> Result<impl Stream<Item = std::io::Result<String>> + use<>, ClusterError> {
        let whole = |time: Duration| i64::try_from(time.as_secs().max(1)).unwrap_or(i64::MAX);
        let params = LogParams {
            container: Some(container.to_owned()),
            follow: request.follow,
            previous: request.previous,
            since_seconds: request.since.map(whole),
            tail_lines: request.tail.map(i64::from),
            timestamps: request.timestamps,
            ..LogParams::default()
        };
        let pods = self.pod_api(namespace);
        let begun = timeout(PATIENCE, pods.log_stream(pod, &params)).await;
        let stream = begun.map_err(|_| self.silent(PATIENCE))?;
        let stream = stream.map_err(|cause| self.error(cause))?;
        Ok(lines(stream).boxed())
    }

    fn pod_api(&self, namespace: &str) -> Api<Pod> {
        Api::namespaced(self.client.clone(), namespace)
    }
}

/// The lines of a log, without their ends. What is no UTF-8 is shown as such: a program may write
/// anything.
fn lines<R: AsyncBufRead + Unpin>(log: R) -> impl Stream<Item = std::io::Result<String>> {
    try_unfold(log, async |mut log| {
        let mut line = Vec::new();
        let mut piece = (&mut log).take(LONGEST_LINE);
        if piece.read_until(b'\n', &mut line).await? == 0 {
            return Ok(None);
        }
        let end = [&b"\r\n"[..], b"\n"]
            .into_iter()
            .find(|end| line.ends_with(end));
        line.truncate(line.len() - end.map_or(0, <[u8]>::len));
        Ok(Some((String::from_utf8_lossy(&line).into_owned(), log)))
    })
}

#[cfg(test)]
mod tests {
    use futures_util::io::Cursor;
    use futures_util::stream::TryStreamExt as _;

    use super::{LONGEST_LINE, lines};

    fn read(log: &[u8]) -> Vec<String> {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let runtime = runtime.expect("a runtime must start");
        let read = runtime.block_on(lines(Cursor::new(log)).try_collect());
        read.expect("memory must be readable")
    }

    #[test]
    fn lines_have_no_ends_and_may_hold_anything() {
        assert_eq!(read(b"a\r\n\nb\xff\nc"), ["a", "", "b\u{fffd}", "c"]);
        assert!(read(b"").is_empty());
    }

    #[test]
    fn a_line_without_an_end_comes_in_pieces() {
        let longest = usize::try_from(LONGEST_LINE).expect("it must fit");
        let pieces = read(&vec![b'a'; 2 * longest + 1]);
        let lengths: Vec<_> = pieces.iter().map(String::len).collect();
        assert_eq!(lengths, [longest, longest, 1]);
    }
}
