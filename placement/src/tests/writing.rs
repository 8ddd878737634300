//! What is written to the API server.

use serde_json::json;

use super::make::{POOL, plain};
use crate::{
    Claim, Domain, DomainFacts, Excluded, Exclusion, Fence, GATE, GroupFacts, GroupRef, HeldPod,
    Holder, NAMESPACE, Rank, RankError, RankFault, Release, TightestFit, Time,
};

fn group() -> GroupRef {
    GroupRef {
        root: "u".to_owned(),
        name: "train".to_owned(),
        kind: "Job".to_owned(),
        namespace: "default".to_owned(),
    }
}

fn domain(value: &str) -> Domain {
    Domain {
        key: POOL.to_owned(),
        value: value.to_owned(),
    }
}

fn release() -> Release {
    let pod = plain("p1").reference;
    let selector = Some(domain("a"));
    Release {
        pod,
        group: group(),
        selector,
        exclude: None,
        fenced: false,
    }
}

#[test]
fn a_release_adds_one_selector_and_takes_the_gate_and_the_fence() {
    let gate = json!([{"$patch": "delete", "name": GATE}]);
    assert_eq!(
        release().patch(),
        json!({
            "metadata": {"uid": "p1", "resourceVersion": "1"},
            "spec": {"schedulingGates": gate, "nodeSelector": {POOL: "a"}},
        })
    );
    let fenced = Release {
        fenced: true,
        ..release()
    }
    .patch();
    assert_eq!(
        fenced["metadata"]["annotations"],
        json!({crate::FENCE: null})
    );
}

#[test]
fn an_exclusion_is_added_to_each_term_of_the_author() {
    let exclude = |terms| {
        let exclusion = Exclusion {
            domains: Excluded::from([(POOL.to_owned(), ["a".to_owned()].into())]),
            terms,
        };
        let release = Release {
            selector: None,
            exclude: Some(exclusion),
            ..release()
        };
        let path = "/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms";
        release
            .patch()
            .pointer(path)
            .cloned()
            .expect("it has terms")
    };
    let not_a = json!({"key": POOL, "operator": "NotIn", "values": ["a"]});
    assert_eq!(exclude(vec![]), json!([{"matchExpressions": [not_a]}]));
    let own = json!({"key": "x", "operator": "Exists"});
    let terms = vec![
        json!({"matchExpressions": [own]}),
        json!({"matchFields": []}),
    ];
    assert_eq!(
        exclude(terms),
        json!([
            {"matchExpressions": [own, not_a]},
            {"matchFields": [], "matchExpressions": [not_a]},
        ])
    );
}

#[test]
fn a_fence_is_an_annotation_with_preconditions() {
    let fence = Fence {
        pod: plain("p1").reference,
        group: group(),
        claim: "lease".to_owned(),
    };
    assert_eq!(
        fence.patch()["metadata"],
        json!({
            "uid": "p1", "resourceVersion": "1", "annotations": {crate::FENCE: "lease"},
        })
    );
}

#[test]
fn claims_survive_their_lease() {
    let held = HeldPod {
        uid: "p1".to_owned(),
        serial: 3,
    };
    for holder in [
        Holder::Group(group()),
        Holder::Pods(vec![held.clone()]),
        Holder::Loose(group()),
        Holder::Wandering(vec![held]),
    ] {
        let claim = Claim {
            domain: domain("a"),
            holder,
            empty_since: Some(Time(7)),
            excluded: Excluded::from([(POOL.to_owned(), ["b".to_owned()].into())]),
            lease: None,
        };
        let mut lease = claim.to_lease(NAMESPACE);
        assert_eq!(lease["metadata"]["name"], claim.lease_name());
        lease["metadata"]["uid"] = json!("l1");
        lease["metadata"]["resourceVersion"] = json!("9");
        let read = Claim::read(&lease).expect("a claim");
        assert_eq!(
            (&read.domain, &read.holder, read.empty_since, &read.excluded),
            (&claim.domain, &claim.holder, Some(Time(7)), &claim.excluded)
        );
        let again = read.to_lease(NAMESPACE);
        assert_eq!(again["metadata"]["resourceVersion"], "9");
    }
}

#[test]
fn lease_names_are_legal_and_differ() {
    let name = |key: &str, value: &str| {
        let domain = Domain {
            key: key.to_owned(),
            value: value.to_owned(),
        };
        let holder = Holder::Pods(Vec::new());
        Claim {
            domain,
            holder,
            empty_since: None,
            excluded: Excluded::new(),
            lease: None,
        }
        .lease_name()
    };
    let long = "v".repeat(63);
    let key = format!("{}/{}", "d".repeat(200), "k".repeat(63));
    let cases = [
        (POOL, "a"),
        (POOL, "A"),
        (POOL, "a.b"),
        (POOL, "a-b"),
        (POOL, ""),
        (&key, &long),
    ];
    let names: std::collections::BTreeSet<String> =
        cases.iter().map(|(key, value)| name(key, value)).collect();
    assert_eq!(names.len(), cases.len());
    for name in names {
        let legal = name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        assert!(
            legal && name.len() <= 253 && !name.starts_with('-') && !name.ends_with('-'),
            "{name}"
        );
    }
}

struct Says(Result<Vec<String>, RankError>);

impl Rank for Says {
    fn rank(&self, _: &GroupFacts, _: &[DomainFacts]) -> Result<Vec<String>, RankError> {
        self.0.clone()
    }
}

#[test]
fn a_ranking_that_is_no_good_is_ignored_and_reported() {
    let facts = |name: &str, fits: u32, claims: u32| DomainFacts {
        name: name.to_owned(),
        fits,
        claims_in_failure_domain: claims,
        ..DomainFacts::default()
    };
    let domains = [
        facts("wide", 9, 0),
        facts("full", 4, 2),
        facts("calm", 4, 1),
        facts("also", 4, 1),
    ];
    let says = |names: &[&str]| Says(Ok(names.iter().map(|name| (*name).to_owned()).collect()));
    let failed = Says(Err(RankError("out of fuel".to_owned())));
    let cases: [(&dyn Rank, &str, Option<RankFault>); 6] = [
        (&TightestFit, "also", None),
        (&says(&["wide"]), "wide", None),
        (&says(&[]), "also", None),
        (
            &says(&["wide", "gone"]),
            "also",
            Some(RankFault::NotFeasible("gone".to_owned())),
        ),
        (
            &says(&["wide", "wide"]),
            "also",
            Some(RankFault::Twice("wide".to_owned())),
        ),
        (
            &failed,
            "also",
            Some(RankFault::Failed("out of fuel".to_owned())),
        ),
    ];
    for (rank, best, fault) in cases {
        let answer = crate::rank::best(rank, &GroupFacts::default(), &domains);
        assert_eq!(answer, (Some(best.to_owned()), fault));
    }
    assert_eq!(
        crate::rank::best(&TightestFit, &GroupFacts::default(), &[]),
        (None, None)
    );
}
