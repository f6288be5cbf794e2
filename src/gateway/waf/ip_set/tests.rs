use super::{IpSet, MOST_NETWORKS};
use crate::gateway::config::waf::IpAddressVersion::{self, V4 as Ipv4, V6 as Ipv6};
use ipnet::IpNet;
use proptest::prelude::*;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

fn set(version: IpAddressVersion, networks: &[&str]) -> IpSet {
    IpSet::new(version, &networks.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>()).unwrap()
}

fn has(set: &IpSet, address: &str) -> bool {
    set.contains(address.parse().unwrap())
}

#[test]
fn addresses_are_in_the_networks_of_a_set_and_in_no_other() {
    let v4 = set(Ipv4, &["192.0.2.44/32", "10.0.0.0/8", "198.51.100.0/25", "128.0.0.0/1"]);
    for (address, expected) in [
        ("192.0.2.44", true),
        ("::ffff:192.0.2.44", true),
        ("10.255.255.255", true),
        ("10.0.0.0", true),
        ("9.255.255.255", false),
        ("11.0.0.0", false),
        ("127.255.255.255", false),
        ("128.0.0.0", true),
        ("255.255.255.255", true),
        ("0.0.0.0", false),
        ("::10.0.0.1", false),
        ("::1", false),
    ] {
        assert_eq!(has(&v4, address), expected, "{address}");
    }
    let v6 = set(Ipv6, &["2001:db8::/32", "::/1", "ffff::1/128"]);
    for (address, expected) in [
        ("2001:db8:ffff::1", true),
        ("8000::", false),
        ("7fff:ffff::", true),
        ("::1", true),
        ("ffff::1", true),
        ("ffff::2", false),
        // IPv4, in whatever spelling.
        ("192.0.2.1", false),
        ("::ffff:192.0.2.1", false),
    ] {
        assert_eq!(has(&v6, address), expected, "{address}");
    }
    assert!(!has(&set(Ipv4, &[]), "192.0.2.1") && !has(&set(Ipv6, &[]), "::1"));
}

#[test]
fn bits_behind_the_prefix_mean_nothing_and_ranges_are_joined() {
    let expected = IpSet::V4(Box::new([(0x0a00_0000, 0x0a00_01ff), (0xffff_ff00, 0xffff_ffff)]));
    let networks = ["10.0.1.77/24", "255.255.255.255/24", "10.0.0.3/24", "10.0.0.0/25", "10.0.1.0/24"];
    assert_eq!(set(Ipv4, &networks), expected);
    let all = set(Ipv6, &["8000::/1", "::/1"]);
    assert_eq!(all, IpSet::V6(Box::new([(0, u128::MAX)])));
}

#[test]
fn what_is_no_network_of_the_version_is_told_with_its_place() {
    let wrong = |version, text: &str| match IpSet::new(version, &["10.0.0.0/8".to_owned(), text.to_owned()]) {
        Ok(set) => panic!("{text}: {set:?}"),
        Err(problems) => problems.into_iter().find(|(i, _)| *i == 1).unwrap().1,
    };
    for (version, text, part) in [
        (Ipv4, "0.0.0.0/0", "`0.0.0.0/0` is every address"),
        (Ipv6, "::/0", "`::/0` is every address"),
        (Ipv4, "192.0.2.1", "write `192.0.2.1/32`"),
        (Ipv6, "2001:db8::1", "write `2001:db8::1/128`"),
        (Ipv4, "2001:db8::/32", "is IPv6, and `IPAddressVersion` is `IPV4`"),
        (Ipv6, "192.0.2.0/24", "is IPv4, and `IPAddressVersion` is `IPV6`"),
        (Ipv6, "::ffff:192.0.2.0/120", "put it into a set of `IPV4`"),
        (Ipv4, "192.0.2.0/33", "is no network such as"),
        (Ipv6, "::/129", "is no network such as"),
        (Ipv4, " 192.0.2.0/24", "is no network such as"),
        (Ipv4, "192.0.2/24", "is no network such as"),
        (Ipv4, "", "is no network such as"),
    ] {
        let problem = wrong(version, text);
        assert!(problem.contains(part), "{problem}");
    }
    // What only begins like IPv4 in IPv6 is a network.
    assert!(has(&set(Ipv6, &["::fffe:0:0/95"]), "::fffe:0:1"));
}

#[test]
fn a_set_of_ten_thousand_is_the_largest() {
    let mut networks: Vec<String> =
        (0..MOST_NETWORKS as u32).map(|i| format!("{}/32", Ipv4Addr::from_bits(i * 2))).collect();
    let set = IpSet::new(Ipv4, &networks).unwrap();
    assert!(matches!(&set, IpSet::V4(ranges) if ranges.len() == MOST_NETWORKS));
    for i in 0..2 * MOST_NETWORKS as u32 {
        assert_eq!(set.contains(IpAddr::V4(Ipv4Addr::from_bits(i))), i % 2 == 0, "{i}");
    }
    networks.push("192.0.2.1/32".to_owned());
    let problems = IpSet::new(Ipv4, &networks).unwrap_err();
    let expected = (MOST_NETWORKS, "10001 networks are more than the 10000 that a set may have".to_owned());
    assert_eq!(problems, [expected]);
}

proptest! {
    #[test]
    fn a_set_has_what_one_of_its_networks_has(
        nets in proptest::collection::vec((any::<u32>(), 1_u8..=32), 0..20),
        addresses in proptest::collection::vec(any::<u32>(), 20),
        near in any::<prop::sample::Index>(),
    ) {
        let nets: Vec<IpNet> = nets.iter()
            .map(|(bits, prefix)| IpNet::new(IpAddr::V4(Ipv4Addr::from_bits(*bits)), *prefix).unwrap()).collect();
        let set = IpSet::new(Ipv4, &nets.iter().map(ToString::to_string).collect::<Vec<_>>()).unwrap();
        let mut addresses: Vec<IpAddr> =
            addresses.iter().map(|bits| IpAddr::V4(Ipv4Addr::from_bits(*bits))).collect();
        if !nets.is_empty() {
            let IpNet::V4(net) = near.get(&nets) else { panic!("of version 4") };
            let (first, last) = (net.network().to_bits(), net.broadcast().to_bits());
            for bits in [first, last, first.wrapping_sub(1), last.wrapping_add(1)] {
                addresses.push(IpAddr::V4(Ipv4Addr::from_bits(bits)));
            }
        }
        for address in addresses {
            prop_assert_eq!(set.contains(address), nets.iter().any(|net| net.contains(&address)), "{}", address);
        }
    }

    #[test]
    fn the_same_holds_of_ipv6(
        nets in proptest::collection::vec((any::<u128>(), 1_u8..=95), 1..12),
        near in any::<prop::sample::Index>(),
    ) {
        let nets: Vec<IpNet> = nets.iter()
            .map(|(bits, prefix)| IpNet::new(IpAddr::V6(Ipv6Addr::from_bits(*bits)), *prefix).unwrap()).collect();
        let set = IpSet::new(Ipv6, &nets.iter().map(ToString::to_string).collect::<Vec<_>>()).unwrap();
        let IpNet::V6(net) = near.get(&nets) else { panic!("of version 6") };
        let (first, last) = (net.network().to_bits(), net.broadcast().to_bits());
        for bits in [first, last, first.wrapping_sub(1), last.wrapping_add(1)] {
            let address = Ipv6Addr::from_bits(bits);
            let expected = address.to_ipv4_mapped().is_none()
                && nets.iter().any(|net| net.contains(&IpAddr::V6(address)));
            prop_assert_eq!(set.contains(IpAddr::V6(address)), expected, "{}", address);
        }
    }
}
