//! Durable comments over HTTP, beside the disk's own rate and the same rows written one at a time.

pub fn run() {}
