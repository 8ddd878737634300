//! `plan`: the hardware that a model needs, and where its slices would go.

use tpu::sax::CellName;

use super::block_on;
use crate::cli::{PlanArgs, PlanFormat};
use crate::cluster::{Cluster, offline_namespace};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::judge::Judge;
use crate::plan::{Plan, Wish, plan};
use crate::printer::Printer;
use crate::prospect::{Prospect, prospects};
use crate::render::{PlanReport, pretty_json, prospects_text, yaml};
use crate::scaffold::{Expose, Images, JobSet, Names, Object, Request, RequestError, objects};

pub(super) fn run(args: &PlanArgs, printer: &Printer) -> Result<Exit, Failure> {
    let plan = plan(&Wish {
        model: args.model.clone(),
        slice: args.slice.clone(),
        replicas: args.replicas,
        model_image: Images::of(args.image_version.as_deref()).model,
    })?;
    for note in &plan.notes {
        printer.warning(note)?;
    }
    let found = match args.on_cluster {
        true => Some(on_cluster(args, &plan, printer)?),
        false => None,
    };
    let report = PlanReport::of(&plan, found.as_deref());
    let json = || serde_json::to_value(&report).expect("a plan must be JSON");
    printer.data(&match args.output {
        PlanFormat::Json => pretty_json(&report),
        PlanFormat::Yaml => yaml(&json()),
        PlanFormat::Table => {
            let places = found.as_deref().map(|found| prospects_text(found, printer));
            format!("{plan}\n{}", places.unwrap_or_default())
        }
    })?;
    Ok(exit(found.as_deref()))
}

/// Where each slice would go now.
fn on_cluster(args: &PlanArgs, plan: &Plan, printer: &Printer) -> Result<Vec<Prospect>, Failure> {
    let jobset = jobset(args, plan)?;
    let judge = Judge::load(&[])?;
    let reading = block_on(async {
        let cluster = Cluster::connect(&args.connection).await?;
        Ok(cluster.read(None).await?)
    })?;
    super::tell_unreadable(&reading, printer)?;
    let found = prospects(
        &reading.inventory,
        plan,
        &jobset,
        super::now(),
        judge.rank(),
    );
    Ok(found.expect("our own JobSet must be readable"))
}

/// The JobSet that `deploy` would make, under a name and a bucket that don't matter here.
fn jobset(args: &PlanArgs, plan: &Plan) -> Result<Object, Failure> {
    let cell = CellName::parse("/sax/test").expect("the tutorial's cell must be one");
    let request = Request {
        names: Names::of("sax").map_err(RequestError::from)?,
        namespace: offline_namespace(&args.connection)?,
        bucket: "bucket".to_owned(),
        cell,
        google_service_account: None,
        service_account: "sax-sa".to_owned(),
        service_account_is_given: false,
        expose: Expose::Internal,
        images: Images::of(args.image_version.as_deref()),
    };
    let made = objects(&request, plan).into_iter();
    let mut jobsets = made.filter(|object| object.is::<JobSet>());
    Ok(jobsets.next().expect("the scaffold must have a JobSet"))
}

fn exit(found: Option<&[Prospect]>) -> Exit {
    let waits = |prospect: &Prospect| prospect.domain.is_none();
    match found.is_some_and(|found| found.iter().any(waits)) {
        true => Exit::Error,
        false => Exit::Fine,
    }
}
