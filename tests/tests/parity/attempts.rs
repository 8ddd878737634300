//! What is asked of the API server, and what it must say.

use admission::{Decision, Request};
use anyhow::{Context, Result, ensure};
use http::Method;
use serde_json::{Value, json};

use crate::cases::Case;
use crate::groups::Group;
use crate::https::{Answer, Https};

/// A controller may write the object between our read and our write.
const TRIES: usize = 10;

/// One case as a request to the API server.
pub(crate) struct Attempt {
    pub(crate) case: &'static Case,
    /// What the pipeline says of it.
    pub(crate) decision: Decision,
    submitted: Value,
    method: Method,
    path: String,
}

impl Attempt {
    /// The creation of a case's object.
    pub(crate) fn create(group: &Group, case: &'static Case) -> Self {
        let request = case.request();
        Self {
            decision: group.decide(&request),
            submitted: case.content.object.clone(),
            method: Method::POST,
            path: collection(&request),
            case,
        }
    }

    /// The change of a case's old object, which is created for real, in a namespace of its own.
    /// None where the API server doesn't take it, which is said.
    ///
    /// # Errors
    /// When the API server gives no usable answer.
    pub(crate) fn update(
        api: &Https,
        group: &Group,
        case: &'static Case,
        namespace: &str,
    ) -> Result<Result<Self, Answer>> {
        let place = |object: &Value| {
            let mut object = object.clone();
            object["metadata"]["namespace"] = json!(namespace);
            object
        };
        let request = Request {
            object: Some(place(&case.content.object)),
            namespace: Some(namespace.to_owned()),
            ..case.request()
        };
        let old = place(request.old_object.as_ref().context("an update has one")?);
        let created = api.send(Method::POST, &collection(&request), &old)?;
        ensure!(created.status != 409, "{}: {}", case.name(), created.body);
        if !created.is_success() {
            return Ok(Err(created));
        }
        let attempt = Self {
            decision: Decision::default(),
            submitted: request.object.clone().context("an update has one")?,
            method: Method::PUT,
            path: format!("{}/{}", collection(&request), request.name),
            case,
        };
        let request = Request {
            object: Some(attempt.shown(api)?),
            ..request.updating(created.body)
        };
        let decision = group.decide(&request);
        Ok(Ok(Self {
            decision,
            ..attempt
        }))
    }

    /// What the API server shows a webhook of the object: of its own kinds what it has filled in,
    /// as in the stored object. Others are shown as they are sent. Must be asked without us.
    fn shown(&self, api: &Https) -> Result<Value> {
        let is_native = !self.path.starts_with("/apis/jobset.x-k8s.io/")
            && !self.path.starts_with("/apis/leaderworkerset.x-k8s.io/");
        let answer = self.submit(api)?;
        let is_filled_in = is_native && answer.is_success();
        Ok(match is_filled_in {
            true => answer.body,
            false => self.submitted.clone(),
        })
    }

    /// Asks the API server, which stores nothing.
    ///
    /// # Errors
    /// When there is no usable answer.
    pub(crate) fn submit(&self, api: &Https) -> Result<Answer> {
        self.dry_run(api, self.submitted.clone())
    }

    /// Asks the API server about the object as the patch completes it. None where there is no
    /// patch.
    ///
    /// # Errors
    /// When there is no usable answer.
    pub(crate) fn submit_completed(&self, api: &Https) -> Result<Option<Answer>> {
        if self.decision.patch.0.is_empty() {
            return Ok(None);
        }
        let completed = self.decision.object.clone();
        self.dry_run(api, completed.context("a patch has an object")?)
            .map(Some)
    }

    fn dry_run(&self, api: &Https, mut body: Value) -> Result<Answer> {
        let path = format!("{}?dryRun=All", self.path);
        for _ in 1..TRIES {
            if self.method == Method::PUT {
                let live = api.send(Method::GET, &self.path, &Value::Null)?;
                body["metadata"]["resourceVersion"] =
                    live.body["metadata"]["resourceVersion"].clone();
            }
            let answer = api.send(self.method.clone(), &path, &body)?;
            if answer.status != 409 {
                return Ok(answer);
            }
        }
        api.send(self.method.clone(), &path, &body)
    }
}

fn collection(request: &Request) -> String {
    let root = match request.resource.group.as_str() {
        "" => "/api".to_owned(),
        group => format!("/apis/{group}"),
    };
    let version = &request.resource.version;
    let namespace = request.namespace.as_deref().unwrap_or_default();
    let resource = &request.resource.resource;
    format!("{root}/{version}/namespaces/{namespace}/{resource}")
}
