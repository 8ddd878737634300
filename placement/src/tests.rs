//! Tests of the crate as a whole, on a model of the API server's store.

mod brute;
mod checks;
mod flows;
mod guarantees;
mod history;
mod honest;
mod kinds;
mod make;
mod placer;
mod reading;
mod remembered;
mod rules;
mod settle;
mod starving;
mod store;
mod trouble;
mod violation;
mod world;
mod writing;
