//! Whether a port can be had. Asked before anything is built: two Envoys may share a port without a word.

use super::Error;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, TcpListener};

/// Refuses a port that is taken, and says which flag chooses another.
pub(super) fn check(port: u16, flag: &'static str) -> Result<(), Error> {
    match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
        Ok(_released) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AddrInUse => Err(Error::PortTaken { port, flag }),
        Err(source) => Err(Error::Port { port, flag, source }),
    }
}
