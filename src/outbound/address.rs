//! Which addresses may be called: those of the public internet, and those that the operator named.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// Ours, private, or for something else than hosts (IANA's special-purpose registry, RFC 6890).
const SPECIAL_V4: &[Ipv4Net] = &[
    v4([0, 0, 0, 0], 8),
    v4([10, 0, 0, 0], 8),
    v4([100, 64, 0, 0], 10),
    v4([127, 0, 0, 0], 8),
    v4([169, 254, 0, 0], 16),
    v4([172, 16, 0, 0], 12),
    v4([192, 0, 0, 0], 24),
    v4([192, 0, 2, 0], 24),
    v4([192, 88, 99, 0], 24),
    v4([192, 168, 0, 0], 16),
    v4([198, 18, 0, 0], 15),
    v4([198, 51, 100, 0], 24),
    v4([203, 0, 113, 0], 24),
    // Multicast and reserved, broadcast included.
    v4([224, 0, 0, 0], 3),
];

/// What of IPv6 is given to hosts.
const UNICAST: Ipv6Net = v6([0x2000, 0], 3);

/// The same as [`SPECIAL_V4`] within it: among them tunnels that lead to any IPv4 address.
const SPECIAL_V6: &[Ipv6Net] = &[
    v6([0x2001, 0], 23),
    v6([0x2001, 0xdb8], 32),
    v6([0x2002, 0], 16),
    v6([0x3fff, 0], 20),
];

/// How IPv4 addresses look where only IPv6 is spoken (RFC 6052).
const TRANSLATED: Ipv6Net = v6([0x64, 0xff9b], 96);

const fn v4([a, b, c, d]: [u8; 4], length: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), length)
}

const fn v6([a, b]: [u16; 2], length: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, 0, 0, 0, 0, 0, 0), length)
}

/// Whether an address may be called: a public one, and only where the connection is encrypted; one in a network that the
/// operator named in any case.
pub fn may_be_called(address: IpAddr, is_encrypted: bool, named: &[IpNet]) -> bool {
    let address = address.to_canonical();
    named.iter().any(|network| network.contains(&address)) || (is_encrypted && is_public(address))
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => !SPECIAL_V4.iter().any(|special| special.contains(&address)),
        IpAddr::V6(address) if TRANSLATED.contains(&address) => {
            let [.., a, b, c, d] = address.octets();
            is_public(Ipv4Addr::new(a, b, c, d).into())
        }
        IpAddr::V6(address) => {
            UNICAST.contains(&address)
                && !SPECIAL_V6.iter().any(|special| special.contains(&address))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_called(address: &str, is_encrypted: bool, named: &[&str]) -> bool {
        let named: Vec<IpNet> = named.iter().map(|net| net.parse().unwrap()).collect();
        may_be_called(address.parse().unwrap(), is_encrypted, &named)
    }

    #[test]
    fn the_public_internet_is_called_over_tls_alone() {
        for address in [
            "1.1.1.1",
            "93.184.216.34",
            "172.15.255.255",
            "172.32.0.1",
            "100.63.255.255",
            "100.128.0.1",
            "192.0.1.1",
            "198.17.255.255",
            "198.20.0.1",
            "223.255.255.255",
            "2606:4700::1111",
            "2a00:1450::1",
            "::ffff:1.1.1.1",
            "64:ff9b::1.1.1.1",
        ] {
            assert!(is_called(address, true, &[]), "{address}");
            assert!(!is_called(address, false, &[]), "{address}");
        }
    }

    #[test]
    fn what_is_ours_private_or_special_is_not_called() {
        for address in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::127.0.0.1",
            "64:ff9b::10.0.0.1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::1",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!is_called(address, true, &[]), "{address}");
        }
    }

    #[test]
    fn a_network_that_the_operator_named_is_called_and_no_more_of_it() {
        let named = ["10.1.0.0/16", "::1/128"];
        for address in ["10.1.2.3", "::ffff:10.1.2.3", "::1"] {
            assert!(is_called(address, false, &named), "{address}");
            assert!(is_called(address, true, &named), "{address}");
        }
        assert!(!is_called("10.2.0.1", true, &named));
        assert!(!is_called("127.0.0.1", true, &named));
        assert!(!is_called("1.1.1.1", false, &named));
    }
}
