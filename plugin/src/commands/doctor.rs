//! `doctor`: read all there is, examine, tell.

use super::block_on;
use super::bundling::{self, reports};
use super::examining::{Besides, Examination, Material, examined};
use crate::bundle::entries;
use crate::cli::{DoctorArgs, TextOrJson};
use crate::cluster::{context_name, offline_namespace};
use crate::doctor::{Report, Scope};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::judge::Judge;
use crate::printer::Printer;
use crate::render::{pretty_json, report_text};

pub(super) fn run(args: &DoctorArgs, printer: &Printer) -> Result<Exit, Failure> {
    let judge = Judge::load(&[])?;
    let scope = scope(args)?;
    if let Some(path) = args.bundle.as_deref() {
        bundling::refuse_existing("--bundle", path)?;
    }
    let besides = Besides {
        logs: args.bundle.is_some(),
        cells: false,
    };
    let read = block_on(examined(&args.connection, scope.clone(), judge, besides))?;
    let found = read.unwrap_or_else(|cause| {
        // That the cluster doesn't answer, or not to us, is a finding and no failure.
        Examination {
            report: Report::unreachable(scope, &cause.to_string(), cause.fix()),
            material: Material::default(),
        }
    });
    printer.data(&match args.output {
        TextOrJson::Text => report_text(&found.report, printer),
        TextOrJson::Json => pretty_json(&found.report),
    })?;
    if let Some(path) = &args.bundle {
        let Material { evidence, logs, .. } = &found.material;
        let mut files = reports(&found.report);
        files.extend(entries(evidence, logs, !args.no_redact));
        bundling::write("--bundle", path, &files, printer)?;
    }
    Ok(exit(args, &found.report))
}

fn scope(args: &DoctorArgs) -> Result<Scope, Failure> {
    Ok(Scope {
        context: context_name(&args.connection),
        namespace: offline_namespace(&args.connection)?,
        name: args.name.clone(),
        preflight: args.preflight,
    })
}

fn exit(args: &DoctorArgs, report: &Report) -> Exit {
    match (report.problems, report.warnings) {
        (0, 0) => Exit::Fine,
        (0, _) if !args.strict => Exit::Fine,
        _ => Exit::Denied,
    }
}
