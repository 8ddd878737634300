//! A client that grpcio-tools made of the same .proto files talks to the simulator: what our own
//! compiler got wrong on both sides would show here.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use sax_simulator::script::{Class, Server};
use sax_simulator::{Sax, Script};

const REQUIREMENTS: &str = "tests/sax/tests/python/requirements.txt";
const CLIENT: &str = "tests/sax/tests/python/client.py";

const EXPECTED: &str = "\
again UNKNOWN model {test m1} already exists: rpc error: code = AlreadyExists desc = AlreadyExists
overrides {'BATCH_SIZE': '4'}
assigned True
change addition 1
status LOADED
generate canned answer to: hi -1.25
stream canned answer to: hi
chip CHIP_TYPE_CPU 1
unloaded
";

#[tokio::test(flavor = "multi_thread")]
async fn a_client_made_by_another_tool_publishes_asks_and_unpublishes() {
    let root = xtask::workspace_root();
    let Some(python) = python(&root) else {
        xtask::progress::say(
            "without python3 and its venv module (Debian: python3-venv): no other tool's client \
             talks to the simulator",
        );
        return;
    };
    let generated = generated(&root, &python);
    let sax = Sax::start(script()).await.expect("must start");
    let endpoints = sax.endpoints();
    let mut client = Command::new(&python);
    client
        .arg(root.join(CLIENT))
        .arg(endpoints.admin.to_string())
        .arg(endpoints.servers[0].to_string())
        .env("PYTHONPATH", generated);
    let said = tokio::task::spawn_blocking(move || run(&mut client)).await;
    assert_eq!(said.expect("must run"), EXPECTED);
}

fn script() -> Script {
    Script {
        time_scale: 50.0,
        classes: vec![Class {
            path: "lm.Fake".to_owned(),
            devices: vec![1],
        }],
        servers: vec![Server::default()],
        ..Script::default()
    }
}

/// A Python with the required packages, made once; `None` where none can be made.
fn python(root: &Path) -> Option<PathBuf> {
    let cache = root.join(".cache/python");
    fs::create_dir_all(&cache).expect("the cache must be made");
    let lock = File::create(cache.join("lock")).expect("the lock must be made");
    lock.lock().expect("another run must end");
    let wanted = fs::read_to_string(root.join(REQUIREMENTS)).expect("must be read");
    let folder = cache.join("venv");
    let python = folder.join("bin/python3");
    let done = folder.join("requirements.txt");
    if fs::read_to_string(&done).is_ok_and(|found| found == wanted) {
        return Some(python);
    }
    let mut venv = Command::new("python3");
    venv.args(["-m", "venv", "--clear"]).arg(&folder);
    if !venv.output().is_ok_and(|output| output.status.success()) {
        return None;
    }
    let mut install = Command::new(&python);
    install
        .args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--only-binary=:all:",
            "-r",
        ])
        .arg(root.join(REQUIREMENTS));
    run(&mut install);
    fs::write(&done, wanted).expect("must be written");
    Some(python)
}

/// The folder of the modules that grpcio-tools makes of our .proto files.
fn generated(root: &Path, python: &Path) -> PathBuf {
    let folder = root.join(".cache/python/generated");
    fs::create_dir_all(&folder).expect("the folder must be made");
    let proto = root.join("saxml/proto");
    let mut compile = Command::new(python);
    compile.args(["-m", "grpc_tools.protoc"]);
    for (flag, path) in [
        ("proto_path", &proto),
        ("python_out", &folder),
        ("grpc_python_out", &folder),
    ] {
        compile.arg(format!("--{flag}={}", path.display()));
    }
    let files = fs::read_dir(proto.join("saxml/protobuf")).expect("must be listed");
    for file in files {
        compile.arg(file.expect("must be listed").path());
    }
    run(&mut compile);
    folder
}

/// What a command prints.
fn run(command: &mut Command) -> String {
    let output = command.output().expect("must start");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {stderr}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}
