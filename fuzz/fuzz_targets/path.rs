#![no_main]
//! A `:path`: it is refused, or its canonical form is the same path and stays where it is.

use libfuzzer_sys::fuzz_target;
use sekisho::gateway::config::ProtocolType;
use sekisho::gateway::routes::RequestPath;

fuzz_target!(|data: &[u8]| {
    for protocol in [ProtocolType::Http, ProtocolType::Rest] {
        let Ok(path) = RequestPath::parse(data, protocol) else { continue };
        let canonical = path.canonical();
        assert!(canonical.starts_with('/') && canonical.bytes().all(|byte| (0x21..0x7f).contains(&byte)), "{canonical}");
        assert!(!canonical.contains(['?', '#', '\\']), "{canonical}");
        assert!(!canonical.split('/').any(|segment| matches!(segment, "." | "..")), "{canonical}");
        let again = RequestPath::parse(canonical.as_bytes(), protocol).expect("what may be sent may be received");
        assert_eq!(again.decoded(), path.decoded());
        assert_eq!(again.canonical(), canonical);
    }
});
