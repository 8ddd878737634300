//! A simulation whose parts are the Pods of a namespace: what a Pod's container would be runs as
//! long as the Pod does, and kwok is told of it.

mod objects;
mod part;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, ListParams};
use kube::{Client, Config};

use crate::Script;
use crate::sax::{Place, Sax};
use crate::world::World;
use objects::Objects;
use part::{Host, Part};

/// Between two looks at the Pods.
const INTERVAL: Duration = Duration::from_millis(200);

/// So long may the API server be away.
const PATIENCE: Duration = Duration::from_secs(60);

/// What to play, and where.
pub struct Namespace {
    /// Its name.
    pub name: String,
    /// A file with the cluster and the identity of an administrator.
    pub kubeconfig: PathBuf,
    /// The folder for the Pods' logs.
    pub logs: PathBuf,
    /// The port of the remote control; 0 is any.
    pub control: u16,
}

/// Plays Saxml behind the Pods of a namespace until the API server is gone.
///
/// # Errors
/// When the cluster can't be reached, or the folder can't be written.
pub async fn play(script: Script, namespace: &Namespace) -> Result<()> {
    let client = connect(&namespace.kubeconfig).await?;
    let sax = Sax::empty(World::new(script, true)?, namespace.control).await?;
    let control = sax.endpoints().control;
    xtask::progress::say(&format!("takes actions at {control}"));
    let pods: Api<Pod> = Api::namespaced(client.clone(), &namespace.name);
    let mut stage = Stage {
        sax,
        objects: Objects::new(client, &namespace.name),
        logs: namespace.logs.clone(),
        known: BTreeSet::new(),
        admin: None,
        http: None,
        slices: BTreeMap::new(),
    };
    let mut seen = Instant::now();
    loop {
        match pods.list(&ListParams::default()).await {
            Ok(list) => {
                seen = Instant::now();
                let running = list.items.into_iter().filter(is_running);
                let parts = running.filter_map(|pod| Part::of(&pod).map(|part| (pod, part)));
                stage.set(&parts.collect::<Vec<_>>()).await?;
            }
            Err(error) if seen.elapsed() > PATIENCE => bail!("the API server is gone: {error}"),
            Err(_) => {}
        }
        tokio::time::sleep(INTERVAL).await;
    }
}

async fn connect(kubeconfig: &Path) -> Result<Client> {
    let file = kube::config::Kubeconfig::read_from(kubeconfig)
        .with_context(|| format!("read {}", kubeconfig.display()))?;
    let config = Config::from_custom_kubeconfig(file, &Default::default()).await?;
    Ok(Client::try_from(config)?)
}

fn is_running(pod: &Pod) -> bool {
    let status = pod.status.as_ref();
    let phase = status.and_then(|status| status.phase.as_deref());
    let address = status.and_then(|status| status.pod_ip.as_ref());
    phase == Some("Running") && address.is_some() && pod.metadata.deletion_timestamp.is_none()
}

/// What runs now, by the uid of its Pod.
struct Stage {
    sax: Arc<Sax>,
    objects: Objects,
    logs: PathBuf,
    /// Pods whose log kwok knows.
    known: BTreeSet<String>,
    admin: Option<String>,
    http: Option<String>,
    /// Each slice's number and its primary, by its Job.
    slices: BTreeMap<String, (usize, String)>,
}

impl Stage {
    /// Has run what these Pods are, and nothing else.
    async fn set(&mut self, parts: &[(Pod, Part)]) -> Result<()> {
        for (pod, _) in parts {
            self.write_log(pod).await?;
        }
        self.set_admin(parts).await?;
        self.set_http(parts).await?;
        self.set_slices(parts).await
    }

    async fn write_log(&mut self, pod: &Pod) -> Result<()> {
        if self.known.insert(uid(pod)) {
            let file = self.log(pod);
            std::fs::File::create(&file).with_context(|| format!("write {}", file.display()))?;
            self.objects.log(pod, &file).await?;
        }
        Ok(())
    }

    async fn set_admin(&mut self, parts: &[(Pod, Part)]) -> Result<()> {
        let found = parts.iter().find_map(|(pod, part)| match part {
            Part::Admin { root } => Some((pod, root)),
            _ => None,
        });
        let Some((pod, root)) = found else {
            if self.admin.take().is_some() {
                self.sax.remove_admin();
            }
            return Ok(());
        };
        if self.admin.as_deref() == Some(&uid(pod)) {
            return Ok(());
        }
        let place = self.place(pod, tpu::sax::ADMIN_PORT, root.clone());
        self.sax.put_admin(place)?;
        let here = self.sax.endpoints();
        self.admin = Some(uid(pod));
        self.objects.commands(pod, here.admin).await?;
        let ports = [
            (tpu::sax::ADMIN_PORT, here.admin),
            (tpu::sax::STATUS_PORT, here.pages),
        ];
        self.objects.ports(pod, &ports).await
    }

    async fn set_http(&mut self, parts: &[(Pod, Part)]) -> Result<()> {
        let found = parts.iter().find(|(_, part)| *part == Part::Http);
        let Some((pod, _)) = found else {
            if self.http.take().is_some() {
                self.sax.remove_http();
            }
            return Ok(());
        };
        if self.http.as_deref() == Some(&uid(pod)) {
            return Ok(());
        }
        let here = self.sax.put_http()?;
        self.http = Some(uid(pod));
        self.objects
            .ports(pod, &[(tpu::sax::HTTP_PORT, here)])
            .await
    }

    /// A slice's model server runs once all of its hosts do, and ends with any of them.
    async fn set_slices(&mut self, parts: &[(Pod, Part)]) -> Result<()> {
        let mut slices: BTreeMap<&str, Vec<(&Pod, &Host)>> = BTreeMap::new();
        for (pod, part) in parts {
            if let Part::Host(host) = part {
                slices.entry(&host.job).or_default().push((pod, host));
            }
        }
        slices.retain(|_, hosts| is_whole(hosts));
        let broken = |job: &String| !slices.contains_key(job.as_str());
        let gone: Vec<String> = self
            .slices
            .keys()
            .filter(|job| broken(job))
            .cloned()
            .collect();
        for job in gone {
            if let Some((number, _)) = self.slices.remove(&job) {
                self.sax.remove_server(number);
            }
        }
        for (job, hosts) in slices {
            let Some((pod, host)) = hosts.iter().find(|(_, host)| host.worker == 0) else {
                continue;
            };
            let running = self.slices.get(job).map(|(_, primary)| primary.as_str());
            if running != Some(&uid(pod)) {
                self.start_slice(pod, host, &hosts).await?;
            }
        }
        Ok(())
    }

    async fn start_slice(&mut self, pod: &Pod, host: &Host, hosts: &[(&Pod, &Host)]) -> Result<()> {
        let number = match self.slices.remove(&host.job) {
            Some((number, _)) => number,
            None => self.number(host.slice),
        };
        for (pod, host) in hosts.iter().filter(|(_, host)| host.worker > 0) {
            self.place(pod, host.port, None).secondary(host)?;
        }
        let place = self.place(pod, host.port, host.root.clone());
        let here = self.sax.put_server(number, host.flags.clone(), place)?;
        self.slices.insert(host.job.clone(), (number, uid(pod)));
        self.objects.ports(pod, &[(host.port, here)]).await
    }

    /// The slice's own number, or the next one that is free.
    fn number(&self, slice: usize) -> usize {
        let taken: BTreeSet<usize> = self.slices.values().map(|(number, _)| *number).collect();
        (slice..)
            .find(|number| !taken.contains(number))
            .unwrap_or(slice)
    }

    fn place(&self, pod: &Pod, port: u16, root: Option<String>) -> Place {
        let status = pod.status.as_ref();
        let address = status.and_then(|status| status.pod_ip.as_ref());
        Place {
            address: address.map(|address| format!("{address}:{port}")),
            root,
            log: Some(self.log(pod)),
        }
    }

    fn log(&self, pod: &Pod) -> PathBuf {
        self.logs.join(format!("{}.log", uid(pod)))
    }
}

impl Place {
    /// What a host that isn't the primary says.
    fn secondary(&self, host: &Host) -> Result<()> {
        let flags = &host.flags;
        let text = format!("JAX process: {} / {}", host.worker, flags.processes);
        let log = self.log()?;
        log.said("model_service_main.py:410", &text);
        let text = format!("jax.device_count(): {}", flags.devices);
        log.said("model_service_main.py:411", &text);
        Ok(())
    }
}

/// Do all hosts of a slice run?
fn is_whole(hosts: &[(&Pod, &Host)]) -> bool {
    let workers: BTreeSet<u32> = hosts.iter().map(|(_, host)| host.worker).collect();
    let wanted = hosts.first().map_or(1, |(_, host)| host.flags.processes);
    u32::try_from(workers.len()).is_ok_and(|count| count >= wanted)
}

fn uid(pod: &Pod) -> String {
    pod.metadata.uid.clone().unwrap_or_default()
}
