//! The types and imports that `wit-bindgen` makes of `wit/policy.wit`. They stop here and in
//! `export`: a policy never names them.
#![expect(missing_docs, reason = "generated: the WIT file documents it")]

wit_bindgen::generate!({
    path: "../wit",
    world: "policy",
    pub_export_macro: true,
    export_macro_name: "export_component",
    default_bindings_module: "::sdk::component",
});
