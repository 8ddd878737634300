//! Claims about sizes: what the flags take, and that no number is too large.

use proptest::prelude::*;
use tpu::Accelerator;

use super::size::gigabytes;
use super::{Dtype, Parameters, PlanError, Size, Wish, plan};

const DTYPES: [Dtype; 4] = [Dtype::F32, Dtype::Bf16, Dtype::F16, Dtype::Int8];

fn count(text: &str) -> Result<u64, String> {
    let parsed: Result<Parameters, _> = text.parse();
    parsed
        .map(Parameters::count)
        .map_err(|error| error.to_string())
}

#[test]
fn parameters_are_numbers_with_a_unit() {
    for (text, expected) in [
        ("175B", 175_000_000_000),
        ("175b", 175_000_000_000),
        (" 175B ", 175_000_000_000),
        ("1.5B", 1_500_000_000),
        ("0.5B", 500_000_000),
        ("350M", 350_000_000),
        ("1.25T", 1_250_000_000_000),
        ("7000000000", 7_000_000_000),
        ("1000T", 1_000_000_000_000_000),
    ] {
        assert_eq!(count(text), Ok(expected), "{text}");
    }
}

#[test]
fn what_is_no_number_of_parameters_is_told_how_to_write_one() {
    for (text, expected) in [
        ("", "must be a number with K, M, B or T"),
        ("B", "must be a number"),
        ("1.B", "must be a number"),
        (".5B", "must be a number"),
        ("1.2.3B", "must be a number"),
        ("-1B", "must be a number"),
        ("1e9", "no model"),
        ("175G", "must be a number"),
        ("175é", "must be a number"),
        ("175", "write 175B for 175 billion"),
        ("0B", "at least one parameter"),
        ("0", "at least one parameter"),
        ("1001T", "more than 1000T"),
        ("99999999999999999999999B", "more than 1000T"),
        ("18446744073709551615T", "more than 1000T"),
    ] {
        match count(text) {
            Err(error) if text != "1e9" => assert!(error.contains(expected), "{text}: {error}"),
            Err(_) => {}
            Ok(found) => panic!("{text}: {found}"),
        }
    }
}

#[test]
fn types_have_their_usual_names_and_a_misspelt_one_a_suggestion() {
    for (text, bytes) in [
        ("f32", 4),
        ("bf16", 2),
        ("bfloat16", 2),
        ("fp16", 2),
        ("int8", 1),
    ] {
        assert_eq!(text.parse().map(Dtype::bytes), Ok(bytes), "{text}");
    }
    let error = "int4"
        .parse::<Dtype>()
        .expect_err("no such type")
        .to_string();
    assert!(error.ends_with("did you mean int8?"), "{error}");
    let error = "BF16"
        .parse::<Dtype>()
        .expect_err("no such spelling")
        .to_string();
    assert!(error.ends_with("did you mean bf16?"), "{error}");
    let error = "decimal"
        .parse::<Dtype>()
        .expect_err("no such type")
        .to_string();
    assert!(!error.contains("did you mean"), "{error}");
}

#[test]
fn memory_is_rounded_up() {
    for (bytes, expected) in [
        (0, "0 GB"),
        (1, "0.1 GB"),
        (1_500_000_000, "1.5 GB"),
        (9_990_000_000, "10 GB"),
        (16_000_000_001, "17 GB"),
        (350_000_000_000, "350 GB"),
    ] {
        assert_eq!(gigabytes(bytes), expected);
    }
}

fn parameters() -> impl Strategy<Value = Parameters> {
    // Small, of a model's size, and the largest.
    let counts = prop_oneof![
        1_u64..=2_000_000,
        1_000_000_000_u64..=2_000_000_000_000,
        999_000_000_000_000_u64..=1_000_000_000_000_000
    ];
    counts.prop_map(Parameters::from_count)
}

fn planned(
    parameters: Parameters,
    dtype: Dtype,
    accelerator: &Accelerator,
) -> Result<u64, PlanError> {
    let plan = plan(&Wish {
        parameters: Some(parameters),
        dtype: Some(dtype),
        accelerator: Some(accelerator.label().to_owned()),
        replicas: 1,
        ..Wish::default()
    })?;
    Ok(plan.total_chips())
}

proptest! {
    #[test]
    fn any_size_on_any_accelerator_is_planned_or_refused(
        parameters in parameters(),
        dtype in prop::sample::select(DTYPES.to_vec()),
        accelerator in prop::sample::select(Accelerator::all().iter().collect::<Vec<_>>()),
    ) {
        let size = Size { parameters, dtype };
        if let (Ok(chips), Some(needed)) = (planned(parameters, dtype, accelerator), size.chips(accelerator)) {
            prop_assert!(chips >= needed, "{chips} chips for {needed}");
            let memory = accelerator.hbm_bytes_per_chip().unwrap_or(0) * chips;
            prop_assert!(size.weights() < memory);
        }
    }

    #[test]
    fn more_parameters_never_need_fewer_chips(
        one in parameters(),
        other in parameters(),
        dtype in prop::sample::select(DTYPES.to_vec()),
        accelerator in prop::sample::select(Accelerator::all().iter().collect::<Vec<_>>()),
    ) {
        let (fewer, more) = (one.min(other), one.max(other));
        let chips = |parameters| Size { parameters, dtype }.chips(accelerator);
        prop_assert!(chips(fewer) <= chips(more));
        // What isn't planned needs more than there is.
        let slice = |parameters| planned(parameters, dtype, accelerator).unwrap_or(u64::MAX);
        prop_assert!(slice(fewer) <= slice(more));
    }

    #[test]
    fn wider_types_never_need_fewer_chips(
        parameters in parameters(),
        accelerator in prop::sample::select(Accelerator::all().iter().collect::<Vec<_>>()),
    ) {
        let chips = DTYPES.map(|dtype| planned(parameters, dtype, accelerator).unwrap_or(u64::MAX));
        prop_assert!(chips.is_sorted_by(|wider, narrower| wider >= narrower), "{chips:?}");
    }

    #[test]
    fn no_text_makes_the_flags_panic(text in ".*", number in "[0-9.]{0,30}[KMBTkmbt]?") {
        for text in [text, number] {
            let _ = text.parse::<Dtype>();
            if let Ok(parameters) = text.parse::<Parameters>() {
                prop_assert!(parameters.count() > 0);
            }
        }
    }

    #[test]
    fn parameters_are_read_as_they_are_written(billions in 1_u64..1_000_000) {
        let parameters = Parameters::from_count(billions * 1_000_000_000);
        prop_assert_eq!(parameters.to_string().parse(), Ok(parameters));
    }
}
