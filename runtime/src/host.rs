//! What a policy can call, and what one call may use: the state of one store.

use std::sync::Arc;

use admission::EvaluateError;
use wasmtime::component::Linker;
use wasmtime::{ResourceLimiter, StoreContextMut};

use crate::bindings::sax::policy::cluster::ReadError;
use crate::bindings::sax::policy::log::Level;
use crate::config::{PER_COMPONENT, TABLE_ELEMENTS};
use crate::grants::{Grant, Grants};
use crate::limits::Limits;
use crate::objects::{NotHeld, Objects};
use crate::world;

/// Units of fuel that a host call costs beside its bytes: about what it takes the host.
const CALL_COST: u64 = 1_000;
/// Characters of a log line; the rest is cut off.
const LINE: usize = 1_024;
/// Log lines of one call; the rest is dropped, and one line says so.
const LINES: u32 = 32;

/// The state of one store, which lives for one call.
pub(crate) struct Host {
    pub(crate) policy: Arc<str>,
    pub(crate) limits: Limits,
    pub(crate) grants: Arc<Grants>,
    pub(crate) objects: Option<Arc<Objects>>,
    pub(crate) host_calls: u32,
    pub(crate) lines: u32,
}

/// Offers what the contract offers. `cluster` is offered only where something is granted.
pub(crate) fn link(linker: &mut Linker<Host>, grants: &Grants) -> wasmtime::Result<()> {
    linker.instance(world::TYPES)?;
    let mut log = linker.instance(world::LOG)?;
    log.func_wrap("log", |mut store, (level, message): (Level, String)| {
        charge(&mut store, message.len())?;
        store.data_mut().log(level, &message);
        Ok(())
    })?;
    if !grants.is_empty() {
        link_cluster(linker)?;
    }
    Ok(())
}

fn link_cluster(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    let mut cluster = linker.instance(world::CLUSTER)?;
    type Get = (String, String, Option<String>, String);
    cluster.func_wrap("get", |mut store, (version, kind, namespace, name): Get| {
        charge(&mut store, 0)?;
        let host: &Host = store.data();
        let grant = granted(version, kind);
        let found = host.readable(&grant).and_then(|objects| {
            let found = objects.get(&grant, namespace.as_deref(), &name);
            found.map_err(ReadError::from)
        });
        let bytes = found.iter().flatten().map(|json| json.len()).sum();
        pay(&mut store, bytes)?;
        Ok((found,))
    })?;
    type List = (String, String, Option<String>);
    cluster.func_wrap("list", |mut store, (version, kind, namespace): List| {
        charge(&mut store, 0)?;
        let host: &Host = store.data();
        let grant = granted(version, kind);
        let found = host.readable(&grant).and_then(|objects| {
            let list = objects.list(&grant, namespace.as_deref());
            list.map_err(ReadError::from)
                .and_then(|list| host.fitting(list))
        });
        let bytes = found.iter().flatten().map(|json| json.len()).sum();
        pay(&mut store, bytes)?;
        Ok((found,))
    })?;
    Ok(())
}

/// Counts a host call and pays for it.
fn charge(store: &mut StoreContextMut<'_, Host>, bytes: usize) -> wasmtime::Result<()> {
    let host = store.data_mut();
    let limit = host.limits.host_calls;
    if host.host_calls >= limit {
        return Err(EvaluateError::HostCalls { limit }.into());
    }
    host.host_calls += 1;
    pay(store, bytes)
}

/// Takes fuel for what the host does: a unit a byte, so that reading costs what parsing would.
fn pay(store: &mut StoreContextMut<'_, Host>, bytes: usize) -> wasmtime::Result<()> {
    let limit = store.data().limits.fuel;
    let price = u64::try_from(bytes)
        .unwrap_or(u64::MAX)
        .saturating_add(CALL_COST);
    match store.get_fuel()?.checked_sub(price) {
        Some(left) => store.set_fuel(left),
        None => Err(EvaluateError::OutOfFuel { limit }.into()),
    }
}

fn granted(api_version: String, kind: String) -> Grant {
    Grant { api_version, kind }
}

impl From<NotHeld> for ReadError {
    fn from(why: NotHeld) -> Self {
        match why {
            NotHeld::Unknown => Self::Unavailable,
            NotHeld::TooMany(reason) => Self::Exhausted(reason.to_string()),
        }
    }
}

impl Host {
    fn readable(&self, grant: &Grant) -> Result<&Objects, ReadError> {
        if !self.grants.covers(grant) {
            return Err(ReadError::NotGranted);
        }
        self.objects.as_deref().ok_or(ReadError::Unavailable)
    }

    /// A list that the policy's memory could not hold is refused, not cut: a policy must not
    /// judge by a part.
    fn fitting(&self, list: Vec<Arc<[u8]>>) -> Result<Vec<Arc<[u8]>>, ReadError> {
        let bytes: usize = list.iter().map(|json| json.len()).sum();
        let most = self.limits.memory_bytes / 2;
        match u64::try_from(bytes).is_ok_and(|bytes| bytes <= most) {
            true => Ok(list),
            false => {
                let reason = format!("the list has {bytes} bytes, at most {most} are handed over");
                Err(ReadError::Exhausted(reason))
            }
        }
    }

    fn log(&mut self, level: Level, message: &str) {
        self.lines += 1;
        let policy: &str = &self.policy;
        if self.lines > LINES {
            if self.lines == LINES + 1 {
                tracing::warn!(target: "policy", policy, "more than {LINES} lines, the rest is dropped");
            }
            return;
        }
        let line: String = message.chars().take(LINE).collect();
        match level {
            Level::Debug => tracing::debug!(target: "policy", policy, "{line}"),
            Level::Info => tracing::info!(target: "policy", policy, "{line}"),
            Level::Warn => tracing::warn!(target: "policy", policy, "{line}"),
            Level::Error => tracing::error!(target: "policy", policy, "{line}"),
        }
    }
}

impl ResourceLimiter for Host {
    fn memory_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let limit = self.limits.memory_bytes;
        match u64::try_from(desired).is_ok_and(|desired| desired <= limit) {
            true => Ok(true),
            false => Err(EvaluateError::OutOfMemory { limit }.into()),
        }
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        if desired <= TABLE_ELEMENTS {
            return Ok(true);
        }
        let bytes = TABLE_ELEMENTS * size_of::<usize>();
        let limit = u64::try_from(bytes).unwrap_or(u64::MAX);
        Err(EvaluateError::OutOfMemory { limit }.into())
    }

    fn instances(&self) -> usize {
        PER_COMPONENT as usize
    }

    fn tables(&self) -> usize {
        PER_COMPONENT as usize
    }

    fn memories(&self) -> usize {
        1
    }
}
