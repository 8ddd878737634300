//! `publish`: check, publish, and wait for the servers' own word.

use std::time::Duration;

use saxml::http::PublishRequest;
use saxml::sax::Model;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};
use tonic::Code;
use tpu::sax::{ImageVersion, ModelId, checkpoint_path_valid, find, model_path_valid, suggestions};

use super::block_on;
use super::confirming::confirm;
use super::waiting::{Hopeless, until_forgotten, until_loaded};
use crate::cli::{DryRun, ModelFormat, PublishArgs};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::render::{pretty_json, pretty_yaml};
use crate::sax::{Demand, Grpc, HttpServer, Reach, Route, SaxError, capacity, full_class};

/// How long a name that was just unpublished may be refused: an admin server's tick, and half of
/// one.
const LEAVING: Duration = Duration::from_secs(15);
/// How often to try it again.
const AGAIN: Duration = Duration::from_secs(1);
/// The checkpoint of a class that needs none.
const NONE: &str = "None";
/// What a class with weights needs.
const A_FOLDER: &str = "name the folder that its checkpoint was written to, such as \
                        --checkpoint gs://BUCKET/checkpoint_00000000";

pub(super) fn run(args: &PublishArgs, printer: &Printer) -> Result<Exit, Failure> {
    let dry_run = super::dry_run(&args.dry_run, printer)?;
    if args.wait && dry_run != DryRun::None {
        return Err(Failure::NothingToWaitFor);
    }
    let wish = Wish::of(args, printer)?;
    if dry_run == DryRun::Client {
        let id = args.model.in_cell(args.sax.cell.as_ref());
        let id = id.map_or_else(|_| args.model.to_string(), |id| id.to_string());
        tell(
            &id,
            &wish.model(&id),
            "published (dry run)",
            args.output,
            printer,
        )?;
        return Ok(Exit::Fine);
    }
    block_on(async {
        let reach = match args.wait {
            true => Reach::Grpc("say whether a model is loaded"),
            false => Reach::Any,
        };
        let route = Route::find(&args.sax, args.model.cell(), reach, printer).await?;
        let id = route.id(&args.model, &args.sax).await?;
        match route {
            Route::Grpc(mut grpc) => by_grpc(args, dry_run, &mut grpc, &id, &wish, printer).await,
            Route::Http(server) => by_http(args, dry_run, &server, &id, &wish, printer).await,
        }
    })
}

/// What is to be published, checked as far as that is possible without a server.
struct Wish {
    class: String,
    checkpoint: String,
    replicas: i32,
    overrides: Vec<(String, String)>,
}

impl Wish {
    fn of(args: &PublishArgs, printer: &Printer) -> Result<Self, Failure> {
        let class = find(&args.path);
        if !model_path_valid(&args.path) {
            let message = format!(
                "{:?} is no class's name: letters, digits and _ . -, and a letter first",
                args.path
            );
            let fix = "take a name that `kubectl sax models list` shows";
            return Err(mistake("--path", message, fix));
        }
        if class.is_none() {
            let near = suggestions(&args.path);
            let near = near.first().map(|near| format!("; did you mean {near}?"));
            let near = near.unwrap_or_default();
            printer.warning(&format!("the catalogue has no class {}{near}", args.path))?;
        }
        let is_test = class.is_some_and(|class| class.test_mode());
        let checkpoint = match &args.checkpoint {
            Some(path) => path.clone(),
            None if is_test => NONE.to_owned(),
            None => {
                let message = "is needed: only a test class does without a checkpoint".to_owned();
                return Err(mistake("--checkpoint", message, A_FOLDER));
            }
        };
        check_checkpoint(&checkpoint, class.is_some() && !is_test)?;
        if is_test && checkpoint != NONE {
            printer.warning("a test class ignores its checkpoint: its weights are random")?;
        }
        Ok(Self {
            class: full_class(&args.path),
            checkpoint,
            replicas: args.replicas,
            overrides: args.overrides.clone(),
        })
    }

    /// Access lists stay empty: the open-source platform refuses any other.
    fn model(&self, id: &str) -> Model {
        Model {
            model_id: id.to_owned(),
            model_path: self.class.clone(),
            checkpoint_path: self.checkpoint.clone(),
            requested_num_replicas: self.replicas,
            overrides: self.overrides.iter().cloned().collect(),
            ..Model::default()
        }
    }

    fn demand<'a>(&'a self, id: &'a ModelId) -> Demand<'a> {
        Demand {
            id,
            class: &self.class,
            replicas: usize::try_from(self.replicas).unwrap_or(0),
        }
    }
}

/// What Saxml would refuse, or accept and then fail to load.
pub(super) fn check_checkpoint(path: &str, needs_one: bool) -> Result<(), Failure> {
    let (message, fix) = if path.is_empty() {
        ("is empty, expected a folder or None".to_owned(), A_FOLDER)
    } else if !checkpoint_path_valid(path, ImageVersion::Head) {
        let allowed = "letters, digits and / _ . - % : = | + are allowed";
        let message = format!("{path:?} has characters that Saxml refuses; {allowed}");
        (message, "copy the checkpoint to a folder without them")
    } else if path != NONE && path.eq_ignore_ascii_case(NONE) || path == "null" {
        let message = format!("{path:?} would be the name of a folder");
        (message, if needs_one { A_FOLDER } else { "write None" })
    } else if needs_one && path == NONE {
        let message = "None is for test classes: this class would fail to load".to_owned();
        (message, A_FOLDER)
    } else {
        return Ok(());
    };
    Err(mistake("--checkpoint", message, fix))
}

async fn by_grpc(
    args: &PublishArgs,
    dry_run: DryRun,
    grpc: &mut Grpc,
    id: &ModelId,
    wish: &Wish,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let there = grpc.admin.find(id).await?;
    if there.is_some() && !args.replace {
        return Err(SaxError::Exists { id: id.clone() }.into());
    }
    if !args.unchecked {
        check_capacity(args, grpc, &wish.demand(id), printer).await?;
    }
    let model = wish.model(&id.to_string());
    if dry_run == DryRun::Server {
        printer.note("Saxml has no dry run: all was checked that can be, and nothing was sent")?;
        tell(
            &id.to_string(),
            &model,
            "published (server dry run)",
            args.output,
            printer,
        )?;
        return Ok(Exit::Fine);
    }
    if let Some(there) = there {
        let question = format!("{id} will be unpublished first. Go on?");
        confirm(printer, args.yes, &question).await?;
        grpc.admin.unpublish(id).await?;
        let servers = &there.servers;
        until_forgotten(grpc, id, servers, args.timeout.max(LEAVING), printer).await?;
    }
    send(grpc, id, &model).await?;
    tell(&id.to_string(), &model, "published", args.output, printer)?;
    if args.wait {
        let hopeless = match args.unchecked {
            true => Hopeless::GoesOn,
            false => Hopeless::Ends,
        };
        until_loaded(grpc, id, None, args.timeout, hopeless.into(), printer).await?;
    }
    Ok(Exit::Fine)
}

/// A model that can't get its servers is not published where somebody waits for it, and with a
/// warning where nobody does: servers may come later.
async fn check_capacity(
    args: &PublishArgs,
    grpc: &Grpc,
    demand: &Demand<'_>,
    printer: &Printer,
) -> Result<(), Failure> {
    let (stats, published) = (grpc.admin.stats().await?, grpc.admin.list().await?);
    let parts = grpc.parts();
    let servers = parts.as_ref().map(|parts| parts.servers.as_slice());
    match capacity(demand, &stats, &published, servers).problem(demand) {
        Some(problem) if args.wait => Err(problem.into()),
        Some(problem) => Ok(printer.warning(&problem.to_string())?),
        None => Ok(()),
    }
}

/// A name that was just unpublished is refused for up to ten seconds, as one that is there is; the
/// list tells them apart.
async fn send(grpc: &Grpc, id: &ModelId, model: &Model) -> Result<(), SaxError> {
    let started = Instant::now();
    loop {
        let error = match grpc.admin.publish(model.clone()).await {
            Ok(()) => return Ok(()),
            Err(error) => error,
        };
        let refused = matches!(error.code(), Some(Code::AlreadyExists | Code::Unavailable));
        if !refused {
            return Err(error);
        }
        if grpc.admin.find(id).await?.is_some() {
            return Err(SaxError::Exists { id: id.clone() });
        }
        if started.elapsed() + AGAIN > LEAVING {
            let (id, limit) = (id.clone(), LEAVING);
            return Err(SaxError::Leaving { id, limit });
        }
        sleep(AGAIN).await;
    }
}

async fn by_http(
    args: &PublishArgs,
    dry_run: DryRun,
    server: &HttpServer,
    id: &ModelId,
    wish: &Wish,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let only_grpc = |what| SaxError::OnlyGrpc {
        peer: server.peer().clone(),
        what,
    };
    if !wish.overrides.is_empty() {
        return Err(only_grpc("take overrides").into());
    }
    if args.replace || dry_run == DryRun::Server {
        return Err(only_grpc("say what is loaded where").into());
    }
    let request = PublishRequest {
        model: id.to_string(),
        model_path: wish.class.clone(),
        checkpoint: wish.checkpoint.clone(),
        replicas: wish.replicas,
    };
    match server.publish(&request).await {
        Err(error) if error.code() == Some(Code::AlreadyExists) => {
            return Err(SaxError::Exists { id: id.clone() }.into());
        }
        done => done?,
    }
    let model = wish.model(&id.to_string());
    tell(&id.to_string(), &model, "published", args.output, printer)?;
    printer.note("whether a model server can serve it, only gRPC tells")?;
    Ok(Exit::Fine)
}

/// What was done, as kubectl says it.
pub(super) fn tell(
    id: &str,
    model: &Model,
    done: &str,
    output: Option<ModelFormat>,
    printer: &Printer,
) -> Result<(), Failure> {
    let text = match output {
        None => format!("{id} {done}\n"),
        Some(ModelFormat::Name) => format!("{id}\n"),
        Some(ModelFormat::Json) => pretty_json(&value(model)),
        Some(ModelFormat::Yaml) => pretty_yaml(&value(model)),
    };
    Ok(printer.data(&text)?)
}

fn value(model: &Model) -> Value {
    let mut overrides: Vec<_> = model.overrides.iter().collect();
    overrides.sort();
    let overrides = overrides.into_iter().map(|(key, value)| {
        let value = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value.as_str()));
        (key.clone(), value)
    });
    json!({
        "model": model.model_id,
        "path": model.model_path,
        "checkpoint": model.checkpoint_path,
        "replicas": model.requested_num_replicas,
        "overrides": overrides.collect::<serde_json::Map<_, _>>(),
    })
}

fn mistake(flag: &'static str, message: String, fix: &str) -> Failure {
    let fix = fix.to_owned();
    Failure::Mistake { flag, message, fix }
}
