//! `sax-http:v1.2.0`: FastAPI on uvicorn. Many requests at a time.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post, put};
use saxml::http::{
    CellRequest, Dialect, GenerateRequest, ModelRequest, PublishRequest, Route, published,
};
use saxml::sax::ExtraInputs;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;

use super::front::{Front, Told};
use super::python::dumps;

/// What it sends where the caller says nothing of extra inputs.
const DEFAULTS: [(&str, f32); 4] = [
    ("temperature", 0.5),
    ("per_example_max_decode_steps", 128.0),
    ("per_example_top_k", 200.0),
    ("per_example_top_p", 0.95),
];

type Shared = State<Arc<Front>>;

pub(super) async fn serve(listener: TcpListener, front: Arc<Front>) {
    let mut router = Router::new();
    for route in Route::ALL {
        router = router.route(route.path(), handler(route));
    }
    let router = router
        .fallback(|| async { detail(StatusCode::NOT_FOUND, &json!("Not Found")) })
        .method_not_allowed_fallback(|| async {
            let text = json!("Method Not Allowed");
            detail(StatusCode::METHOD_NOT_ALLOWED, &text)
        })
        .with_state(front);
    // It ends with its process only.
    drop(axum::serve(listener, router).await);
}

fn handler(route: Route) -> MethodRouter<Arc<Front>> {
    let answer =
        move |State(front): Shared, body: Bytes| async move { answer(route, &front, &body).await };
    match route.method() {
        "GET" => get(answer),
        "PUT" => put(answer),
        _ => post(answer),
    }
}

async fn answer(route: Route, front: &Front, body: &[u8]) -> Response {
    match act(route, front, body).await {
        Ok(value) => json_body(StatusCode::OK, dumps(&value)),
        Err(response) => *response,
    }
}

async fn act(route: Route, front: &Front, body: &[u8]) -> Result<Value, Box<Response>> {
    match route {
        Route::Root => Ok(json!({"message": "HTTP Server for SAX Client"})),
        Route::ListCell => {
            let request: ModelRequest = read(body)?;
            let listed = failed(front.list(&request.model).await)?;
            failed(serde_json::to_value(listed).map_err(|error| error.to_string()))
        }
        Route::ListAll => {
            let request: CellRequest = read(body)?;
            failed(front.list_all(&request.sax_cell).await).map(|models| json!(models))
        }
        Route::Unpublish => {
            let request: ModelRequest = read(body)?;
            failed(front.unpublish(&request.model).await)?;
            Ok(json!({"model": request.model}))
        }
        Route::Publish => {
            let request: PublishRequest = read(body)?;
            failed(front.publish(&request).await)?;
            Ok(published(Dialect::V1_2, &request))
        }
        Route::Update => {
            let request: PublishRequest = read(body)?;
            failed(front.update(&request).await)?;
            Ok(published(Dialect::V1_2, &request))
        }
        Route::Generate => {
            let request: GenerateRequest = read(body)?;
            let extra = extra_inputs(request.extra_inputs);
            let texts = front.generate(&request.model, &request.query, extra);
            failed(texts.await).map(|texts| json!(texts))
        }
    }
}

/// Absent means its defaults, null none; what is given keeps the defaults of what isn't.
fn extra_inputs(given: Option<Option<Map<String, Value>>>) -> ExtraInputs {
    let given = match given {
        None => Map::new(),
        Some(None) => return ExtraInputs::default(),
        Some(Some(given)) => given,
    };
    let mut inputs = ExtraInputs::default();
    for (name, default) in DEFAULTS {
        let value = given.get(name).and_then(Value::as_f64);
        #[expect(clippy::cast_possible_truncation, reason = "the wire has floats")]
        let value = value.map_or(default, |value| value as f32);
        inputs.items.insert(name.to_owned(), value);
    }
    inputs
}

/// Any exception of Saxml.
fn failed<T>(told: Told<T>) -> Result<T, Box<Response>> {
    told.map_err(|text| Box::new(detail(StatusCode::INTERNAL_SERVER_ERROR, &json!(text))))
}

/// What pydantic says of a body that it doesn't take, as far as serde can tell.
fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Box<Response>> {
    let told = |error: serde_json::Error| {
        let text = error.to_string();
        let member = text.strip_prefix("missing field `");
        let member = member.and_then(|rest| rest.split('`').next());
        let detail_of = match (error.classify(), member) {
            (_, Some(member)) => json!({
                "loc": ["body", member], "msg": "Field required", "type": "missing",
            }),
            (serde_json::error::Category::Data, None) => json!({
                "loc": ["body"], "msg": text, "type": "value_error",
            }),
            _ => json!({
                "loc": ["body", error.column()], "msg": "JSON decode error", "type": "json_invalid",
            }),
        };
        Box::new(detail(
            StatusCode::UNPROCESSABLE_ENTITY,
            &json!([detail_of]),
        ))
    };
    serde_json::from_slice(body).map_err(told)
}

fn detail(status: StatusCode, detail: &Value) -> Response {
    json_body(status, json!({"detail": detail}).to_string())
}

fn json_body(status: StatusCode, body: String) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}
