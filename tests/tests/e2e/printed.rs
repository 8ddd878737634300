//! Templates print what kubectl's own print of the same objects.

use sax_tests::namespace::TempNamespace;

use crate::shared::{admitted, product, temporary};

const DEPLOY: [&str; 6] = [
    "deploy",
    "sax",
    "--slice",
    "v5e:4x4",
    "--bucket",
    "my-models",
];
/// What is compared; of fields that the server doesn't make up anew at each read.
const TEMPLATES: [&str; 13] = [
    "jsonpath={.kind}",
    "jsonpath={.items[*].metadata.name}",
    "jsonpath={range .items[*]}{.kind}{\"\\t\"}{.metadata.name}{\"\\n\"}{end}",
    "jsonpath={.items[?(@.kind==\"JobSet\")].spec.replicatedJobs[0].template.spec.parallelism}",
    "jsonpath={.items[-1:].spec.ports[*].port}",
    "jsonpath={.items[1].metadata.labels.app\\.kubernetes\\.io/instance}",
    "jsonpath={..containerPort}",
    "jsonpath-as-json={.items[*].metadata.labels}",
    "go-template={{range .items}}{{.kind}}/{{.metadata.name}}{{\"\\n\"}}{{end}}",
    "go-template={{range $i, $o := .items}}{{$i}} {{.spec.replicas}} {{len .metadata.labels}} {{.spec.none.none}};{{end}}",
    "template={{range .items}}{{range $k, $v := .metadata.labels}}{{printf \"%-30s%q\\n\" $k $v}}{{end}}{{end}}",
    "go-template={{with (index .items 1).spec}}{{.}}{{end}} {{exists .items 0 \"spec\"}} {{\"c2F4\" | base64decode}}",
    "custom-columns=NAME:.metadata.name,REPLICAS:.spec.replicas,PORTS:.spec.ports[*].port",
];

#[test]
fn templates_print_what_kubectl_prints() {
    let namespace = temporary(admitted(), "printed");
    let stored = sax(&namespace, "json");
    for template in TEMPLATES {
        let theirs = namespace.run_with(&["get", "-f", "-", "-o", template], &stored);
        let theirs = theirs.unwrap_or_else(|error| panic!("{template}: {error:#}"));
        let ours = sax(&namespace, template);
        assert_eq!(blankless(&ours), blankless(&theirs), "{template}");
    }
}

/// Deploys, and prints the stored objects.
fn sax(namespace: &TempNamespace<'_>, output: &str) -> String {
    let words = [&DEPLOY[..], &["-n", namespace.name(), "-o", output]].concat();
    let answer = product().sax(admitted().kubectl(), &words, "");
    let answer = answer.expect("kubectl-sax must run");
    assert!(answer.success, "{answer:?}");
    answer.stdout
}

/// Indentation and the order of an object's members say nothing.
fn blankless(text: &str) -> String {
    match serde_json::from_str::<serde_json::Value>(text) {
        Ok(mut value) => {
            value.sort_all_objects();
            value.to_string()
        }
        Err(_) => text
            .lines()
            .map(str::trim_end)
            .collect::<Vec<_>>()
            .join("\n"),
    }
}
