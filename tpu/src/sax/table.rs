//! The table of model classes.

use super::classes::{ModelClass, Registration};

const fn plain(chips: &'static [u32]) -> Option<Registration> {
    Some(Registration {
        chips,
        quantized: false,
    })
}

const fn int8(chips: &'static [u32]) -> Option<Registration> {
    Some(Registration {
        chips,
        quantized: true,
    })
}

pub(super) static TABLE: &[ModelClass] = &[
    ModelClass {
        name: "lm_cloud.LmCloudSpmd175B32Test",
        parameters_millions: Some(175_000),
        test_mode: true,
        v1_1_0: int8(&[32]),
        v1_2_0: int8(&[32]),
        head: int8(&[32]),
    },
    ModelClass {
        name: "lm_cloud.LmCloudSpmd2BTest",
        parameters_millions: Some(2_000),
        test_mode: true,
        v1_1_0: plain(&[1]),
        v1_2_0: plain(&[1]),
        head: plain(&[1]),
    },
];
