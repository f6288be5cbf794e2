use super::LocalCa;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn an_authority_is_made_once_and_its_keys_are_nobody_elses() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("deep/ca");
    let ca = LocalCa::open(&folder).unwrap();
    let authority = std::fs::read(ca.certificate()).unwrap();
    let first = ca.server(&names(&["*.example.test", "127.0.0.1", "::1"])).unwrap();
    assert_eq!(first.certificate, folder.join("_wildcard.example.test.pem"));
    let (old, key) = (std::fs::read(&first.certificate).unwrap(), first.key.clone());
    for key in [&key, &folder.join("ca-key.pem")] {
        assert_eq!(mode(key), 0o600, "{}", key.display());
    }
    assert_eq!(mode(&ca.certificate()), 0o644);

    let again = LocalCa::open(&folder).unwrap();
    assert_eq!(std::fs::read(again.certificate()).unwrap(), authority);
    let renewed = again.server(&names(&["*.example.test"])).unwrap();
    assert_ne!(std::fs::read(&renewed.certificate).unwrap(), old);
    assert_eq!(mode(&renewed.key), 0o600);
}

#[test]
fn a_name_is_no_path() {
    let folder = tempfile::tempdir().unwrap();
    let ca = LocalCa::open(folder.path()).unwrap();
    for name in ["../x", "a/b", "", ".", "a b", "*", "ca", "ca-key", "ann-key", "a\n"] {
        assert!(ca.server(&names(&[name])).is_err(), "{name:?}");
        assert!(ca.client(name).is_err(), "{name:?}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 3, "the authority, its key and the lock");
}

#[test]
fn an_authority_without_its_key_is_told() {
    let folder = tempfile::tempdir().unwrap();
    LocalCa::open(folder.path()).unwrap();
    std::fs::write(folder.path().join("ca-key.pem"), "nothing").unwrap();
    let error = LocalCa::open(folder.path()).err().unwrap().to_string();
    assert!(error.contains("holds no authority with its key"), "{error}");
    // A key without its certificate is not replaced: what it signed would be lost.
    std::fs::remove_file(folder.path().join("ca.pem")).unwrap();
    assert!(LocalCa::open(folder.path()).is_err());
    assert_eq!(std::fs::read_to_string(folder.path().join("ca-key.pem")).unwrap(), "nothing");
}
