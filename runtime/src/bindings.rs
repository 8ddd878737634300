//! The host's side of `wit/policy.wit`. Generated types stop at `convert`, `ranking` and `host`.

wasmtime::component::bindgen!({
    path: "../wit",
    world: "policy",
    ownership: Borrowing { duplicate_if_necessary: true },
});

/// The world that adds `choose`.
pub(crate) mod placing {
    wasmtime::component::bindgen!({
        path: "../wit",
        world: "placement-policy",
        ownership: Borrowing { duplicate_if_necessary: true },
        with: {
            "sax:policy/types": crate::bindings::sax::policy::types,
            "sax:policy/log": crate::bindings::sax::policy::log,
            "sax:policy/cluster": crate::bindings::sax::policy::cluster,
        },
    });
}
