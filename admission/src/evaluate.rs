//! How policies are asked. This crate knows the question and the answers, not who gives them.

use json_patch::Patch;

use crate::finding::Finding;
use crate::policy::Policy;
use crate::request::Request;

/// What a policy is asked.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// The review; its own object may be older than `object_json`.
    pub request: &'a Request,
    /// The object as patched so far, as JSON; on delete the object that goes.
    pub object_json: &'a [u8],
    /// On update: the object as it is stored, as JSON.
    pub old_object_json: Option<&'a [u8]>,
    /// The policy's settings, as JSON.
    pub settings_json: &'a [u8],
}

/// What a policy says of one review.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Verdict {
    /// In the policy's own order.
    pub findings: Vec<Finding>,
    /// To be applied to the object that the policy was asked about.
    pub patch: Patch,
}

/// Asks policies.
pub trait Evaluate {
    /// Asks one policy one question.
    ///
    /// # Errors
    /// The policy failed, and on which limit. What is wrong with the object is no error but a
    /// finding.
    fn evaluate(&self, policy: &Policy, call: &Call<'_>) -> Result<Verdict, EvaluateError>;
}

/// How a policy failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EvaluateError {
    /// Too many instructions.
    #[error("used more than its limit of {limit} units of fuel")]
    OutOfFuel {
        /// Roughly one unit an instruction.
        limit: u64,
    },
    /// Too much memory.
    #[error("asked for more than its limit of {limit} bytes of memory")]
    OutOfMemory {
        /// In bytes.
        limit: u64,
    },
    /// Too large an answer.
    #[error("handed over more than its limit of {limit} bytes")]
    OutputTooLarge {
        /// In bytes.
        limit: u64,
    },
    /// Too long, by the clock.
    #[error("took longer than its limit of {limit} ms")]
    DeadlineExceeded {
        /// In milliseconds.
        limit: u64,
    },
    /// Too deep a recursion.
    #[error("ran out of stack")]
    StackOverflow,
    /// It stopped itself: a panic, a division by zero, a bad pointer.
    #[error("trapped: {reason}")]
    Trapped {
        /// The kind of trap.
        reason: String,
    },
    /// Too many questions to the host.
    #[error("made more than its limit of {limit} host calls")]
    HostCalls {
        /// A count.
        limit: u32,
    },
    /// Too long a patch. The object is as much to blame as the policy.
    #[error(
        "made a patch of {found} operations for an object of {object_bytes} bytes, at most \
         {limit} are taken"
    )]
    PatchTooLong {
        /// A count.
        found: usize,
        /// Of the object as JSON.
        object_bytes: usize,
        /// A count; it grows with the object.
        limit: usize,
    },
    /// It says itself that it failed.
    #[error("failed: {reason}")]
    Failed {
        /// In the policy's words.
        reason: String,
    },
    /// Its answer makes no sense.
    #[error("gave an invalid verdict: {reason}")]
    InvalidVerdict {
        /// What is wrong with it.
        reason: String,
    },
    /// No room to run it in time.
    #[error("found no free instance within {limit} ms")]
    Overloaded {
        /// In milliseconds.
        limit: u64,
    },
    /// The evaluator does not know it.
    #[error("is not loaded")]
    NotLoaded,
}
