//! `plan`: the hardware that a model needs, the commands that make it, and where its slices would
//! go.

use tpu::sax::CellName;

use super::block_on;
use crate::cli::{Output, PlanArgs, PlanFormat};
use crate::cluster::{Cluster, offline_namespace};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::judge::Judge;
use crate::plan::{Plan, Report, Site, Wish, commands, plan};
use crate::printer::Printer;
use crate::prospect::{Prospect, prospects};
use crate::render::{PlacedReport, pretty_json, pretty_yaml, prospects_text, templated};
use crate::scaffold::{Expose, Images, JobSet, Names, Object, Request, RequestError, objects};

pub(super) fn run(args: &PlanArgs, printer: &Printer) -> Result<Exit, Failure> {
    let wish = wish(args);
    let plan = plan(&wish)?;
    for note in &plan.notes {
        printer.warning(note)?;
    }
    let (text, exit) = match args.on_cluster {
        true => placed(args, &wish, &plan, printer)?,
        false => (sized(args, &wish, &plan, printer)?, Exit::Fine),
    };
    printer.data(&text)?;
    Ok(exit)
}

/// All that there is to say without a cluster.
fn sized(args: &PlanArgs, wish: &Wish, plan: &Plan, printer: &Printer) -> Result<String, Failure> {
    let report = || Report::of(wish, plan);
    let format = match &args.output {
        Output::Named(format) => format,
        Output::Template(template) => return Ok(templated(&report(), template)?),
    };
    Ok(match format {
        PlanFormat::Json => pretty_json(&report()),
        PlanFormat::Yaml => pretty_yaml(&report()),
        PlanFormat::Gcloud => commands(plan, &site(args, plan)?),
        PlanFormat::Table => {
            let commands = commands(plan, &site(args, plan)?);
            format!("{}\n{commands}", report().table(printer))
        }
    })
}

/// Where the slices would go; for programs beside the rest.
fn placed(
    args: &PlanArgs,
    wish: &Wish,
    plan: &Plan,
    printer: &Printer,
) -> Result<(String, Exit), Failure> {
    if args.output == Output::Named(PlanFormat::Gcloud) {
        return Err(Failure::Flag {
            flag: "--on-cluster",
            message: "the commands of -o gcloud are the same on every cluster".to_owned(),
        });
    }
    let found = on_cluster(args, plan, printer)?;
    let report = || PlacedReport::of(wish, plan, &found);
    let text = match &args.output {
        Output::Template(template) => templated(&report(), template)?,
        Output::Named(PlanFormat::Json) => pretty_json(&report()),
        Output::Named(PlanFormat::Yaml) => pretty_yaml(&report()),
        Output::Named(PlanFormat::Table | PlanFormat::Gcloud) => {
            format!("{plan}\n{}", prospects_text(&found, printer))
        }
    };
    Ok((text, exit(&found)))
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

fn exit(found: &[Prospect]) -> Exit {
    match found.iter().any(|prospect| prospect.domain.is_none()) {
        true => Exit::Error,
        false => Exit::Fine,
    }
}

fn wish(args: &PlanArgs) -> Wish {
    Wish {
        model: args.model.clone(),
        parameters: args.params,
        dtype: args.dtype,
        slice: args.slice.clone(),
        accelerator: args.accelerator.clone(),
        headroom: args.hbm_headroom.unwrap_or_default(),
        replicas: args.replicas,
        model_image: Images::of(args.image_version.as_deref()).model,
    }
}

/// What the commands name, checked.
fn site(args: &PlanArgs, plan: &Plan) -> Result<Site, Failure> {
    let flags = args.site.clone();
    let site = Site {
        project: flags.project,
        zone: flags.zone,
        cluster: flags.gke_cluster,
        bucket: flags.bucket,
        namespace: offline_namespace(&args.connection)?,
        deploy: deployment(args, plan),
    };
    site.check()?;
    Ok(site)
}

/// The arguments of the `deploy` that carries the plan out.
fn deployment(args: &PlanArgs, plan: &Plan) -> Vec<String> {
    let known = plan.model.map(|model| model.class.name());
    let model = known.or(args.model.as_deref());
    let model = model.map(|model| format!("--model {model}"));
    let version = args.image_version.as_ref();
    let version = version.map(|version| format!("--image-version {version}"));
    let params = args.params.map(|params| format!("--params {params}"));
    let dtype = args.dtype.map(|dtype| format!("--dtype {dtype}"));
    let headroom = args.hbm_headroom;
    let headroom = headroom.map(|headroom| format!("--hbm-headroom {headroom}"));
    let fixed = ["sax".to_owned()];
    let hardware = [
        format!("--slice {}", plan.slice),
        format!("--replicas {}", plan.replicas),
    ];
    fixed
        .into_iter()
        .chain(model)
        .chain(params)
        .chain(dtype)
        .chain(headroom)
        .chain(hardware)
        .chain(version)
        .collect()
}
