//! One call: a store is made, used once and dropped. No state passes to the next.

use std::sync::Arc;
use std::time::Instant;

use admission::{Call, EvaluateError};
use wasmtime::{PoolConcurrencyLimitError, Store};

use crate::bindings::PlacementPolicyPre;
use crate::bindings::reviewing::PolicyPre;
use crate::bindings::sax::policy::types;
use crate::choice::{Choice, Facts};
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
    let host = host(policy, limits, objects);
    let mut open = Opened::new(&policy.engine, host, until, |store| {
        policy.linked.reviewing.instantiate(store)
    })?;
    let request = convert::request(call);
    let answer = open
        .instance
        .call_review(&mut open.store, request, call.settings_json);
    open.finish(answer, &limits)
}

/// How the policy ranks domains, unchecked, and the fuel that it took.
pub(crate) fn choose(
    policy: &LoadedPolicy,
    linked: &PlacementPolicyPre<Host>,
    choice: &Choice<'_>,
    objects: Option<&Arc<Objects>>,
    until: Option<Instant>,
) -> Result<(Vec<String>, u64), EvaluateError> {
    let facts = Facts::of(choice);
    let limits = policy.limits.for_objects(facts.bytes());
    let host = host(policy, limits, objects);
    let mut open = Opened::new(&policy.engine, host, until, |store| {
        linked.instantiate(store)
    })?;
    let answer = open.instance.call_choose(
        &mut open.store,
        facts.group(),
        &facts.domains(),
        choice.settings_json,
    );
    open.finish(answer, &limits)
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
    let mut open = Opened::new(engine, host, None, |store| linked.instantiate(store))?;
    let described = open.instance.call_describe(&mut open.store);
    described.map_err(|error| failure(&error, &limits))
}

fn host(policy: &LoadedPolicy, limits: Limits, objects: Option<&Arc<Objects>>) -> Host {
    Host {
        policy: Arc::clone(&policy.name),
        limits,
        grants: Arc::clone(&policy.grants),
        objects: objects.map(Arc::clone),
        host_calls: 0,
        lines: 0,
    }
}

/// An instance in its store. Fields drop in order: the permit is free once the slot is.
struct Opened<'a, I> {
    instance: I,
    store: Store<Host>,
    _permit: Permit<'a>,
}

impl<'a, I> Opened<'a, I> {
    fn new(
        engine: &'a Engine,
        host: Host,
        until: Option<Instant>,
        instantiate: impl FnOnce(&mut Store<Host>) -> wasmtime::Result<I>,
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
            .and_then(|()| instantiate(&mut store))
            .map_err(|error| not_instantiated(&error, &limits))?;
        Ok(Self {
            instance,
            store,
            _permit: permit,
        })
    }

    /// What the policy answered, and the fuel that it took.
    fn finish<T>(
        self,
        answer: wasmtime::Result<Result<T, String>>,
        limits: &Limits,
    ) -> Result<(T, u64), EvaluateError> {
        let said = answer.map_err(|error| failure(&error, limits))?;
        let said = said.map_err(|reason| EvaluateError::Failed {
            reason: reason.chars().take(REASON).collect(),
        })?;
        let left = self.store.get_fuel().unwrap_or_default();
        Ok((said, limits.fuel.saturating_sub(left)))
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
