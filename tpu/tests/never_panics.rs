//! On any input: no panic, no overflow, and what is read can be written and read again.

use proptest::prelude::*;
use tpu::{
    Accelerator, AcceleratorRef, AcceleratorType, Machine, Slice, Topology,
    accelerator_suggestions, check, nearest, sax, topologies_with_chips,
};

/// Text near the grammars, and any text at all.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[0-9xX:+ -]{0,24}",
        "(v4|v5e|v5p|v6e|tpu7x|tpu7|tpu-v3-slice|tpu-v4-lite-device):[0-9]{1,11}x[0-9]{1,11}(x[0-9]{1,11})?",
        "/sax/[a-z0-9/_-]{0,16}",
        "(v4|v5litepod|v5p|v6e|tpu7x)-[0-9]{1,22}",
    ]
}

fn dims() -> impl Strategy<Value = Vec<u32>> {
    let dim = prop_oneof![any::<u32>(), 0..40_u32, Just(u32::MAX)];
    proptest::collection::vec(dim, 0..5)
}

fn accelerator() -> impl Strategy<Value = &'static Accelerator> {
    (0..Accelerator::all().len()).prop_map(|index| &Accelerator::all()[index])
}

proptest! {
    #[test]
    fn every_parser_takes_any_text(text in text()) {
        if let Ok(topology) = Topology::parse(&text) {
            prop_assert_eq!(topology.to_string(), text.clone());
        }
        match Slice::parse(&text) {
            Ok(slice) => prop_assert_eq!(Slice::parse(&slice.to_string()), Ok(slice)),
            Err(error) => prop_assert!(error.to_string().len() < 1000),
        }
        if let Some(guess) = Topology::guess(&text) {
            prop_assert_eq!(Topology::parse(&guess.to_string()), Ok(guess));
        }
        if let Some(found) = AcceleratorType::parse(&text) {
            prop_assert!(found.topology().is_none_or(|t| t.chips() == found.chips));
        }
        if let Ok(id) = sax::ModelId::parse(&text) {
            prop_assert_eq!(id.to_string(), text.clone());
        }
        if let Ok(cell) = sax::CellName::parse(&text) {
            prop_assert_eq!(cell.to_string(), text.clone());
        }
        prop_assert!(accelerator_suggestions(&text).len() <= 3);
        prop_assert!(sax::suggestions(&text).len() <= 3);
        prop_assert_eq!(AcceleratorRef::of(&text).label(), text.as_str());
        prop_assert!(Machine::find(&text).is_none_or(|(_, machine)| machine.name == text));
        prop_assert!(!sax::cell_name_valid(&text) || sax::model_path_valid(&text));
        prop_assert!(!sax::platform_topology_known(&text) || !text.is_empty());
        prop_assert!(sax::ImageVersion::from_image(&text).is_none() || text.contains(':'));
    }

    #[test]
    fn arithmetic_takes_any_dimensions(
        dims in dims(), accelerator in accelerator(), per_vm in any::<u32>()
    ) {
        let Ok(topology) = Topology::new(&dims) else {
            prop_assert!(dims.len() < 2 || dims.len() > 3 || dims.contains(&0));
            return Ok(());
        };
        prop_assert_eq!(topology.dims(), dims.as_slice());
        let exact = dims.iter().map(|dim| u128::from(*dim)).product::<u128>();
        prop_assert_eq!(u128::from(topology.chips()), exact.min(u128::from(u64::MAX)));
        match check(accelerator, &topology) {
            Err(illegal) => {
                prop_assert!(!illegal.to_string().is_empty());
                for alternative in illegal.alternatives() {
                    prop_assert!(check(accelerator, &alternative).is_ok(), "{}", illegal);
                }
            }
            Ok(legality) => {
                let (slice, again) = Slice::new(accelerator, topology).expect("just checked");
                prop_assert_eq!(legality, again);
                if let Some(vms) = slice.vms(per_vm) {
                    prop_assert_eq!(u64::from(vms) * u64::from(per_vm), slice.chips());
                }
                for choice in slice.chips_per_vm_choices() {
                    prop_assert!(slice.machine(choice).is_some());
                    prop_assert!(slice.host_shape(choice).is_some() || slice.chips() > 1 << 32);
                }
                prop_assert!(slice.hbm_bytes() >= accelerator.hbm_bytes_per_chip());
                prop_assert!(slice.jax_devices().is_none_or(|devices| devices >= slice.chips()));
            }
        }
    }

    #[test]
    fn suggestions_take_any_number_of_chips(
        chips in prop_oneof![any::<u64>(), 0..10_000_u64], accelerator in accelerator()
    ) {
        let near = nearest(accelerator, chips);
        prop_assert!(near.len() <= 3);
        for topology in near {
            prop_assert!(accelerator.published().any(|published| published == topology));
        }
        for topology in topologies_with_chips(accelerator, chips) {
            prop_assert_eq!(topology.chips(), chips);
            prop_assert!(check(accelerator, &topology).is_ok());
        }
    }
}
