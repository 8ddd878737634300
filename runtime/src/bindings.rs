//! The host's side of `wit/policy.wit`. Generated types stop at `convert` and `host`.

wasmtime::component::bindgen!({
    path: "../wit",
    world: "policy",
    ownership: Borrowing { duplicate_if_necessary: true },
});
