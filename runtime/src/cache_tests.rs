//! Compiled code that is not ours must not run.

use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::config::config;

/// The smallest component: compiled in no time, and enough to see where it comes from.
const EMPTY: &[u8] = b"\0asm\x0d\0\x01\0";

struct Setup {
    engine: Engine,
    folder: tempfile::TempDir,
}

impl Setup {
    fn new() -> Self {
        Self {
            engine: Engine::new(&config(false)).unwrap(),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn folder(&self) -> PathBuf {
        self.folder.path().join("cache")
    }

    fn cache(&self) -> Cache {
        Cache::open(&self.folder(), &self.engine).unwrap()
    }

    /// The file of the empty component, made by a first use.
    fn kept(&self) -> PathBuf {
        self.cache().component(&self.engine, EMPTY).unwrap();
        self.folder().join(self.cache().name(EMPTY))
    }

    fn is_taken(&self, path: &Path) -> bool {
        let cache = self.cache();
        cache.read(&self.engine, &cache.name(EMPTY), path).is_some()
    }

    fn heals(&self, path: &Path) -> bool {
        self.cache().component(&self.engine, EMPTY).unwrap();
        self.is_taken(path)
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn what_was_compiled_once_is_taken_from_the_cache() {
    let setup = Setup::new();
    let kept = setup.kept();
    assert!(setup.is_taken(&kept));
    assert_eq!((mode(&setup.folder()), mode(&kept)), (0o700, 0o600));
    assert_eq!(mode(&setup.folder().join("key")), 0o600);
}

#[test]
fn every_changed_byte_is_noticed_and_mended() {
    let setup = Setup::new();
    let kept = setup.kept();
    let whole = fs::read(&kept).unwrap();
    for at in [0, TAG - 1, TAG, whole.len() / 2, whole.len() - 1] {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        fs::write(&kept, changed).unwrap();
        assert!(!setup.is_taken(&kept), "byte {at}");
        assert!(setup.heals(&kept));
    }
}

#[test]
fn truncated_files_are_noticed_and_mended() {
    let setup = Setup::new();
    let kept = setup.kept();
    let whole = fs::read(&kept).unwrap();
    for length in [0, 1, TAG, whole.len() - 1] {
        fs::write(&kept, &whole[..length]).unwrap();
        assert!(!setup.is_taken(&kept), "{length} bytes");
        assert!(setup.heals(&kept));
    }
}

#[test]
fn code_of_another_component_under_this_name_is_not_taken() {
    let setup = Setup::new();
    let kept = setup.kept();
    let mut other = EMPTY.to_vec();
    // A custom section: the same component, another digest.
    other.extend([0, 2, 1, b'x']);
    setup.cache().component(&setup.engine, &other).unwrap();
    let other = setup.folder().join(setup.cache().name(&other));
    fs::copy(other, &kept).unwrap();
    assert!(!setup.is_taken(&kept));
}

#[test]
fn another_key_signs_nothing_for_us() {
    let setup = Setup::new();
    let kept = setup.kept();
    fs::write(setup.folder().join("key"), [7; 32]).unwrap();
    assert!(!setup.is_taken(&kept));
    assert!(setup.heals(&kept));
}

#[test]
fn a_key_that_others_can_read_is_replaced() {
    let setup = Setup::new();
    let kept = setup.kept();
    let key = setup.folder().join("key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(!setup.is_taken(&kept));
    assert_eq!(mode(&key), 0o600);
}

#[test]
fn a_folder_that_others_can_write_is_not_used() {
    let setup = Setup::new();
    setup.kept();
    fs::set_permissions(setup.folder(), fs::Permissions::from_mode(0o777)).unwrap();
    assert!(Cache::open(&setup.folder(), &setup.engine).is_none());
}

#[test]
fn a_file_in_place_of_the_folder_means_no_cache() {
    let setup = Setup::new();
    fs::write(setup.folder(), "").unwrap();
    assert!(Cache::open(&setup.folder(), &setup.engine).is_none());
}

#[test]
fn many_at_once_agree_on_one_key() {
    let setup = Setup::new();
    let keys: Vec<Key> = std::thread::scope(|scope| {
        let open = || scope.spawn(|| setup.cache().key);
        let threads: Vec<_> = std::iter::repeat_with(open).take(16).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    assert!(keys.iter().all(|key| *key == keys[0]));
}
