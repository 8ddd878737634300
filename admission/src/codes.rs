//! The engine's own codes: faults of policies and unusable reviews.

use crate::finding::Severity;

/// A policy failed.
pub(crate) const FAILED: &str = "POL001";
/// A policy patched its own result.
pub(crate) const NOT_IDEMPOTENT: &str = "POL002";
/// A policy's patch is not taken.
pub(crate) const BAD_PATCH: &str = "POL003";
/// What was completed is incomplete again.
pub(crate) const UNDONE: &str = "POL004";
/// There is nothing to judge.
pub(crate) const UNUSABLE: &str = "POL005";

/// What a code means: the page that `kubectl sax explain CODE` shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Explanation {
    /// Such as `POL001`.
    pub code: &'static str,
    /// The worst severity that the code comes with.
    pub severity: Severity,
    /// One line.
    pub title: &'static str,
    /// Why it matters and what to do: Markdown.
    pub text: &'static str,
}

/// The engine's codes, in order.
#[must_use]
pub fn codes() -> Vec<Explanation> {
    let explain = |code, title, text| Explanation {
        code,
        severity: Severity::Deny,
        title,
        text,
    };
    vec![
        explain(
            FAILED,
            "a policy failed",
            "A policy broke one of its limits (fuel, memory, output, host calls, time), trapped, \
             or gave an answer that makes no sense. The message names the policy and the limit. \
             The object was not judged by that policy; all others have answered. With `onError: \
             deny`, the default, the object is refused; with `onError: allow` this is a warning. \
             Run the object through `kubectl sax policy run` to see the failure alone, then mend \
             the policy or raise its limit in the `WasmPolicy`. How many operations a patch may \
             have grows with the object and can't be raised: an object that needs more is too \
             large to be completed, so make it several, or write the values into it yourself.",
        ),
        explain(
            NOT_IDEMPOTENT,
            "a policy patched its own result",
            "After the policies have patched an object, all of them are asked again about the \
             result, and none may have anything left to patch. The one that is named has: it \
             would patch for ever, or two policies fight over a field. Mend the policy so that \
             it first looks whether its work is done.",
        ),
        explain(
            BAD_PATCH,
            "a policy's patch can't be applied",
            "A patch may hold `add`, `replace` and `remove` only, must apply to the object that \
             the policy was shown, and must leave kind, name and namespace alone; an object that \
             is being deleted or connected to can't be patched. The API server would answer such \
             a patch with an internal error, whatever the failure policy, so it is not sent.",
        ),
        explain(
            UNDONE,
            "what a policy completed is incomplete again",
            "The object was completed when it was admitted, but what is about to be stored lacks \
             a part of it: another mutating webhook or controller, called after ours, took it \
             out. The message names the place. Find it with `kubectl get \
             mutatingwebhookconfigurations`, and exclude the object there.",
        ),
        explain(
            UNUSABLE,
            "the review or its object is unusable",
            "The review is not JSON, is nested too deeply, names a member twice, is no \
             `admission.k8s.io/v1` AdmissionReview, or carries no object. Kubernetes' own API \
             server never sends such a review: look at who else calls the webhook.",
        ),
    ]
}
