//! What Pods ask for and nodes have.

use serde_json::{Map, Value};

use crate::quantity::{Unit, parse};
use crate::read::{self, ReadError};

/// An amount of what placement counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Resources {
    /// `google.com/tpu`.
    pub chips: u64,
    /// Thousandths of a core.
    pub cpu: u64,
    /// Bytes.
    pub memory: u64,
    /// Pods. Of a node, the most that it may have.
    pub pods: u64,
}

impl Resources {
    /// What all of a Pod's containers need at once, by the scheduler's rules: the sum of the
    /// containers and of the init containers that keep running, or the largest moment of the
    /// initialisation, and the overhead; what `spec.resources` names counts instead.
    pub(crate) fn of_pod(pod: &Value) -> Result<Self, ReadError> {
        let mut running = Self::default();
        for container in read::list(pod, "/spec/containers")? {
            running = running.plus(Self::requested(container)?);
        }
        let mut sidecars = Self::default();
        let mut starting = Self::default();
        for container in read::list(pod, "/spec/initContainers")? {
            let needs = Self::requested(container)?;
            if read::text(container, "/restartPolicy")? == Some("Always") {
                sidecars = sidecars.plus(needs);
                starting = starting.max(sidecars);
            } else {
                starting = starting.max(sidecars.plus(needs));
            }
        }
        let all = running.plus(sidecars).max(starting);
        let all = all.overridden(read::map(pod, "/spec/resources/requests")?)?;
        let overhead = Self::listed(read::map(pod, "/spec/overhead")?)?;
        Ok(Self {
            pods: 1,
            ..all.plus(overhead)
        })
    }

    /// `status.allocatable` of a node; `status.capacity` where it has none.
    pub(crate) fn of_node(node: &Value) -> Result<Self, ReadError> {
        let allocatable = read::map(node, "/status/allocatable")?;
        Self::listed(allocatable.or(read::map(node, "/status/capacity")?))
    }

    pub(crate) fn plus(self, other: Self) -> Self {
        self.each(other, u64::saturating_add)
    }

    pub(crate) fn minus(self, other: Self) -> Self {
        self.each(other, u64::saturating_sub)
    }

    pub(crate) fn holds(self, other: Self) -> bool {
        // As the scheduler: what isn't asked for is not compared.
        let fits = |free: u64, needed: u64| needed == 0 || free >= needed;
        fits(self.chips, other.chips)
            && fits(self.cpu, other.cpu)
            && fits(self.memory, other.memory)
            && fits(self.pods, other.pods)
    }

    /// How many times `one` is in it.
    pub(crate) fn times(self, one: Self) -> u32 {
        let of = |free: u64, needed: u64| free.checked_div(needed).unwrap_or(u64::MAX);
        let times = of(self.chips, one.chips).min(of(self.cpu, one.cpu));
        let times = times
            .min(of(self.memory, one.memory))
            .min(of(self.pods, one.pods));
        u32::try_from(times).unwrap_or(u32::MAX)
    }

    fn max(self, other: Self) -> Self {
        self.each(other, u64::max)
    }

    fn each(self, other: Self, of: impl Fn(u64, u64) -> u64) -> Self {
        Self {
            chips: of(self.chips, other.chips),
            cpu: of(self.cpu, other.cpu),
            memory: of(self.memory, other.memory),
            pods: of(self.pods, other.pods),
        }
    }

    /// A container's requests; a limit without a request is one, as the API server defaults it.
    fn requested(container: &Value) -> Result<Self, ReadError> {
        let limits = Self::listed(read::map(container, "/resources/limits")?)?;
        limits.overridden(read::map(container, "/resources/requests")?)
    }

    fn listed(list: Option<&Map<String, Value>>) -> Result<Self, ReadError> {
        Self::default().overridden(list)
    }

    fn overridden(mut self, list: Option<&Map<String, Value>>) -> Result<Self, ReadError> {
        let Some(list) = list else { return Ok(self) };
        let fields = [
            (tpu::keys::CHIP_RESOURCE, &mut self.chips, Unit::One),
            ("cpu", &mut self.cpu, Unit::Milli),
            ("memory", &mut self.memory, Unit::One),
            ("pods", &mut self.pods, Unit::One),
        ];
        for (name, field, unit) in fields {
            if let Some(value) = list.get(name).filter(|value| !value.is_null()) {
                *field = quantity(name, value, unit)?;
            }
        }
        Ok(self)
    }
}

/// Quantities are strings, but the API server takes numbers too.
fn quantity(name: &str, value: &Value, unit: Unit) -> Result<u64, ReadError> {
    let read = match value {
        Value::String(text) => parse(text, unit),
        Value::Number(number) => parse(&number.to_string(), unit),
        _ => None,
    };
    read.ok_or_else(|| ReadError::WrongType {
        path: format!("/resources/{name}"),
        expected: "a quantity",
    })
}
