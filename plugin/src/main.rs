//! The binary that kubectl finds as the plugin `sax`.

use std::process::ExitCode;

fn main() -> ExitCode {
    plugin::main_impl()
}
