//! Servers that do everything but serve: silent ones, ones that hang up, that stop in the middle,
//! that never stop, and ones whose certificate nobody signed.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rustls::crypto::ring;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// More than anybody should read.
pub(crate) const GIGABYTE: u64 = 1 << 30;

/// What a server does with each connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// Takes it and says nothing.
    Silent,
    /// Hangs up at once.
    Closes,
    /// Says the half of an HTTP answer, and then nothing.
    HalfOfHttp,
    /// Says the half of an HTTP/2 frame, and then nothing.
    HalfOfGrpc,
    /// Answers by HTTP with a gigabyte, and says so.
    HugeOfHttp,
    /// Answers by HTTP with chunks until the client hangs up.
    Endless,
    /// Answers any gRPC with a message of a gigabyte.
    HugeOfGrpc,
    /// Speaks TLS with a certificate of its own making.
    Untrusted,
    /// Speaks neither HTTP nor gRPC.
    Garbage,
    /// Answers as an API server, or a proxy, to whom our credentials have expired.
    Expired,
    /// The same by gRPC.
    ExpiredOfGrpc,
}

/// A server on a port of its own, until the test ends.
pub(crate) struct PeerServer {
    address: String,
    written: Arc<AtomicU64>,
}

impl PeerServer {
    /// Starts it.
    pub(crate) fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port must be free");
        let address = listener.local_addr().expect("it must have an address");
        let written = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&written);
        let tls = (manner == Manner::Untrusted).then(|| Arc::new(own_certificate()));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (counter, tls) = (Arc::clone(&counter), tls.clone());
                std::thread::spawn(move || behave(manner, stream, &counter, tls));
            }
        });
        Self {
            address: address.to_string(),
            written,
        }
    }

    /// `HOST:PORT`
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// How many bytes clients have taken, those included that the system keeps for them.
    pub(crate) fn written(&self) -> u64 {
        self.written.load(Ordering::SeqCst)
    }
}

fn behave(
    manner: Manner,
    mut stream: TcpStream,
    written: &AtomicU64,
    tls: Option<Arc<ServerConfig>>,
) -> Option<()> {
    let half = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n[\"/sax";
    let answers = [Manner::HalfOfHttp, Manner::HugeOfHttp, Manner::Endless];
    if answers.contains(&manner) {
        let _ = stream.read(&mut [0; 4096]).ok()?;
    }
    match manner {
        Manner::Silent => hold(&mut stream),
        Manner::Closes => Some(()),
        Manner::HalfOfHttp => {
            stream.write_all(half.as_bytes()).ok()?;
            hold(&mut stream)
        }
        Manner::HalfOfGrpc => {
            // A SETTINGS frame of 6 bytes, of which 2 come.
            stream.write_all(&[0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 3]).ok()?;
            hold(&mut stream)
        }
        Manner::HugeOfHttp => {
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {GIGABYTE}\r\n\r\n");
            stream.write_all(head.as_bytes()).ok()?;
            flood(&mut stream, &[b' '; 65_536], written)
        }
        Manner::Endless => {
            let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
            stream.write_all(head.as_bytes()).ok()?;
            let mut chunk = b"10000\r\n".to_vec();
            chunk.extend([b' '; 65_536]);
            chunk.extend(b"\r\n");
            flood(&mut stream, &chunk, written)
        }
        Manner::HugeOfGrpc => huge_message(&mut stream, written),
        Manner::ExpiredOfGrpc => {
            shake(&mut stream)?;
            let mut headers = vec![0x88, 0x0f, 0x10, 16];
            headers.extend(b"application/grpc");
            // A literal with a new name: UNAUTHENTICATED.
            headers.extend([0, 11]);
            headers.extend(b"grpc-status");
            headers.extend([2, b'1', b'6']);
            frame(&mut stream, 1, 5, &headers)?;
            hold(&mut stream)
        }
        Manner::Untrusted => {
            let connection = ServerConnection::new(tls?).ok()?;
            let mut secured = StreamOwned::new(connection, stream);
            let _ = secured.read(&mut [0; 1024]);
            Some(())
        }
        Manner::Expired => {
            let _ = stream.read(&mut [0; 4096]).ok()?;
            let status = r#"{"kind":"Status","apiVersion":"v1","status":"Failure","message":"Unauthorized","reason":"Unauthorized","code":401}"#;
            let head = "HTTP/1.1 401 Unauthorized\r\ncontent-type: application/json";
            let answer = format!("{head}\r\ncontent-length: {}\r\n\r\n{status}", status.len());
            stream.write_all(answer.as_bytes()).ok()
        }
        Manner::Garbage => {
            stream.write_all(b"220 smtp.example ESMTP\r\n").ok()?;
            hold(&mut stream)
        }
    }
}

/// Reads until the client hangs up.
fn hold(stream: &mut TcpStream) -> Option<()> {
    let mut bytes = [0; 4096];
    while stream.read(&mut bytes).ok()? > 0 {}
    Some(())
}

fn flood(stream: &mut TcpStream, bytes: &[u8], written: &AtomicU64) -> Option<()> {
    let mut sent = 0;
    while sent < 2 * GIGABYTE {
        stream.write_all(bytes).ok()?;
        sent += bytes.len() as u64;
        written.fetch_add(bytes.len() as u64, Ordering::SeqCst);
    }
    Some(())
}

/// HTTP/2 by hand: settings, then on the first stream headers of a good answer and the beginning
/// of a message that says that it has a gigabyte, and as much of it as windows allow.
fn huge_message(stream: &mut TcpStream, written: &AtomicU64) -> Option<()> {
    shake(stream)?;
    // :status 200 (indexed), content-type: application/grpc (literal, new name by index 31).
    let mut headers = vec![0x88, 0x0f, 0x10, 16];
    headers.extend(b"application/grpc");
    frame(stream, 1, 4, &headers)?;
    let mut message = vec![0];
    message.extend(u32::try_from(GIGABYTE).ok()?.to_be_bytes());
    message.extend([0; 16_000]);
    frame(stream, 0, 0, &message)?;
    written.fetch_add(message.len() as u64, Ordering::SeqCst);
    hold(stream)
}

/// The beginning of HTTP/2: settings, and a question.
fn shake(stream: &mut TcpStream) -> Option<()> {
    let mut bytes = [0; 16_384];
    let _ = stream.read(&mut bytes).ok()?;
    stream.write_all(&[0, 0, 0, 4, 0, 0, 0, 0, 0]).ok()?;
    stream.write_all(&[0, 0, 0, 4, 1, 0, 0, 0, 0]).ok()?;
    let _ = stream.read(&mut bytes).ok()?;
    Some(())
}

fn frame(stream: &mut TcpStream, kind: u8, flags: u8, payload: &[u8]) -> Option<()> {
    let length = u32::try_from(payload.len()).ok()?.to_be_bytes();
    let head = [length[1], length[2], length[3], kind, flags, 0, 0, 0, 1];
    stream.write_all(&head).ok()?;
    stream.write_all(payload).ok()
}

fn own_certificate() -> ServerConfig {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()]);
    let made = made.expect("a certificate must be makeable");
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring must have them")
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], PrivateKeyDer::from(key))
        .expect("the key must fit")
}
