//! One call: a store is made, used once and dropped. No state passes to the next.

use std::sync::Arc;
use std::time::Instant;

use admission::{Call, EvaluateError};
use wasmtime::{PoolConcurrencyLimitError, Store};

use crate::bindings::sax::policy::types;
use crate::bindings::{Policy, PolicyPre};
use crate::convert;
use crate::engine::Engine;
use crate::failure::failure;
use crate::grants::Grants;
use crate::host::Host;
use crate::limits::Limits;
use crate::objects::Objects;
use crate::permits::Permit;
use crate::policy::LoadedPolicy;
use crate::ticker::ticks;

/// Bytes of the words in which a policy says that it failed.
const REASON: usize = 1_024;

/// What the policy says of a review, unchecked, and the fuel that it took.
pub(crate) fn review(
    policy: &LoadedPolicy,
    call: &Call<'_>,
    objects: Option<&Arc<Objects>>,
    until: Option<Instant>,
) -> Result<(types::Verdict, u64), EvaluateError> {
    let old_object = call.old_object_json.map_or(0, <[u8]>::len);
    let limits = policy
        .limits
        .for_objects(call.object_json.len() + old_object);
    let host = Host {
        policy: Arc::clone(&policy.name),
        limits,
        grants: Arc::clone(&policy.grants),
        objects: objects.map(Arc::clone),
        host_calls: 0,
        lines: 0,
    };
    let mut open = Opened::new(&policy.engine, &policy.linked, host, until)?;
    let request = convert::request(call);
    let answer = open
        .instance
        .call_review(&mut open.store, request, call.settings_json);
    let said = answer.map_err(|error| failure(&error, &limits))?;
    let said = said.map_err(|reason| EvaluateError::Failed {
        reason: reason.chars().take(REASON).collect(),
    })?;
    let left = open.store.get_fuel().unwrap_or_default();
    Ok((said, limits.fuel.saturating_sub(left)))
}

/// What the policy says of itself, unchecked.
pub(crate) fn describe(
    engine: &Engine,
    name: &str,
    linked: &PolicyPre<Host>,
    limits: Limits,
) -> Result<types::Description, EvaluateError> {
    let host = Host {
        policy: name.into(),
        limits,
        grants: Arc::new(Grants::default()),
        objects: None,
        host_calls: 0,
        lines: 0,
    };
    let mut open = Opened::new(engine, linked, host, None)?;
    let described = open.instance.call_describe(&mut open.store);
    described.map_err(|error| failure(&error, &limits))
}

/// An instance in its store. Fields drop in order: the permit is free once the slot is.
struct Opened<'a> {
    instance: Policy,
    store: Store<Host>,
    _permit: Permit<'a>,
}

impl<'a> Opened<'a> {
    fn new(
        engine: &'a Engine,
        linked: &PolicyPre<Host>,
        host: Host,
        until: Option<Instant>,
    ) -> Result<Self, EvaluateError> {
        let limits = host.limits;
        let limit = limits.deadline_millis();
        let own = Instant::now() + limits.deadline;
        let deadline = until.map_or(own, |until| until.min(own));
        let permit = engine.permits().take(deadline);
        let permit = permit.ok_or(EvaluateError::Overloaded { limit })?;
        let left = deadline.checked_duration_since(Instant::now());
        let left = left.ok_or(EvaluateError::Overloaded { limit })?;
        let mut store = Store::new(engine.wasmtime(), host);
        store.limiter(|host| host);
        store.set_epoch_deadline(ticks(left));
        store.set_hostcall_fuel(usize::try_from(limits.output_bytes).unwrap_or(usize::MAX));
        let instance = store
            .set_fuel(limits.fuel)
            .and_then(|()| linked.instantiate(&mut store))
            .map_err(|error| not_instantiated(&error, &limits))?;
        Ok(Self {
            instance,
            store,
            _permit: permit,
        })
    }
}

/// Nothing was handed over yet, so a plain message is about the instance.
fn not_instantiated(error: &wasmtime::Error, limits: &Limits) -> EvaluateError {
    if error.is::<PoolConcurrencyLimitError>() {
        let limit = limits.deadline_millis();
        return EvaluateError::Overloaded { limit };
    }
    match failure(error, limits) {
        EvaluateError::InvalidVerdict { .. } | EvaluateError::OutputTooLarge { .. } => {
            EvaluateError::Trapped {
                reason: format!("it can't be instantiated: {error}"),
            }
        }
        typed => typed,
    }
}
