//! The binary as users run it: what it prints, where, and how it ends.

mod api;
mod cell;
mod completion;
mod deploy;
mod doctor;
mod doctor_cases;
mod gcloud;
mod help;
mod init;
mod lint;
mod logs;
mod peers;
mod placement;
mod plan;
mod policy;
mod recorded;
mod report;
mod run;
mod serve;
mod status;
mod topology;
mod unanswered;
mod watched;
mod webhook;
