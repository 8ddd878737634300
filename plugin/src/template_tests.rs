//! Claims about kubectl's output templates. `tests/tests/e2e` compares them with kubectl's own.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Template, TemplateError};

fn list() -> Value {
    json!({"kind": "List", "items": [
        {"kind": "Service", "metadata": {"name": "a", "labels": {"x.io/y": "1"}},
         "spec": {"ports": [{"port": 80}, {"port": 443}]}},
        {"kind": "JobSet", "metadata": {"name": "b"}, "spec": {"n": 2, "on": true}},
    ]})
}

fn rendered(output: &str) -> String {
    let template = Template::parse(output).expect("must name a template");
    template.expect("must be one").render(&list())
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
        ("go-template={{.a}}", "Go templates aren't supported"),
    ] {
        let error = Template::parse(output).expect("must name a template");
        let error = error.expect_err("must be refused").to_string();
        assert!(error.contains(reason), "{output}: {error}");
    }
    assert_eq!(Template::parse("json"), None);
    assert_eq!(
        Template::parse("template=x"),
        Some(Err(TemplateError::GoTemplate))
    );
}

proptest! {
    #[test]
    fn no_template_panics(text in "[-{}.\\[\\]a-c0-3\"'\\\\?@$*:(=<) é]{0,24}") {
        for name in ["jsonpath", "custom-columns"] {
            if let Some(Ok(template)) = Template::parse(&format!("{name}={text}")) {
                template.render(&list());
            }
        }
    }
}
