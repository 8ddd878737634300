//! Compiled code on disk. Loading it runs it, so only what this user wrote with a secret key is
//! taken; at any doubt the policy is compiled again.

use std::fs;
use std::hash::{Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};

use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use wasmtime::Engine;
use wasmtime::component::Component;

use crate::key::{self, Key};

const VERSION: &str = env!("CARGO_PKG_VERSION");
/// Bytes of the tag that stands before the code.
const TAG: usize = 32;

/// Compiled code of earlier starts.
#[derive(Debug)]
pub(crate) struct Cache {
    folder: PathBuf,
    key: Key,
    engine: String,
}

impl Cache {
    /// The cache in `folder`, or none if the folder isn't ours alone: then everything is
    /// compiled, and the log says why.
    pub(crate) fn open(folder: &Path, engine: &Engine) -> Option<Self> {
        match key::open(folder) {
            Ok(key) => Some(Self {
                folder: folder.to_owned(),
                key,
                engine: fingerprint(engine),
            }),
            Err(error) => {
                tracing::warn!(%error, "policies are compiled at each start");
                None
            }
        }
    }

    /// The component, from the cache or compiled and then kept.
    pub(crate) fn component(&self, engine: &Engine, wasm: &[u8]) -> wasmtime::Result<Component> {
        let name = self.name(wasm);
        let path = self.folder.join(&name);
        if let Some(component) = self.read(engine, &name, &path) {
            return Ok(component);
        }
        let component = Component::new(engine, wasm)?;
        self.keep(&component, &name, &path);
        Ok(component)
    }

    /// Names everything that the code depends on.
    fn name(&self, wasm: &[u8]) -> String {
        let wasm = hex(&Sha256::digest(wasm));
        format!("{wasm}-{}-{VERSION}.cwasm", self.engine)
    }

    fn read(&self, engine: &Engine, name: &str, path: &Path) -> Option<Component> {
        let file = match fs::read(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "compiled code can't be read");
                return None;
            }
        };
        let authentic = file
            .split_at_checked(TAG)
            .filter(|(tag, code)| self.mac(name, code).verify_slice(tag).is_ok());
        let Some((_, code)) = authentic else {
            tracing::warn!(path = %path.display(), "compiled code is not ours, it is made again");
            return None;
        };
        #[expect(unsafe_code, reason = "the only way to load compiled code")]
        // SAFETY: `deserialize` asks for bytes that `Component::serialize` made. The tag proves
        // it: it was made with a key that only this user can read, over these very bytes (they
        // are in our memory, nobody changes them after the check) and over the file's name,
        // which holds the component's digest, the engine's settings and our version.
        let loaded = unsafe { Component::deserialize(engine, code) };
        loaded
            .inspect_err(|error| {
                tracing::warn!(path = %path.display(), %error, "compiled code does not fit, it is made again");
            })
            .ok()
    }

    /// Keeping is a help, not a duty: a folder that is full or read-only costs time only.
    fn keep(&self, component: &Component, name: &str, path: &Path) {
        let written = component
            .serialize()
            .map_err(io::Error::other)
            .and_then(|code| {
                let tag = self.mac(name, &code).finalize().into_bytes();
                key::write(path, &[&tag, &code])
            });
        if let Err(error) = written {
            tracing::warn!(path = %path.display(), %error, "compiled code is not kept");
        }
    }

    fn mac(&self, name: &str, code: &[u8]) -> Hmac<Sha256> {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC must take a key of any length");
        mac.update(&Sha256::digest(name.as_bytes()));
        mac.update(code);
        mac
    }
}

/// All settings of the engine and of the processor that compiled code depends on.
fn fingerprint(engine: &Engine) -> String {
    let mut hasher = Sha256Hasher(Sha256::new());
    engine.precompile_compatibility_hash().hash(&mut hasher);
    let mut digest = hex(&hasher.0.finalize());
    digest.truncate(16);
    digest
}

/// Lets `Hash` feed a digest that is the same in every process.
struct Sha256Hasher(Sha256);

impl Hasher for Sha256Hasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        let digest = self.0.clone().finalize();
        digest
            .iter()
            .take(8)
            .fold(0, |hash, byte| hash << 8 | u64::from(*byte))
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
#[path = "cache_tests.rs"]
mod tests;
