//! Native tests of the policy: its cases, and properties over mutations of the tutorial's JobSet.

mod cases;
mod completion;
mod reapply;
mod support;
