//! `sax-http:v1.0.0`: Python's `HTTPServer` with one handler. One request at a time, HTTP/1.0, no
//! Content-Type; what its code doesn't foresee closes the connection without an answer.

use std::sync::Arc;

use saxml::http::{Dialect, PublishRequest, Route, published};
use saxml::sax::ExtraInputs;
use serde_json::{Map, Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::front::{Front, Told};
use super::python::dumps;

/// A request line or header longer than this is refused by Python, too.
const LINE: u64 = 65_536;
/// Nothing that is sent in earnest is larger.
const BODY: usize = 16 << 20;

pub(super) async fn serve(listener: TcpListener, front: Arc<Front>) {
    while let Ok((stream, _)) = listener.accept().await {
        // Whoever comes next waits, however long this one takes.
        drop(one(stream, &front).await);
    }
}

/// An exception of the handler: the connection closes.
struct Crash;

struct Request {
    method: String,
    path: String,
    length: Option<usize>,
}

async fn one(stream: TcpStream, front: &Front) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let Some(request) = head(&mut stream).await? else {
        return Ok(());
    };
    if let Ok((status, body)) = answer(&request, &mut stream, front).await {
        let text = written(status, &body, front.forwarded());
        stream.write_all(text.as_bytes()).await?;
    }
    stream.shutdown().await
}

/// The answer ends with the connection. Only where nobody would see that end it has a length.
fn written(status: u16, body: &str, forwarded: bool) -> String {
    let reason = if status == 200 { "OK" } else { "Bad Request" };
    let length = match forwarded {
        true => format!("Content-Length: {}\r\n", body.len() + 1),
        false => String::new(),
    };
    format!(
        "HTTP/1.0 {status} {reason}\r\nServer: BaseHTTP/0.6 Python/3.10.13\r\n{length}\r\n{body}\n"
    )
}

async fn head(stream: &mut BufReader<TcpStream>) -> std::io::Result<Option<Request>> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        let read = (&mut *stream).take(LINE).read_line(&mut line).await?;
        let line = line.trim_end();
        if read == 0 || line.is_empty() {
            break;
        }
        lines.push(line.to_owned());
    }
    let Some((first, headers)) = lines.split_first() else {
        return Ok(None);
    };
    let mut words = first.split(' ').map(str::to_owned);
    let (method, path) = (words.next(), words.next());
    let length = headers.iter().find_map(|header| {
        let (name, value) = header.split_once(':')?;
        let is_length = name.eq_ignore_ascii_case("content-length");
        is_length.then(|| value.trim().parse().ok())?
    });
    Ok(method.zip(path).map(|(method, path)| Request {
        method,
        path,
        length,
    }))
}

async fn answer(
    request: &Request,
    stream: &mut BufReader<TcpStream>,
    front: &Front,
) -> Result<(u16, String), Crash> {
    let is_known = |route: &Route| {
        let here = route.is_in(Dialect::V1_0) && route.method() == request.method;
        here && route.path() == request.path
    };
    match Route::ALL.into_iter().find(is_known) {
        Some(Route::Root) => Ok(done(&json!({"message": "HTTP Server for SAX Client"}))),
        Some(route) => {
            let members = members(request, stream).await?;
            let told = act(route, &members, front).await;
            Ok(match told {
                Ok(value) => done(&value),
                Err(text) => (400, dumps(&json!({"Error": text}))),
            })
        }
        None => Ok((400, "{\"message\": \"Invalid Request\"}".to_owned())),
    }
}

fn done(value: &Value) -> (u16, String) {
    (200, dumps(value))
}

/// The body. Without a length, or where it is no JSON object, the handler fails.
async fn members(
    request: &Request,
    stream: &mut BufReader<TcpStream>,
) -> Result<Map<String, Value>, Crash> {
    let length = request
        .length
        .filter(|length| *length <= BODY)
        .ok_or(Crash)?;
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.map_err(|_| Crash)?;
    serde_json::from_slice(&body).map_err(|_| Crash)
}

/// It counts the members before it looks at them.
async fn act(route: Route, members: &Map<String, Value>, front: &Front) -> Told<Value> {
    let (count, wanted) = match route {
        Route::ListCell => (1, "model for list cell"),
        Route::Unpublish => (1, "model for unpublish"),
        Route::Generate => (2, "model and query for generate"),
        Route::Update => (
            4,
            "model, model path, checkpoint, and replica number for update",
        ),
        _ => (
            4,
            "model, model path, checkpoint, and replica number for publish",
        ),
    };
    if members.len() != count {
        return Err(format!("Provide {wanted}"));
    }
    let model = text(members, "model")?;
    match route {
        Route::ListCell => {
            let listed = front.list(&model).await?;
            serde_json::to_value(listed).map_err(|error| error.to_string())
        }
        Route::Unpublish => {
            front.unpublish(&model).await?;
            Ok(json!({"model": model}))
        }
        Route::Generate => {
            let query = text(members, "query")?;
            let texts = front
                .generate(&model, &query, ExtraInputs::default())
                .await?;
            Ok(json!({"generate_response": texts}))
        }
        route => {
            let request = publish(members)?;
            if route == Route::Update {
                front.update(&request).await?;
            } else {
                front.publish(&request).await?;
            }
            Ok(published(Dialect::V1_0, &request))
        }
    }
}

/// A member that is missing is a KeyError, whose text is the key in quotes.
fn text(members: &Map<String, Value>, name: &str) -> Told<String> {
    match members.get(name) {
        Some(Value::String(text)) => Ok(text.clone()),
        Some(other) => Ok(other.to_string()),
        None => Err(format!("'{name}'")),
    }
}

fn publish(members: &Map<String, Value>) -> Told<PublishRequest> {
    let replicas = text(members, "replicas")?;
    Ok(PublishRequest {
        model: text(members, "model")?,
        model_path: text(members, "model_path")?,
        checkpoint: text(members, "checkpoint")?,
        replicas: replicas
            .trim()
            .parse()
            .map_err(|_| format!("invalid literal for int() with base 10: '{replicas}'"))?,
    })
}
