//! `sekisho local-ca`: a certificate authority of one's own, to try custom domains and client certificates.
//!
//! Nobody trusts it unless told so (`curl --cacert`), and it never enters the machine's own list: whoever has its key could be
//! any server for those who trust it.

use crate::{Error, Ui};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

/// Makes a certificate authority of your own, and certificates by it.
///
/// The folder gets `ca.pem` and `ca-key.pem`, unless they are there, and a certificate with its key: `NAME.pem`,
/// `NAME-key.pem`, `_wildcard` in the place of `*`. Files that are there are replaced by a rename, as a renewal does it.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The folder.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Hosts and addresses of one server's certificate: `api.localhost`, `*.example.test`, `127.0.0.1`.
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// Also a client's certificate, with this as its common name.
    #[arg(long, value_name = "NAME")]
    client: Option<String>,
}

const EXAMPLES: &str = "\
Examples:
  sekisho local-ca ca api.localhost
  sekisho local-ca ca '*.example.test' example.test --client ann
  curl --cacert ca/ca.pem https://api.localhost:8443/";

const DAY: Duration = Duration::from_secs(86_400);
/// An authority is to outlive what it certifies.
const AUTHORITY_DAYS: u32 = 3650;
/// The longest that browsers take.
const DAYS: u32 = 397;

/// An authority in a folder.
pub struct LocalCa {
    folder: PathBuf,
    issuer: Issuer<'static, KeyPair>,
}

/// A certificate and its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issued {
    /// PEM certificate.
    pub certificate: PathBuf,
    /// PEM private key, which only its owner may read.
    pub key: PathBuf,
}

/// Makes what was asked for, and says where it is.
///
/// # Errors
/// If a name is no name, or a file cannot be written.
pub fn run(args: &Args, ui: &Ui) -> Result<ExitCode, Error> {
    let ca = LocalCa::open(&args.folder)?;
    ui.say(&format!("authority    {}", ca.certificate().display()));
    let mut issued = Vec::new();
    if !args.names.is_empty() {
        issued.push(ca.server(&args.names)?);
    }
    if let Some(name) = &args.client {
        issued.push(ca.client(name)?);
    }
    for it in issued {
        ui.say(&format!("certificate  {}", it.certificate.display()));
        ui.say(&format!("key          {}", it.key.display()));
    }
    Ok(ExitCode::SUCCESS)
}

// === impl LocalCa ===

impl LocalCa {
    /// The authority of a folder; a new one if there is none.
    ///
    /// # Errors
    /// If it cannot be read or made.
    pub fn open(folder: &Path) -> Result<Self, Error> {
        std::fs::create_dir_all(folder).map_err(|error| cannot("make", folder, error))?;
        let _lock = lock(folder)?;
        let (certificate, key) = (folder.join("ca.pem"), folder.join("ca-key.pem"));
        if !certificate.exists() && !key.exists() {
            make(&certificate, &key)?;
        }
        let text = |path: &Path| std::fs::read_to_string(path).map_err(|error| cannot("read", path, error));
        let damaged = |error| {
            Error::failed(format!("`{}` holds no authority with its key", folder.display()))
                .because(error)
                .help("remove `ca.pem` and `ca-key.pem`, and a new one is made")
        };
        let pair = KeyPair::from_pem(&text(&key)?).map_err(damaged)?;
        let issuer = Issuer::from_ca_cert_pem(&text(&certificate)?, pair).map_err(damaged)?;
        Ok(Self { folder: folder.to_owned(), issuer })
    }

    /// Its certificate, which clients are told to trust.
    #[must_use]
    pub fn certificate(&self) -> PathBuf {
        self.folder.join("ca.pem")
    }

    /// A server's certificate, for all of these names.
    ///
    /// # Errors
    /// If one is no host and no address, or a file cannot be written.
    pub fn server(&self, names: &[String]) -> Result<Issued, Error> {
        for name in names {
            let host = name.strip_prefix("*.").unwrap_or(name);
            if !is_file_name(&host.replace(':', "_")) {
                return Err(Error::failed(format!("`{name}` is no host and no address")));
            }
        }
        let mut params = params(DAYS);
        let named = CertificateParams::new(names.to_vec()).map_err(refused)?;
        params.subject_alt_names = named.subject_alt_names;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let first = names.first().map_or("server", String::as_str);
        self.issue(params, first)
    }

    /// A client's certificate.
    ///
    /// # Errors
    /// If the name cannot be that of a file, or a file cannot be written.
    pub fn client(&self, name: &str) -> Result<Issued, Error> {
        if !is_file_name(name) {
            return Err(Error::failed(format!("`{name}` is no name for a client's certificate"))
                .help("letters, digits, `.`, `-` and `_`"));
        }
        let mut params = params(DAYS);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        self.issue(params, name)
    }

    fn issue(&self, mut params: CertificateParams, name: &str) -> Result<Issued, Error> {
        params.distinguished_name.push(DnType::CommonName, name);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate().map_err(refused)?;
        let certificate = params.signed_by(&key, &self.issuer).map_err(refused)?;
        let name = name.replace('*', "_wildcard").replace(':', "_");
        let issued = Issued {
            certificate: self.folder.join(format!("{name}.pem")),
            key: self.folder.join(format!("{name}-key.pem")),
        };
        // Another process may make the same pair: they do not mix.
        let _lock = lock(&self.folder)?;
        write(&issued.key, &key.serialize_pem(), Readers::Owner)?;
        write(&issued.certificate, &certificate.pem(), Readers::All)?;
        Ok(issued)
    }
}

/// Held as long as the file is open.
fn lock(folder: &Path) -> Result<File, Error> {
    let file = File::create(folder.join(".lock")).and_then(|file| file.lock().map(|()| file));
    file.map_err(|error| cannot("lock", folder, error))
}

fn make(certificate: &Path, key: &Path) -> Result<(), Error> {
    let mut params = params(AUTHORITY_DAYS);
    params.distinguished_name.push(DnType::OrganizationName, "Sekisho");
    params.distinguished_name.push(DnType::CommonName, "Local authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let pair = KeyPair::generate().map_err(refused)?;
    let authority = params.self_signed(&pair).map_err(refused)?;
    write(key, &pair.serialize_pem(), Readers::Owner)?;
    write(certificate, &authority.pem(), Readers::All)
}

fn params(days: u32) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    // Clocks differ.
    let now = SystemTime::now();
    params.not_before = (now - DAY).into();
    params.not_after = (now + DAY * days).into();
    params
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Readers {
    Owner,
    All,
}

/// Writes a file beside its place and renames it. A key is never readable by others, not even for a moment.
fn write(path: &Path, text: &str, readers: Readers) -> Result<(), Error> {
    let folder = path.parent().unwrap_or_else(|| Path::new("."));
    let written = || -> io::Result<()> {
        // Its mode is 0600.
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(text.as_bytes())?;
        if readers == Readers::All {
            readable(file.as_file())?;
        }
        file.persist(path).map_err(|error| error.error)?;
        Ok(())
    };
    written().map_err(|error| cannot("write", path, error))
}

#[cfg(unix)]
fn readable(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn readable(_file: &File) -> io::Result<()> {
    Ok(())
}

fn is_file_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    !name.is_empty()
        && name.len() <= 200
        && !name.starts_with('.')
        && name.bytes().all(allowed)
        && name != "ca"
        // Files of keys end so: the key of `api` would be the certificate of `api-key`.
        && !name.ends_with("-key")
}

fn cannot(what: &str, path: &Path, error: io::Error) -> Error {
    Error::failed(format!("cannot {what} `{}`", path.display())).because(error)
}

fn refused(error: rcgen::Error) -> Error {
    Error::failed("cannot make a certificate").because(error)
}

#[cfg(test)]
mod tests;
