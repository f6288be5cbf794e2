//! A page of Envoy's, read piece by piece: however large it is, little of it is held.

use super::exposition::Sample;
use super::page::Page;
use crate::Error;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::time::Duration;

/// How long a page may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// Bytes of a page: four times what 10,000 statistics take.
const MOST_BYTES: u64 = 64 << 20;
/// Bytes of a line.
const MOST_LINE: u64 = 64 << 10;
/// What is asked for: the filter's statistics but for those of each key, and Envoy's age.
const PATH: &str = "/stats/prometheus?filter=sekisho_%5B%5Eu%5D%7C%5Eserver%5C.uptime%24";

/// An Envoy that is asked again and again.
#[derive(Debug)]
pub struct Source {
    address: SocketAddr,
    agent: ureq::Agent,
}

// === impl Source ===

impl Source {
    /// The Envoy whose admin interface is at an address.
    #[must_use]
    pub fn new(address: SocketAddr) -> Self {
        // What a proxy variable names is not asked; whoever redirects is no Envoy.
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(PATIENCE))
            .proxy(None)
            .max_redirects(0)
            .max_redirects_will_error(false);
        Self { address, agent: config.build().into() }
    }

    /// Where it is.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it says now.
    ///
    /// # Errors
    /// If it does not answer in time, or by something else, or runs no gateway.
    pub fn ask(&self) -> Result<Page, Error> {
        let address = self.address;
        let failed = |what: &str| Error::failed(format!("Envoy at {address}: {what}"));
        let answer = self.agent.get(format!("http://{address}{PATH}")).call();
        let answer = answer.map_err(|error| {
            failed("cannot ask its admin interface")
                .help("`--admin HOST:PORT` names the admin interface of a running Envoy")
                .because(error)
        })?;
        if answer.status() != 200 {
            return Err(failed(&format!("its admin interface answers {}", answer.status())));
        }
        let body = answer.into_body().into_with_config().limit(MOST_BYTES).reader();
        let page = read(BufReader::new(body)).map_err(|why| failed(&why))?;
        if !page.is_gateways() {
            return Err(failed("it runs no gateway that tells its metrics").help(
                "`--admin HOST:PORT` names the one that does; names need the rendered `stats_config`",
            ));
        }
        Ok(page)
    }
}

/// Reads a page to its end.
pub(super) fn read(mut from: impl BufRead) -> Result<Page, String> {
    let mut page = Page::default();
    let mut line = Vec::new();
    for number in 1_u64.. {
        line.clear();
        let read = from.by_ref().take(MOST_LINE).read_until(b'\n', &mut line);
        let length = read.map_err(|error| format!("cannot read its statistics: {error}"))?;
        if length == 0 {
            break;
        }
        let text = String::from_utf8_lossy(&line);
        if !Page::wants(&text) {
            // The rest of somebody's long line is not ours either: what follows a cut is looked at as a line.
            continue;
        }
        let text = text.trim_end_matches(['\n', '\r']);
        match Sample::read(text) {
            Some(sample) => page.take(&sample),
            None => return Err(format!("line {number} of its statistics is no sample")),
        }
    }
    Ok(page)
}

#[cfg(test)]
mod tests {
    use super::{MOST_LINE, read};

    #[test]
    fn what_is_somebody_elses_is_passed_over_and_what_is_missing_is_missing() {
        let page = read(&b"# TYPE x counter\nenvoy_x{} 1\n\xff\xfe\nsekisho_config_digest{} 7"[..]).unwrap();
        assert_eq!(page.state.digest, Some(7));
        assert_eq!((page.state.uptime, page.routes.len(), page.is_gateways()), (None, 0, true));
        assert!(!read(&b"<html>\n"[..]).unwrap().is_gateways());
        assert!(!read(&b""[..]).unwrap().is_gateways());
    }

    #[test]
    fn a_line_of_ours_that_is_none_is_told() {
        let error = read(&b"a 1\nsekisho_config_digest{\n"[..]).unwrap_err();
        assert_eq!(error, "line 2 of its statistics is no sample");
        // A line without an end is not kept.
        let most = usize::try_from(MOST_LINE).unwrap();
        let endless = [b"sekisho_x{a=\"", "x".repeat(8 * most).as_bytes()].concat();
        assert!(read(&endless[..]).unwrap_err().contains("line 1"));
    }

    #[test]
    fn rows_are_bounded() {
        let lines: String =
            (0..30_000).map(|i| format!("sekisho_api_count_total{{resource=\"/{i}\"}} 1\n")).collect();
        let page = read(lines.as_bytes()).unwrap();
        assert_eq!((page.routes.len(), page.cut), (20_000, true));
    }
}
