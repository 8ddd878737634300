//! Claims about what a peer may hold open, and about an end that is announced, each over real TLS.

use std::io;
use std::time::Duration;

use http_body_util::Full;
use hyper::Request;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::client::{Client, connect_tls};
use crate::process::{Webhook, wait_for};

/// Long for a machine that compiles other things at the same time.
const PATIENCE: Duration = Duration::from_secs(60);

/// Reads until the server closes the connection, however it does.
async fn until_closed(mut connection: impl AsyncRead + Unpin) {
    let mut rest = Vec::new();
    let closed = timeout(PATIENCE, connection.read_to_end(&mut rest)).await;
    let closed: io::Result<usize> = closed.expect("the server must close the connection");
    drop(closed);
}

#[tokio::test]
async fn a_peer_that_never_shakes_hands_is_hung_up_on() {
    let webhook = Webhook::start_with(&["--handshake-timeout", "200ms"]);
    let tcp = TcpStream::connect(("127.0.0.1", webhook.port))
        .await
        .unwrap();
    until_closed(tcp).await;
}

#[tokio::test]
async fn a_peer_that_asks_nothing_is_hung_up_on() {
    let webhook = Webhook::start_with(&["--first-request-timeout", "200ms"]);
    until_closed(connect_tls(&webhook, rustls::ALL_VERSIONS).await.unwrap()).await;
}

#[tokio::test]
async fn a_request_that_comes_byte_by_byte_and_never_ends_is_given_up() {
    let webhook = Webhook::start_with(&["--idle-timeout", "300ms"]);
    let mut slow = connect_tls(&webhook, rustls::ALL_VERSIONS).await.unwrap();
    slow.write_all(b"POST /mutate HTTP/1.1\r\nhost: a\r\nx-slow: ")
        .await
        .unwrap();
    let (reader, mut writer) = tokio::io::split(slow);
    let drip = async {
        while writer.write_all(b"a").await.is_ok() && writer.flush().await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::select! {
        () = until_closed(reader) => {}
        () = drip => {}
    }
}

#[tokio::test]
async fn an_idle_connection_is_closed_and_a_busy_one_is_not() {
    let webhook = Webhook::start_with(&["--idle-timeout", "500ms"]);
    let mut client = Client::connect(&webhook).await;
    assert_eq!(client.get("/livez").await, "ok");
    wait_until_closed(&mut client).await;
}

async fn wait_until_closed(client: &mut Client) {
    let closed = async {
        loop {
            tokio::time::sleep(Duration::from_millis(700)).await;
            let request = Request::get("/livez").body(Full::default()).unwrap();
            if client.send(request).await.is_err() {
                return;
            }
        }
    };
    timeout(PATIENCE, closed)
        .await
        .expect("the server must close it");
}

#[tokio::test]
async fn above_the_cap_a_connection_waits_until_another_is_closed() {
    let webhook = Webhook::start_with(&["--max-connections", "2"]);
    let first = Client::connect(&webhook).await;
    let _second = Client::connect(&webhook).await;
    let third = Client::connect(&webhook);
    tokio::pin!(third);
    let early = timeout(Duration::from_millis(300), &mut third).await;
    assert!(early.is_err(), "a third connection was served");
    drop(first);
    let mut third = timeout(PATIENCE, third).await.expect("there is room now");
    assert_eq!(third.get("/livez").await, "ok");
}

#[tokio::test]
async fn an_end_is_announced_before_it_comes_and_nobody_is_cut_off_meanwhile() {
    let mut webhook = Webhook::start_with(&["--shutdown-delay", "2s"]);
    let mut open = Client::connect(&webhook).await;
    assert_eq!(open.get("/readyz").await, "ok");
    webhook.signal("TERM");
    wait_for("the log line", || webhook.log().contains("stopping"));
    // On a connection from before, and on a new one.
    let answer = open.post("/validate", "{}").await;
    assert_eq!(answer.review()["allowed"], false);
    assert_eq!(answer.headers["connection"], "close");
    let mut late = Client::connect(&webhook).await;
    let request = Request::get("/readyz").header("host", "localhost");
    let ready = late
        .send(request.body(Full::default()).unwrap())
        .await
        .unwrap();
    assert_eq!(ready.status.as_u16(), 503);
    assert_eq!(webhook.wait().code(), Some(0), "{}", webhook.log());
}
