//! The one function that builds a `wasmtime::Config`: offline equals cluster.

use std::thread::available_parallelism;

use wasmtime::{
    Config, Enabled, InstanceAllocationStrategy, PoolingAllocationConfig, RegallocAlgorithm,
    WasmFeatures,
};

use crate::limits::MOST_MEMORY;

/// Bytes of stack that a policy may use; the threads that run policies have at least 2 MiB.
const STACK: usize = 512 << 10;
/// Bytes of a memory that stay resident in a pooled slot, so that the next call finds them
/// without a page fault. The guests' stack and data fit.
const RESIDENT: usize = 512 << 10;
/// Core instances, memories and tables of one component: its own module, and the shims that
/// `wit-component` adds.
pub(crate) const PER_COMPONENT: u32 = 16;
/// Elements of one table.
pub(crate) const TABLE_ELEMENTS: usize = 20_000;

/// What a sandbox is made with.
///
/// Everything that the contract doesn't need is off: upstream's security reports sit in async,
/// GC, threads and WASI.
pub(crate) fn config(pooling: bool) -> Config {
    let mut config = Config::new();
    config
        .consume_fuel(true)
        .epoch_interruption(true)
        .concurrency_support(false)
        .max_wasm_stack(STACK)
        .async_stack_size(STACK * 2)
        .wasm_backtrace_max_frames(None)
        .generate_address_map(false)
        .cranelift_nan_canonicalization(true)
        .cranelift_regalloc_algorithm(RegallocAlgorithm::Backtracking)
        .memory_init_cow(true)
        .relaxed_simd_deterministic(true)
        .wasm_component_model(true);
    for feature in [
        WasmFeatures::THREADS,
        WasmFeatures::SHARED_EVERYTHING_THREADS,
        WasmFeatures::MEMORY64,
        WasmFeatures::MULTI_MEMORY,
        WasmFeatures::GC,
        WasmFeatures::FUNCTION_REFERENCES,
        WasmFeatures::EXCEPTIONS,
        WasmFeatures::STACK_SWITCHING,
        WasmFeatures::CM_ASYNC,
    ] {
        config.wasm_features(feature, false);
    }
    if pooling {
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool()));
    }
    config
}

/// How many calls run at once. More than the processors can carry would only make all of them
/// slower, and their deadlines run.
pub(crate) fn instances() -> u32 {
    let processors = available_parallelism().map_or(1, usize::from);
    u32::try_from(processors.saturating_mul(4))
        .unwrap_or(u32::MAX)
        .clamp(8, 64)
}

fn pool() -> PoolingAllocationConfig {
    let instances = instances();
    let mut pool = PoolingAllocationConfig::default();
    pool.total_component_instances(instances)
        .total_core_instances(instances * PER_COMPONENT)
        .total_memories(instances)
        .total_tables(instances * 4)
        .max_core_instances_per_component(PER_COMPONENT)
        .max_memories_per_component(1)
        .max_tables_per_component(4)
        .table_elements(TABLE_ELEMENTS)
        .max_memory_size(usize::try_from(MOST_MEMORY).unwrap_or(usize::MAX))
        .linear_memory_keep_resident(RESIDENT)
        .table_keep_resident(16 << 10)
        .max_unused_warm_slots(instances)
        .pagemap_scan(Enabled::Auto);
    pool
}
