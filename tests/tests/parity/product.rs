//! The product's programs, built once.

use std::sync::OnceLock;

use sax_tests::product::Product;

/// The built plugin and webhook.
pub(crate) fn product() -> &'static Product {
    static PRODUCT: OnceLock<Product> = OnceLock::new();
    PRODUCT
        .get_or_init(|| Product::build(&xtask::workspace_root()).expect("the product must compile"))
}
