//! The host's side of `wit/policy.wit`. Generated types stop at `convert`, `choice` and `host`.

// The world that uses all types comes first: what a world doesn't use is generated owned.
wasmtime::component::bindgen!({
    path: "../wit",
    world: "placement-policy",
    ownership: Borrowing { duplicate_if_necessary: true },
});

/// The world without `choose`.
pub(crate) mod reviewing {
    wasmtime::component::bindgen!({
        path: "../wit",
        world: "policy",
        ownership: Borrowing { duplicate_if_necessary: true },
        with: {
            "sax:policy/types": crate::bindings::sax::policy::types,
            "sax:policy/log": crate::bindings::sax::policy::log,
            "sax:policy/cluster": crate::bindings::sax::policy::cluster,
        },
    });
}
