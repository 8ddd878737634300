//! A throw-away certificate authority and the webhook's certificate. The authority's key is
//! never written down, so nobody can sign anything else with it.

use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256,
};

/// How long both certificates are valid.
const LIFETIME: Duration = Duration::from_secs(365 * 24 * 3600);
/// Clocks differ between machines: valid from a little before now.
const CLOCK_SKEW: Duration = Duration::from_secs(3600);

/// PEM texts.
#[derive(Debug, Clone, Default)]
pub(crate) struct Certificates {
    /// The authority's certificate.
    pub(crate) ca: String,
    certificate: String,
    key: String,
}

impl Certificates {
    /// A new authority, and a certificate that it signed for these names.
    pub(crate) fn make(hosts: &[String]) -> Result<Self, rcgen::Error> {
        let ca_key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let mut ca = params(&[], "kubectl-sax throw-away authority")?;
        ca.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let ca_certificate = ca.self_signed(&ca_key)?;
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let mut leaf = params(hosts, "sax-webhook")?;
        leaf.is_ca = IsCa::ExplicitNoCa;
        leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        leaf.use_authority_key_identifier_extension = true;
        let certificate = leaf.signed_by(&key, &Issuer::new(ca, ca_key))?;
        Ok(Self {
            ca: ca_certificate.pem(),
            certificate: certificate.pem(),
            key: key.serialize_pem(),
        })
    }

    /// The files that the webhook reads, with their texts.
    pub(super) fn files(&self) -> [(&'static str, &str); 3] {
        [
            ("ca.crt", &self.ca),
            ("tls.crt", &self.certificate),
            ("tls.key", &self.key),
        ]
    }
}

/// Whole days until the first certificate of a PEM text ends, negative when it has; `None` if it
/// is no certificate.
pub(crate) fn days_left(pem: &[u8]) -> Option<i64> {
    let (_, pem) = x509_parser::pem::parse_x509_pem(pem).ok()?;
    let end = pem.parse_x509().ok()?.validity().not_after.timestamp();
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .ok()?;
    Some((end - i64::try_from(now.as_secs()).ok()?) / 86_400)
}

fn params(hosts: &[String], common_name: &str) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(hosts)?;
    let now = SystemTime::now();
    params.not_before = (now - CLOCK_SKEW).into();
    params.not_after = (now + LIFETIME).into();
    params.distinguished_name = DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::CommonName, common_name);
    Ok(params)
}
