//! `sekisho image`: what it writes is read back as registries read it.
// Helpers of tests are tests.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use oci_spec::image::{Descriptor, ImageConfiguration, ImageIndex, ImageManifest, MediaType, OciLayout};
use sha2::{Digest, Sha256};
use std::io::Read;
use std::path::Path;
use std::process::{Command, Output};

fn image(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_sekisho")).current_dir(folder).arg("image").args(args).output().unwrap()
}

/// A blob, if it is what its descriptor says.
fn blob(layout: &Path, descriptor: &Descriptor) -> Vec<u8> {
    let bytes = std::fs::read(layout.join("blobs/sha256").join(descriptor.digest().digest())).unwrap();
    assert_eq!(bytes.len() as u64, descriptor.size());
    let digest: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(digest, descriptor.digest().digest());
    bytes
}

#[test]
fn an_image_holds_the_filter_and_has_one_digest() {
    let folder = tempfile::tempdir().unwrap();
    let wasm = [b"\0asm\x01\0\0\0".to_vec(), vec![7; 100_000]].concat();
    std::fs::write(folder.path().join("sekisho.wasm"), &wasm).unwrap();
    let made = image(folder.path(), &["--out", "image", "--tag", "1"]);
    assert!(made.status.success(), "{made:?}");
    let said = String::from_utf8(made.stdout).unwrap();

    let layout = folder.path().join("image");
    assert_eq!(OciLayout::from_file(layout.join("oci-layout")).unwrap().image_layout_version(), "1.0.0");
    let index = ImageIndex::from_file(layout.join("index.json")).unwrap();
    let [named] = &index.manifests()[..] else { panic!("one image: {index:?}") };
    assert_eq!(named.digest().to_string(), said.trim_end());
    assert_eq!(named.annotations().as_ref().unwrap()["org.opencontainers.image.ref.name"], "1");
    let manifest = ImageManifest::from_reader(&blob(&layout, named)[..]).unwrap();
    let config = ImageConfiguration::from_reader(&blob(&layout, manifest.config())[..]).unwrap();
    let [layer] = &manifest.layers()[..] else { panic!("one layer: {manifest:?}") };
    assert_eq!(layer.media_type(), &MediaType::ImageLayerGzip);
    let mut tar = Vec::new();
    flate2::read::GzDecoder::new(&blob(&layout, layer)[..]).read_to_end(&mut tar).unwrap();
    let digest: String = Sha256::digest(&tar).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(config.rootfs().diff_ids(), &[format!("sha256:{digest}")]);
    let mut archive = tar::Archive::new(&tar[..]);
    let mut files = 0;
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        assert_eq!(entry.path().unwrap().to_str(), Some("plugin.wasm"));
        let mut held = Vec::new();
        entry.read_to_end(&mut held).unwrap();
        assert!(held == wasm);
        files += 1;
    }
    assert_eq!(files, 1);

    // Made again elsewhere, it is the same image.
    let again = image(folder.path(), &["--out", "again"]);
    assert_eq!(String::from_utf8(again.stdout).unwrap(), said);
}

#[test]
fn what_is_no_filter_is_no_image() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("text.wasm"), "text").unwrap();
    let refused = |args: &[&str]| {
        let output = image(folder.path(), args);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0));
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(refused(&["--wasm", "text.wasm", "--out", "image"]).contains("no WebAssembly module"));
    assert!(refused(&["--out", "image"]).contains("cargo wasm"));
    assert!(!folder.path().join("image").exists());
}
