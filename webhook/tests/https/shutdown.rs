//! Claims about the end: what is in flight is finished, new connections are not taken.

use http_body_util::Full;
use hyper::Request;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::client::{Client, connect_tls};
use crate::process::{Webhook, wait_for};

const HEAD: &str = "POST /mutate?timeout=10s HTTP/1.1\r\nhost: localhost\r\n\
    content-type: application/json\r\ncontent-length: 2\r\n\r\n";

#[tokio::test]
async fn a_review_in_flight_at_sigterm_is_answered_and_the_end_is_0() {
    let mut webhook = Webhook::start();
    let mut slow = connect_tls(&webhook, rustls::ALL_VERSIONS).await.unwrap();
    slow.write_all(HEAD.as_bytes()).await.unwrap();
    slow.flush().await.unwrap();
    let mut watcher = Client::connect(&webhook).await;
    loop {
        let text = watcher.get("/metrics").await;
        if text.contains("in_flight_reviews 1") {
            break;
        }
    }
    webhook.signal("TERM");
    wait_for("the log line", || webhook.log().contains("stopping"));
    while TcpStream::connect(("127.0.0.1", webhook.port))
        .await
        .is_ok()
    {
        tokio::task::yield_now().await;
    }
    slow.write_all(b"{}").await.unwrap();
    let mut answer = Vec::new();
    slow.read_to_end(&mut answer).await.unwrap();
    let answer = String::from_utf8(answer).unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 200 OK") && answer.contains("POL005"),
        "{answer}"
    );
    assert_eq!(webhook.wait().code(), Some(0), "{}", webhook.log());
}

#[tokio::test]
async fn an_idle_connection_does_not_hold_up_the_end() {
    let mut webhook = Webhook::start();
    let mut client = Client::connect(&webhook).await;
    assert_eq!(client.get("/livez").await, "ok");
    webhook.signal("INT");
    assert_eq!(webhook.wait().code(), Some(0));
    let request = Request::get("/livez").body(Full::default()).unwrap();
    assert!(client.send(request).await.is_err());
}

#[tokio::test]
async fn a_second_signal_ends_it_at_once_with_1() {
    let mut webhook = Webhook::start();
    let mut slow = connect_tls(&webhook, rustls::ALL_VERSIONS).await.unwrap();
    slow.write_all(HEAD.as_bytes()).await.unwrap();
    slow.flush().await.unwrap();
    let mut watcher = Client::connect(&webhook).await;
    while !watcher
        .get("/metrics")
        .await
        .contains("in_flight_reviews 1")
    {}
    webhook.signal("TERM");
    wait_for("the log line", || webhook.log().contains("stopping"));
    webhook.signal("TERM");
    assert_eq!(webhook.wait().code(), Some(1), "{}", webhook.log());
}
