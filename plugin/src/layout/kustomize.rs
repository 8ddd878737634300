//! A deployment as a kustomization: a file for each part, applied by `kubectl apply -k`.

use std::fmt::Write as _;

use super::{File, Subject, VALUES};

pub(super) fn files(subject: &Subject<'_>) -> Vec<File> {
    let parts = subject.parts();
    let names = parts.iter().map(|(component, _)| file_name(component));
    let kustomization = kustomization(subject, names);
    let manifests = parts.iter().map(|(component, objects)| {
        let documents = objects.iter().map(|object| subject.document(object));
        let documents: Vec<_> = documents.collect();
        File::new(file_name(component), documents.join("---\n"))
    });
    let values = subject.values_file(&format!(
        "# What the manifests beside it were made of. Change it, then\n\
         #   kubectl sax init . -f {VALUES} --force -n {namespace}\n\
         # makes them anew, and `kubectl sax deploy -f {VALUES} -n {namespace}` applies the same.\n",
        namespace = subject.request.namespace
    ));
    let around = [kustomization, values, subject.schema_file()];
    manifests.chain(around).collect()
}

fn file_name(component: &str) -> String {
    format!("{component}.yaml")
}

fn kustomization(subject: &Subject<'_>, resources: impl Iterator<Item = String>) -> File {
    let mut text = format!(
        "# {plan}\n\
         # kubectl apply -k . --server-side --field-manager=kubectl-sax\n\
         apiVersion: kustomize.config.k8s.io/v1beta1\n\
         kind: Kustomization\n\
         namespace: {namespace}\n\
         resources:\n",
        plan = subject.plan,
        namespace = subject.request.namespace
    );
    for resource in resources {
        let _ = writeln!(text, "- {resource}");
    }
    File::new("kustomization.yaml", text)
}
