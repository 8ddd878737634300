//! Every template ends: what is too deep, too long or without end has an error of its own.

use gotemplate::{CallFault, Fault, Limits, Syntax, Template};
use serde_json::{Value, json};

/// The stack of a thread, which is smaller than that of a program.
const STACK: usize = 2 << 20;

fn fault(template: &str, data: &Value) -> Fault {
    let template = Template::parse(template).expect("a template");
    let limits = Limits {
        steps: 100_000,
        output: 10_000,
        ..Limits::default()
    };
    template
        .render_within(data, limits)
        .expect_err("a limit")
        .fault
}

/// On a thread as small as any.
fn on_a_small_stack(work: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(STACK);
    let thread = thread.spawn(work).expect("a thread");
    thread.join().expect("no overflow, no panic");
}

#[test]
fn a_loop_without_end_is_given_up() {
    for template in [
        "{{range 9223372036854775807}}{{end}}",
        "{{range 100000}}{{range 100000}}{{end}}{{end}}",
        "{{$x := 0}}{{range 9223372036854775807}}{{$x = print 1}}{{end}}",
        "{{range 9223372036854775807}}{{continue}}{{end}}",
    ] {
        assert_eq!(
            fault(template, &json!({})),
            Fault::Steps(100_000),
            "{template}"
        );
    }
}

#[test]
fn templates_that_call_each_other_twice_are_given_up() {
    let levels = (0..60).map(|level| {
        let next = level + 1;
        format!("{{{{define \"{level}\"}}}}{{{{template \"{next}\" 1}}}}{{{{template \"{next}\" 1}}}}{{{{end}}}}")
    });
    let template = levels.collect::<String>() + "{{define \"60\"}}{{end}}{{template \"0\" 1}}";
    assert_eq!(fault(&template, &json!({})), Fault::Steps(100_000));
}

#[test]
fn what_prints_too_much_is_given_up() {
    let printed = fault("{{range 5000}}abc{{end}}", &json!({}));
    assert_eq!(printed, Fault::Output(10_000));
    for template in [
        "{{printf \"%999999d\" 1}}",
        "{{printf \"%.999999f\" 1.5}}",
        "{{$x := \"aaaaaaaaaaaaaaaa\"}}{{range 20}}{{$x = print $x $x}}{{end}}",
        "{{$x := \"<<<<<<<<<<<<<<<<\"}}{{range 20}}{{$x = html $x $x}}{{end}}",
    ] {
        let made = fault(template, &json!({}));
        let Fault::Function { cause, .. } = made else {
            panic!("{template}: {made}");
        };
        assert_eq!(cause, CallFault::Output(10_000), "{template}");
    }
}

#[test]
fn a_template_that_calls_itself_ends_before_the_stack_does() {
    on_a_small_stack(|| {
        for template in [
            "{{define \"r\"}}{{template \"r\" .}}{{end}}{{template \"r\" .}}",
            "{{template \"output\" .}}",
            "{{define \"r\"}}{{range 1}}{{with 1}}{{if 1}}{{template \"r\" (print (print (print 1)))}}{{end}}{{end}}{{end}}{{end}}{{template \"r\"}}",
        ] {
            let template = Template::parse(template).expect("a template");
            let error = template.render(&json!({})).expect_err("too deep");
            assert_eq!(error.fault, Fault::TooDeep(Limits::default().depth));
        }
    });
}

#[test]
fn deep_templates_are_refused_before_the_stack_ends() {
    on_a_small_stack(|| {
        for (begin, end) in [
            ("{{if 1}}", "{{end}}"),
            ("{{range 1}}", "{{end}}"),
            ("{{with 1}}", "{{end}}"),
            ("{{block \"a\" 1}}", "{{end}}"),
            ("{{with 1}}{{else}}", "{{end}}"),
        ] {
            let deep = begin.repeat(100_000) + &end.repeat(100_000);
            let error = Template::parse(&deep).expect_err("too deep");
            assert!(matches!(error.fault, Syntax::TooDeep(_)), "{error}");
        }
        let parens = format!("{{{{{}1{}}}}}", "(".repeat(100_000), ")".repeat(100_000));
        let error = Template::parse(&parens).expect_err("too deep");
        assert!(matches!(error.fault, Syntax::TooDeep(_)), "{error}");
    });
}

#[test]
fn what_is_as_deep_as_allowed_renders_on_a_small_stack() {
    on_a_small_stack(|| {
        let depth = 99;
        let blocks = "{{with 1}}".repeat(depth) + "x" + &"{{end}}".repeat(depth);
        let parens = format!("{{{{{}1{}}}}}", "(".repeat(depth), ")".repeat(depth));
        for (template, text) in [(blocks, "x"), (parens, "1")] {
            let template = Template::parse(&template).expect("not too deep");
            let rendered = template.render(&json!({})).expect("not too deep");
            assert_eq!(rendered, text.as_bytes());
        }
    });
}

#[test]
fn long_chains_of_else_are_not_deep() {
    let arms = "{{else if 0}}".repeat(20_000);
    let template = Template::parse(&format!("{{{{if 0}}}}{arms}{{{{else}}}}x{{{{end}}}}"));
    let rendered = template.expect("a template").render(&json!({}));
    assert_eq!(rendered.expect("it must end"), b"x");
}

#[test]
fn deep_data_is_an_error_and_no_crash() {
    on_a_small_stack(|| {
        let deep = (0..5_000).fold(json!(1), |inner, _| Value::Array(vec![inner]));
        for template in ["{{.}}", "{{print .}}", "{{printf \"%d\" .}}"] {
            let template = Template::parse(template).expect("a template");
            template.render(&deep).expect_err("too deep");
        }
        // The drop of serde_json's own values is recursive.
        std::mem::forget(deep);
    });
}

#[test]
fn all_data_that_serde_json_reads_is_printed() {
    on_a_small_stack(|| {
        let text = format!("{}1{}", "[".repeat(126), "]".repeat(126));
        let data: Value = serde_json::from_str(&text).expect("as deep as it reads");
        let walk = "{{define \"r\"}}{{if eq (printf \"%T\" .) \"[]interface {}\"}}[{{range .}}{{template \"r\" .}}{{end}}]{{else}}{{.}}{{end}}{{end}}{{template \"r\" .}}";
        for template in ["{{.}}", walk] {
            let template = Template::parse(template).expect("a template");
            let rendered = template.render(&data).expect("it must print");
            assert_eq!(String::from_utf8_lossy(&rendered), text);
        }
    });
}

#[test]
fn errors_name_line_and_column() {
    let syntax = Template::parse("a\né {{.a}}{{nothing}}").expect_err("no function");
    assert_eq!((syntax.line, syntax.column), (2, 11));
    let template = Template::parse("a\né {{.a}}{{len .b}}").expect("a template");
    let error = template.render(&json!({})).expect_err("no length");
    assert_eq!((error.line, error.column), (2, 11));
    assert_eq!(
        error.to_string(),
        "line 2, column 11, at <len>: error calling len: len of nil"
    );
}
