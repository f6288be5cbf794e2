//! The functions file: a list in the words of Lambda's `CreateFunction` and of SAM. Every problem is told at once.

use super::function::{CONCURRENCY, Function, Runtime};
use sekisho::gateway::diagnostics::Diagnostics;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What AWS sets itself and nobody else may: its credentials apart, which are given here or there are none.
const RESERVED: [&str; 15] = [
    "AWS_DEFAULT_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_LAMBDA_MAX_CONCURRENCY",
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_REGION",
    "LAMBDA_RUNTIME_DIR",
    "LAMBDA_TASK_ROOT",
    "_HANDLER",
    "_X_AMZN_TRACE_ID",
];

/// One function as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Written {
    pub(super) function_name: String,
    pub(super) runtime: String,
    pub(super) handler: Option<String>,
    pub(super) code_uri: Option<String>,
    pub(super) code: Option<String>,
    pub(super) timeout: Option<u32>,
    pub(super) memory_size: Option<u32>,
    pub(super) environment: Option<Environment>,
    pub(super) reserved_concurrent_executions: Option<usize>,
    // Accepted, so that entries can be copied, and ignored.
    #[serde(rename = "Architectures")]
    pub(super) _architectures: Option<IgnoredAny>,
    #[serde(rename = "Description")]
    pub(super) _description: Option<IgnoredAny>,
    #[serde(rename = "Role")]
    pub(super) _role: Option<IgnoredAny>,
    #[serde(rename = "Tags")]
    pub(super) _tags: Option<IgnoredAny>,
}

/// The variables of a function.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
pub(super) struct Environment {
    pub(super) variables: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct File {
    functions: Vec<Value>,
}

/// Reads a functions file; its paths begin in `folder`.
pub(super) fn read(text: &[u8], folder: &Path) -> Result<Vec<Function>, Diagnostics> {
    let mut problems = Diagnostics::default();
    let file: File = match serde_json::from_slice(text) {
        Ok(file) => file,
        Err(error) => {
            let problem = problems.error("", error.to_string());
            problem.help("a functions file is `{\"Functions\": [{\"FunctionName\": …, \"Runtime\": …, \"CodeUri\": …}]}`");
            return Err(problems);
        }
    };
    let mut written = Vec::new();
    for (index, value) in file.functions.into_iter().enumerate() {
        let path = format!("Functions[{index}]");
        match serde_json::from_value(value) {
            Ok(function) => written.push((path, function)),
            Err(error) => drop(problems.error(path, error.to_string())),
        }
    }
    if written.is_empty() && !problems.has_errors() {
        problems.error("Functions", "there is no function");
    }
    check(written, folder, problems)
}

/// Checks functions. What stands before each is its place in messages.
pub(super) fn check(
    written: Vec<(String, Written)>,
    folder: &Path,
    mut problems: Diagnostics,
) -> Result<Vec<Function>, Diagnostics> {
    let mut names = BTreeSet::new();
    let mut functions = Vec::new();
    for (path, written) in written {
        if !names.insert(written.function_name.clone()) {
            let problem = format!("another function is named `{}`", written.function_name);
            problems.error(format!("{path}.FunctionName"), problem);
        }
        functions.extend(one(&path, written, folder, &mut problems));
    }
    if problems.has_errors() { Err(problems) } else { Ok(functions) }
}

fn one(path: &str, written: Written, folder: &Path, problems: &mut Diagnostics) -> Option<Function> {
    let name = written.function_name;
    if name.is_empty()
        || name.len() > 64
        || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
    {
        let problem = format!("`{name}` is no name of a function: 1 to 64 letters, digits, `-` and `_`");
        problems.error(format!("{path}.FunctionName"), problem);
    }
    let timeout = written.timeout.unwrap_or(3);
    within(problems, format!("{path}.Timeout"), timeout, 1, 900, "seconds");
    let memory = written.memory_size.unwrap_or(128);
    within(problems, format!("{path}.MemorySize"), memory, 128, 10_240, "megabytes");
    let concurrency = written.reserved_concurrent_executions;
    if let Some(most) = concurrency.filter(|most| *most > 1000) {
        let problem = format!("{most} instances are more than the 1000 of an account");
        problems.error(format!("{path}.ReservedConcurrentExecutions"), problem);
    }
    let variables = written.environment.unwrap_or_default().variables;
    for (key, value) in &variables {
        variable(problems, &format!("{path}.Environment.Variables"), key, value);
    }
    let code = code(path, written.code_uri, written.code, folder, problems)?;
    let (runtime, code) = runtime(path, &written.runtime, code, problems)?;
    let handler = written.handler.unwrap_or_default();
    let is_word = handler.len() <= 128 && !handler.chars().any(|c| c.is_whitespace() || c.is_control());
    if !is_word || matches!(runtime, Runtime::Python { .. }) && !handler.contains('.') {
        let problem =
            format!("`{handler}` is no handler: a module and a function of it, such as `app.handler`");
        problems.error(format!("{path}.Handler"), problem);
    }
    Some(Function {
        name,
        runtime,
        handler,
        code,
        timeout: Duration::from_secs(timeout.into()),
        memory,
        variables,
        concurrency: concurrency.unwrap_or(CONCURRENCY),
        reserved: concurrency.is_some(),
    })
}

fn within(problems: &mut Diagnostics, path: String, value: u32, least: u32, most: u32, unit: &str) {
    if !(least..=most).contains(&value) {
        problems.error(path, format!("{value} is not within {least} and {most} {unit}"));
    }
}

/// Checks a variable of the environment.
pub(super) fn variable(problems: &mut Diagnostics, path: &str, key: &str, value: &str) {
    if RESERVED.contains(&key) {
        problems
            .error(path, format!("`{key}` is reserved: AWS sets it"))
            .help("`--region` chooses the region");
    }
    let is_name = key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && key.bytes().next().is_some_and(|first| !first.is_ascii_digit());
    if !is_name {
        problems.error(path, format!("`{key}` is no name of a variable: letters, digits and `_`"));
    }
    if value.contains('\0') {
        problems.error(path, format!("the value of `{key}` has a NUL byte"));
    }
}

/// Where the code is.
fn code(
    path: &str,
    uri: Option<String>,
    code: Option<String>,
    folder: &Path,
    problems: &mut Diagnostics,
) -> Option<PathBuf> {
    let (field, named) = match (uri, code) {
        (Some(uri), None) => ("CodeUri", uri),
        (None, Some(code)) => ("Code", code),
        (None, None) => {
            problems.error(path, "neither `CodeUri` nor `Code` says where its code is");
            return None;
        }
        (Some(_), Some(_)) => {
            problems.error(path, "`CodeUri` and `Code` are the same: give one");
            return None;
        }
    };
    match folder.join(&named).canonicalize() {
        Ok(found) => Some(found),
        Err(error) => {
            problems.error(format!("{path}.{field}"), format!("`{named}`: {error}"));
            None
        }
    }
}

/// What runs it, and in which folder.
fn runtime(path: &str, name: &str, code: PathBuf, problems: &mut Diagnostics) -> Option<(Runtime, PathBuf)> {
    if let Some(version) = name.strip_prefix("python") {
        let minor = version.strip_prefix("3.").filter(|minor| minor.bytes().all(|b| b.is_ascii_digit()));
        if minor.and_then(|minor| minor.parse::<u32>().ok()).is_none_or(|minor| minor < 10) {
            let problem = format!("`{name}` is not one of `python3.10` and newer");
            problems.error(format!("{path}.Runtime"), problem);
            return None;
        }
        if !code.is_dir() {
            problems.error(format!("{path}.CodeUri"), format!("`{}` is not a folder", code.display()));
            return None;
        }
        return Some((Runtime::Python { version: version.to_owned(), python: PathBuf::new() }, code));
    }
    if !["provided", "provided.al2", "provided.al2023"].contains(&name) {
        let problem = problems.error(format!("{path}.Runtime"), format!("`{name}` does not run here"));
        problem.help(
            "`python3.10` and newer run, and `provided.al2023`: any program that speaks the Runtime API",
        );
        return None;
    }
    let bootstrap = if code.is_dir() { code.join("bootstrap") } else { code };
    let is_program = |meta: std::fs::Metadata| meta.is_file() && meta.permissions().mode() & 0o111 != 0;
    if !bootstrap.metadata().is_ok_and(is_program) {
        let problem = format!("`{}` is no program", bootstrap.display());
        problems
            .error(format!("{path}.CodeUri"), problem)
            .help("name a folder with an executable `bootstrap`, or a program that speaks the Runtime API");
        return None;
    }
    let folder = bootstrap.parent().map(Path::to_path_buf).unwrap_or_default();
    Some((Runtime::Provided { name: name.to_owned(), bootstrap }, folder))
}
