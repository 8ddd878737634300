//! Saxml in a namespace of a cluster: the simulator plays what its Pods are.

use std::io::{BufRead, BufReader, Write};
use std::mem::ManuallyDrop;
use std::net::TcpStream;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::kubelet;
use super::ports::free_ports;
use super::{Cluster, Ending};
use crate::product::Product;
use crate::wait::{Look, until};

/// For the simulator to listen.
const DEADLINE: Duration = Duration::from_secs(60);

/// A simulator that plays Saxml behind the Pods of one namespace: their logs, and their ports
/// 10000, 10001 and 8888. It ends when this is dropped.
pub struct Saxml<'a> {
    cluster: &'a Cluster,
    process: String,
    control: u16,
}

impl Cluster {
    /// Plays Saxml behind the Pods of a namespace, those that come later included. A Pod is a part
    /// of Saxml by its container's image (`sax-admin-server`, `sax-http`, `sax-model-server`); a
    /// slice's model server runs while all of its hosts do.
    ///
    /// `script` is YAML as `sax_simulator::Script` reads it; its `servers` don't count.
    ///
    /// # Errors
    /// When the simulator doesn't start.
    pub fn with_sax<'a>(
        &'a self,
        product: &Product,
        namespace: &str,
        script: &str,
    ) -> Result<Saxml<'a>> {
        let folder = self.folder().join("sax").join(namespace);
        std::fs::create_dir_all(&folder).with_context(|| format!("make {}", folder.display()))?;
        let file = folder.join("script.yaml");
        std::fs::write(&file, script).with_context(|| format!("write {}", file.display()))?;
        kubelet::install(self.folder(), "saxutil", &product.simulator)?;
        let [control] = free_ports()?;
        let process = format!("sax-{namespace}");
        let mut command = Command::new(&product.simulator);
        command
            .args(["--detached", "--namespace", namespace])
            .arg(format!("--control-port={control}"))
            .arg("--script")
            .arg(&file)
            .arg("--kubeconfig")
            .arg(self.kubectl().kubeconfig())
            .arg("--logs")
            .arg(&folder);
        self.add_process(&process, &mut command)?;
        let saxml = Saxml {
            cluster: self,
            process,
            control,
        };
        until("the Sax simulator to listen", DEADLINE, || {
            self.check_alive()?;
            Ok(match saxml.connect() {
                Ok(_) => Look::Ready(()),
                Err(error) => Look::Waiting(error.to_string()),
            })
        })?;
        Ok(saxml)
    }
}

impl Saxml<'_> {
    /// Goes on for as long as its cluster.
    pub fn stay(self) {
        let _ = ManuallyDrop::new(self);
    }

    /// Does something to it, such as `{"do":"restartAdmin"}`: see `sax_simulator::Action`. Model
    /// servers are counted as their slices are.
    ///
    /// # Errors
    /// When it can't be done; the message is the simulator's.
    pub fn act(&self, action: &str) -> Result<()> {
        let stream = self.connect().context("reach the Sax simulator")?;
        writeln!(&stream, "{action}").context("tell the Sax simulator")?;
        let mut answer = String::new();
        BufReader::new(&stream)
            .read_line(&mut answer)
            .context("hear the Sax simulator")?;
        ensure!(answer == "ok\n", "{action}: {}", answer.trim_end());
        Ok(())
    }

    fn connect(&self) -> std::io::Result<TcpStream> {
        TcpStream::connect(("127.0.0.1", self.control))
    }
}

impl Drop for Saxml<'_> {
    fn drop(&mut self) {
        if let Err(error) = self.cluster.end_process(&self.process, Ending::Killed) {
            xtask::progress::say(&format!("{error:#}"));
        }
    }
}
