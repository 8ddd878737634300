//! Who can serve what, as a user is told it.

use saxml::sax::{Model, ModelServerTypeStat, StatsResponse};
use saxml::{ChipTopology, ChipType};
use tpu::sax::{ImageVersion, ModelId};

use super::{Capacity, Demand, capacity};
use crate::sax::parts::PodPart;
use crate::sax::{Published, ServerPart};

const TUTORIAL: &str = "saxml.server.pax.lm.params.lm_cloud.LmCloudSpmd175B32Test";

fn id(name: &str) -> ModelId {
    ModelId::parse(&format!("/sax/test/{name}")).expect("must be an id")
}

fn stats(topology: ChipTopology, count: i32, able: Option<i32>) -> StatsResponse {
    let kind = ModelServerTypeStat {
        chip_type: ChipType::TpuV5e.into(),
        chip_topology: topology.into(),
        num_replicas: count,
    };
    let mut stats = StatsResponse {
        model_server_type_stats: vec![kind],
        ..StatsResponse::default()
    };
    if let Some(able) = able {
        let advertised = &mut stats.num_servers_by_servable_model_path;
        advertised.insert("lm.Other".to_owned(), count);
        advertised.insert(TUTORIAL.to_owned(), able);
    }
    stats
}

fn pods(devices: &[u64]) -> Vec<ServerPart> {
    let server = |(index, devices): (usize, &u64)| ServerPart {
        name: format!("slice-{index}"),
        primary: Some(PodPart {
            pod: format!("slice-{index}-0"),
            phase: "Running".to_owned(),
            ip: Some(format!("10.0.0.{index}")),
            port: 10_001,
            version: None,
        }),
        slice: None,
        devices: Some(*devices),
        hosts: 8,
        hosts_ready: 8,
    };
    devices.iter().enumerate().map(server).collect()
}

fn published(name: &str, servers: &[&str]) -> Published {
    Published {
        id: id(name),
        model: Model::default(),
        servers: servers.iter().map(ToString::to_string).collect(),
    }
}

/// What a user is told who wants this many replicas of the tutorial's model.
fn told(
    replicas: usize,
    stats: &StatsResponse,
    others: &[Published],
    pods: Option<&[ServerPart]>,
) -> Option<String> {
    let id = id("spmd");
    let demand = Demand {
        id: &id,
        class: TUTORIAL,
        replicas,
    };
    let problem = capacity(&demand, stats, others, pods).problem(&demand)?;
    Some(problem.to_string())
}

#[test]
fn servers_that_fit_and_are_idle_are_enough() {
    let fitting = stats(ChipTopology::ChipTopology4x8, 2, None);
    let advertised = stats(ChipTopology::ChipTopology1, 2, Some(2));
    let here = pods(&[32, 32]);
    for stats in [&fitting, &advertised] {
        assert_eq!(told(2, stats, &[], None), None);
        assert_eq!(told(2, stats, &[], Some(&here)), None);
    }
}

#[test]
fn a_mesh_of_another_size_is_told_with_both_numbers() {
    let text = "/sax/test/spmd: none of 2 model servers can serve it: \
                lm_cloud.LmCloudSpmd175B32Test needs exactly 32 devices, the servers have 16";
    let old = stats(ChipTopology::ChipTopology4x4, 2, None);
    assert_eq!(told(1, &old, &[], None).as_deref(), Some(text));
    // The tutorial's servers say 1, whatever they have; their Pods say more.
    let untold = stats(ChipTopology::ChipTopology1, 2, None);
    assert_eq!(told(1, &untold, &[], None), None);
    let small = pods(&[16, 16]);
    assert_eq!(told(1, &untold, &[], Some(&small)).as_deref(), Some(text));
    let new = stats(ChipTopology::ChipTopology4x4, 2, Some(0));
    assert_eq!(told(1, &new, &[], None).as_deref(), Some(text));
}

#[test]
fn a_class_that_the_servers_version_lacks_is_told_with_the_version() {
    let mut old = pods(&[16]);
    for server in &mut old {
        if let Some(primary) = &mut server.primary {
            primary.version = Some(ImageVersion::V1_1_0);
        }
    }
    let id = id("llama");
    let demand = Demand {
        id: &id,
        class: "saxml.server.pax.lm.params.lm_cloud.LLaMA70BFP16TPUv5e16",
        replicas: 1,
    };
    let stats = stats(ChipTopology::ChipTopology4x4, 1, None);
    let problem = capacity(&demand, &stats, &[], Some(&old)).problem(&demand);
    let text = problem.expect("it can't be served").to_string();
    let version = "their image version v1.1.0 doesn't have lm_cloud.LLaMA70BFP16TPUv5e16";
    assert!(text.contains(version), "{text}");
}

#[test]
fn what_the_servers_advertise_counts_more_than_their_size() {
    let stats = stats(ChipTopology::ChipTopology4x8, 2, Some(0));
    assert!(told(1, &stats, &[], Some(&pods(&[32, 32]))).is_some());
}

#[test]
fn busy_servers_are_named_by_what_they_serve() {
    let stats = stats(ChipTopology::ChipTopology4x8, 2, Some(2));
    let others = [published("other", &["10.0.0.1:10001"])];
    let text = "/sax/test/spmd: 2 model servers can serve lm_cloud.LmCloudSpmd175B32Test, only 1 \
                is idle, 2 replicas wanted: a server serves one model, and the others have \
                /sax/test/other";
    let here = pods(&[32, 32]);
    assert_eq!(told(2, &stats, &others, Some(&here)).as_deref(), Some(text));
    assert_eq!(told(2, &stats, &others, None).as_deref(), Some(text));
    assert_eq!(told(1, &stats, &others, Some(&here)), None);
    // Its own servers are no hindrance to publishing it anew.
    let own = [published("spmd", &["10.0.0.0:10001", "10.0.0.1:10001"])];
    assert_eq!(told(2, &stats, &own, Some(&here)), None);
}

#[test]
fn servers_that_have_not_joined_yet_are_counted_on() {
    let one = stats(ChipTopology::ChipTopology4x8, 1, Some(1));
    assert_eq!(told(2, &one, &[], Some(&pods(&[32, 32]))), None);
    let none = StatsResponse::default();
    assert_eq!(told(2, &none, &[], Some(&pods(&[32, 32]))), None);
    // Without a cluster nobody knows who is coming.
    assert_eq!(told(2, &none, &[], None), None);
    let text = told(1, &none, &[], Some(&[]));
    let nobody = "/sax/test/spmd: no model server is there to serve it";
    assert_eq!(text.as_deref(), Some(nobody));
    assert!(told(1, &none, &[], Some(&pods(&[16]))).is_some());
}

#[test]
fn more_replicas_than_servers_are_too_many() {
    let stats = stats(ChipTopology::ChipTopology4x8, 2, Some(2));
    let text = told(3, &stats, &[], Some(&pods(&[32, 32])));
    let few = "/sax/test/spmd: 2 model servers can serve lm_cloud.LmCloudSpmd175B32Test, \
               3 replicas wanted";
    assert_eq!(text.as_deref(), Some(few));
    assert_eq!(told(0, &StatsResponse::default(), &[], Some(&[])), None);
}

#[test]
fn capacity_counts() {
    let id = id("spmd");
    let demand = Demand {
        id: &id,
        class: TUTORIAL,
        replicas: 1,
    };
    let stats = stats(ChipTopology::ChipTopology4x8, 2, None);
    let Capacity {
        joined, able, idle, ..
    } = capacity(&demand, &stats, &[], None);
    assert_eq!((joined, able, idle), (2, 2, 2));
}
