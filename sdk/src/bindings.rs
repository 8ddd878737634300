//! The types and imports that `wit-bindgen` makes of `wit/policy.wit`. They stop here and in
//! `export`: a policy never names them.
#![expect(missing_docs, reason = "generated: the WIT file documents it")]

/// The world of a policy that reviews.
pub(crate) mod reviewing {
    wit_bindgen::generate!({
        path: "../wit",
        world: "policy",
        pub_export_macro: true,
        export_macro_name: "export_component",
        default_bindings_module: "::sdk::component",
    });
}

/// The world of a policy that places, too.
pub(crate) mod placing {
    wit_bindgen::generate!({
        path: "../wit",
        world: "placement-policy",
        with: {
            "sax:policy/types@0.1.0": crate::bindings::reviewing::sax::policy::types,
            "sax:policy/log@0.1.0": crate::bindings::reviewing::sax::policy::log,
            "sax:policy/cluster@0.1.0": crate::bindings::reviewing::sax::policy::cluster,
        },
        pub_export_macro: true,
        export_macro_name: "export_placement_component",
        default_bindings_module: "::sdk::placement_component",
    });
}
