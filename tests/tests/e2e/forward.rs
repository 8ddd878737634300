//! `kubectl port-forward`, as a user runs it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use sax_tests::namespace::TempNamespace;

use crate::shared::plain;

/// For an answer through it.
const DEADLINE: Duration = Duration::from_secs(10);

/// A forward to a Pod of the plain cluster, which ends when it is dropped.
pub(crate) struct Forward {
    kubectl: Child,
    /// It says each connection, and ends when nobody reads that.
    _stdout: BufReader<ChildStdout>,
    port: u16,
}

impl Forward {
    pub(crate) fn start(namespace: &TempNamespace<'_>, pod: &str, port: u16) -> Self {
        let kubectl = plain().kubectl();
        let mut kubectl = Command::new(kubectl.program())
            .arg("--kubeconfig")
            .arg(kubectl.kubeconfig())
            .args(["--namespace", namespace.name(), "port-forward", pod])
            .arg(format!(":{port}"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("kubectl must start");
        let stdout = kubectl.stdout.take().expect("it is piped");
        let mut stdout = BufReader::new(stdout);
        let mut line = String::new();
        stdout.read_line(&mut line).expect("kubectl must speak");
        let address = line.split(" -> ").next().unwrap_or_default();
        let port = address
            .rsplit(':')
            .next()
            .and_then(|port| port.parse().ok());
        let port = port.unwrap_or_else(|| panic!("no port in {line:?}"));
        Self {
            kubectl,
            _stdout: stdout,
            port,
        }
    }

    pub(crate) fn ask(&self, word: &str) -> std::io::Result<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(DEADLINE))?;
        stream.write_all(word.as_bytes())?;
        // Not to the end: kwok hands on no end of a connection before both sides have ended.
        let mut heard = vec![0; word.len()];
        stream.read_exact(&mut heard)?;
        Ok(String::from_utf8_lossy(&heard).into_owned())
    }

    /// Head and body of the answer to an HTTP request; the answer must say its length.
    pub(crate) fn http(&self, request: &str) -> std::io::Result<(String, String)> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(DEADLINE))?;
        stream.write_all(request.as_bytes())?;
        let mut answer = BufReader::new(stream);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if answer.read_line(&mut head)? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
        }
        let length = head.split("Content-Length: ").nth(1);
        let length = length.and_then(|rest| rest.lines().next()?.parse().ok());
        let mut body = vec![0; length.unwrap_or_default()];
        answer.read_exact(&mut body)?;
        Ok((head, String::from_utf8_lossy(&body).into_owned()))
    }
}

impl Drop for Forward {
    fn drop(&mut self) {
        if self.kubectl.kill().is_ok() {
            drop(self.kubectl.wait());
        }
    }
}
