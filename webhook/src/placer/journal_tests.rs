//! Claims about what is said, and how often.

use std::sync::Arc;

use placement::Reason;

use super::*;

fn group(name: &str) -> GroupRef {
    GroupRef {
        root: "root".to_owned(),
        name: name.to_owned(),
        kind: "Job".to_owned(),
        namespace: "a".to_owned(),
    }
}

fn report(name: &str, state: State, domains: usize) -> GroupReport {
    let rejection = |at: usize| Rejection {
        domain: format!("pool-{at}"),
        reasons: vec![Reason::Taken { by: group("other") }],
    };
    GroupReport {
        group: group(name),
        object: ObjectRef {
            api_version: "batch/v1".to_owned(),
            kind: "Job".to_owned(),
            namespace: "a".to_owned(),
            name: name.to_owned(),
            uid: format!("uid-{name}"),
        },
        topology_key: "cloud.google.com/gke-nodepool".to_owned(),
        exclusive: true,
        priority: 0,
        created: placement::Time(0),
        pods: 8,
        state,
        domain: None,
        rejected: Arc::new((0..domains).map(rejection).collect()),
        rank_fault: None,
    }
}

fn waiting(domains: usize) -> Vec<GroupReport> {
    vec![report("a", State::Waiting { before: 0 }, domains)]
}

#[test]
fn a_wait_is_said_after_a_second_and_not_every_second() {
    let (mut journal, start) = (Journal::default(), Instant::now());
    let mut said = Vec::new();
    for tenth in 0..2900 {
        let now = start + Duration::from_millis(tenth * 100);
        journal.take(&waiting(2), now);
        said.extend(journal.due(now).into_iter().map(|note| (tenth, note.times)));
    }
    assert_eq!(said, [(10, 1)]);
    let later = start + Duration::from_secs(302);
    let notes = journal.due(later);
    assert_eq!(notes.iter().map(|note| note.times).collect::<Vec<_>>(), [2]);
}

#[test]
fn a_short_wait_is_not_worth_a_word() {
    let (mut journal, start) = (Journal::default(), Instant::now());
    journal.take(&waiting(1), start);
    journal.take(&[report("a", State::Placed, 0)], start + PATIENCE / 2);
    assert_eq!(journal.due(start + PATIENCE * 2), []);
    assert_eq!(journal.next(), None);
}

#[test]
fn reasons_that_change_all_the_time_are_said_at_their_pace() {
    let (mut journal, start) = (Journal::default(), Instant::now());
    let mut said = 0;
    for tenth in 0..300 {
        let now = start + Duration::from_millis(tenth * 100);
        journal.take(&waiting(1 + usize::from(tenth % 2 == 0)), now);
        said += journal.due(now).len();
    }
    assert!((2..=4).contains(&said), "{said} notes in 30 s");
}

#[test]
fn a_note_names_every_domain_with_its_reason_as_far_as_there_is_room() {
    let note = note(&waiting(2)[0]).unwrap();
    assert!(
        note.text.contains("pool-0: taken by Job a/other"),
        "{}",
        note.text
    );
    assert!(
        note.text.contains("pool-1: taken by Job a/other"),
        "{}",
        note.text
    );
    let many = super::note(&waiting(500)[0]).unwrap();
    assert!(many.text.len() <= LONGEST_NOTE, "{}", many.text.len());
    assert!(many.text.contains("more domains"), "{}", many.text);
}

#[test]
fn only_what_does_not_pass_by_itself_is_said() {
    let quiet = [State::Suspended, State::Claiming, State::Placed];
    for state in quiet {
        assert_eq!(note(&report("a", state, 0)), None);
    }
    let stranded = note(&report(
        "a",
        State::Stranded {
            reasons: Vec::new(),
        },
        0,
    ))
    .unwrap();
    assert!(stranded.warning && stranded.reason == "Stranded");
}

#[test]
fn a_note_is_cut_between_characters() {
    let text = shortened("ü".repeat(2000));
    assert_eq!(text.len(), LONGEST_NOTE);
}

#[test]
fn pods_that_are_still_being_made_are_only_worth_a_word_after_a_while() {
    let (mut journal, start) = (Journal::default(), Instant::now());
    let incomplete = State::Incomplete {
        have: 1,
        want: Some(8),
    };
    journal.take(&[report("a", incomplete, 0)], start);
    assert_eq!(journal.due(start + Duration::from_secs(10)), []);
    let said = journal.due(start + MAKING);
    assert!(said[0].text.contains("1 of 8 Pods exist"), "{said:?}");
}

#[test]
fn domains_of_another_kind_are_only_counted_unless_there_are_no_others() {
    let other = |domain: &str| Rejection {
        domain: domain.to_owned(),
        reasons: vec![Reason::SelectorMismatch {
            nodes: vec![format!("{domain}-0")],
            key: "accelerator".to_owned(),
            wanted: "v5e".to_owned(),
            found: None,
        }],
    };
    let mut report = report("a", State::Waiting { before: 0 }, 1);
    Arc::make_mut(&mut report.rejected).extend(["cpu", "gpu"].map(other));
    let text = note(&report).unwrap().text;
    assert!(text.contains("pool-0: taken"), "{text}");
    assert!(
        text.ends_with("; 2 domains have no node that the Pods select"),
        "{text}"
    );
    report.rejected = Arc::new(vec![other("cpu")]);
    let text = note(&report).unwrap().text;
    assert!(
        text.contains("cpu: the Pods select accelerator=v5e"),
        "{text}"
    );
}
