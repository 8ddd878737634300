//! The options about certificates.

use std::path::PathBuf;
use std::time::Duration;

use clap::ArgGroup;

use crate::budget::parse_duration;
use crate::certificates::{Period, Rules, RulesError};

/// Where the certificate comes from, and how long it lasts.
#[derive(Debug, clap::Args)]
#[command(group = ArgGroup::new("made-for-hosts").args(["self_signed", "tls_secret"]).multiple(true))]
pub(crate) struct Certificates {
    /// Folder with tls.crt, tls.key and ca.crt (PEM). They are read again while we serve.
    #[arg(long, value_name = "DIR", required_unless_present = "tls_secret")]
    pub(crate) tls_dir: Option<PathBuf>,

    /// Make a throw-away certificate authority and a serving certificate in --tls-dir when it
    /// holds none.
    #[arg(long, requires = "tls_dir")]
    pub(crate) self_signed: bool,

    /// Secret in --namespace in which the replicas keep an authority of their own and the
    /// certificate that it signed. Who leads makes and renews both, and has the registration
    /// trust them.
    #[arg(long, value_name = "NAME", conflicts_with_all = ["tls_dir", "self_signed"])]
    pub(crate) tls_secret: Option<String>,

    /// Name or IP address that a certificate of --self-signed (localhost and 127.0.0.1 by
    /// default) or --tls-secret (the Service sax-webhook in --namespace) is valid for; repeatable.
    #[arg(long, value_name = "NAME", requires = "made-for-hosts")]
    pub(crate) host: Vec<String>,

    /// Certificates (PEM) of the authority that the API server's client certificate must come
    /// from. Without a certificate only the probes and the metrics are answered then.
    #[arg(long, value_name = "FILE")]
    pub(crate) client_ca: Option<PathBuf>,

    /// Common or DNS name that the API server's client certificate must have; repeatable.
    #[arg(long, value_name = "NAME", requires = "client_ca")]
    pub(crate) client_name: Vec<String>,

    /// How often to look for another certificate.
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = parse_duration)]
    pub(crate) certificate_look: Duration,

    /// How long a certificate of --tls-secret is valid.
    #[arg(long, value_name = "DURATION", default_value = "2160h", value_parser = parse_duration)]
    pub(crate) leaf_lifetime: Duration,

    /// How long before its end it is renewed.
    #[arg(long, value_name = "DURATION", default_value = "720h", value_parser = parse_duration)]
    pub(crate) leaf_renew_before: Duration,

    /// How long the authority of --tls-secret is valid.
    #[arg(long, value_name = "DURATION", default_value = "17520h", value_parser = parse_duration)]
    pub(crate) authority_lifetime: Duration,

    /// How long before its end there is another one.
    #[arg(long, value_name = "DURATION", default_value = "4380h", value_parser = parse_duration)]
    pub(crate) authority_renew_before: Duration,

    /// How long API servers have to learn of a new authority before it signs what is served.
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = parse_duration)]
    pub(crate) authority_settle: Duration,
}

impl Certificates {
    /// The names that a certificate is made for.
    pub(crate) fn hosts(&self, namespace: &str) -> Vec<String> {
        if !self.host.is_empty() {
            return self.host.clone();
        }
        match self.tls_secret {
            None => vec!["localhost".to_owned(), "127.0.0.1".to_owned()],
            Some(_) => ["svc", "svc.cluster.local"]
                .map(|suffix| format!("sax-webhook.{namespace}.{suffix}"))
                .to_vec(),
        }
    }

    /// By what the certificates are kept.
    pub(crate) fn rules(&self, namespace: &str) -> Result<Rules, RulesError> {
        let rules = Rules {
            leaf: Period {
                lifetime: self.leaf_lifetime,
                renew_before: self.leaf_renew_before,
            },
            authority: Period {
                lifetime: self.authority_lifetime,
                renew_before: self.authority_renew_before,
            },
            settle: self.authority_settle,
            hosts: self.hosts(namespace),
        };
        rules.checked()
    }
}
