//! Fuzzes `sax_fuzz::patch`; in an ordinary build it replays the inputs that it is given.
#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| sax_fuzz::patch::check(bytes));

#[cfg(not(fuzzing))]
fn main() -> std::process::ExitCode {
    sax_fuzz::replay::files(sax_fuzz::patch::check)
}
