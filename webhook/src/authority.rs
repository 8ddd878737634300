//! A throw-away certificate authority: enough for one server and its clients, its key is never
//! written down, so nothing but this leaf can ever be signed by it.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};

use crate::tls::TlsFiles;

/// How long authority and leaf are valid.
const LIFETIME: Duration = Duration::from_secs(365 * 24 * 3600);

/// Clocks differ between machines: the certificates are valid from a little before now.
const CLOCK_SKEW: Duration = Duration::from_secs(3600);

/// Why no throw-away certificate could be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AuthorityError {
    /// A host is neither an IP address nor a DNS name, or the key could not be made.
    #[error("cannot make a certificate for {hosts:?}: {source}")]
    Certificate {
        /// The hosts that were asked for.
        hosts: Vec<String>,
        /// What rcgen says.
        source: rcgen::Error,
    },
    /// A file could not be written.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// A certificate authority's certificate, a leaf signed by it, and the leaf's key, as PEM.
struct Pems {
    ca: String,
    leaf: String,
    key: String,
}

/// Makes an authority and a leaf for `hosts` and writes them to `files`, which must not exist.
pub(crate) fn write_self_signed(files: &TlsFiles, hosts: &[String]) -> Result<(), AuthorityError> {
    let pems = generate(hosts).map_err(|source| AuthorityError::Certificate {
        hosts: hosts.to_vec(),
        source,
    })?;
    if let Some(folder) = files.key.parent() {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
        made.map_err(|source| write_error(folder, source))?;
    }
    write_new(&files.ca, &pems.ca, 0o644)?;
    write_new(&files.certificate, &pems.leaf, 0o644)?;
    write_new(&files.key, &pems.key, 0o600)
}

fn generate(hosts: &[String]) -> Result<Pems, rcgen::Error> {
    let ca_key = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256)?;
    let ca_params = ca_params()?;
    let ca = ca_params.self_signed(&ca_key)?;
    let key = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256)?;
    let leaf = leaf_params(hosts)?.signed_by(&key, &Issuer::new(ca_params, ca_key))?;
    Ok(Pems {
        ca: ca.pem(),
        leaf: leaf.pem(),
        key: key.serialize_pem(),
    })
}

fn ca_params() -> Result<CertificateParams, rcgen::Error> {
    let mut params = params(&[], "kubectl-sax throw-away authority")?;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(params)
}

fn leaf_params(hosts: &[String]) -> Result<CertificateParams, rcgen::Error> {
    let mut params = params(hosts, "sax-webhook")?;
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}

fn params(hosts: &[String], common_name: &str) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(hosts)?;
    let now = SystemTime::now();
    params.not_before = (now - CLOCK_SKEW).into();
    params.not_after = (now + LIFETIME).into();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::CommonName, common_name);
    Ok(params)
}

/// The mode is given at creation: a key that is readable for a moment is a key that was read.
fn write_new(path: &Path, text: &str, mode: u32) -> Result<(), AuthorityError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(mode);
    options
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|source| write_error(path, source))
}

fn write_error(path: &Path, source: io::Error) -> AuthorityError {
    AuthorityError::Write {
        path: path.to_path_buf(),
        source,
    }
}
