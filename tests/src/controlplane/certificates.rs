//! The throw-away certificate authority of one cluster.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose,
};

/// Names that a server of the cluster may be called by.
const SERVER_NAMES: [&str; 6] = [
    "127.0.0.1",
    "localhost",
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    "10.96.0.1",
];

/// Signs the certificates of one cluster. Its key lives only in memory.
pub(super) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

/// A certificate and its key as PEM text.
pub(super) struct Identity {
    /// The certificate.
    pub(super) certificate: String,
    /// Its private key, PKCS #8.
    pub(super) key: String,
}

/// Files for programs that take paths.
#[derive(Clone, Debug)]
pub(super) struct IdentityFiles {
    /// The certificate's file.
    pub(super) certificate: PathBuf,
    /// The key's file.
    pub(super) key: PathBuf,
}

impl Authority {
    /// A new authority.
    ///
    /// # Errors
    /// When no key can be made.
    pub(super) fn new() -> Result<Self> {
        let mut params = CertificateParams::default();
        params.distinguished_name = name("kubectl-sax test cluster", None);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![
            KeyUsagePurpose::KeyCertSign,
            KeyUsagePurpose::DigitalSignature,
        ];
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate()?)
            .context("make a certificate authority")?;
        Ok(Self { issuer })
    }

    /// The authority's own certificate, which clients trust.
    #[must_use]
    pub(super) fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// A certificate for everything that listens on 127.0.0.1; it also serves as a client's, for
    /// etcd's talk with itself.
    ///
    /// # Errors
    /// When it can't be made.
    pub(super) fn server(&self) -> Result<Identity> {
        let params = CertificateParams::new(SERVER_NAMES.map(str::to_owned).to_vec())?;
        self.issue(
            params,
            name("kubectl-sax test server", None),
            &[
                ExtendedKeyUsagePurpose::ServerAuth,
                ExtendedKeyUsagePurpose::ClientAuth,
            ],
        )
    }

    /// A client's certificate: Kubernetes takes the common name for the user and the
    /// organisation for the group.
    ///
    /// # Errors
    /// When it can't be made.
    pub(super) fn client(&self, user: &str, group: Option<&str>) -> Result<Identity> {
        self.issue(
            CertificateParams::default(),
            name(user, group),
            &[ExtendedKeyUsagePurpose::ClientAuth],
        )
    }

    fn issue(
        &self,
        mut params: CertificateParams,
        subject: DistinguishedName,
        usages: &[ExtendedKeyUsagePurpose],
    ) -> Result<Identity> {
        params.distinguished_name = subject;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = usages.to_vec();
        let key = KeyPair::generate()?;
        let certificate = params
            .signed_by(&key, &self.issuer)
            .context("sign a certificate")?;
        Ok(Identity {
            certificate: certificate.pem(),
            key: key.serialize_pem(),
        })
    }
}

impl Identity {
    /// Writes `<stem>.crt` and `<stem>.key`.
    ///
    /// # Errors
    /// When the folder can't be written.
    pub(super) fn write(&self, folder: &Path, stem: &str) -> Result<IdentityFiles> {
        std::fs::create_dir_all(folder).with_context(|| format!("make {}", folder.display()))?;
        let files = IdentityFiles {
            certificate: folder.join(format!("{stem}.crt")),
            key: folder.join(format!("{stem}.key")),
        };
        for (file, text) in [
            (&files.certificate, &self.certificate),
            (&files.key, &self.key),
        ] {
            std::fs::write(file, text).with_context(|| format!("write {}", file.display()))?;
        }
        Ok(files)
    }
}

/// Writes a key pair that signs and checks ServiceAccount tokens: `tokens.key` and `tokens.pub`.
///
/// # Errors
/// When the folder can't be written.
pub(super) fn write_token_keys(folder: &Path) -> Result<(PathBuf, PathBuf)> {
    let pair = KeyPair::generate().context("make the keys of ServiceAccount tokens")?;
    let (private, public) = (folder.join("tokens.key"), folder.join("tokens.pub"));
    std::fs::write(&private, pair.serialize_pem())
        .context("write the key of ServiceAccount tokens")?;
    std::fs::write(&public, pair.public_key_pem())
        .context("write the key of ServiceAccount tokens")?;
    Ok((private, public))
}

fn name(common: &str, organisation: Option<&str>) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common);
    if let Some(organisation) = organisation {
        name.push(DnType::OrganizationName, organisation);
    }
    name
}
