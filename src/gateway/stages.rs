//! Which stage answers a path, and what remains of the path behind it.
//!
//! HTTP APIs: a first segment that names a stage, else `$default`. REST APIs: always the first segment.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-stages.html>

use super::compile::{Api, Stage};
use super::rejection::Rejection;
use super::routes::RequestPath;
use std::rc::Rc;

/// The stage, and the path that its routes see.
///
/// # Errors
/// If the API has no stage for this path.
pub fn stage(api: &Api, path: RequestPath) -> Result<(Rc<Stage>, RequestPath), Rejection> {
    if let Some(stage) = api.stage(path.first_segment()).filter(|stage| stage.name != "$default") {
        return Ok((Rc::clone(stage), path.strip_first_segment()));
    }
    let default = api.stage("$default").ok_or(Rejection::UnknownStage)?;
    Ok((Rc::clone(default), path))
}
