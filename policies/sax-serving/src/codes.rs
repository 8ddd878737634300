//! The codes of this policy, each with its page for `kubectl sax explain`.

use sdk::Description;
use workload::{Page, page};

const PAGES: [Page; 24] = [
    page!("SAX001", Warn, "a placeholder was left in"),
    page!("SAX002", Deny, "a bucket or root that Saxml can't use"),
    page!("SAX003", Deny, "admin and servers use different roots"),
    page!("SAX004", Deny, "admin and servers are in different cells"),
    page!("SAX005", Deny, "a malformed cell name"),
    page!("SAX006", Deny, "a platform chip that Saxml doesn't know"),
    page!("SAX007", Warn, "the platform chip is not the slice's"),
    page!("SAX008", Warn, "no platform topology"),
    page!("SAX009", Deny, "the platform topology is not the slice's"),
    page!("SAX010", Deny, "more than one admin server"),
    page!("SAX011", Warn, "two admin servers during an update"),
    page!("SAX012", Warn, "the admin's cell is left to its image"),
    page!("SAX013", Warn, "an update waits for its own chips"),
    page!("SAX014", Warn, "a probe that kills a loading server"),
    page!("SAX015", Deny, "the model doesn't fit the slice"),
    page!("SAX016", Warn, "a model class that isn't in the image"),
    page!("SAX017", Deny, "no usable port"),
    page!("SAX018", Deny, "the port is taken or not declared"),
    page!("SAX019", Warn, "workload identity beside hostNetwork"),
    page!("SAX020", Warn, "an unauthenticated API in public"),
    page!("SAX021", Warn, "a Service without Pods"),
    page!("SAX022", Warn, "an image tag that moves"),
    page!("SAX023", Warn, "admin and model server differ in version"),
    page!("SAX024", Deny, "lists of static models that don't fit"),
];

/// Adds all codes to the policy's description.
pub(crate) fn explain(description: Description) -> Description {
    workload::explain(&PAGES, description)
}
