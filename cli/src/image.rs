//! `sekisho image`: the filter as an image that registries, Istio and Envoy Gateway take.
//!
//! One layer, tar and gzip, with `plugin.wasm` in it: what `FROM scratch` and `COPY` make (`envoy/oci/Dockerfile`), which is the
//! "compat variant" of <https://github.com/solo-io/wasm/blob/master/spec/spec-compat.md>. Nothing in it tells when or by whom it
//! was made, so the same filter has the same digest.

use crate::{Error, Ui};
use flate2::{Compression, GzBuilder};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Writes the filter as an OCI image layout, and prints its digest.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The filter.
    #[arg(long, value_name = "PATH", default_value = "sekisho.wasm")]
    pub wasm: PathBuf,
    /// The folder of the layout.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// What the image is called in its layout.
    #[arg(long, value_name = "TAG", default_value = "latest")]
    pub tag: String,
}

const EXAMPLES: &str = "\
Examples:
  sekisho image --wasm sekisho.wasm --out image
  skopeo copy oci:image:latest docker://registry.example/sekisho:1";

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// An image in memory.
#[derive(Debug)]
pub struct Image {
    blobs: Vec<Blob>,
    manifest: Value,
    /// `sha256:…` of the manifest: what registries know it by.
    pub digest: String,
}

#[derive(Debug)]
struct Blob {
    digest: String,
    bytes: Vec<u8>,
}

/// Carries out the verb.
///
/// # Errors
/// The filter is none, or a file cannot be read or written.
pub fn run(args: &Args, ui: &Ui) -> Result<ExitCode, Error> {
    let failed = |path: &Path, error: io::Error| Error::failed(format!("{}: {error}", path.display()));
    let wasm = std::fs::read(&args.wasm).map_err(|error| {
        failed(&args.wasm, error).help("build it with `cargo wasm`, and name it with `--wasm`")
    })?;
    if !wasm.starts_with(b"\0asm") {
        return Err(Error::failed(format!("{}: this is no WebAssembly module", args.wasm.display())));
    }
    let image = Image::of(&wasm).map_err(|error| failed(&args.wasm, error))?;
    image.write(&args.out, &args.tag).map_err(|error| failed(&args.out, error))?;
    ui.print(&format!("{}\n", image.digest))?;
    Ok(ExitCode::SUCCESS)
}

// === impl Image ===

impl Image {
    /// The image of a module.
    ///
    /// # Errors
    /// It cannot be packed.
    pub fn of(wasm: &[u8]) -> io::Result<Self> {
        let tar = tar(wasm)?;
        let layer = Blob::new(gzip(&tar)?);
        let config = Blob::new(json_bytes(&json!({
            "architecture": "wasm",
            "os": "wasip1",
            "config": {},
            "rootfs": { "type": "layers", "diff_ids": [digest(&tar)] },
        })));
        let manifest = Blob::new(json_bytes(&json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": config.descriptor(CONFIG),
            "layers": [layer.descriptor(LAYER)],
        })));
        let descriptor = manifest.descriptor(MANIFEST);
        let digest = manifest.digest.clone();
        Ok(Self { blobs: vec![layer, config, manifest], manifest: descriptor, digest })
    }

    /// Writes it as an OCI image layout, its index last.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn write(&self, folder: &Path, tag: &str) -> io::Result<()> {
        let blobs = folder.join("blobs").join("sha256");
        std::fs::create_dir_all(&blobs)?;
        for blob in &self.blobs {
            std::fs::write(blobs.join(blob.digest.trim_start_matches("sha256:")), &blob.bytes)?;
        }
        let mut manifest = self.manifest.clone();
        if let Some(manifest) = manifest.as_object_mut() {
            manifest.insert("annotations".into(), json!({ "org.opencontainers.image.ref.name": tag }));
        }
        let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [manifest] });
        std::fs::write(folder.join("oci-layout"), json_bytes(&json!({ "imageLayoutVersion": "1.0.0" })))?;
        std::fs::write(folder.join("index.json"), json_bytes(&index))
    }
}

// === impl Blob ===

impl Blob {
    fn new(bytes: Vec<u8>) -> Self {
        Self { digest: digest(&bytes), bytes }
    }

    fn descriptor(&self, media_type: &str) -> Value {
        json!({ "mediaType": media_type, "digest": self.digest, "size": self.bytes.len() })
    }
}

/// An archive with one file that anybody may read.
fn tar(wasm: &[u8]) -> io::Result<Vec<u8>> {
    let mut header = tar::Header::new_ustar();
    header.set_size(wasm.len() as u64);
    header.set_mode(0o644);
    header.set_mtime(0);
    header.set_uid(0);
    header.set_gid(0);
    let mut archive = tar::Builder::new(Vec::new());
    archive.append_data(&mut header, "plugin.wasm", wasm)?;
    archive.into_inner()
}

fn gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    // 255: of no system in particular.
    let mut out = GzBuilder::new().mtime(0).operating_system(255).write(Vec::new(), Compression::best());
    out.write_all(bytes)?;
    out.finish()
}

fn json_bytes(value: &Value) -> Vec<u8> {
    value.to_string().into_bytes()
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold("sha256:".to_owned(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
