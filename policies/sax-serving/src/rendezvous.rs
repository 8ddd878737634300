//! Do the parts of a cell meet? The admin writes where it listens into the cell's root; everyone
//! else finds it there and nowhere else.

use sdk::{Cluster, Operation, Review, Severity, Verdict};
use workload::Workload;

use crate::command_line::Setting;
use crate::component::{Component, Role};
use crate::members::{self, Member};

/// SAX003, SAX004 and SAX023. Silent where the cluster can't be read.
pub(crate) fn check(
    review: &Review,
    workload: &Workload<'_>,
    components: &[Component<'_>],
    cluster: &impl Cluster,
    verdict: &mut Verdict,
) {
    let own = Member::of(&members::title(workload), components);
    if own.is_empty() {
        return;
    }
    let Ok(objects) = members::neighbours(review, cluster) else {
        return;
    };
    let others = members::members(&objects);
    let admins: Vec<&Member> = own
        .iter()
        .chain(&others)
        .filter(|member| member.is_admin())
        .collect();
    let mut judge = Judge {
        // Who moves a cell changes one object after the other.
        severity: match review.operation {
            Operation::Update => Severity::Warn,
            Operation::Create | Operation::Delete | Operation::Connect => Severity::Deny,
        },
        verdict,
    };
    for member in &own {
        match (member.is_admin(), admins.as_slice()) {
            (true, [_only]) => judge.admin(member, &others),
            (true, _) | (false, []) => (),
            (false, admins) => judge.reader(member, admins),
        }
    }
}

struct Judge<'v> {
    severity: Severity,
    verdict: &'v mut Verdict,
}

impl Judge<'_> {
    /// A server under review against the admins that there are: one of them has to be its own.
    fn reader(&mut self, reader: &Member, admins: &[&Member]) {
        let reachable: Vec<&&Member> = admins
            .iter()
            .filter(|admin| same_root(admin, reader))
            .collect();
        let Some(first) = reachable.first() else {
            if let Some(admin) = admins.first() {
                self.deny_root(&reader.root, admin, reader, &admin.root);
            }
            return;
        };
        if !reachable.iter().any(|admin| same_cell(admin, reader)) {
            self.deny_cell(&reader.cell, first, reader, &first.cell);
        }
        if !reachable.iter().any(|admin| same_version(admin, reader)) {
            self.warn_versions(&reader.image_path, first, reader);
        }
    }

    /// The only admin against the servers that wait for it: the first that it leaves alone.
    fn admin(&mut self, admin: &Member, others: &[Member]) {
        let mut readers = others.iter();
        if let Some(lost) = readers.find(|reader| !same_root(admin, reader)) {
            self.deny_root(&admin.root, admin, lost, &lost.root);
        }
        let near = || others.iter().filter(|reader| same_root(admin, reader));
        if let Some(lost) = near().find(|reader| !same_cell(admin, reader)) {
            self.deny_cell(&admin.cell, admin, lost, &lost.cell);
        }
        if let Some(other) = near().find(|reader| !same_version(admin, reader)) {
            self.warn_versions(&admin.image_path, admin, other);
        }
    }

    fn deny_root(
        &mut self,
        found: &Option<Setting>,
        admin: &Member,
        reader: &Member,
        expected: &Option<Setting>,
    ) {
        let (Some(found), Some(expected)) = (found, text(expected)) else {
            return;
        };
        self.verdict.find(
            self.severity,
            "SAX003",
            found.path.as_str(),
            format!(
                "found the root {}, expected {expected}: the cell would never meet: {} writes \
                 {}, {} reads {}",
                found.value.as_deref().unwrap_or_default(),
                admin.owner,
                text(&admin.root).unwrap_or_default(),
                reader.owner,
                text(&reader.root).unwrap_or_default(),
            ),
            format!("use the root {expected} here too"),
        );
    }

    fn deny_cell(
        &mut self,
        found: &Option<Setting>,
        admin: &Member,
        reader: &Member,
        expected: &Option<Setting>,
    ) {
        let (Some(found), Some(expected)) = (found, text(expected)) else {
            return;
        };
        self.verdict.find(
            self.severity,
            "SAX004",
            found.path.as_str(),
            format!(
                "found the cell {}, expected {expected}: {} keeps {}, {} joins {}",
                found.value.as_deref().unwrap_or_default(),
                admin.owner,
                text(&admin.cell).unwrap_or_default(),
                reader.owner,
                text(&reader.cell).unwrap_or_default(),
            ),
            format!(
                "set {} to {expected}",
                if found.path == admin_path(admin) {
                    "SAX_CELL"
                } else {
                    "--sax_cell"
                }
            ),
        );
    }

    fn warn_versions(&mut self, path: &str, admin: &Member, server: &Member) {
        self.verdict.warn(
            "SAX023",
            path,
            format!(
                "found an admin of {} ({}) and a model server of {} ({}), expected one version: \
                 their protocol and files differ between versions",
                version(admin),
                admin.owner,
                version(server),
                server.owner,
            ),
            format!("use the images of {} for both", version(server)),
        );
    }
}

fn admin_path(admin: &Member) -> &str {
    admin.cell.as_ref().map_or("", |cell| cell.path.as_str())
}

fn text(setting: &Option<Setting>) -> Option<&str> {
    setting.as_ref()?.value.as_deref()
}

/// What isn't known could be the same.
fn agree<T: PartialEq>(one: Option<T>, other: Option<T>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one == other,
        _ => true,
    }
}

fn same_root(admin: &Member, reader: &Member) -> bool {
    let root = |member| text(member).map(|root| root.trim_end_matches('/'));
    agree(root(&admin.root), root(&reader.root))
}

fn same_cell(admin: &Member, reader: &Member) -> bool {
    agree(text(&admin.cell), text(&reader.cell))
}

/// The HTTP server may have another version: the tutorial's has.
fn same_version(admin: &Member, reader: &Member) -> bool {
    reader.role != Role::ModelServer || agree(admin.version, reader.version)
}

fn version(member: &Member) -> String {
    match member.version {
        Some((major, minor, patch)) => format!("v{major}.{minor}.{patch}"),
        None => "another version".to_owned(),
    }
}
