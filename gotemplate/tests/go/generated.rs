//! Templates that nobody wrote: some that make sense, and some that are words in any order.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use crate::assert_same;

/// Of each kind, in one run of Go.
const CASES: usize = 4000;

#[test]
fn templates_that_make_sense_print_what_go_prints() {
    assert_same(&cases(template()));
}

#[test]
fn words_in_any_order_are_refused_as_go_refuses_them() {
    assert_same(&cases(soup()));
}

#[test]
fn printf_of_any_format_is_go_s() {
    assert_same(&cases(formatted()));
}

fn cases(templates: impl Strategy<Value = String>) -> Vec<(String, Value)> {
    let mut runner = TestRunner::deterministic();
    let strategy = (templates, data());
    let case = |_| strategy.new_tree(&mut runner).expect("a case").current();
    (0..CASES).map(case).collect()
}

/// JSON whose keys are those that the templates ask for.
fn data() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3i64..4).prop_map(Value::from),
        // Go would count through a large one.
        (i64::MIN..300).prop_map(Value::from),
        any::<f64>()
            .prop_filter("a fraction", |float| float.fract() != 0.0)
            .prop_map(Value::from),
        (-4i32..30, 1i64..1000)
            .prop_map(|(power, n)| json!(n as f64 / 8.0 * 10f64.powi(power) + 0.1)),
        "[a-c<é ]{0,3}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map("[abc]", inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn term() -> impl Strategy<Value = String> {
    let constants = [
        ".", ".a", ".b", ".c", ".a.b", ".b.c.a", "$", "$.a", "$x", "$y", "$x.a", "nil", "true",
        "false", "0", "1", "2", "-1", "1.5", "'a'", r#""a""#, r#""b""#, r#""""#, "`c`",
    ];
    prop::sample::select(constants.to_vec()).prop_map(str::to_owned)
}

fn pipeline() -> impl Strategy<Value = String> {
    term().prop_recursive(3, 12, 3, |inner| {
        let functions = [
            "and",
            "or",
            "not",
            "len",
            "index",
            "slice",
            "eq",
            "ne",
            "lt",
            "le",
            "gt",
            "ge",
            "print",
            "println",
            "html",
            "js",
            "urlquery",
            "exists",
            "base64decode",
            r#"printf "%v|%5v|%T""#,
            r#"printf "%d %s""#,
            "call",
        ];
        let function = prop::sample::select(functions.to_vec());
        let arguments = prop::collection::vec(inner.clone(), 0..4);
        prop_oneof![
            (function.clone(), arguments).prop_map(|(function, arguments)| {
                let arguments = arguments.iter().map(|argument| format!(" ({argument})"));
                format!("{function}{}", arguments.collect::<String>())
            }),
            (inner.clone(), function).prop_map(|(value, function)| format!("{value} | {function}")),
            inner.clone().prop_map(|value| format!("({value}).a")),
            inner,
        ]
    })
}

fn template() -> impl Strategy<Value = String> {
    let action = prop_oneof![
        pipeline().prop_map(|pipeline| format!("{{{{{pipeline}}}}}")),
        pipeline().prop_map(|pipeline| format!("{{{{$x = {pipeline}}}}}")),
        pipeline().prop_map(|pipeline| format!("{{{{$y := {pipeline}}}}}{{{{$y}}}}")),
        "[a-z \n]{0,3}",
    ];
    let block = action.prop_recursive(4, 24, 4, |inner| {
        let body = prop::collection::vec(inner, 0..3).prop_map(|parts| parts.concat());
        let keyword = prop::sample::select(vec!["if", "with", "range", "range $x, $y :=", "range $x :="]);
        prop_oneof![
            (keyword, pipeline(), body.clone(), body.clone()).prop_map(|(keyword, over, one, two)| {
                format!("{{{{{keyword} {over}}}}}{one}{{{{else}}}}{two}{{{{end}}}}")
            }),
            (pipeline(), body.clone()).prop_map(|(over, body)| {
                format!("{{{{range {over} -}}}} {body}{{{{if .}}}}{{{{continue}}}}{{{{end}}}}.{{{{- end}}}}")
            }),
            (pipeline(), body.clone()).prop_map(|(dot, body)| {
                format!("{{{{block \"b\" {dot}}}}}{{{{$x := 1}}}}{{{{$y := 2}}}}{body}{{{{end}}}}")
            }),
            body,
        ]
    });
    let blocks = prop::collection::vec(block, 1..4);
    blocks.prop_map(|blocks| format!("{{{{$x := .}}}}{{{{$y := 1}}}}{}", blocks.concat()))
}

fn soup() -> impl Strategy<Value = String> {
    let words = [
        "{{",
        "}}",
        "{{",
        "}}",
        "{{-",
        " -}}",
        " ",
        " ",
        "if",
        "else",
        "end",
        "{{end}}",
        "range",
        "with",
        "define",
        "block",
        "template",
        "break",
        "continue",
        ".a",
        ".",
        "$",
        "$x",
        ":=",
        "=",
        ",",
        "|",
        "(",
        ")",
        "\"a\"",
        "`a`",
        "'a'",
        "1",
        "1.5",
        "-",
        "nil",
        "true",
        "print",
        "len",
        "index",
        "a",
        "é",
        "/*",
        "*/",
        "\n",
        "{{if .a}}",
        "{{range $x, $y := .}}",
        "{{else}}",
        "{{define \"a\"}}",
        "{{template \"a\" .}}",
        "{{$x := 1}}",
    ];
    let word = prop::sample::select(words.to_vec());
    prop::collection::vec(word, 0..12).prop_map(|words| words.concat())
}

fn formatted() -> impl Strategy<Value = String> {
    // No %p, an address.
    let verbs = "[ab%]?%[-+# 0]{0,2}([0-9]{0,2}|[*])([.][0-9]{0,1})?([\\[][0-3][\\]])?[vdsqtTcUoOeEfgGxXbw%z]";
    let format = prop::collection::vec(verbs, 0..3).prop_map(|verbs| verbs.concat());
    let arguments = prop::collection::vec(term(), 0..4);
    (format, arguments).prop_map(|(format, arguments)| {
        let start = "{{$x := .}}{{$y := .a}}{{printf `";
        format!("{start}{format}` {}}}}}", arguments.join(" "))
    })
}
