//! Configuration as files that a running Envoy watches, each kind in a folder of its own.
//!
//! A folder each, because Envoy reads a file again whenever its watched folder changes: a new cluster must not make it
//! read the filter again.

use super::{Error, Plan, Settings, bootstrap, cluster, filter, listener, route, sts, tls, yaml};
use crate::hash_key::{PREFIX, hash};
use serde_json::{Value, json};
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// How configuration reaches Envoy.
#[derive(Debug, Clone, Copy)]
pub enum Delivery<'a> {
    /// All of it in the bootstrap.
    Static,
    /// In files that are watched.
    Files(&'a Layout),
}

/// The folder of a dynamic rendering.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    folder: PathBuf,
}

/// One file that Envoy watches: a discovery response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watched {
    folder: PathBuf,
    name: String,
}

/// All resources of a dynamic rendering.
#[derive(Debug, Clone, PartialEq)]
pub struct Resources {
    /// Secrets, a file for each.
    pub secrets: Vec<(Watched, Value)>,
    /// Clusters.
    pub clusters: Vec<Value>,
    /// The filter.
    pub filter: Value,
    /// Routes.
    pub routes: Value,
    /// The listeners.
    pub listeners: Vec<Value>,
}

// === impl Layout ===

impl Layout {
    /// The layout under a folder. Envoy resolves paths from where it was started, so the folder's path is made absolute.
    ///
    /// # Errors
    /// The folder's path cannot be made absolute.
    pub fn new(folder: &Path) -> Result<Self, Error> {
        let folder =
            std::path::absolute(folder).map_err(|source| Error::Write { path: folder.to_owned(), source })?;
        Ok(Self { folder })
    }

    /// What Envoy is started with.
    #[must_use]
    pub fn bootstrap(&self) -> PathBuf {
        self.folder.join("bootstrap.yaml")
    }

    /// The settings that `apply` renders with.
    #[must_use]
    pub fn settings(&self) -> PathBuf {
        self.folder.join("settings.json")
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Lines about every change, where the command line names no other place.
    #[must_use]
    pub fn audit(&self) -> PathBuf {
        self.folder.join("audit.jsonl")
    }

    /// The digest of the document in the file that Envoy watches, if there is one.
    #[must_use]
    pub fn digest(&self) -> Option<String> {
        let text = std::fs::read_to_string(self.ecds().path()).ok()?;
        let response: Value = serde_yaml_ng::from_str(&text).ok()?;
        let filter = response.get("resources")?.as_array()?.first()?;
        filter.pointer(filter::DOCUMENT)?.as_str().map(hash)
    }

    /// Held by the one that writes.
    #[must_use]
    pub fn lock(&self) -> PathBuf {
        self.folder.join(".lock")
    }

    /// Clusters.
    #[must_use]
    pub fn cds(&self) -> Watched {
        self.watched("cds", "clusters.yaml")
    }

    /// The listeners.
    #[must_use]
    pub fn lds(&self) -> Watched {
        self.watched("lds", "listeners.yaml")
    }

    /// Routes.
    #[must_use]
    pub fn rds(&self) -> Watched {
        self.watched("rds", "routes.yaml")
    }

    /// The filter.
    #[must_use]
    pub fn ecds(&self) -> Watched {
        self.watched("ecds", "filter.yaml")
    }

    /// One secret.
    #[must_use]
    pub fn sds(&self, name: &str) -> Watched {
        self.watched("sds", &cluster::file_name(name))
    }

    /// Where secrets are looked for that somebody else keeps.
    #[must_use]
    pub fn secrets(&self) -> PathBuf {
        self.folder.join("sds")
    }

    fn watched(&self, folder: &str, name: &str) -> Watched {
        Watched { folder: self.folder.join(folder), name: name.to_owned() }
    }
}

// === impl Watched ===

impl Watched {
    /// A file in a folder that somebody else keeps.
    #[must_use]
    pub fn in_folder(folder: &Path, name: &str) -> Self {
        Self { folder: folder.to_owned(), name: name.to_owned() }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.folder.join(&self.name)
    }

    /// How Envoy finds it. Envoy looks at it again when something is renamed into its folder.
    #[must_use]
    pub fn config_source(&self) -> Value {
        json!({
            "resource_api_version": "V3",
            "path_config_source": {
                "path": self.path().to_string_lossy(),
                "watched_directory": { "path": self.folder.to_string_lossy() },
            },
        })
    }

    /// Writes its resources by an atomic rename, and returns the version that Envoy will show once it has taken them.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, type_url: &str, resources: &[Value]) -> Result<String, Error> {
        let version = version(resources);
        let resources: Vec<Value> = resources.iter().map(|resource| typed(type_url, resource)).collect();
        let response = json!({ "version_info": version, "type_url": type_url, "resources": resources });
        self.write_text(&yaml::document(&response))?;
        Ok(version)
    }

    /// Writes its text by an atomic rename.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write_text(&self, text: &str) -> Result<(), Error> {
        std::fs::create_dir_all(&self.folder)
            .map_err(|source| Error::Write { path: self.folder.clone(), source })?;
        replace(&self.path(), text)
    }
}

/// Writes a file beside its place and renames it: a reader sees the old text or the new one. What is no file, such as
/// `/dev/stdout` or a pipe, is written to, and stays what it is.
///
/// # Errors
/// The file cannot be written.
pub fn replace(path: &Path, text: &str) -> Result<(), Error> {
    let error = |source| Error::Write { path: path.to_owned(), source };
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let temporary = path.with_file_name(format!(".{name}.{}", std::process::id()));
    if std::fs::metadata(path).is_ok_and(|it| !it.is_file() && !it.is_dir()) {
        return std::fs::write(path, text).map_err(error);
    }
    // One that is there is left by a process that died, or it is somebody's link to another file: neither is written to.
    let _ = std::fs::remove_file(&temporary);
    let mut file = File::options().write(true).create_new(true).open(&temporary).map_err(error)?;
    file.write_all(text.as_bytes()).map_err(error)?;
    // Not the name without the text, should the machine stop now.
    file.sync_all().map_err(error)?;
    std::fs::rename(&temporary, path).map_err(error)
}

/// A version that changes with the content, and only with it. The filter's ends with the digest of its document, because Envoy
/// tells the version of what it has taken, and the content of what it was given last.
#[must_use]
pub fn version(resources: &[Value]) -> String {
    let digest = hash(&json!(resources).to_string());
    let version: String = digest.trim_start_matches(PREFIX).chars().take(16).collect();
    match resources {
        [only] => match only.pointer(filter::DOCUMENT).and_then(Value::as_str) {
            Some(document) => format!("{version}-{}", hash(document)),
            None => version,
        },
        _ => version,
    }
}

/// A resource as a discovery response holds it.
#[must_use]
pub fn typed(type_url: &str, resource: &Value) -> Value {
    let mut typed = serde_json::Map::from_iter([("@type".to_owned(), json!(type_url))]);
    if let Value::Object(resource) = resource {
        typed.extend(resource.clone());
    }
    Value::Object(typed)
}

/// Types of the resources.
pub mod types {
    /// Clusters.
    pub const CLUSTER: &str = "type.googleapis.com/envoy.config.cluster.v3.Cluster";
    /// Listeners.
    pub const LISTENER: &str = "type.googleapis.com/envoy.config.listener.v3.Listener";
    /// Route configurations.
    pub const ROUTES: &str = "type.googleapis.com/envoy.config.route.v3.RouteConfiguration";
    /// Filters.
    pub const FILTER: &str = "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig";
    /// Secrets.
    pub const SECRET: &str = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret";
}

/// All resources of a plan.
#[must_use]
pub fn resources(plan: &Plan, settings: &Settings, layout: &Layout) -> Resources {
    let delivery = Delivery::Files(layout);
    let mut clusters = cluster::clusters(plan, settings, delivery);
    clusters.extend(sts::clusters(plan, settings));
    Resources {
        secrets: secrets(plan).map(|(name, secret)| (layout.sds(&name), secret)).collect(),
        clusters,
        filter: json!({ "name": filter::NAME, "typed_config": filter::typed_config(plan, &settings.wasm) }),
        routes: route::route_config(plan),
        listeners: listener::listeners(plan, settings, delivery),
    }
}

/// Secrets whose files the document names, by name: of backends, and of custom domains.
fn secrets(plan: &Plan) -> impl Iterator<Item = (String, Value)> {
    let named = |secret: Value| {
        let name = secret.get("name").and_then(Value::as_str).unwrap_or_default();
        (name.to_owned(), secret)
    };
    cluster::secrets(plan).into_iter().map(named).chain(tls::secret::secrets(plan))
}

/// Writes all files of a rendering, the bootstrap last.
///
/// # Errors
/// A file cannot be written.
pub fn write(plan: &Plan, settings: &Settings, layout: &Layout) -> Result<(), Error> {
    let resources = resources(plan, settings, layout);
    for (file, secret) in &resources.secrets {
        file.write(types::SECRET, std::slice::from_ref(secret))?;
    }
    layout.cds().write(types::CLUSTER, &resources.clusters)?;
    layout.ecds().write(types::FILTER, &[resources.filter])?;
    layout.rds().write(types::ROUTES, &[resources.routes])?;
    layout.lds().write(types::LISTENER, &resources.listeners)?;
    let text = serde_json::to_string_pretty(settings).map_err(|source| Error::Settings { source })?;
    replace(&layout.settings(), &format!("{text}\n"))?;
    let bootstrap = bootstrap::bootstrap(plan, settings, Delivery::Files(layout));
    replace(&layout.bootstrap(), &yaml::document(&bootstrap))
}

#[cfg(test)]
mod tests {
    #[cfg(unix)]
    #[test]
    fn a_link_in_the_way_is_not_written_through() {
        let folder = tempfile::tempdir().unwrap();
        let (victim, out) = (folder.path().join("victim"), folder.path().join("out.yaml"));
        std::fs::write(&victim, "precious").unwrap();
        let trap = folder.path().join(format!(".out.yaml.{}", std::process::id()));
        std::os::unix::fs::symlink(&victim, &trap).unwrap();
        super::replace(&out, "text").unwrap();
        assert_eq!(std::fs::read_to_string(&victim).unwrap(), "precious");
        assert_eq!(std::fs::read_to_string(&out).unwrap(), "text");
        assert!(out.symlink_metadata().unwrap().is_file() && !trap.exists());
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_file_stays_what_it_is() {
        use std::os::unix::fs::FileTypeExt;
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("out");
        std::os::unix::fs::symlink("/dev/null", &link).unwrap();
        super::replace(&link, "text").unwrap();
        assert!(link.symlink_metadata().unwrap().is_symlink());
        assert!(std::fs::metadata("/dev/null").unwrap().file_type().is_char_device());
    }
}
