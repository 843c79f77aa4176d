//! Where a request comes from. No proxy is trusted unless its network is configured.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use actix_web::HttpRequest;
use ipnet::IpNet;

use crate::domain::network::Network;

/// The client's network: the connection's, or what the last proxy that is trusted says.
pub fn network(request: &HttpRequest, trusted: &[IpNet]) -> Network {
    let Some(peer) = request.peer_addr().map(|peer| peer.ip().to_canonical()) else {
        return Network::of(IpAddr::V6(Ipv6Addr::UNSPECIFIED));
    };
    let is_trusted = |address: &IpAddr| trusted.iter().any(|net| net.contains(address));
    if !is_trusted(&peer) {
        return Network::of(peer);
    }
    let mut client = peer;
    let forwarded = request.headers().get_all("X-Forwarded-For");
    let lines: Vec<_> = forwarded
        .map(|line| String::from_utf8_lossy(line.as_bytes()))
        .collect();
    // From the nearest hop outwards: the first that is not ours is the client; what stands before
    // it is the client's own tale.
    for hop in lines.iter().flat_map(|line| line.split(',')).rev() {
        let Some(address) = address(hop.trim()) else {
            break;
        };
        client = address;
        if !is_trusted(&client) {
            break;
        }
    }
    Network::of(client)
}

/// An address as proxies write it: alone, in brackets, or with a port.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'))
        .unwrap_or(text);
    let alone = bare.parse::<IpAddr>();
    let address = alone.or_else(|_| text.parse::<SocketAddr>().map(|socket| socket.ip()));
    address.ok().map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;
    use actix_web::test::TestRequest;

    use super::*;

    fn seen(peer: &str, forwarded: &[u8], trusted: &str) -> Network {
        let request = TestRequest::default()
            .peer_addr(format!("{peer}:1").parse().unwrap())
            .insert_header((
                "X-Forwarded-For",
                HeaderValue::from_bytes(forwarded).unwrap(),
            ))
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
        let ours = "10.0.0.0/8";
        assert_eq!(seen("9.9.9.9", b"1.2.3.4", ""), net("9.9.9.9"));
        assert_eq!(seen("10.0.0.1", b"1.2.3.4", ours), net("1.2.3.4"));
        assert_eq!(
            seen("10.0.0.1", b"6.6.6.6, 1.2.3.4, 10.0.0.2", ours),
            net("1.2.3.4")
        );
        assert_eq!(
            seen("10.0.0.1", b"6.6.6.6, nonsense", ours),
            net("10.0.0.1")
        );
    }

    #[test]
    fn a_hop_may_have_a_port_or_brackets_and_what_stands_before_it_may_be_anything() {
        let ours = "10.0.0.0/8";
        assert_eq!(seen("10.0.0.1", b"1.2.3.4:5678", ours), net("1.2.3.4"));
        assert_eq!(seen("10.0.0.1", b"[2001:db8::1]", ours), net("2001:db8::1"));
        assert_eq!(
            seen("10.0.0.1", b"[2001:db8::1]:80", ours),
            net("2001:db8::1")
        );
        assert_eq!(seen("10.0.0.1", b"\xff, 1.2.3.4", ours), net("1.2.3.4"));
    }
}
