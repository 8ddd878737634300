//! Flags of a model server: port, platform chip, platform topology.
//!
//! Source: `saxml/server/model_service_main.py`, `saxml/server/proto_util.py`.

use sdk::{Severity, Verdict};
use tpu::keys::SLICE_PORT;
use tpu::sax::{
    ImageVersion, PLATFORM_CHIPS, PLATFORM_TOPOLOGIES, platform_chip_known,
    platform_topology_known, platform_topology_of,
};
use tpu::{Accelerator, Topology, accelerator_suggestions};

use crate::command_line::Setting;
use crate::component::Component;
use crate::excerpt::quoted;
use crate::hardware::Hardware;

/// What the admin of the published images says of a chip or topology that it doesn't know.
const REFUSED: &str = "the admin of v1.1.0 and v1.2.0 refuses such a server in its log only";

/// SAX006 and SAX007: the chip.
pub(crate) fn check_chip(
    component: &Component<'_>,
    hardware: &Hardware<'_>,
    verdict: &mut Verdict,
) {
    match component.flag("platform_chip") {
        Some(Setting { value: None, .. }) => (),
        Some(Setting {
            path,
            value: Some(chip),
        }) if platform_chip_known(&chip) => compare_chip(path, &chip, hardware, verdict),
        Some(Setting {
            path,
            value: Some(chip),
        }) => refuse_chip(component, path, &chip, hardware, verdict),
        None => report_missing_chip(component, hardware, verdict),
    }
}

fn refuse_chip(
    component: &Component<'_>,
    path: String,
    chip: &str,
    hardware: &Hardware<'_>,
    verdict: &mut Verdict,
) {
    let accelerator = hardware.accelerator.or_else(|| meant_by(chip));
    let (none, fix) = match accelerator.map(|accelerator| (accelerator, accelerator.sax_chip())) {
        Some((_, Some(right))) => (String::new(), format!("write --platform_chip={right}")),
        Some((accelerator, None)) => (
            format!("; Saxml has no string for {accelerator}"),
            "write one that Saxml knows, such as --platform_chip=tpuv5e: it only labels the \
             server in the cell"
                .to_owned(),
        ),
        None => (
            String::new(),
            "write the one of the server's hardware".to_owned(),
        ),
    };
    verdict.find(
        severity_of_unknown(component),
        "SAX006",
        path,
        format!(
            "found --platform_chip {}, expected one of {}: {REFUSED}{none}",
            quoted(chip),
            PLATFORM_CHIPS.join(", ")
        ),
        fix,
    );
}

fn compare_chip(path: String, chip: &str, hardware: &Hardware<'_>, verdict: &mut Verdict) {
    let Some((accelerator, right)) = expected_chip(hardware) else {
        return;
    };
    if chip.eq_ignore_ascii_case(right) {
        return;
    }
    verdict.warn(
        "SAX007",
        path,
        format!("found --platform_chip {chip}, expected {right} on {accelerator}"),
        format!("write --platform_chip={right}"),
    );
}

fn report_missing_chip(component: &Component<'_>, hardware: &Hardware<'_>, verdict: &mut Verdict) {
    let Some((accelerator, right)) = expected_chip(hardware) else {
        return;
    };
    if component.has_foreign_flags() || !component.container.uses_tpus() {
        return;
    }
    verdict.warn(
        "SAX007",
        component.arguments().path(),
        format!("found no --platform_chip, expected {right} on {accelerator}: the default is cpu"),
        format!("add --platform_chip={right}"),
    );
}

/// SAX008 and SAX009: the topology.
pub(crate) fn check_topology(
    component: &Component<'_>,
    hardware: &Hardware<'_>,
    verdict: &mut Verdict,
) {
    let right = hardware
        .topology
        .and_then(|text| Topology::parse(text).ok())
        .and_then(|topology| platform_topology_of(&topology));
    match component.flag("platform_topology") {
        Some(Setting { value: None, .. }) => (),
        Some(Setting {
            path,
            value: Some(found),
        }) if platform_topology_known(&found) => compare_topology(path, &found, right, verdict),
        Some(Setting {
            path,
            value: Some(found),
        }) => refuse_topology(component, path, &found, right, verdict),
        None => report_missing_topology(component, right, verdict),
    }
}

fn refuse_topology(
    component: &Component<'_>,
    path: String,
    found: &str,
    right: Option<&str>,
    verdict: &mut Verdict,
) {
    let guessed = Topology::guess(found).and_then(|topology| platform_topology_of(&topology));
    let fix = match right.or(guessed) {
        Some(right) => format!("write --platform_topology={right}"),
        None => "leave --platform_topology out: the default is 1".to_owned(),
    };
    verdict.find(
        severity_of_unknown(component),
        "SAX009",
        path,
        format!(
            "found --platform_topology {}, expected one of {}: {REFUSED}",
            quoted(found),
            comparable_topologies(found).join(", ")
        ),
        fix,
    );
}

/// The strings with as many dimensions; all of them where that leaves none.
fn comparable_topologies(found: &str) -> Vec<&'static str> {
    let dimensions = |text: &str| text.split(['x', 'X']).count();
    let wanted = dimensions(found);
    let mut comparable = PLATFORM_TOPOLOGIES.to_vec();
    comparable.retain(|known| wanted > 3 || dimensions(known) == wanted);
    comparable
}

fn compare_topology(path: String, found: &str, right: Option<&str>, verdict: &mut Verdict) {
    let Some(right) = right else { return };
    let plain = found.strip_suffix("_twisted").unwrap_or(found);
    if plain.strip_suffix("_untwisted").unwrap_or(plain) == right {
        return;
    }
    verdict.warn(
        "SAX009",
        path,
        format!("found --platform_topology {found}, expected {right}, the slice's topology"),
        format!("write --platform_topology={right}"),
    );
}

fn report_missing_topology(component: &Component<'_>, right: Option<&str>, verdict: &mut Verdict) {
    let Some(right) = right else { return };
    if component.has_foreign_flags() || !component.container.uses_tpus() {
        return;
    }
    verdict.warn(
        "SAX008",
        component.arguments().path(),
        format!(
            "found no --platform_topology, expected {right}: the default is 1, and the cell's \
             status shows CHIP_TOPOLOGY_1"
        ),
        format!("add --platform_topology={right}"),
    );
}

/// SAX017 and SAX018: the port.
pub(crate) fn check_port(component: &Component<'_>, verdict: &mut Verdict) {
    let Some(Setting { path, value }) = component.flag("port") else {
        if !component.has_foreign_flags() {
            verdict.deny(
                "SAX017",
                component.arguments().path(),
                "found no --port, expected one: a model server doesn't start without",
                "add --port=10001",
            );
        }
        return;
    };
    let Some(value) = value else { return };
    match value.parse::<u16>() {
        Ok(port) if port == SLICE_PORT => deny_runtime_port(path, verdict),
        Ok(port) if port > 0 => check_declared(component, path, port, verdict),
        _ => verdict.deny(
            "SAX017",
            path,
            format!(
                "found --port {}, expected a port from 1 to 65535",
                quoted(&value)
            ),
            "write --port=10001",
        ),
    }
}

fn deny_runtime_port(path: String, verdict: &mut Verdict) {
    verdict.deny(
        "SAX018",
        path,
        format!(
            "found --port {SLICE_PORT}, expected another: the TPU runtime listens on \
             {SLICE_PORT}"
        ),
        "write --port=10001",
    );
}

fn check_declared(component: &Component<'_>, path: String, port: u16, verdict: &mut Verdict) {
    let ports = component.container.ports();
    let declared: Vec<i64> = ports
        .iter()
        .filter_map(|port| port.at("containerPort").integer())
        .collect();
    if declared.contains(&i64::from(port)) {
        return;
    }
    let found: Vec<String> = declared.iter().map(i64::to_string).collect();
    verdict.warn(
        "SAX018",
        path,
        format!(
            "found --port {port}, expected it among the containerPorts ({}): otherwise nothing \
             keeps two servers off one node's port",
            if found.is_empty() {
                "none".to_owned()
            } else {
                found.join(", ")
            }
        ),
        format!("declare containerPort {port}"),
    );
}

/// The accelerator and what Saxml calls it, where it has a word for it.
fn expected_chip(hardware: &Hardware<'_>) -> Option<(&'static Accelerator, &'static str)> {
    let accelerator = hardware.accelerator?;
    Some((accelerator, accelerator.sax_chip()?))
}

/// The accelerator that a label or another name in the wrong place means.
fn meant_by(chip: &str) -> Option<&'static Accelerator> {
    let name = chip.to_ascii_lowercase();
    let bare = name
        .strip_prefix("tpu")
        .filter(|bare| bare.starts_with('v'));
    Accelerator::from_alias_or_label(bare.unwrap_or(&name)).or_else(|| {
        let suggestions = accelerator_suggestions(&name);
        Accelerator::from_alias_or_label(suggestions.first()?)
    })
}

/// The repository's head takes servers of an unknown chip or topology into the cell.
fn severity_of_unknown(component: &Component<'_>) -> Severity {
    match component.image.tag.and_then(ImageVersion::from_tag) {
        Some(ImageVersion::Head) => Severity::Warn,
        _ => Severity::Deny,
    }
}
