//! Claims about kubectl's output templates. `tests/tests/e2e` compares them with kubectl's own.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Template, Unprintable};

fn list() -> Value {
    json!({"kind": "List", "items": [
        {"kind": "Service", "metadata": {"name": "a", "labels": {"x.io/y": "1"}},
         "spec": {"ports": [{"port": 80}, {"port": 443}]}},
        {"kind": "JobSet", "metadata": {"name": "b"}, "spec": {"n": 2, "on": true}},
    ]})
}

fn rendered(output: &str) -> String {
    let template = Template::parse(output).expect("must name a template");
    let template = template.expect("must be one");
    template.render(&list()).expect("must print")
}

#[test]
fn paths_print_what_kubectl_prints() {
    for (template, text) in [
        ("{.kind}", "List"),
        ("{.items[*].metadata.name}", "a b"),
        (
            "{.items[0].metadata.name}-{.items[-1].metadata.name}",
            "a-b",
        ),
        ("{.items[0].spec.ports[0:1].port}", "80"),
        ("{.items[0].spec.ports[*]['port']}", "80 443"),
        ("{.items[0].metadata.labels.x\\.io/y}", "1"),
        ("{.items[0].metadata.labels['x.io/y']}", "1"),
        ("{..port}", "80 443"),
        (
            "{.items[?(@.kind==\"JobSet\")].spec}",
            "{\"n\":2,\"on\":true}",
        ),
        ("{.items[0].spec.ports[?(@.port>80)].port}", "443"),
        ("{.items[?(@.spec.n)].metadata.name}", "b"),
        (
            "{range .items[*]}{.kind}/{.metadata.name}{\"\\n\"}{end}",
            "Service/a\nJobSet/b\n",
        ),
        (
            "{range .items[*]}{@.kind}{'\\t'}{$.kind}{' '}{end}",
            "Service\tList JobSet\tList ",
        ),
        ("no path", "no path"),
        ("{.nothing.there}", ""),
    ] {
        assert_eq!(
            rendered(&format!("jsonpath={template}")),
            text,
            "{template}"
        );
    }
    assert_eq!(
        rendered("jsonpath-as-json={.items[*].kind}"),
        "[\n  \"Service\",\n  \"JobSet\"\n]\n"
    );
}

#[test]
fn columns_are_a_table() {
    assert_eq!(
        rendered("custom-columns=NAME:.metadata.name,PORTS:.spec.ports[*].port,N:{.spec.n}"),
        "NAME   PORTS    N\na      80,443   <none>\nb      <none>   2\n"
    );
}

#[test]
fn go_templates_are_programs() {
    let names = "{{range .items}}{{.kind}}/{{.metadata.name}}{{\"\\n\"}}{{end}}";
    for name in ["go-template", "template"] {
        let text = rendered(&format!("{name}={names}"));
        assert_eq!(text, "Service/a\nJobSet/b\n");
    }
    assert_eq!(rendered("go-template={{.nothing.there}}"), "<no value>");
}

#[test]
fn a_go_template_says_where_it_fails_and_prints_nothing() {
    let failure = |template: &str| {
        let template = Template::parse(&format!("go-template={template}"));
        let template = template.expect("names one").expect("is one");
        template.render(&list()).expect_err("must fail")
    };
    let error = failure("text\n{{.kind.x}}");
    assert!(matches!(error, Unprintable::Go(_)));
    assert_eq!(
        error.to_string(),
        "the Go template can't print this: line 2, column 3, at <.kind.x>: can't evaluate field x \
         in type string: only objects have fields"
    );
    assert_eq!(failure("ab{{\"\\xff\"}}"), Unprintable::NoText(2));
}

#[test]
fn what_cannot_be_read_says_why() {
    for (output, reason) in [
        ("jsonpath", "needs a template"),
        ("jsonpath={.a", "a { without its }"),
        ("jsonpath={range .a}x", "{range} without {end}"),
        ("jsonpath={end}", "{end} without {range}"),
        ("jsonpath={.a[}", "a [ without its ]"),
        ("jsonpath={.a[x]}", "expected a number"),
        ("jsonpath={.a[::0]}", "at least 1"),
        ("custom-columns=NAME", "expected TITLE:PATH"),
        ("jsonpath-file=/no/such/file", "can't be read"),
        (
            "go-template",
            "needs a template, as in go-template='{{.metadata.name}}'",
        ),
        (
            "go-template={{.a",
            "\"{{.a\": line 1, column 1: this action isn't closed",
        ),
        (
            "template={{a}}",
            "function \"a\" not defined: there are and,",
        ),
        ("templatefile=/no/such/file", "can't be read"),
    ] {
        let error = Template::parse(output).expect("must name a template");
        let error = error.expect_err("must be refused").to_string();
        assert!(error.contains(reason), "{output}: {error}");
    }
    assert_eq!(Template::parse("json"), None);
}

proptest! {
    #[test]
    fn no_template_panics(text in "([{]{2}|[}]{2})?[-{}.\\[\\]a-c0-3\"'\\\\?@$*:(=<) é]{0,24}") {
        for name in ["jsonpath", "custom-columns", "go-template"] {
            if let Some(Ok(template)) = Template::parse(&format!("{name}={text}")) {
                template.render(&list()).ok();
            }
        }
    }
}
