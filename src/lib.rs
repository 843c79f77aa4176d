//! Postil: comment threads, notes in the margin and notifications for any web page.
//!
//! Rooms by layer, files by noun; arrows run one way: `http → service → store → domain`, with `view`
//! (the JSON that leaves) built from stored rows, and `live` (ready pages, streams), `mail` and `outbound`
//! (requests to others' services) beside the services. `ARCHITECTURE.md` is the one-page map.

pub mod app;
pub mod config;
pub mod domain;
pub mod error;
pub mod http;
pub mod live;
pub mod mail;
pub mod outbound;
pub mod service;
pub mod store;
pub mod telemetry;
mod template;
pub mod view;
