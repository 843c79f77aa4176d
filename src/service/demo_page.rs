//! The page of the demo, and where it stands.

/// Its path.
pub const PATH: &str = "/demo/";

/// Its HTML, with `{{thread_html}}` where the address of its plain comments stands.
pub const PAGE: &str = include_str!("../../demo/index.html");
