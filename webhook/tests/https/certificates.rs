//! Claims about certificates that change while we serve, and about who may ask.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use http_body_util::Full;
use hyper::{Request, StatusCode};
use rcgen::{CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::client::{Client, connect_as, connect_tls};
use crate::process::{Webhook, wait_for};

/// A certificate and its key, as PEM.
struct Pair {
    certificate: String,
    key: String,
}

struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new(name: &str) -> Authority {
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        Authority(CertifiedIssuer::self_signed(params, key).unwrap())
    }

    /// For a server at localhost, or a client of this name.
    fn sign(&self, name: &str) -> Pair {
        let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        Pair {
            certificate: params.signed_by(&key, &self.0).unwrap().pem(),
            key: key.serialize_pem(),
        }
    }
}

/// A folder as the kubelet fills it: what is mounted are links through `..data`, which is
/// exchanged by one rename.
struct Mount<'a>(&'a Path);

impl Mount<'_> {
    fn fill(&self, version: &str, ca: &str, pair: &Pair) {
        let folder = self.0.join(version);
        fs::create_dir(&folder).unwrap();
        for (name, text) in [
            ("ca.crt", ca),
            ("tls.crt", &pair.certificate),
            ("tls.key", &pair.key),
        ] {
            fs::write(folder.join(name), text).unwrap();
            let link = self.0.join(name);
            if !link.exists() {
                symlink(Path::new("..data").join(name), link).unwrap();
            }
        }
        let next = self.0.join("..data_tmp");
        symlink(version, &next).unwrap();
        fs::rename(next, self.0.join("..data")).unwrap();
    }
}

fn der(pem: &str) -> CertificateDer<'static> {
    CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()
}

/// The certificate that a new connection is accepted with.
async fn served(webhook: &Webhook) -> CertificateDer<'static> {
    let tls = connect_tls(webhook, rustls::ALL_VERSIONS).await.unwrap();
    tls.get_ref().1.peer_certificates().unwrap()[0].clone()
}

/// Waits until new connections are accepted with this certificate.
async fn until_served(webhook: &Webhook, pair: &Pair) {
    let wanted = der(&pair.certificate);
    let started = std::time::Instant::now();
    while served(webhook).await != wanted {
        assert!(started.elapsed().as_secs() < 60, "{}", webhook.log());
    }
}

#[tokio::test]
async fn folders_that_the_kubelet_exchanges_are_served_and_half_a_pair_never_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tls");
    fs::create_dir(&path).unwrap();
    let (mount, authority) = (Mount(&path), Authority::new("mounted"));
    let ca = authority.0.pem();
    let mut pair = authority.sign("first");
    mount.fill("v0", &ca, &pair);
    let webhook = Webhook::start_in(folder, &["--certificate-look", "20ms"]);
    let mut open = Client::connect(&webhook).await;
    for version in ["v1", "v2", "v3"] {
        pair = authority.sign(version);
        mount.fill(version, &ca, &pair);
        until_served(&webhook, &pair).await;
        // Whoever is connected stays so.
        assert_eq!(open.get("/livez").await, "ok");
    }
    let next = authority.sign("next");
    let half = Pair {
        certificate: next.certificate.clone(),
        key: pair.key.clone(),
    };
    mount.fill("v4", &ca, &half);
    wait_for("the refusal", || webhook.log().contains("can't be used"));
    assert_eq!(served(&webhook).await, der(&pair.certificate));
    let text = open.get("/metrics").await;
    assert!(
        text.contains("sax_webhook_certificate_failures_total 1\n"),
        "{text}"
    );
    mount.fill("v5", &ca, &next);
    until_served(&webhook, &next).await;
}

#[tokio::test]
async fn with_a_client_authority_only_the_named_client_is_reviewed_for() {
    let folder = tempfile::tempdir().unwrap();
    let (ours, theirs) = (Authority::new("clients"), Authority::new("others"));
    let ca = folder.path().join("clients.crt");
    fs::write(&ca, ours.0.pem()).unwrap();
    let ca = ca.to_string_lossy().into_owned();
    let webhook = Webhook::start_in(
        folder,
        &["--client-ca", &ca, "--client-name", "kube-apiserver"],
    );
    let connect = async |pair: Option<Pair>| {
        let own = pair.map(|pair| {
            let key = PrivateKeyDer::from_pem_slice(pair.key.as_bytes()).unwrap();
            (der(&pair.certificate), key)
        });
        let tls = connect_as(&webhook, rustls::ALL_VERSIONS, own)
            .await
            .unwrap();
        Client::over(tls).await
    };
    // `localhost` is a DNS name of every one of them, and none of the names that may ask.
    for (pair, status) in [
        (None, StatusCode::FORBIDDEN),
        (Some(ours.sign("somebody")), StatusCode::FORBIDDEN),
        (Some(ours.sign("kube-apiserver")), StatusCode::OK),
    ] {
        let mut client = connect(pair).await;
        assert_eq!(client.get("/readyz").await, "ok");
        let answer = client.post("/validate", "{}").await;
        assert_eq!(
            answer.status,
            status,
            "{}",
            String::from_utf8_lossy(&answer.body)
        );
    }
    // Of an authority that nobody named: the connection ends in the handshake.
    let mut stranger = connect(Some(theirs.sign("kube-apiserver"))).await;
    let request = Request::get("/readyz").body(Full::default()).unwrap();
    assert!(stranger.send(request).await.is_err());
}
