#![no_main]
//! The host's header buffer: it parses or is refused, and nothing is read outside it.

use libfuzzer_sys::fuzz_target;
use sekisho::gateway::head::Head;

fuzz_target!(|data: &[u8]| {
    let Ok(head) = Head::parse(data.to_vec(), false) else { return };
    let pairs: Vec<(Vec<u8>, Vec<u8>)> = head.iter().map(|(name, value)| (name.to_vec(), value.to_vec())).collect();
    let total: usize = pairs.iter().map(|(name, value)| name.len() + value.len()).sum();
    assert!(total <= data.len());
    for (name, _) in &pairs {
        assert!(head.all(name).count() >= 1);
        assert_eq!(head.only(name).is_some(), head.all(name).count() == 1);
    }
    let again = Head::from_pairs(&pairs, false);
    assert!(again.iter().eq(head.iter()));
});
