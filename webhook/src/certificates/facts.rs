//! What a certificate says of itself.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::pem::{Pem, parse_x509_pem};
use x509_parser::prelude::{FromDer, X509Certificate};

/// What the steps need to know of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Facts {
    /// Seconds since 1970.
    pub(crate) not_after: i64,
    /// DNS names and IP addresses.
    pub(crate) hosts: Vec<String>,
    /// Identifier of its own key, as hexadecimal digits.
    pub(crate) key: String,
    /// Identifier of the key that signed it.
    pub(crate) signer: String,
    /// SHA-256 of all of it.
    pub(crate) fingerprint: String,
}

impl Facts {
    /// Those of the first certificate of a PEM text.
    pub(crate) fn of_pem(pem: &str) -> Option<Facts> {
        let (_, pem) = parse_x509_pem(pem.as_bytes()).ok()?;
        let certificate = pem.parse_x509().ok()?;
        let mut facts = Facts {
            not_after: certificate.validity().not_after.timestamp(),
            hosts: Vec::new(),
            key: String::new(),
            signer: String::new(),
            fingerprint: hex(&Sha256::digest(&pem.contents)),
        };
        for extension in certificate.extensions() {
            facts.take(extension.parsed_extension());
        }
        Some(facts)
    }

    fn take(&mut self, extension: &ParsedExtension<'_>) {
        match extension {
            ParsedExtension::SubjectAlternativeName(names) => {
                self.hosts = names.general_names.iter().filter_map(host).collect();
            }
            ParsedExtension::SubjectKeyIdentifier(key) => self.key = hex(key.0),
            ParsedExtension::AuthorityKeyIdentifier(key) => {
                let signer = key.key_identifier.as_ref();
                self.signer = signer.map(|key| hex(key.0)).unwrap_or_default();
            }
            _ => {}
        }
    }
}

/// The certificates of a PEM text, each as a text of its own.
pub(crate) fn split(bundle: &str) -> Vec<String> {
    let found = Pem::iter_from_buffer(bundle.as_bytes()).filter_map(Result::ok);
    let certificates = found.filter(|pem| pem.label == "CERTIFICATE");
    certificates.map(|pem| written(&pem.contents)).collect()
}

/// Does a certificate (DER) carry one of these names, as its common name or a DNS name?
pub(crate) fn has_name(der: &[u8], names: &[String]) -> bool {
    let Ok((_, certificate)) = X509Certificate::from_der(der) else {
        return false;
    };
    let common = certificate.subject().iter_common_name();
    let mut found: Vec<String> = common
        .filter_map(|name| name.as_str().ok().map(str::to_owned))
        .collect();
    if let Ok(Some(others)) = certificate.subject_alternative_name() {
        found.extend(others.value.general_names.iter().filter_map(host));
    }
    found.iter().any(|name| names.contains(name))
}

fn host(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => match **bytes {
            [a, b, c, d] => Some(std::net::Ipv4Addr::new(a, b, c, d).to_string()),
            _ => {
                let octets: [u8; 16] = (*bytes).try_into().ok()?;
                Some(std::net::Ipv6Addr::from(octets).to_string())
            }
        },
        _ => None,
    }
}

/// In lines of 64 characters, so that equal certificates are equal texts.
fn written(der: &[u8]) -> String {
    let mut text = "-----BEGIN CERTIFICATE-----\n".to_owned();
    for line in STANDARD.encode(der).as_bytes().chunks(64) {
        text += &String::from_utf8_lossy(line);
        text.push('\n');
    }
    text + "-----END CERTIFICATE-----\n"
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
