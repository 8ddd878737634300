//! The simulator answers what real servers were seen to answer, in both dialects of status codes
//! and both of HTTP. Texts and values below are those that were recorded.

mod cell;
mod http;
mod refused;
mod saxutil;
mod served;
mod timing;
