//! What the Secret holds.

use std::collections::BTreeMap;

use k8s_openapi::ByteString;
use rcgen::KeyPair;

use super::facts::{Facts, split};
use crate::authority::Pair;
use crate::tls;

/// Everything that is trusted, the authority that signs next first. `kubectl sax webhook install`
/// reads it, too.
const TRUSTED: &str = "ca.crt";
const AUTHORITY: &str = "authority.crt";
const AUTHORITY_KEY: &str = "authority.key";
/// As in every Secret of the type `kubernetes.io/tls`.
const LEAF: &str = "tls.crt";
const LEAF_KEY: &str = "tls.key";
/// Authorities that are trusted at one time: the oldest ones have to go.
const MOST_TRUSTED: usize = 4;

/// The data of a Secret, as far as it can be used.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Kept {
    /// Signs the next leaf.
    pub(crate) authority: Option<Known>,
    /// Serves.
    pub(crate) leaf: Option<Known>,
    /// Certificates of authorities that are trusted, beside the one that signs.
    pub(crate) others: Vec<String>,
}

/// A pair and what its certificate says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Known {
    /// As PEM.
    pub(crate) pair: Pair,
    /// Of its certificate.
    pub(crate) facts: Facts,
}

impl Kept {
    /// What isn't there, or can't be used, is none: a garbled Secret is one that lacks things.
    pub(crate) fn read(data: &BTreeMap<String, ByteString>) -> Kept {
        let text = |name: &str| {
            let bytes = data.get(name).map(|bytes| bytes.0.clone());
            String::from_utf8(bytes.unwrap_or_default()).unwrap_or_default()
        };
        let pair = |certificate, key| Pair {
            certificate: text(certificate),
            key: text(key),
        };
        let authority = Known::of(pair(AUTHORITY, AUTHORITY_KEY)).filter(Known::can_sign);
        let own = authority
            .as_ref()
            .map(|known| known.facts.fingerprint.clone());
        let mut others = split(&text(TRUSTED));
        others.retain(|pem| Facts::of_pem(pem).map(|facts| facts.fingerprint) != own);
        Kept {
            authority,
            leaf: Known::of(pair(LEAF, LEAF_KEY)).filter(Known::can_serve),
            others,
        }
    }

    /// As it is written.
    pub(crate) fn data(&self) -> BTreeMap<String, ByteString> {
        let mut data = BTreeMap::new();
        let mut put = |name: &str, text: &str| {
            data.insert(name.to_owned(), ByteString(text.as_bytes().to_vec()));
        };
        put(TRUSTED, &self.bundle());
        let pairs = [
            (&self.authority, AUTHORITY, AUTHORITY_KEY),
            (&self.leaf, LEAF, LEAF_KEY),
        ];
        for (known, certificate, key) in pairs {
            let pair = known.as_ref().map(|known| &known.pair);
            put(certificate, pair.map_or("", |pair| &pair.certificate));
            put(key, pair.map_or("", |pair| &pair.key));
        }
        data
    }

    /// What API servers have to trust.
    pub(crate) fn bundle(&self) -> String {
        let authority = self.authority.as_ref().map(|known| &known.pair.certificate);
        authority.into_iter().chain(&self.others).cloned().collect()
    }

    /// The same with a new authority; the one before stays trusted.
    pub(crate) fn with_authority(mut self, authority: Known) -> Kept {
        if let Some(before) = self.authority.replace(authority) {
            self.others.insert(0, before.pair.certificate);
        }
        self.others.truncate(MOST_TRUSTED - 1);
        self
    }
}

impl Known {
    /// Only where the certificate is one.
    pub(crate) fn of(pair: Pair) -> Option<Known> {
        let facts = Facts::of_pem(&pair.certificate)?;
        Some(Known { pair, facts })
    }

    /// Did this authority sign that leaf?
    pub(crate) fn signed(&self, leaf: &Known) -> bool {
        self.facts.key == leaf.facts.signer
    }

    fn can_sign(&self) -> bool {
        KeyPair::from_pem(&self.pair.key).is_ok()
    }

    fn can_serve(&self) -> bool {
        tls::config(&self.pair, None).is_ok()
    }
}
