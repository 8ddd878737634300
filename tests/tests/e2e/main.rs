//! End-to-end tests on real control planes. Each module is one promise to a user.

mod shared;
mod tutorial;
