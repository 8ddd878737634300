//! Could the servers that are there serve a model? Asked before it is published: Saxml takes any
//! model, and one that no server can serve waits for ever without a word.

use std::collections::BTreeSet;

use saxml::sax::ModelServerTypeStat;
use saxml::sax::StatsResponse;
use tpu::Topology;
use tpu::sax::{ImageVersion, ModelClass, ModelId, find};

use super::{Published, SaxError, ServerPart};

/// What is to be served.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Demand<'a> {
    /// Which model.
    pub(crate) id: &'a ModelId,
    /// Its class's whole name.
    pub(crate) class: &'a str,
    /// By how many servers.
    pub(crate) replicas: usize,
}

/// What there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Capacity {
    /// Servers that the admin server knows.
    pub(crate) joined: usize,
    /// Servers that can serve the class, busy ones too.
    pub(crate) able: usize,
    /// Those of them that serve nothing.
    pub(crate) idle: usize,
    /// Servers that could, and haven't joined yet; `None` where nobody can know.
    pub(crate) coming: Option<usize>,
    /// What the class wants.
    mesh: Mesh,
    /// How many devices the servers have, as far as that is known.
    found: BTreeSet<u64>,
    /// The models that other servers serve.
    busy_with: Vec<String>,
}

/// From what the admin server and, where there is a cluster, the Pods say.
pub(crate) fn capacity(
    demand: &Demand<'_>,
    stats: &StatsResponse,
    published: &[Published],
    pods: Option<&[ServerPart]>,
) -> Capacity {
    let joined = stats.model_server_type_stats.iter();
    let joined: usize = joined.map(number).sum();
    let others = || published.iter().filter(|other| other.id != *demand.id);
    let busy: BTreeSet<_> = others().flat_map(|other| &other.servers).collect();
    let mesh = Mesh::of(demand.class, pods);
    let sized = sizes(stats, pods);
    let fitting = sized.iter().filter(|(found, _)| mesh.fits(*found));
    let fitting: usize = fitting.map(|(_, count)| count).sum();
    let advertised = &stats.num_servers_by_servable_model_path;
    // v1.1.0 has no such map, and then only sizes tell.
    let able = match (advertised.get(demand.class), advertised.is_empty()) {
        (Some(count), _) => usize::try_from(*count).unwrap_or(0),
        (None, false) => 0,
        (None, true) => fitting.min(joined),
    };
    let free_pods = pods.map(|pods| {
        let free = pods.iter().filter(|server| mesh.fits(server.devices));
        let is_busy = |server: &&ServerPart| {
            server
                .address()
                .is_some_and(|address| busy.contains(&address))
        };
        free.filter(|server| !is_busy(server)).count()
    });
    let idle = able.min(joined.saturating_sub(busy.len()));
    let idle = free_pods.map_or(idle, |free| idle.min(free));
    Capacity {
        joined,
        able,
        idle,
        coming: pods.map(|pods| fitting.min(pods.len().saturating_sub(joined))),
        mesh,
        found: sized.into_iter().filter_map(|(found, _)| found).collect(),
        busy_with: others()
            .filter(|other| !other.servers.is_empty())
            .map(|other| other.id.to_string())
            .collect(),
    }
}

impl Capacity {
    /// Why the model can't get as many servers as it wants, if that is so now.
    pub(crate) fn problem(&self, demand: &Demand<'_>) -> Option<SaxError> {
        let coming = match self.coming {
            Some(coming) => coming,
            // Servers that haven't joined can't be seen from an address.
            None if self.joined == 0 => return None,
            None => 0,
        };
        if demand.replicas == 0 || self.idle + coming >= demand.replicas {
            return None;
        }
        let (reason, fix) = if self.joined == 0 && coming == 0 {
            self.nobody(demand)
        } else if self.able + coming == 0 {
            self.none_fits(demand)
        } else if self.able + coming < demand.replicas {
            self.too_few(demand, coming)
        } else {
            self.all_busy(demand)
        };
        Some(SaxError::CannotServe {
            id: demand.id.clone(),
            reason,
            fix,
        })
    }

    /// Has nobody who is there or coming the devices for it?
    pub(crate) fn is_hopeless(&self) -> bool {
        let coming = self.coming.map_or(self.joined == 0, |coming| coming > 0);
        self.able == 0 && !coming
    }

    fn nobody(&self, demand: &Demand<'_>) -> (String, String) {
        let reason = match self.found.is_empty() {
            true => "no model server is there to serve it".to_owned(),
            false => format!("no model server can serve it: {}", self.mismatch(demand)),
        };
        (reason, plan(demand))
    }

    fn none_fits(&self, demand: &Demand<'_>) -> (String, String) {
        let servers = counted(self.joined, "model server");
        let reason = format!("none of {servers} can serve it: {}", self.mismatch(demand));
        (reason, plan(demand))
    }

    fn mismatch(&self, demand: &Demand<'_>) -> String {
        let class = short(demand.class);
        if let Some(version) = self.mesh.lacking {
            return format!("their image version {} doesn't have {class}", version.tag());
        }
        let wanted = list(self.mesh.devices.iter());
        let found = list(self.found.iter());
        match (self.mesh.devices.is_empty(), self.found.is_empty()) {
            (false, false) => {
                format!("{class} needs exactly {wanted} devices, the servers have {found}")
            }
            (false, true) => format!("{class} needs exactly {wanted} devices"),
            (true, _) => format!("they don't know the class {class}, or have another mesh"),
        }
    }

    fn too_few(&self, demand: &Demand<'_>, coming: usize) -> (String, String) {
        let able = counted(self.able + coming, "model server");
        let wanted = counted(demand.replicas, "replica");
        let reason = format!("{able} can serve {}, {wanted} wanted", short(demand.class));
        let fix = format!(
            "write --replicas {}, or add servers with `kubectl sax scale`",
            self.able + coming
        );
        (reason, fix)
    }

    fn all_busy(&self, demand: &Demand<'_>) -> (String, String) {
        let able = counted(self.able, "model server");
        let idle = match self.idle {
            0 => "none is idle".to_owned(),
            1 => "only 1 is idle".to_owned(),
            idle => format!("only {idle} are idle"),
        };
        let models = self.busy_with.join(", ");
        let wanted = counted(demand.replicas, "replica");
        let reason = format!(
            "{able} can serve {}, {idle}, {wanted} wanted: a server serves one model, and the \
             others have {models}",
            short(demand.class)
        );
        let first = self.busy_with.first().map_or("MODEL", String::as_str);
        let fewer = match self.idle {
            0 => String::new(),
            idle => format!(", or write --replicas {idle}"),
        };
        let fix = format!("make room with `kubectl sax unpublish {first}`{fewer}");
        (reason, fix)
    }
}

fn plan(demand: &Demand<'_>) -> String {
    match find(demand.class) {
        Some(class) => format!(
            "see which slices can serve it with `kubectl sax plan {}`; --unchecked publishes \
             nevertheless",
            class.name()
        ),
        None => "see the classes that are known with `kubectl sax models list`; --unchecked \
                 publishes nevertheless"
            .to_owned(),
    }
}

/// What a class wants of a server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Mesh {
    /// How many devices, exactly one of these; empty where that isn't known.
    devices: Vec<u64>,
    /// The version of the servers' images, where that is one that lacks the class.
    lacking: Option<ImageVersion>,
}

impl Mesh {
    /// In the version of the servers, or else in any.
    fn of(class: &str, pods: Option<&[ServerPart]>) -> Self {
        let Some(class) = find(class) else {
            return Self::default();
        };
        let known = pods.into_iter().flatten().filter_map(ServerPart::version);
        let known: Vec<_> = known.collect();
        let versions = match known.is_empty() {
            true => ImageVersion::ALL.to_vec(),
            false => known.clone(),
        };
        let devices: BTreeSet<_> = versions
            .into_iter()
            .flat_map(|version| chips(class, version))
            .collect();
        Self {
            lacking: known.first().copied().filter(|_| devices.is_empty()),
            devices: devices.into_iter().collect(),
        }
    }

    fn fits(&self, found: Option<u64>) -> bool {
        let known = found.is_none_or(|found| self.devices.contains(&found));
        self.lacking.is_none() && (known || self.devices.is_empty())
    }
}

fn chips(class: &ModelClass, version: ImageVersion) -> impl Iterator<Item = u64> + use<> {
    let chips = class.chips(version).unwrap_or_default();
    chips.iter().map(|chips| u64::from(*chips))
}

/// Servers by the devices that they have, where that is known.
fn sizes(stats: &StatsResponse, pods: Option<&[ServerPart]>) -> Vec<(Option<u64>, usize)> {
    match pods {
        Some(pods) => pods.iter().map(|server| (server.devices, 1)).collect(),
        None => {
            let kinds = stats.model_server_type_stats.iter();
            kinds.map(|kind| (size(kind), number(kind))).collect()
        }
    }
}

/// The product of a topology. `1` is also what a server says that wasn't told any.
fn size(kind: &ModelServerTypeStat) -> Option<u64> {
    let flag = kind.chip_topology().flag()?;
    let size = match flag.contains('x') {
        true => Topology::parse(&flag).ok()?.chips(),
        false => flag.parse().ok()?,
    };
    (size > 1).then_some(size)
}

fn number(kind: &ModelServerTypeStat) -> usize {
    usize::try_from(kind.num_replicas).unwrap_or(0)
}

fn short(class: &str) -> &str {
    find(class).map_or(class, |class| class.name())
}

fn list<'a>(numbers: impl Iterator<Item = &'a u64>) -> String {
    let numbers: Vec<_> = numbers.map(u64::to_string).collect();
    numbers.join(" or ")
}

fn counted(number: usize, what: &str) -> String {
    match number {
        1 => format!("1 {what}"),
        number => format!("{number} {what}s"),
    }
}

#[cfg(test)]
#[path = "capacity_tests.rs"]
mod tests;
