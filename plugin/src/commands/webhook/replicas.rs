//! Which replica serves which certificate and judges by which policies, as the replicas say
//! themselves, each in a Lease of its own.

use std::collections::BTreeMap;

use placement::Time;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::cluster::{Cluster, ClusterError, Listing, WASM_POLICIES};
use crate::printer::{Printer, Tone};
use crate::render::{Cell, Table, age};

/// Label of such a Lease.
const LABEL: &str = "kubectl-sax.dev/replica=true";
/// A record is renewed every second: after so many without, its replica is gone or cut off.
const SILENT_MILLIS: u64 = 10_000;
/// Of a digest or a fingerprint, as people read it.
const SHORT: usize = 12;

/// What one replica says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Replica {
    /// What it calls itself: host, process, start.
    identity: String,
    /// SHA-256 of the certificate that it serves.
    leaf: Option<String>,
    /// When it last said so, by its own clock.
    renewed: Option<String>,
    /// The policies that it judges by, in order; then those that it should judge by and doesn't.
    policies: Vec<PolicyThere>,
}

/// A policy on a replica.
#[derive(Debug, Clone, PartialEq, Eq)]
struct PolicyThere {
    name: String,
    /// None where none of it is in force there.
    in_force: Option<InForce>,
    /// Of the WasmPolicy, where it is one: in force there, and in the cluster.
    generation: Option<i64>,
    wanted: Option<i64>,
    /// Why the wanted one isn't in force.
    refused: Option<String>,
}

/// As a replica says that it judges by it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct InForce {
    name: String,
    version: String,
    digest: String,
    /// Where it came from.
    from: String,
}

/// As a replica says what became of a WasmPolicy.
#[derive(Debug, Clone, Default, Deserialize)]
struct Loaded {
    generation: Option<i64>,
    refused: Option<String>,
}

/// Generations of the WasmPolicies in the cluster, by name; none where they may not be read.
type Wanted = Option<BTreeMap<String, i64>>;

/// How a policy stands on a replica.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    InForce,
    Behind,
    Refused,
}

/// All replicas in a namespace, by name.
pub(super) async fn read(cluster: &Cluster, namespace: &str) -> Result<Vec<Replica>, ClusterError> {
    let leases = Listing {
        namespace: Some(namespace),
        labels: Some(LABEL),
        ..Listing::all("coordination.k8s.io/v1", "leases", "Lease")
    };
    let wanted = wanted(cluster).await?;
    let said = cluster
        .list(&leases, |lease| replica(lease, &wanted))
        .await?;
    let mut all = said.unwrap_or_default();
    all.sort_by(|one, other| one.identity.cmp(&other.identity));
    Ok(all)
}

async fn wanted(cluster: &Cluster) -> Result<Wanted, ClusterError> {
    let read = |object: &Value| {
        let metadata = &object["metadata"];
        let name = metadata["name"].as_str().unwrap_or_default().to_owned();
        (name, metadata["generation"].as_i64().unwrap_or_default())
    };
    match cluster.list(&WASM_POLICIES, read).await {
        Ok(found) => Ok(Some(found.unwrap_or_default().into_iter().collect())),
        Err(ClusterError::NotAllowed(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// For machines.
pub(super) fn as_json(replica: &Replica) -> Value {
    let policies: Vec<_> = replica.policies.iter().map(PolicyThere::to_json).collect();
    json!({
        "name": replica.identity,
        "certificate": replica.leaf,
        "renewed": replica.renewed,
        "policies": policies,
    })
}

/// For people: a line a replica, and a table of the policies on each.
pub(super) fn as_text(
    all: &[Replica],
    newest: Option<&str>,
    now: Time,
    printer: &Printer,
) -> String {
    let lines = all.iter().map(|one| one.line(newest, now, printer));
    let mut text: String = lines.collect();
    if all.iter().all(|replica| replica.policies.is_empty()) {
        return text;
    }
    let mut table = Table::new([
        "REPLICA",
        "POLICY",
        "VERSION",
        "GENERATION",
        "DIGEST",
        "STATE",
    ]);
    for replica in all {
        for policy in &replica.policies {
            policy.add(&replica.identity, &mut table, printer);
        }
    }
    text += &table.text(printer);
    text
}

impl Replica {
    fn line(&self, newest: Option<&str>, now: Time, printer: &Printer) -> String {
        let leaf = self.leaf.as_deref().unwrap_or("none known");
        let age_of_leaf = match newest {
            Some(newest) if Some(newest) == self.leaf.as_deref() => ", the newest",
            Some(_) if self.leaf.is_some() => ", not the newest",
            _ => "",
        };
        let silent = self.silent(now).map_or_else(String::new, |since| {
            let said = format!("not heard of for {since}");
            format!(
                "; {}: it has ended, or can't reach the API server",
                printer.out(&said, Tone::Bad)
            )
        });
        let (name, leaf) = (&self.identity, short(leaf));
        format!("replica {name}: certificate {leaf}{age_of_leaf}{silent}\n")
    }

    fn silent(&self, now: Time) -> Option<String> {
        let renewed = self.renewed.as_deref()?;
        let is_silent = now.0.saturating_sub(Time::parse(renewed)?.0) > SILENT_MILLIS;
        is_silent.then(|| age(renewed, now))
    }
}

impl PolicyThere {
    fn state(&self) -> State {
        let is_there = self.in_force.is_some();
        match &self.refused {
            Some(_) => State::Refused,
            None if is_there && (self.wanted.is_none() || self.wanted == self.generation) => {
                State::InForce
            }
            None => State::Behind,
        }
    }

    /// Why the wanted one isn't in force.
    fn reason(&self) -> Option<String> {
        match (self.state(), self.wanted) {
            (State::InForce, _) => None,
            (State::Refused, _) => self.refused.clone(),
            (State::Behind, Some(wanted)) => {
                Some(format!("generation {wanted} isn't loaded there yet"))
            }
            (State::Behind, None) => Some("it isn't loaded there yet".to_owned()),
        }
    }

    fn to_json(&self) -> Value {
        let of = |read: fn(&InForce) -> &String| self.in_force.as_ref().map(read);
        json!({
            "name": self.name,
            "version": of(|it| &it.version),
            "digest": of(|it| &it.digest),
            "from": of(|it| &it.from),
            "generation": self.generation,
            "wantedGeneration": self.wanted,
            "state": self.state().word(),
            "reason": self.reason(),
        })
    }

    fn add(&self, replica: &str, table: &mut Table, printer: &Printer) {
        let of = |read: fn(&InForce) -> &str| self.in_force.as_ref().map_or("", read);
        let generation = self.generation.map(|number| number.to_string());
        let digest = of(|it| it.digest.strip_prefix("sha256:").unwrap_or(&it.digest));
        let state = self.state();
        table.row([
            Cell::from(replica),
            Cell::from(self.name.as_str()),
            Cell::from(of(|it| &it.version)),
            Cell::from(generation.unwrap_or_default()),
            Cell::from(short(digest)),
            Cell::toned(state.word(), state.tone(), printer),
        ]);
        if let Some(reason) = self.reason() {
            table.line(format!("  {reason}"));
        }
    }
}

impl State {
    fn word(self) -> &'static str {
        match self {
            State::InForce => "InForce",
            State::Behind => "Behind",
            State::Refused => "Refused",
        }
    }

    fn tone(self) -> Tone {
        match self {
            State::InForce => Tone::Good,
            State::Behind => Tone::Warn,
            State::Refused => Tone::Bad,
        }
    }
}

fn replica(lease: &Value, wanted: &Wanted) -> Replica {
    let said =
        |word: &str| lease["metadata"]["annotations"][format!("kubectl-sax.dev/{word}")].as_str();
    let name = lease["spec"]["holderIdentity"].as_str();
    let renewed = lease["spec"]["renewTime"].as_str();
    Replica {
        identity: name.unwrap_or_default().to_owned(),
        leaf: said("leaf").map(str::to_owned),
        renewed: renewed.map(str::to_owned),
        policies: policies(said("policies"), said("loaded"), wanted),
    }
}

/// What can't be read is not in force. A replica that hasn't said what it loaded doesn't judge yet.
fn policies(in_force: Option<&str>, loaded: Option<&str>, wanted: &Wanted) -> Vec<PolicyThere> {
    let Some(loaded) = loaded else {
        return Vec::new();
    };
    let mut loaded: BTreeMap<String, Loaded> = serde_json::from_str(loaded).unwrap_or_default();
    let mut wanted = wanted.clone().unwrap_or_default();
    let in_force: Vec<InForce> = in_force
        .and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_default();
    let mut all: Vec<_> = in_force
        .into_iter()
        .map(|one| there(one.name.clone(), Some(one), &mut loaded, &mut wanted))
        .collect();
    let rest: Vec<String> = wanted.keys().chain(loaded.keys()).cloned().collect();
    for name in rest {
        if all.iter().all(|one| one.name != name) {
            all.push(there(name, None, &mut loaded, &mut wanted));
        }
    }
    all
}

fn there(
    name: String,
    in_force: Option<InForce>,
    loaded: &mut BTreeMap<String, Loaded>,
    wanted: &mut BTreeMap<String, i64>,
) -> PolicyThere {
    let said = loaded.remove(&name).unwrap_or_default();
    PolicyThere {
        in_force,
        generation: said.generation,
        wanted: wanted.remove(&name),
        refused: said.refused,
        name,
    }
}

fn short(text: &str) -> &str {
    text.get(..SHORT).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn states(loaded: Option<&Value>, wanted: &Wanted) -> Vec<(String, &'static str, String)> {
        let in_force = json!([
            {"name": "built", "version": "1", "digest": "sha256:a", "from": "built-in"},
            {"name": "a", "version": "1", "digest": "sha256:b", "from": "ConfigMap a"},
        ]);
        let mut lease = json!({
            "metadata": {"annotations": {"kubectl-sax.dev/policies": in_force.to_string()}},
            "spec": {"holderIdentity": "one"},
        });
        if let Some(loaded) = loaded {
            lease["metadata"]["annotations"]["kubectl-sax.dev/loaded"] = loaded.to_string().into();
        }
        let policies = replica(&lease, wanted).policies.into_iter();
        policies
            .map(|one| {
                let reason = one.reason().unwrap_or_default();
                (one.name.clone(), one.state().word(), reason)
            })
            .collect()
    }

    #[test]
    fn a_replica_that_lags_or_refuses_is_told_from_one_that_judges_by_what_is_wanted() {
        let of = |generation| Some([("a".to_owned(), generation)].into());
        let loaded = json!({"a": {"uid": "1", "generation": 3}});
        let last = |wanted: &Wanted, loaded: &Value| states(Some(loaded), wanted).pop().unwrap();
        assert_eq!(
            last(&of(3), &loaded),
            ("a".to_owned(), "InForce", String::new())
        );
        assert_eq!(last(&None, &loaded).1, "InForce");
        let behind = "generation 4 isn't loaded there yet".to_owned();
        assert_eq!(last(&of(4), &loaded), ("a".to_owned(), "Behind", behind));
        let refused = json!({"a": {"uid": "1", "generation": 3, "refused": "no"}});
        assert_eq!(
            last(&of(4), &refused),
            ("a".to_owned(), "Refused", "no".to_owned())
        );
        // Another policy of the cluster, of which nothing is said.
        let other = Some([("b".to_owned(), 1)].into());
        assert_eq!(last(&other, &json!({})).1, "Behind");
    }

    #[test]
    fn a_replica_that_starts_judges_by_nothing_yet() {
        assert_eq!(states(None, &Some([("a".to_owned(), 1)].into())), []);
        assert_eq!(replica(&json!({}), &None), Replica::default());
    }
}
