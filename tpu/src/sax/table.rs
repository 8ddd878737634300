//! The table of model classes.
//!
//! Source: the registered classes of `saxml/server/pax/lm/params/{lm_cloud,gptj,gemma,c4}.py` at
//! tags v1.1.0 and v1.2.0 and at the head. A row is listed for v1.2.0 only where a source says
//! so or where it is the same in both neighbours.

use super::classes::{ModelClass, Registration};

const B: u32 = 1_000;

/// Every class, by module.
pub(super) static TABLE: &[ModelClass] = &[
    always("lm_cloud.LmCloudSpmd2B", 2 * B, plain(&[4])),
    always("lm_cloud.LmCloudSpmd2BTest", 2 * B, plain(&[1])).test(),
    always("lm_cloud.LmCloudSpmd2B4Test", 2 * B, plain(&[4])).test(),
    always("lm_cloud.LmCloudSpmd2B8Test", 2 * B, plain(&[8])).test(),
    always("lm_cloud.LmCloudSpmd2B16Test", 2 * B, plain(&[16])).test(),
    always("lm_cloud.LmCloudSpmd2B32Test", 2 * B, plain(&[32])).test(),
    always("lm_cloud.LmCloudSpmd175B", 175 * B, int8(&[16])),
    always("lm_cloud.LmCloudSpmd175BTest", 175 * B, int8(&[16])).test(),
    always("lm_cloud.LmCloudSpmd175B32Test", 175 * B, int8(&[32])).test(),
    always("lm_cloud.LmCloudSpmd175B64Test", 175 * B, int8(&[64])).test(),
    always("lm_cloud.LmCloudSpmd175B128Test", 175 * B, int8(&[128])).test(),
    always("lm_cloud.LmCloudSpmd175B256Test", 175 * B, int8(&[256])).test(),
    always("lm_cloud.LLaMA7BFP16", 7 * B, plain(&[1])),
    always("lm_cloud.LLaMA7BFP16TPUv4", 7 * B, plain(&[4])).test(),
    always("lm_cloud.LLaMA7BFP16TPUv5e", 7 * B, plain(&[4])),
    // Int8 in v1.1.0 and not at the head; for v1.2.0 the larger weights are the safe assumption.
    ModelClass {
        v1_1_0: int8(&[1]),
        ..always("lm_cloud.LLaMA7B", 7 * B, plain(&[1])).test()
    },
    since_v1_2_0("lm_cloud.LLaMA7BTPUv5e4", 7 * B, plain(&[4])),
    at_head("lm_cloud.LLaMA7BTPUv5e8", 7 * B, plain(&[8])),
    at_head("lm_cloud.LLaMA7BTPUv5e16", 7 * B, plain(&[16])),
    since_v1_2_0(
        "lm_cloud.LLaMA7BContinuousBatchingTPUv5e4",
        7 * B,
        plain(&[4]),
    ),
    at_head(
        "lm_cloud.LLaMA7BContinuousBatchingTPUv5e8",
        7 * B,
        plain(&[8]),
    ),
    at_head("lm_cloud.LLaMA7BH100", 7 * B, plain(&[1])).gpu(),
    at_head("lm_cloud.LLaMA7BH100BS8", 7 * B, plain(&[1])).gpu(),
    always("lm_cloud.LLaMA13B", 13 * B, int8(&[1])).test(),
    always("lm_cloud.LLaMA33B", 33 * B, int8(&[4])).test(),
    always("lm_cloud.LLaMA65B", 65 * B, int8(&[4])).test(),
    // v1.2.0 dropped the class's own mesh, so it inherits a single device, whatever its
    // docstring says.
    ModelClass {
        v1_1_0: plain(&[16]),
        ..always("lm_cloud.LLaMA70BFP16TPUv5e", 70 * B, plain(&[1])).test()
    },
    since_v1_2_0("lm_cloud.LLaMA70BFP16TPUv5e16", 70 * B, plain(&[16])),
    always("lm_cloud.LLaMA70BFP16TPUv5e32", 70 * B, plain(&[32])).test(),
    always("lm_cloud.LLaMA70BFP16TPUv5e64", 70 * B, plain(&[64])).test(),
    since_v1_2_0("lm_cloud.LLaMA70BInt8TPUv5e8", 70 * B, int8(&[8])),
    only_v1_2_0("lm_cloud.LLaMA70BInt8TPUv5e8Exp", 70 * B, int8(&[8])),
    at_head(
        "lm_cloud.LLaMA70BInt8TokenizedInputTPUv5e8",
        70 * B,
        int8(&[8]),
    ),
    at_head(
        "lm_cloud.LLaMA70BInt8TokenizedInputTPUv5e8Stream",
        70 * B,
        int8(&[8]),
    ),
    // Renamed between v1.2.0 and the head.
    only_v1_2_0("lm_cloud.LLaMA70BINT8LinearOnlyx8", 70 * B, int8(&[8])),
    at_head("lm_cloud.LLaMA70BInt8LinearOnlyx8", 70 * B, int8(&[8])),
    at_head("lm_cloud.LLaMA70BFP16H100x8", 70 * B, plain(&[8])).gpu(),
    at_head("lm_cloud.LLaMA70BInt8H100x8", 70 * B, int8(&[8])).gpu(),
    at_head("lm_cloud.LLaMA70BInt8H100x8BS32", 70 * B, int8(&[8])).gpu(),
    at_head("lm_cloud.LLaMA70BInt8H100x8Fake", 70 * B, int8(&[8]))
        .test()
        .gpu(),
    at_head("lm_cloud.LLaMA3_8BFP16x4", 8 * B, plain(&[4])),
    at_head("lm_cloud.LLaMA3_8BFP16Testx4", 8 * B, plain(&[4])).test(),
    at_head("lm_cloud.LLaMA3_8BFP16x1", 8 * B, plain(&[1])),
    at_head("lm_cloud.LLaMA3_70BFP16x16", 70 * B, plain(&[16])),
    // It inherits 32 layers of 4096: the name says 70B, the dimensions don't.
    ModelClass {
        parameters_millions: None,
        ..at_head("lm_cloud.LLaMA3_70BFP16x8", 70 * B, plain(&[8]))
    },
    at_head("lm_cloud.LLaMA3_70BInt8LinearOnlyx8", 70 * B, int8(&[8])),
    at_head("lm_cloud.LLaMA31_405BFP16x64", 405 * B, plain(&[64])),
    at_head(
        "lm_cloud.LLaMA31_405BLinearOnlyInt8x32",
        405 * B,
        int8(&[32]),
    ),
    always("gptj.GPTJ", 6 * B, plain(&[1])),
    always("gptj.GPTJ4BF16BS32", 6 * B, plain(&[4])),
    always("gptj.GPTJ4TokenizedBF16BS32", 6 * B, plain(&[4])),
    since_v1_2_0("gemma.Gemma2BFP16", 2 * B, plain(&[1, 4, 8])),
    since_v1_2_0("gemma.Gemma2BFP16Exp", 2 * B, plain(&[1, 4, 8])),
    since_v1_2_0("gemma.Gemma2BInt8", 2 * B, int8(&[1, 4, 8])),
    since_v1_2_0("gemma.Gemma2BFP16Test", 2 * B, plain(&[1, 4, 8])).test(),
    since_v1_2_0("gemma.Gemma2BInt8Test", 2 * B, int8(&[1, 4, 8])).test(),
    at_head("gemma.Gemma2BFP16With4Replicas", 2 * B, plain(&[4])),
    at_head("gemma.Gemma2BFP16With8Replicas", 2 * B, plain(&[8])),
    at_head("gemma.Gemma2BInt8With8Replicas", 2 * B, int8(&[8])),
    since_v1_2_0("gemma.Gemma7BFP16", 7 * B, plain(&[1, 4, 8])),
    since_v1_2_0("gemma.Gemma7BFP16Exp", 7 * B, plain(&[1, 4, 8])),
    since_v1_2_0("gemma.Gemma7BInt8", 7 * B, int8(&[1, 4, 8])),
    since_v1_2_0("gemma.Gemma7BFP16Test", 7 * B, plain(&[1, 4, 8])).test(),
    since_v1_2_0("gemma.Gemma7BInt8Test", 7 * B, int8(&[1, 4, 8])).test(),
    at_head("gemma.Gemma7BFP16With2Replicas", 7 * B, plain(&[8])),
    at_head("gemma.Gemma7BInt8With2Replicas", 7 * B, int8(&[8])),
    always("c4.C4SpmdGpt3AdamOrgHP", 175 * B, plain(&[64])),
];

impl ModelClass {
    const fn gpu(self) -> Self {
        Self {
            for_gpu: true,
            ..self
        }
    }

    const fn test(self) -> Self {
        Self {
            test_mode: true,
            ..self
        }
    }
}

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

const fn always(name: &'static str, millions: u32, same: Option<Registration>) -> ModelClass {
    ModelClass {
        name,
        parameters_millions: Some(millions),
        test_mode: false,
        for_gpu: false,
        v1_1_0: same,
        v1_2_0: same,
        head: same,
    }
}

const fn since_v1_2_0(name: &'static str, millions: u32, same: Option<Registration>) -> ModelClass {
    ModelClass {
        v1_1_0: None,
        ..always(name, millions, same)
    }
}

const fn only_v1_2_0(name: &'static str, millions: u32, own: Option<Registration>) -> ModelClass {
    ModelClass {
        head: None,
        ..since_v1_2_0(name, millions, own)
    }
}

const fn at_head(name: &'static str, millions: u32, own: Option<Registration>) -> ModelClass {
    ModelClass {
        v1_2_0: None,
        ..since_v1_2_0(name, millions, own)
    }
}
