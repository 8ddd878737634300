//! Two replicas behind one address, as a Service has: a new connection goes to one that takes it.

use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sax_tests::controlplane::webhook::{Options, Replica};
use sax_tests::controlplane::{Cluster, Ending};

use crate::pairs;
use crate::shared::product;

/// The Secret in which they keep their certificates.
pub(crate) const SECRET: &str = "sax-webhook-tls";

/// Two replicas and the address that leads to either.
pub(crate) struct Service {
    cluster: &'static Cluster,
    replicas: Vec<Replica>,
    arguments: Vec<String>,
    backends: Arc<Mutex<Vec<SocketAddr>>>,
    address: SocketAddr,
}

impl Service {
    /// Installs what they need, starts both, and registers their common address.
    pub(crate) fn start(cluster: &'static Cluster, arguments: &[&str]) -> Service {
        let arguments: Vec<String> = arguments.iter().map(|word| (*word).to_owned()).collect();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let backends = Arc::new(Mutex::new(Vec::new()));
        let to = Arc::clone(&backends);
        thread::spawn(move || accept(&listener, &to));
        let mut service = Service {
            cluster,
            replicas: Vec::new(),
            arguments,
            backends,
            address,
        };
        service.permit();
        for name in ["one", "other"] {
            service.add(name);
        }
        service.register();
        service
    }

    /// Where reviews are sent.
    pub(crate) fn address(&self) -> String {
        self.address.to_string()
    }

    /// What API servers trust now.
    pub(crate) fn trusted(&self) -> String {
        trusted(self.cluster)
    }

    /// The Secret's file, decoded.
    pub(crate) fn kept(&self, file: &str) -> Option<String> {
        kept(self.cluster, file)
    }

    /// Puts another version of the two WasmPolicies in force.
    pub(crate) fn update_policy(&self, version: usize) {
        let list = pairs::objects(version);
        let apply = ["apply", "--server-side", "-f", "-"];
        let kubectl = self.cluster.kubectl();
        kubectl.run_with(&apply, &list.to_string()).unwrap();
    }

    /// Waits until every replica judges by them.
    pub(crate) fn await_policy(&self) {
        let wait = [
            "wait",
            "--for=condition=Enforced",
            "--timeout=2m",
            "wasmpolicy/tst",
            "wasmpolicy/twn",
        ];
        self.cluster.kubectl().run(&wait).unwrap();
    }

    /// The names of the registration's entries.
    pub(crate) fn entries(&self) -> String {
        let path = "jsonpath={.webhooks[*].name}";
        let name = "validatingwebhookconfiguration/admission.kubectl-sax.dev";
        self.cluster
            .kubectl()
            .run(&["get", name, "-o", path])
            .unwrap()
    }

    /// Ends one of the replicas, asked to, and starts it again: as a rolling update does, nobody
    /// new is sent to it from the moment that it is told. It comes back with `files`.
    pub(crate) fn roll(&self, index: usize, files: usize) {
        let replica = &self.replicas[index];
        self.send_nobody_to(replica.address());
        replica.end(self.cluster, Ending::Asked).unwrap();
        self.again(replica, files);
    }

    /// The same without asking: whoever is being answered loses.
    pub(crate) fn kill(&self, index: usize, files: usize) {
        let replica = &self.replicas[index];
        replica.end(self.cluster, Ending::Killed).unwrap();
        self.again(replica, files);
    }

    fn again(&self, replica: &Replica, files: usize) {
        let start = |options: Options<'_>| replica.restart(self.cluster, product(), options);
        self.with_options(files, start).unwrap();
        self.send_to(replica.address());
    }

    /// Each start has its own version of the policies out of files.
    fn with_options<T>(&self, files: usize, start: impl FnOnce(Options<'_>) -> T) -> T {
        let arguments: Vec<&str> = self.arguments.iter().map(String::as_str).collect();
        let folder = pairs::files(self.cluster.folder(), files);
        start(Options {
            arguments: &arguments,
            policies: &[&folder],
            secret: Some(SECRET),
        })
    }

    fn add(&mut self, name: &str) {
        let start = |options: Options<'_>| Replica::start(self.cluster, product(), name, options);
        let replica = self.with_options(0, start).unwrap();
        self.send_to(replica.address());
        self.replicas.push(replica);
    }

    fn send_to(&self, address: &str) {
        let address = address.parse().unwrap();
        let mut backends = self.backends.lock().unwrap();
        if !backends.contains(&address) {
            backends.push(address);
        }
    }

    fn send_nobody_to(&self, address: &str) {
        let address: SocketAddr = address.parse().unwrap();
        self.backends
            .lock()
            .unwrap()
            .retain(|backend| *backend != address);
    }

    /// Namespace and rights come before the replicas, which keep their certificates there; any
    /// authority will do for that, nobody is registered for long.
    fn permit(&self) {
        let any = self.cluster.folder().join("any.crt");
        let key = rcgen::generate_simple_self_signed(["any".to_owned()]).unwrap();
        std::fs::write(&any, key.cert.pem()).unwrap();
        self.install(&any);
        let gone = [
            "delete",
            "mutatingwebhookconfigurations,validatingwebhookconfigurations",
            "--all",
        ];
        self.cluster.kubectl().run(&gone).unwrap();
    }

    fn register(&self) {
        let authority = self.cluster.folder().join("trusted.crt");
        std::fs::write(&authority, self.kept("ca.crt").unwrap()).unwrap();
        self.install(&authority);
    }

    fn install(&self, authority: &std::path::Path) {
        let url = format!("https://{}", self.address);
        let authority = authority.to_string_lossy();
        let words = [
            "webhook",
            "install",
            "--url",
            &url,
            "--ca-file",
            &authority,
            "--force-conflicts",
        ];
        let answer = product().sax(self.cluster.kubectl(), &words, "").unwrap();
        assert!(answer.success, "{answer:?}");
    }
}

/// What API servers trust.
pub(crate) fn trusted(cluster: &Cluster) -> String {
    let path = "jsonpath={.webhooks[0].clientConfig.caBundle}";
    let name = "validatingwebhookconfiguration/admission.kubectl-sax.dev";
    decoded(&cluster.kubectl().run(&["get", name, "-o", path]).unwrap())
}

/// A file of the replicas' Secret, decoded; none where there is no Secret.
pub(crate) fn kept(cluster: &Cluster, file: &str) -> Option<String> {
    let path = format!("jsonpath={{.data.{}}}", file.replace('.', "\\."));
    let words = [
        "get",
        "secret",
        SECRET,
        "-n",
        "kubectl-sax-system",
        "-o",
        &path,
    ];
    let answer = cluster.kubectl().try_run(&words).unwrap();
    answer.success.then(|| decoded(&answer.stdout))
}

fn decoded(text: &str) -> String {
    String::from_utf8(STANDARD.decode(text).unwrap()).unwrap()
}

fn accept(listener: &TcpListener, backends: &Mutex<Vec<SocketAddr>>) {
    let next = AtomicUsize::new(0);
    for client in listener.incoming().flatten() {
        let all = backends.lock().unwrap().clone();
        let first = next.fetch_add(1, Ordering::Relaxed);
        let found =
            (0..all.len()).find_map(|i| TcpStream::connect(all[(first + i) % all.len()]).ok());
        // Nobody there: the client is hung up on.
        if let Some(server) = found {
            forward(client, server);
        }
    }
}

fn forward(client: TcpStream, server: TcpStream) {
    for stream in [&client, &server] {
        stream.set_nodelay(true).unwrap();
    }
    let (from, to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    thread::spawn(move || copy(client, server));
    thread::spawn(move || copy(to, from));
}

fn copy(mut from: TcpStream, mut to: TcpStream) {
    // Either side may go at any time; the other one learns of it.
    io::copy(&mut from, &mut to).ok();
    to.shutdown(Shutdown::Write).ok();
}
