//! The environment of an instance: what AWS sets, what the function lists, and nothing else of this process's but `PATH`.

use super::function::{Function, Runtime};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::net::SocketAddr;

/// The environment of an instance whose Runtime API is at `runtime_api`. `stream` is the name of its log stream.
pub(super) fn environment(
    function: &Function,
    region: &str,
    runtime_api: SocketAddr,
    stream: &str,
) -> BTreeMap<String, OsString> {
    let mut all: BTreeMap<String, OsString> = BTreeMap::new();
    let mut set = |name: &str, value: &str| drop(all.insert(name.to_owned(), value.into()));
    set("LANG", "en_US.UTF-8");
    set("TZ", ":UTC");
    set("_HANDLER", &function.handler);
    set("AWS_REGION", region);
    set("AWS_DEFAULT_REGION", region);
    set("AWS_LAMBDA_FUNCTION_NAME", &function.name);
    set("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST");
    set("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", &function.memory.to_string());
    set("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand");
    set("AWS_LAMBDA_LOG_GROUP_NAME", &format!("/aws/lambda/{}", function.name));
    set("AWS_LAMBDA_LOG_STREAM_NAME", stream);
    set("AWS_LAMBDA_RUNTIME_API", &runtime_api.to_string());
    let code = function.code.as_os_str().to_owned();
    match &function.runtime {
        Runtime::Python { version, .. } => {
            set("AWS_EXECUTION_ENV", &format!("AWS_Lambda_python{version}"));
            // AWS's code folder cannot be written to; here it is somebody's source tree.
            set("PYTHONDONTWRITEBYTECODE", "1");
        }
        Runtime::Provided { .. } => {}
    }
    all.insert("LAMBDA_TASK_ROOT".to_owned(), code);
    if let Some(path) = std::env::var_os("PATH") {
        all.insert("PATH".to_owned(), path);
    }
    all.extend(function.variables.iter().map(|(name, value)| (name.clone(), value.into())));
    all
}
