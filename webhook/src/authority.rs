//! Making certificates: an authority, and leaves that it signs. ECDSA P-256, the cheapest
//! handshake that every API server speaks.

use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256,
};

/// 2025-01-01: every certificate is valid from before the first installation, so that none is
/// "not yet valid" for an API server whose clock is behind ours, or after ours has jumped.
const VALID_SINCE: Duration = Duration::from_secs(1_735_689_600);
/// Where our own clock stands before that.
const CLOCK_SKEW: Duration = Duration::from_secs(3600);
/// 9999-12-31: a certificate's last representable day.
const LAST: Duration = Duration::from_secs(253_402_214_400);

/// A certificate and its key, as PEM.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Pair {
    /// The certificate, followed by intermediates where there are any.
    pub(crate) certificate: String,
    /// Its private key.
    pub(crate) key: String,
}

impl Pair {
    /// A new authority, valid until `until`.
    pub(crate) fn new_authority(until: SystemTime) -> Result<Pair, rcgen::Error> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        // A name of its own: a verifier that has two of them need not try both.
        let mut name = "kubectl-sax authority ".to_owned();
        for byte in key.public_key_raw().iter().rev().take(4) {
            name += &format!("{byte:02x}");
        }
        let mut params = params(&[], &name, until)?;
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let certificate = params.self_signed(&key)?;
        Ok(Pair {
            certificate: certificate.pem(),
            key: key.serialize_pem(),
        })
    }

    /// A leaf for these names, signed by this authority.
    pub(crate) fn sign(&self, hosts: &[String], until: SystemTime) -> Result<Pair, rcgen::Error> {
        let issuer = Issuer::from_ca_cert_pem(&self.certificate, KeyPair::from_pem(&self.key)?)?;
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let mut params = params(hosts, "sax-webhook", until)?;
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let certificate = params.signed_by(&key, &issuer)?;
        Ok(Pair {
            certificate: certificate.pem(),
            key: key.serialize_pem(),
        })
    }
}

impl std::fmt::Debug for Pair {
    /// Never the key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pair")
            .field("certificate", &self.certificate)
            .finish_non_exhaustive()
    }
}

fn params(
    hosts: &[String],
    common_name: &str,
    until: SystemTime,
) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(hosts)?;
    let now = SystemTime::now();
    let since = (now - CLOCK_SKEW).min(SystemTime::UNIX_EPOCH + VALID_SINCE);
    params.not_before = since.into();
    params.not_after = until.min(SystemTime::UNIX_EPOCH + LAST).into();
    params.distinguished_name = DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::CommonName, common_name);
    Ok(params)
}
