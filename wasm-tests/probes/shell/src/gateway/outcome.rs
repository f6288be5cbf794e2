//! The core's words for the end of a request; the probe tells of none.

use super::metrics::counts::Times;
use std::rc::Rc;

pub trait Ending: std::fmt::Debug {
    fn response_bytes(&self) -> u64;
    fn request_bytes(&self) -> u64;
    fn tls_version(&self) -> Vec<u8>;
    fn broke_off(&self) -> bool;
    fn status(&self) -> u16;
}

#[derive(Debug, Default)]
pub struct Observation {
    pub access_log: Option<(Rc<str>, Vec<u8>)>,
    pub execution_log: Option<Vec<u8>>,
    pub times: Option<Times>,
}
