//! Tests of the crate as a whole, on a model of the API server's store.

mod flows;
mod make;
mod store;
