//! The status page of an admin server, of v1.1.0 and v1.2.0: its models and the model servers that
//! have joined, as HTML. No RPC tells as much of the latter.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::Html;
use saxml::{ChipTopology, ChipType};
use tokio::net::TcpListener;

use super::Admin;
use super::member::Member;
use super::registry::Published;
use crate::world::lock;

const MODELS: [&str; 5] = ["Name", "Max", "Active", "Path", "Checkpoint"];
const SERVERS: [&str; 5] = ["Addr", "Chip", "Topo", "Lag (s)", "Status"];

/// Any path that isn't a model's or a server's is the root.
pub(super) async fn serve(listener: TcpListener, admin: Arc<Admin>) {
    let router = Router::new().fallback(root).with_state(admin);
    // It ends with its process only.
    drop(axum::serve(listener, router).await);
}

async fn root(State(admin): State<Arc<Admin>>) -> Html<String> {
    let scale = admin.world.script.time_scale;
    let registry = lock(&admin.registry);
    let models = registry.models.values().map(model);
    let servers = registry.servers.values();
    let servers = servers.map(|member| server(member, scale));
    let cell = admin.world.cell.to_string();
    let tables = [table(&MODELS, models), table(&SERVERS, servers)].concat();
    drop(registry);
    Html(format!(
        "<!DOCTYPE html>\n<html><head><title>{cell}</title></head><body>\n<h1>{cell}</h1>\n{tables}\
         </body></html>\n"
    ))
}

fn model(published: &Published) -> [String; 5] {
    let model = &published.model;
    [
        model.model_id.clone(),
        model.requested_num_replicas.to_string(),
        published.assigned.len().to_string(),
        model.model_path.clone(),
        model.checkpoint_path.clone(),
    ]
}

/// Its lag is how long ago it was heard of, in the simulation's seconds.
fn server(member: &Member, scale: f64) -> [String; 5] {
    let spec = &member.spec;
    let chip = ChipType::try_from(spec.chip_type).unwrap_or_default();
    let topology = ChipTopology::try_from(spec.chip_topology).unwrap_or_default();
    let lag = member.heard.elapsed().as_secs_f64() * scale;
    let held = member.seen.iter();
    let held: Vec<_> = held
        .map(|(key, status)| format!("{key}: {}", status.as_str_name()))
        .collect();
    [
        member.address.clone(),
        chip.as_str_name().to_owned(),
        topology.as_str_name().to_owned(),
        format!("{lag:.3}"),
        match held.is_empty() {
            true => "Idle".to_owned(),
            false => held.join(", "),
        },
    ]
}

fn table<const N: usize>(titles: &[&str; N], rows: impl Iterator<Item = [String; N]>) -> String {
    let mut text = "<table border=\"1\">\n<tr>".to_owned();
    for title in titles {
        // Writing to memory doesn't fail.
        let _ = write!(text, "<th>{title}</th>");
    }
    text += "</tr>\n";
    for row in rows {
        let cells = row.iter().map(|cell| format!("<td>{}</td>", escaped(cell)));
        text += &format!("<tr>{}</tr>\n", cells.collect::<String>());
    }
    text + "</table>\n"
}

fn escaped(text: &str) -> String {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;");
    escaped.replace('>', "&gt;")
}
