//! Where a Pod may run: selectors, required node affinity, tolerations, host ports.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::read::{self, ReadError};

/// What decides where a Pod may run; equal for all Pods of one template.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Constraints {
    /// `spec.nodeSelector`.
    pub selector: BTreeMap<String, String>,
    /// Required node affinity: terms, any of which must match. `None` where there is none.
    pub affinity: Option<Vec<Term>>,
    /// `spec.tolerations`.
    pub tolerations: Vec<Toleration>,
    /// Ports of the node that it needs.
    pub host_ports: Vec<HostPort>,
}

/// A node selector term: all of its requirements must match, and there must be some.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Term {
    /// On labels.
    pub labels: Vec<Requirement>,
    /// On fields, of which there is one: `metadata.name`.
    pub fields: Vec<Requirement>,
}

/// One requirement of a term.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Requirement {
    /// Label or field.
    pub key: String,
    /// `In`, `NotIn`, `Exists`, `DoesNotExist`, `Gt` or `Lt`; any other matches nothing.
    pub operator: String,
    /// What it compares with.
    pub values: Vec<String>,
}

/// One toleration.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Toleration {
    /// Empty means every key, with `Exists`.
    pub key: String,
    /// Whether the value doesn't matter.
    pub exists: bool,
    /// Compared where `exists` is false.
    pub value: String,
    /// Empty means every effect.
    pub effect: String,
}

/// One taint.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Taint {
    /// Its key.
    pub key: String,
    /// Its value, which may be empty.
    pub value: String,
    /// `NoSchedule`, `NoExecute` or `PreferNoSchedule`.
    pub effect: String,
}

/// A port on the node.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HostPort {
    /// The number.
    pub port: u16,
    /// `TCP`, `UDP` or `SCTP`.
    pub protocol: String,
    /// Empty means every address.
    pub address: String,
}

impl Constraints {
    pub(crate) fn read(pod: &Value) -> Result<Self, ReadError> {
        let required = "/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution";
        let affinity = match read::map(pod, required)? {
            None => None,
            Some(_) => {
                let terms = read::list(pod, &format!("{required}/nodeSelectorTerms"))?;
                Some(terms.iter().map(Term::read).collect::<Result<_, _>>()?)
            }
        };
        let tolerations = read::list(pod, "/spec/tolerations")?
            .iter()
            .map(Toleration::read);
        Ok(Self {
            selector: read::texts(pod, "/spec/nodeSelector")?,
            affinity,
            tolerations: tolerations.collect::<Result<_, _>>()?,
            host_ports: host_ports(pod)?,
        })
    }

    /// The first selector that a node with these labels doesn't match.
    pub(crate) fn unselected<'a>(
        &'a self,
        labels: &BTreeMap<String, String>,
    ) -> Option<(&'a String, &'a String)> {
        self.selector
            .iter()
            .find(|(key, value)| labels.get(*key) != Some(*value))
    }

    /// Whether the required node affinity, if there is any, matches.
    pub(crate) fn attracts(&self, node: &str, labels: &BTreeMap<String, String>) -> bool {
        let terms = self.affinity.as_ref();
        terms.is_none_or(|terms| terms.iter().any(|term| term.matches(node, labels)))
    }

    /// Whether one of the tolerations covers the taint. `PreferNoSchedule` forbids nothing.
    pub(crate) fn tolerates(&self, taint: &Taint) -> bool {
        taint.effect == "PreferNoSchedule" || self.tolerations.iter().any(|one| one.covers(taint))
    }
}

impl Term {
    fn read(term: &Value) -> Result<Self, ReadError> {
        let requirements = |path| {
            let list = read::list(term, path)?;
            list.iter()
                .map(Requirement::read)
                .collect::<Result<Vec<_>, _>>()
        };
        Ok(Self {
            labels: requirements("/matchExpressions")?,
            fields: requirements("/matchFields")?,
        })
    }

    fn matches(&self, node: &str, labels: &BTreeMap<String, String>) -> bool {
        let some = !self.labels.is_empty() || !self.fields.is_empty();
        let on_label = |one: &Requirement| one.matches(labels.get(&one.key).map(String::as_str));
        let on_field = |one: &Requirement| one.key == "metadata.name" && one.matches(Some(node));
        some && self.labels.iter().all(on_label) && self.fields.iter().all(on_field)
    }

    /// As the API server wrote it: what an [`Exclusion`](crate::Exclusion) is added to.
    pub(crate) fn to_json(&self) -> Value {
        let requirements = |list: &[Requirement]| list.iter().map(Requirement::to_json).collect();
        let mut term = serde_json::Map::new();
        for (name, list) in [
            ("matchExpressions", &self.labels),
            ("matchFields", &self.fields),
        ] {
            if !list.is_empty() {
                term.insert(name.to_owned(), Value::Array(requirements(list)));
            }
        }
        Value::Object(term)
    }
}

impl Requirement {
    fn read(requirement: &Value) -> Result<Self, ReadError> {
        Ok(Self {
            key: read::text_or(requirement, "/key", "")?,
            operator: read::text_or(requirement, "/operator", "")?,
            values: read::strings(requirement, "/values")?,
        })
    }

    fn matches(&self, found: Option<&str>) -> bool {
        let listed = found.is_some_and(|found| self.values.iter().any(|value| value == found));
        match self.operator.as_str() {
            "In" => listed,
            "NotIn" => !listed,
            "Exists" => found.is_some(),
            "DoesNotExist" => found.is_none(),
            "Gt" => self
                .numbers(found)
                .is_some_and(|(found, limit)| found > limit),
            "Lt" => self
                .numbers(found)
                .is_some_and(|(found, limit)| found < limit),
            _ => false,
        }
    }

    fn numbers(&self, found: Option<&str>) -> Option<(i64, i64)> {
        let [limit] = self.values.as_slice() else {
            return None;
        };
        Some((found?.parse().ok()?, limit.parse().ok()?))
    }

    fn to_json(&self) -> Value {
        let mut json = serde_json::json!({"key": self.key, "operator": self.operator});
        if !self.values.is_empty() {
            json["values"] = serde_json::json!(self.values);
        }
        json
    }
}

impl Toleration {
    fn read(toleration: &Value) -> Result<Self, ReadError> {
        Ok(Self {
            key: read::text_or(toleration, "/key", "")?,
            exists: read::text(toleration, "/operator")? == Some("Exists"),
            value: read::text_or(toleration, "/value", "")?,
            effect: read::text_or(toleration, "/effect", "")?,
        })
    }

    fn covers(&self, taint: &Taint) -> bool {
        let effect = self.effect.is_empty() || self.effect == taint.effect;
        let key = self.key == taint.key || (self.key.is_empty() && self.exists);
        effect && key && (self.exists || self.value == taint.value)
    }
}

impl Taint {
    pub(crate) fn read(taint: &Value) -> Result<Self, ReadError> {
        Ok(Self {
            key: read::text_or(taint, "/key", "")?,
            value: read::text_or(taint, "/value", "")?,
            effect: read::text_or(taint, "/effect", "")?,
        })
    }
}

impl std::fmt::Display for Taint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let equals = if self.value.is_empty() { "" } else { "=" };
        write!(f, "{}{equals}{}:{}", self.key, self.value, self.effect)
    }
}

impl HostPort {
    /// Whether two Pods with these can't run on one node.
    pub(crate) fn clashes(&self, other: &Self) -> bool {
        let any = |address: &str| address.is_empty() || address == "0.0.0.0";
        let address = any(&self.address) || any(&other.address) || self.address == other.address;
        self.port == other.port && self.protocol == other.protocol && address
    }
}

fn host_ports(pod: &Value) -> Result<Vec<HostPort>, ReadError> {
    let mut found = Vec::new();
    let mut containers: Vec<&Value> = read::list(pod, "/spec/containers")?.iter().collect();
    for init in read::list(pod, "/spec/initContainers")? {
        if read::text(init, "/restartPolicy")? == Some("Always") {
            containers.push(init);
        }
    }
    for container in containers {
        for port in read::list(container, "/ports")? {
            let number = read::count(port, "/hostPort")?.unwrap_or(0);
            if let Ok(number @ 1..) = u16::try_from(number) {
                found.push(HostPort {
                    port: number,
                    protocol: read::text_or(port, "/protocol", "TCP")?,
                    address: read::text_or(port, "/hostIP", "")?,
                });
            }
        }
    }
    Ok(found)
}
