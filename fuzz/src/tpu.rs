//! What people write for TPUs: shapes, accelerators, machine types, names of cells and models. What
//! is read is written and read again as the same, and no number overflows.

use tpu::{
    Accelerator, AcceleratorRef, AcceleratorType, Machine, Slice, Topology,
    accelerator_suggestions, check as check_legality, nearest, sax, topologies_with_chips,
};

/// Bytes of a message that quotes what was written.
const MESSAGE: usize = 1_000;
/// Words of a text that are looked at one by one.
const WORDS: usize = 4;
/// Words in a suggestion.
const SUGGESTIONS: usize = 3;

/// Checks a text, and the numbers that its bytes make.
///
/// # Panics
/// When something doesn't hold for it.
pub fn check(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    check_shapes(&text);
    check_names(&text);
    for word in text.split_whitespace().take(WORDS) {
        check_shapes(word);
    }
    let numbers: Vec<u32> = bytes
        .chunks_exact(4)
        .map(|four| u32::from_le_bytes([four[0], four[1], four[2], four[3]]))
        .collect();
    check_dimensions(&numbers[..numbers.len().min(4)], numbers.len());
}

fn check_shapes(text: &str) {
    match Topology::parse(text) {
        Ok(topology) => {
            assert_eq!(topology.to_string(), text);
            check_dimensions(topology.dims(), text.len());
        }
        Err(error) => assert!(error.to_string().len() < MESSAGE),
    }
    match Slice::parse(text) {
        Ok(slice) => assert_eq!(Slice::parse(&slice.to_string()), Ok(slice)),
        Err(error) => assert!(error.to_string().len() < MESSAGE),
    }
    if let Some(guess) = Topology::guess(text) {
        assert_eq!(Topology::parse(&guess.to_string()), Ok(guess));
    }
    if let Some(found) = AcceleratorType::parse(text) {
        assert!(found.chips > 0);
        let topology = found.topology();
        assert!(topology.is_none_or(|topology| topology.chips() == found.chips));
    }
    if let Some(accelerator) = Accelerator::from_alias_or_label(text) {
        let spelled = [Some(accelerator.label()), accelerator.alias()];
        assert!(spelled.contains(&Some(text)));
    }
    assert_eq!(AcceleratorRef::of(text).label(), text);
    assert!(Machine::find(text).is_none_or(|(_, machine)| machine.name == text));
    assert!(accelerator_suggestions(text).len() <= SUGGESTIONS);
}

fn check_names(text: &str) {
    match sax::CellName::parse(text) {
        Ok(cell) => assert_eq!(cell.to_string(), text),
        Err(error) => assert!(error.to_string().len() < MESSAGE),
    }
    match sax::ModelId::parse(text) {
        Ok(model) => assert_eq!(model.to_string(), text),
        Err(error) => assert!(error.to_string().len() < MESSAGE),
    }
    assert!(sax::suggestions(text).len() <= SUGGESTIONS);
    assert!(!sax::cell_name_valid(text) || sax::model_path_valid(text));
    assert!(!sax::platform_topology_known(text) || !text.is_empty());
    assert!(sax::ImageVersion::from_image(text).is_none() || text.contains(':'));
    assert!(sax::find(text).is_none_or(|class| class.full_name().ends_with(class.name())));
}

/// These dimensions on each accelerator, some of them in turn.
fn check_dimensions(dims: &[u32], turn: usize) {
    let Ok(topology) = Topology::new(dims) else {
        assert!(dims.len() < 2 || dims.len() > 3 || dims.contains(&0));
        return;
    };
    assert_eq!(topology.dims(), dims);
    let exact = dims.iter().map(|dim| u128::from(*dim)).product::<u128>();
    assert_eq!(
        u128::from(topology.chips()),
        exact.min(u128::from(u64::MAX))
    );
    assert_eq!(topology.sorted().chips(), topology.chips());
    let accelerators = Accelerator::all();
    check_slice(&accelerators[turn % accelerators.len()], topology);
}

fn check_slice(accelerator: &'static Accelerator, topology: Topology) {
    let near = nearest(accelerator, topology.chips());
    assert!(near.len() <= SUGGESTIONS);
    for same in topologies_with_chips(accelerator, topology.chips()) {
        assert_eq!(same.chips(), topology.chips());
        assert!(check_legality(accelerator, &same).is_ok());
    }
    let legality = match check_legality(accelerator, &topology) {
        Ok(legality) => legality,
        Err(illegal) => {
            assert!(illegal.to_string().len() < MESSAGE);
            let mut alternatives = illegal.alternatives().into_iter();
            assert!(alternatives.all(|other| check_legality(accelerator, &other).is_ok()));
            return;
        }
    };
    let (slice, again) = Slice::new(accelerator, topology).expect("just checked");
    assert_eq!(legality, again);
    assert_eq!(Slice::parse(&slice.to_string()), Ok(slice));
    for per_vm in slice.chips_per_vm_choices() {
        assert!(slice.machine(per_vm).is_some());
        let vms = slice.vms(per_vm).map(u64::from);
        assert!(vms.is_none_or(|vms| vms * u64::from(per_vm) == slice.chips()));
    }
    assert!(slice.hbm_bytes() >= accelerator.hbm_bytes_per_chip());
    assert!(
        slice
            .jax_devices()
            .is_none_or(|devices| devices >= slice.chips())
    );
}
