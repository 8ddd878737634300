//! The HTTP server in its two dialects.

use std::time::Duration;

use sax_simulator::script::HttpServer;
use saxml::http::{Dialect, Listed, error_text, generated, models};
use saxml::sax::ModelStatus;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::cell::{Cell, PATIENCE, script};

const M1: &str = "/sax/test/m1";
const PUBLISH: &str =
    r#"{"model":"/sax/test/m1","model_path":"lm.Fake","checkpoint":"None","replicas":1}"#;
const MODEL: &str = r#"{"model":"/sax/test/m1"}"#;
const GENERATE: &str = r#"{"model":"/sax/test/m1","query":"hi"}"#;

#[tokio::test(flavor = "multi_thread")]
async fn the_tutorials_calls_are_answered_in_the_shape_of_each_dialect() {
    for http in [HttpServer::V1_0_0, HttpServer::V1_2_0] {
        let mut cell = start(http).await;
        let greeting = ask(&cell, "GET", "/", "").await;
        assert_eq!(
            greeting.1.trim_end(),
            "{\n    \"message\": \"HTTP Server for SAX Client\"\n}"
        );
        let published = ask(&cell, "POST", "/publish", PUBLISH).await;
        let path = if http == HttpServer::V1_0_0 {
            "path"
        } else {
            "model_path"
        };
        let expected = format!(
            "{{\n    \"model\": \"{M1}\",\n    \"{path}\": \"lm.Fake\",\n    \"checkpoint\": \
             \"None\",\n    \"replicas\": 1\n}}"
        );
        assert_eq!(
            (published.0, published.1.trim_end()),
            (200, expected.as_str())
        );
        cell.until(M1, ModelStatus::Loaded).await;
        let listed: Listed = serde_json::from_str(&ask(&cell, "GET", "/listcell", MODEL).await.1)
            .expect("must list");
        assert_eq!((listed.max_replicas, listed.active_replicas), (1, 1));
        let (status, body) = ask(&cell, "POST", "/generate", GENERATE).await;
        let texts = generated(body.as_bytes()).expect("must be texts");
        assert_eq!(status, 200);
        assert_eq!(texts, [("canned answer to: hi".to_owned(), -1.25)]);
        assert_eq!(body.starts_with('{'), http == HttpServer::V1_0_0, "{body}");
        let gone = ask(&cell, "POST", "/unpublish", MODEL).await;
        assert_eq!(
            gone.1.trim_end(),
            format!("{{\n    \"model\": \"{M1}\"\n}}")
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_have_each_dialects_status_and_body() {
    let two = r#"{"model":"/sax/test/m1","query":"hi","extra_inputs":null}"#;
    let rows: [(HttpServer, &str, &str, &str, u16, &str); 12] = [
        (
            HttpServer::V1_0_0,
            "GET",
            "/listcell",
            MODEL,
            400,
            "model {test m1} not found",
        ),
        (
            HttpServer::V1_2_0,
            "GET",
            "/listcell",
            MODEL,
            500,
            "model {test m1} not found",
        ),
        (
            HttpServer::V1_0_0,
            "POST",
            "/generate",
            GENERATE,
            400,
            "model {test m1} not found",
        ),
        (
            HttpServer::V1_2_0,
            "POST",
            "/generate",
            GENERATE,
            500,
            "model {test m1} not found",
        ),
        (
            HttpServer::V1_0_0,
            "POST",
            "/generate",
            two,
            400,
            "Provide model and query for generate",
        ),
        (
            HttpServer::V1_0_0,
            "GET",
            "/listall",
            MODEL,
            400,
            "Invalid Request",
        ),
        (
            HttpServer::V1_0_0,
            "GET",
            "/listcell/",
            MODEL,
            400,
            "Invalid Request",
        ),
        (
            HttpServer::V1_2_0,
            "GET",
            "/nowhere",
            MODEL,
            404,
            "Not Found",
        ),
        (
            HttpServer::V1_2_0,
            "GET",
            "/publish",
            MODEL,
            405,
            "Method Not Allowed",
        ),
        (
            HttpServer::V1_2_0,
            "POST",
            "/publish",
            MODEL,
            422,
            "body.model_path: Field required",
        ),
        (
            HttpServer::V1_2_0,
            "POST",
            "/publish",
            "{",
            422,
            "JSON decode error",
        ),
        (
            HttpServer::V1_0_0,
            "POST",
            "/publish",
            MODEL,
            400,
            "Provide model, model path, checkpoint, and replica number for publish",
        ),
    ];
    for (http, method, path, body, status, text) in rows {
        let cell = start(http).await;
        let answer = ask(&cell, method, path, body).await;
        let told = error_text(answer.1.as_bytes());
        let told = told.unwrap_or_else(|| panic!("{path}: {}", answer.1));
        assert_eq!(answer.0, status, "{path}: {told}");
        assert!(told.contains(text), "{path}: {told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn asking_for_the_whole_cell_tells_the_dialects_apart() {
    let body = r#"{"sax_cell":"/sax/test"}"#;
    for http in [HttpServer::V1_0_0, HttpServer::V1_2_0] {
        let cell = start(http).await;
        ask(&cell, "POST", "/publish", PUBLISH).await;
        let (status, answer) = ask(&cell, "GET", "/listall", body).await;
        assert_eq!(Dialect::of_list_all(status), Some(http.dialect()));
        if http == HttpServer::V1_2_0 {
            assert_eq!(models(answer.as_bytes()), Ok(vec![M1.to_owned()]));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_older_server_has_one_request_at_a_time_and_hangs_on_a_loading_model() {
    let slow = |http| {
        let mut script = script();
        (script.http, script.load_seconds) = (http, 1e6);
        script
    };
    for http in [HttpServer::V1_0_0, HttpServer::V1_2_0] {
        let cell = Cell::start(slow(http)).await;
        ask(&cell, "POST", "/publish", PUBLISH).await;
        let mut hangs = send(&cell, "POST", "/generate", GENERATE).await;
        let mut byte = [0];
        let limit = Duration::from_millis(300);
        let silent = tokio::time::timeout(limit, hangs.read(&mut byte)).await;
        assert!(silent.is_err(), "{silent:?}");
        let greets = ask(&cell, "GET", "/", "");
        match http {
            HttpServer::V1_0_0 => {
                let greeting = tokio::time::timeout(limit, greets).await;
                assert!(greeting.is_err(), "{greeting:?}");
            }
            HttpServer::V1_2_0 => assert_eq!(greets.await.0, 200),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_older_servers_code_does_not_foresee_closes_the_connection() {
    let cell = start(HttpServer::V1_0_0).await;
    for request in [
        "POST /publish HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        "POST /publish HTTP/1.1\r\nContent-Length: 1\r\n\r\n{",
    ] {
        let mut stream = connect(&cell).await;
        stream
            .write_all(request.as_bytes())
            .await
            .expect("must be sent");
        let mut answer = Vec::new();
        // What it didn't read makes the kernel reset the connection.
        let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
        assert!(read.is_ok() && answer.is_empty(), "{read:?}");
    }
}

async fn start(http: HttpServer) -> Cell {
    let mut script = script();
    script.http = http;
    Cell::start(script).await
}

async fn connect(cell: &Cell) -> TcpStream {
    let address = cell.sax.endpoints().http;
    TcpStream::connect(address).await.expect("it listens")
}

async fn send(cell: &Cell, method: &str, path: &str, body: &str) -> TcpStream {
    let mut stream = connect(cell).await;
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: sax\r\nConnection: close\r\nContent-Type: \
         application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    stream
        .write_all(request.as_bytes())
        .await
        .expect("must be sent");
    stream
}

/// The status and the body.
async fn ask(cell: &Cell, method: &str, path: &str, body: &str) -> (u16, String) {
    let mut stream = send(cell, method, path, body).await;
    let mut answer = String::new();
    let read = tokio::time::timeout(PATIENCE, stream.read_to_string(&mut answer)).await;
    read.expect("must answer").expect("must be text");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    (status.expect("a status"), body.to_owned())
}
