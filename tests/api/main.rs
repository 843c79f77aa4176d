//! The API over real HTTP, on both databases; every answer is held against `openapi.yaml`.

#![allow(clippy::unwrap_used)]

mod bad_input;
mod contract;
mod cors;
mod limits;
mod moderation;
mod operation;
mod opinions;
mod people;
mod problems;
mod retries;
mod sign_on;
mod sites;
mod support;
mod threads;
mod tokens;
mod writing;
