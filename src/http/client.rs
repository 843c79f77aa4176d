//! Where a request comes from. No proxy is trusted unless its network is configured.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use actix_web::HttpRequest;
use ipnet::IpNet;

/// The network a client belongs to: the /24 of an IPv4 address, the /64 of an IPv6 one. What limits
/// count by; a single address says little where thousands are had for nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Network(IpAddr);

impl Network {
    /// The network of an address.
    pub fn of(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V4(v4) => {
                let [a, b, c, _] = v4.octets();
                IpAddr::V4(Ipv4Addr::new(a, b, c, 0))
            }
            IpAddr::V6(v6) => {
                let [a, b, c, d, ..] = v6.segments();
                IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
            }
        })
    }

    /// Its bytes, for hashing.
    pub fn bytes(self) -> Vec<u8> {
        match self.0 {
            IpAddr::V4(v4) => v4.octets().to_vec(),
            IpAddr::V6(v6) => v6.octets().to_vec(),
        }
    }
}

/// The client's network: the connection's, or what the last proxy that is trusted says.
pub fn network(request: &HttpRequest, trusted: &[IpNet]) -> Network {
    let Some(peer) = request.peer_addr().map(|peer| peer.ip().to_canonical()) else {
        return Network(IpAddr::V6(Ipv6Addr::UNSPECIFIED));
    };
    let is_trusted = |address: &IpAddr| trusted.iter().any(|net| net.contains(address));
    if !is_trusted(&peer) {
        return Network::of(peer);
    }
    let mut client = peer;
    let forwarded = request.headers().get_all("X-Forwarded-For");
    let hops: Vec<&str> = forwarded
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .collect();
    // From the nearest hop outwards: the first that is not ours is the client; what stands before
    // it is the client's own tale.
    for hop in hops.into_iter().rev() {
        let Ok(address) = hop.trim().parse::<IpAddr>() else {
            break;
        };
        client = address.to_canonical();
        if !is_trusted(&client) {
            break;
        }
    }
    Network::of(client)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn seen(peer: &str, forwarded: &str, trusted: &str) -> Network {
        let request = TestRequest::default()
            .peer_addr(format!("{peer}:1").parse().unwrap())
            .insert_header(("X-Forwarded-For", forwarded))
            .to_http_request();
        let trusted: Vec<IpNet> = trusted
            .split_whitespace()
            .map(|net| net.parse().unwrap())
            .collect();
        network(&request, &trusted)
    }

    fn net(address: &str) -> Network {
        Network::of(address.parse().unwrap())
    }

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        assert_eq!(seen("9.9.9.9", "1.2.3.4", ""), net("9.9.9.9"));
        assert_eq!(seen("10.0.0.1", "1.2.3.4", "10.0.0.0/8"), net("1.2.3.4"));
        assert_eq!(
            seen("10.0.0.1", "6.6.6.6, 1.2.3.4, 10.0.0.2", "10.0.0.0/8"),
            net("1.2.3.4")
        );
        assert_eq!(
            seen("10.0.0.1", "6.6.6.6, nonsense", "10.0.0.0/8"),
            net("10.0.0.1")
        );
    }

    #[test]
    fn neighbours_share_a_network() {
        assert_eq!(net("1.2.3.4"), net("1.2.3.200"));
        assert_ne!(net("1.2.3.4"), net("1.2.4.4"));
        assert_eq!(net("::ffff:1.2.3.4"), net("1.2.3.9"));
        assert_eq!(net("2001:db8::1"), net("2001:db8::ffff"));
    }
}
