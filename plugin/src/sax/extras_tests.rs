//! Inputs beside the text, from flags to messages.

use super::{Extra, ExtraFlags, Extras, parse_extra};

fn extras(pairs: &[&str]) -> Extras {
    let extras = pairs
        .iter()
        .map(|pair| parse_extra(pair).expect("must be one"));
    let flags = ExtraFlags {
        extras: extras.collect(),
        ..ExtraFlags::default()
    };
    Extras::of(&flags).expect("must fit together")
}

#[test]
fn values_are_numbers_lists_or_texts() {
    for (text, value) in [
        ("k=0.5", Extra::Number(0.5)),
        ("k=-1e3", Extra::Number(-1000.0)),
        ("k=[1, 2.5]", Extra::Numbers(vec![1.0, 2.5])),
        ("k=greedy", Extra::Text("greedy".to_owned())),
        ("k=\"7\"", Extra::Text("7".to_owned())),
        ("k=", Extra::Text(String::new())),
        ("k=a=b", Extra::Text("a=b".to_owned())),
    ] {
        assert_eq!(parse_extra(text), Ok(("k".to_owned(), value)), "{text}");
    }
    for text in ["k", "=1", "k=[1,\"a\"]", "k=[1", "k=NaN", "k=1e99", "k=inf"] {
        assert!(parse_extra(text).is_err(), "{text}");
    }
}

#[test]
fn each_kind_goes_into_its_own_map_and_none_is_nothing() {
    let message = extras(&["a=1", "b=[2]", "c=x"]).message();
    let message = message.expect("there must be some");
    assert_eq!(message.items["a"], 1.0);
    assert_eq!(message.tensors["b"].values, [2.0]);
    assert_eq!(message.strings["c"], "x");
    assert_eq!(extras(&[]).message(), None);
}

#[test]
fn flags_stand_for_saxmls_names_and_a_name_counts_once() {
    let flags = ExtraFlags {
        temperature: Some(0.5),
        max_decode_steps: Some(32),
        top_k: Some(40),
        top_p: Some(0.9),
        extras: Vec::new(),
    };
    let message = Extras::of(&flags).expect("must fit").message();
    let items = message.expect("there must be some").items;
    assert_eq!(items["temperature"], 0.5);
    assert_eq!(items["per_example_max_decode_steps"], 32.0);
    assert_eq!(items["per_example_top_k"], 40.0);
    assert_eq!(items["per_example_top_p"], 0.9);
    let twice = ExtraFlags {
        extras: vec![("temperature".to_owned(), Extra::Number(1.0))],
        ..flags
    };
    let error = Extras::of(&twice).expect_err("must be refused");
    assert_eq!(error.to_string(), "--extra temperature: is given twice");
}

#[test]
fn inputs_that_a_model_does_not_declare_are_refused_where_that_is_known() {
    let given = extras(&["temprature=1"]);
    assert!(given.check(None).is_ok());
    let declared = ["temperature".to_owned()];
    let error = given.check(Some(&declared)).expect_err("must be refused");
    let text = "--extra temprature: the model declares no such input, only temperature; \
                did you mean temperature?";
    assert_eq!(error.to_string(), text);
    assert!(extras(&["temperature=1"]).check(Some(&declared)).is_ok());
    assert!(extras(&[]).check(Some(&[])).is_ok());
}

#[test]
fn the_http_servers_take_four_names_or_none() {
    let members = extras(&["temperature=0.5"])
        .members()
        .expect("must be taken");
    assert_eq!(members.expect("there must be some")["temperature"], 0.5);
    assert_eq!(extras(&[]).members().expect("must be taken"), None);
    for other in ["beam=4", "temperature=[1]", "temperature=hot"] {
        assert!(extras(&[other]).members().is_err(), "{other}");
    }
    assert!(extras(&["temperature=0.5"]).none().is_err());
    assert!(extras(&[]).none().is_ok());
}

#[test]
fn what_is_over_a_setting_that_the_model_was_published_with_is_told() {
    let asked = extras(&["per_example_top_k=40", "per_example_max_decode_steps=200"]);
    let over = |pairs: &[(&'static str, &'static str)]| {
        let overrides = pairs.iter().copied().collect();
        asked.over(&overrides).len()
    };
    assert_eq!(over(&[]), 0);
    assert_eq!(
        over(&[("TOP_K", "40"), ("MAX_DECODE_STEPS", "[64, 200]")]),
        0
    );
    assert_eq!(
        over(&[("TOP_K", "39"), ("MAX_DECODE_STEPS", "[64, 128]")]),
        2
    );
    assert_eq!(over(&[("TOP_K", "\"x\""), ("MAX_DECODE_STEPS", "[]")]), 0);
    let told = asked.over(&[("TOP_K", "39")].into_iter().collect());
    assert!(
        told[0].starts_with("per_example_top_k=40 is over TOP_K=39"),
        "{told:?}"
    );
}
