//! Looks names up, and leaves only addresses that may be called. What this gives is what is connected to.

use std::fmt;

use ipnet::IpNet;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::http::uri::Scheme;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

use super::address::may_be_called;

/// Another resolver, under guard.
#[derive(Debug)]
pub struct Guarded<R> {
    resolver: R,
    named: Vec<IpNet>,
    /// Whether public addresses are called without encryption too.
    in_plain: bool,
}

impl<R> Guarded<R> {
    /// One that also lets through what lies in these networks.
    pub fn new(resolver: R, named: Vec<IpNet>) -> Self {
        Self {
            resolver,
            named,
            in_plain: false,
        }
    }

    /// One that also lets public addresses through where nothing is encrypted: for what everybody may read.
    pub fn also_in_plain(self) -> Self {
        Self {
            in_plain: true,
            ..self
        }
    }
}

/// None of a name's addresses may be called.
#[derive(Debug)]
pub struct Forbidden;

impl fmt::Display for Forbidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("none of its addresses may be called")
    }
}

impl std::error::Error for Forbidden {}

impl<R: Resolver> Resolver for Guarded<R> {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let is_encrypted = self.in_plain || uri.scheme() == Some(&Scheme::HTTPS);
        let mut left = self.empty();
        for address in self.resolver.resolve(uri, config, timeout)?.iter() {
            if may_be_called(address.ip(), is_encrypted, &self.named) {
                left.push(*address);
            }
        }
        if left.is_empty() {
            return Err(ureq::Error::Other(Box::new(Forbidden)));
        }
        Ok(left)
    }
}
