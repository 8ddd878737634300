//! `init`: what `deploy` would apply, as files.

use std::path::Path;

use super::deployment::Deployment;
use super::judging::{judge_creation, load_judge};
use crate::cli::{InitArgs, LayoutFormat};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::layout::{VALUES, Written, write};
use crate::printer::Printer;
use crate::values::SCHEMA;

/// The name where neither a flag nor a file has one: the tutorial's.
const NAME: &str = "sax";

pub(super) fn run(args: &InitArgs, printer: &Printer) -> Result<Exit, Failure> {
    let Some(folder) = args.folder.as_deref().filter(|_| !args.schema) else {
        printer.data(SCHEMA)?;
        return Ok(Exit::Fine);
    };
    let to_stdout = folder.as_os_str() == "-";
    if to_stdout && args.format == LayoutFormat::Helm {
        return Err(Failure::Flag {
            flag: "--format helm",
            message: "a chart is a folder of files; name one in place of -".to_owned(),
        });
    }
    let deployment = deployment(args)?;
    deployment.tell(printer)?;
    let judge = load_judge(&args.policies, &deployment.objects)?;
    judge_creation(&judge, &deployment.objects, printer)?;
    if to_stdout {
        printer.data(&deployment.subject().stream())?;
        return Ok(Exit::Fine);
    }
    let files = match args.format {
        LayoutFormat::Kustomize => deployment.subject().kustomization(),
        LayoutFormat::Helm => deployment.subject().chart(),
    };
    for written in write(folder, &files, args.force)? {
        printer.data(&line(&written))?;
    }
    printer.note(&next(args, folder, &deployment))?;
    Ok(Exit::Fine)
}

/// The file may have the name; the tutorial's is a default, not a wish.
fn deployment(args: &InitArgs) -> Result<Deployment, Failure> {
    let name = args.name.as_deref();
    let fallback = args.values.filename.is_none().then_some(NAME);
    Deployment::of(name.or(fallback), &args.values, &args.connection)
}

fn line(written: &Written) -> String {
    let what = if written.replaced {
        "replaced"
    } else {
        "created"
    };
    format!("{} {what}\n", written.path.display())
}

/// The command that applies it.
fn next(args: &InitArgs, folder: &Path, deployment: &Deployment) -> String {
    let folder = folder.display();
    let namespace = &deployment.request.namespace;
    let name = &deployment.request.names.instance;
    let apply = match args.format {
        LayoutFormat::Kustomize => {
            format!("kubectl apply -k {folder} --server-side --field-manager=kubectl-sax")
        }
        LayoutFormat::Helm => format!("helm install {name} {folder} --namespace {namespace}"),
    };
    format!(
        "apply it with `{apply}`, or with `kubectl sax deploy -f {folder}/{VALUES} --namespace \
         {namespace}`, which can wait until it serves"
    )
}
