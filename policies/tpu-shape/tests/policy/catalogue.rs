//! Every accelerator, every published topology, every VM: the right numbers pass, and each of
//! them made wrong is refused with the arithmetic.

use serde_json::{Value, json};
use tpu::{Accelerator, Slice, Topology};

use crate::tutorial::{JOB, JobSet, chips_in, denials, selector};

/// A slice on VMs of a size.
#[derive(Clone, Copy)]
struct Row {
    slice: Slice,
    chips: u32,
    vms: u32,
}

impl Row {
    /// All of the catalogue.
    fn all() -> Vec<Self> {
        let mut rows = Vec::new();
        for accelerator in Accelerator::all() {
            for topology in accelerator.published() {
                let (slice, _) =
                    Slice::new(accelerator, topology).expect("a published topology is legal");
                for chips in slice.chips_per_vm_choices() {
                    let vms = slice.vms(chips).expect("a choice divides its slice");
                    rows.push(Self { slice, chips, vms });
                }
            }
        }
        rows
    }

    fn multi_host() -> impl Iterator<Item = Self> {
        Self::all().into_iter().filter(|row| row.vms > 1)
    }

    fn jobset(&self) -> JobSet {
        JobSet::of(&self.slice, self.chips)
    }

    fn arithmetic(&self) -> String {
        let plural = if self.vms == 1 { "" } else { "s" };
        let (vms, chips) = (self.vms, self.slice.chips());
        format!("{vms} VM{plural} = {chips} chips / {}", self.chips)
    }

    /// Whether a container may ask for so many.
    fn may_take(&self, chips: u64) -> bool {
        let part = self.slice.accelerator().allows_chip_sharing();
        let whole = self.slice.chips_per_vm_choices();
        whole.iter().any(|all| u64::from(*all) == chips)
            || (part && (1..=u64::from(self.chips)).contains(&chips))
    }

    /// With one number made wrong the JobSet is denied, at that place, with the arithmetic.
    #[track_caller]
    fn refuses(&self, path: &str, value: Value, code: &str) {
        let object = self.jobset().with(path, value.clone()).object;
        let found = denials(&object);
        let denial = found.iter().find(|finding| finding.code == code);
        let denial = denial.unwrap_or_else(|| {
            panic!("{} with {value} at {path}: {found:?}", self.slice);
        });
        let (message, arithmetic) = (&denial.message, self.arithmetic());
        assert!(message.contains(&arithmetic), "{arithmetic}: {message}");
    }

    fn wrong_counts(&self) -> Vec<Value> {
        let vms = i64::from(self.vms);
        let numbers = [
            vms - 1,
            vms + 1,
            vms * 2,
            vms / 2,
            1,
            0,
            -1,
            i64::MAX,
            i64::MIN,
        ];
        let mut values: Vec<Value> = numbers
            .into_iter()
            .filter(|number| *number != vms)
            .map(Value::from)
            .collect();
        values.push(Value::Null);
        values
    }
}

#[test]
fn the_catalogue_has_what_these_tests_are_about() {
    assert!(Row::all().len() > 50, "{}", Row::all().len());
    assert!(Row::multi_host().count() > 40);
}

#[test]
fn the_right_numbers_have_no_denial() {
    for row in Row::all() {
        assert_eq!(denials(&row.jobset().object), [], "{}", row.slice);
    }
}

#[test]
fn wrong_parallelism_is_refused_with_the_arithmetic() {
    for row in Row::multi_host() {
        for value in row.wrong_counts() {
            row.refuses(&format!("{JOB}/parallelism"), value, "TPU007");
        }
    }
}

#[test]
fn wrong_completions_are_refused_with_the_arithmetic() {
    for row in Row::multi_host() {
        for value in row.wrong_counts() {
            row.refuses(&format!("{JOB}/completions"), value, "TPU008");
        }
    }
}

#[test]
fn a_wrong_backoff_limit_is_refused_with_the_arithmetic() {
    for row in Row::multi_host() {
        for value in [json!(1), json!(6), json!(i64::MAX), json!(-1), json!(null)] {
            row.refuses(&format!("{JOB}/backoffLimit"), value, "TPU010");
        }
    }
}

#[test]
fn wrong_chips_are_refused() {
    for row in Row::all()
        .into_iter()
        .filter(|row| !row.slice.is_ambiguous())
    {
        for chips in [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 16, u64::MAX] {
            if !row.may_take(chips) {
                row.refuses(&chips_in("limits"), json!(chips), "TPU006");
            }
            if chips != u64::from(row.chips) {
                row.refuses(&chips_in("requests"), json!(chips), "TPU014");
            }
        }
        for text in ["half", "-4", "4.5", "500m", "", "99999999999999999999"] {
            row.refuses(&chips_in("limits"), json!(text), "TPU006");
        }
    }
}

#[test]
fn where_two_sizes_of_vms_are_legal_the_message_has_both() {
    for row in Row::all()
        .into_iter()
        .filter(|row| row.slice.is_ambiguous())
    {
        let both = row.jobset().with(&chips_in("requests"), json!(null));
        let found = denials(&both.with(&chips_in("limits"), json!(3)).object);
        let message = &found[0].message;
        for part in ["2 VMs = 8 chips / 4", "1 VM = 8 chips / 8"] {
            assert!(message.contains(part), "{message}");
        }
    }
}

#[test]
fn another_topology_of_several_vms_is_refused_with_its_own_arithmetic() {
    for row in Row::multi_host() {
        let accelerator = row.slice.accelerator();
        for topology in accelerator
            .published()
            .filter(|one| *one != row.slice.topology())
        {
            let (slice, _) = Slice::new(accelerator, topology).unwrap();
            let value = json!(topology.to_string());
            let found = denials(&row.jobset().with(&selector("topology"), value).object);
            match slice.vms(row.chips) {
                // The Pods of the JobSet are then slices of one VM each, as many as you like.
                Some(1) => assert_eq!(found, [], "{slice}"),
                Some(vms) => {
                    let other = Row { slice, vms, ..row };
                    let arithmetic = other.arithmetic();
                    assert!(found[0].message.contains(&arithmetic), "{found:?}");
                }
                None => assert!(!found.is_empty(), "{slice} with {} chips", row.chips),
            }
        }
    }
}

#[test]
fn a_topology_that_can_not_exist_is_refused_with_the_list() {
    for row in Row::all() {
        let accelerator = row.slice.accelerator();
        let published: Vec<String> = accelerator.published().map(|one| one.to_string()).collect();
        for text in wrong_topologies(&row.slice) {
            let jobset = row.jobset().with(&selector("topology"), json!(text));
            let found = denials(&jobset.object);
            assert_eq!(found[0].code, "TPU004", "{text}: {found:?}");
            let message = &found[0].message;
            let is_helpful = message.contains(&published.join(", ")) || message.contains("written");
            assert!(is_helpful, "{message}");
        }
    }
}

/// Texts that name no topology of the slice's accelerator.
fn wrong_topologies(slice: &Slice) -> Vec<String> {
    let right = slice.topology().to_string();
    let dims = slice.topology().dims().to_vec();
    let backwards: Vec<u32> = dims.iter().rev().copied().collect();
    let mut texts = vec![
        right.to_uppercase(),
        format!(" {right}"),
        format!("0{right}"),
        format!("{right}x"),
        format!("{right}x3x5"),
        String::new(),
        "3x5x7".to_owned(),
        "4294967296x4294967296".to_owned(),
        "4294967295x4294967295x4294967295".to_owned(),
    ];
    if let Ok(other) = Topology::new(&backwards)
        && other != slice.topology()
    {
        texts.push(other.to_string());
    }
    texts
}
