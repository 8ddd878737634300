//! What a policy needs beside its document: what it is granted to read, and the image that its
//! component comes in. Both come by themselves, in tasks of their own; a policy is loaded when
//! they are there, or known not to be.

use std::collections::{BTreeMap, BTreeSet};

use runtime::{Grant, Module};

use super::catalogue::Catalogue;
use super::resource::Resource;
use crate::images::{self, Images};
use crate::reads::{Reads, State, Trouble};

/// What policies need beside their documents.
pub(super) struct Needs {
    /// What the cluster's policies read; none where they read objects of files.
    pub(super) reads: Option<Reads>,
    /// The images that they come in.
    pub(super) images: Images,
}

impl Needs {
    /// Follows and pulls what these policies need, and those that are in force.
    pub(super) fn want(&mut self, resources: &[Resource], catalogue: &Catalogue) {
        let entries = catalogue.entries();
        let asked = resources.iter().filter_map(Resource::grants);
        let in_force = entries.iter().map(|entry| entry.module.grants());
        let grants = asked.chain(in_force).flat_map(|grants| grants.0.clone());
        let grants: BTreeSet<Grant> = grants.collect();
        if let Some(reads) = &mut self.reads {
            reads.want(&grants);
        }
        let named = |resource: &Resource| images_of(resource, catalogue);
        self.images
            .want(&resources.iter().flat_map(named).collect());
    }

    /// Whether something that a policy needs is on its way.
    pub(super) fn are_coming(&self, resource: &Resource, catalogue: &Catalogue) -> bool {
        let mut images = images_of(resource, catalogue).into_iter();
        self.lacking(resource) == Some(State::Listing)
            || images.any(|image| self.images.state(&image) == images::State::Pulling)
    }

    /// Why a policy can't read what it is granted.
    pub(super) fn unread(&self, resource: &Resource) -> Option<Trouble> {
        match self.lacking(resource)? {
            State::Unknown(trouble) => Some(trouble),
            State::Listing | State::Known => None,
        }
    }

    /// How far the images of a policy are: the one that it names, and the one that is in force.
    pub(super) fn pulled(
        &self,
        resource: &Resource,
        catalogue: &Catalogue,
    ) -> BTreeMap<String, images::State> {
        let images = images_of(resource, catalogue).into_iter();
        images
            .map(|image| (image.clone(), self.images.state(&image)))
            .collect()
    }

    /// Waits until something has come, or is known not to.
    pub(super) async fn changed(&self) {
        let read = async {
            match &self.reads {
                Some(reads) => reads.changed().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = read => {}
            () = self.images.changed() => {}
        }
    }

    fn lacking(&self, resource: &Resource) -> Option<State> {
        self.reads.as_ref()?.lacking(resource.grants()?)
    }
}

/// Of what is asked for, of what is in force, and where nothing is, of what was.
fn images_of(resource: &Resource, catalogue: &Catalogue) -> BTreeSet<String> {
    let image = |module: &Module| match module {
        Module::Image(image) => Some(image.clone()),
        _ => None,
    };
    let asked = resource.document.as_ref().ok();
    let asked = asked.and_then(|document| image(&document.module));
    let judges_now = match catalogue.good(&resource.name) {
        Some(good) => image(&good.entry.source),
        None => resource
            .earlier()
            .and_then(|earlier| image(&earlier.document.module)),
    };
    asked.into_iter().chain(judges_now).collect()
}
