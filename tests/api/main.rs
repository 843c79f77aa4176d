//! The API over real HTTP, on both databases; every answer is held against `openapi.yaml`.

mod bad_input;
mod contract;
mod cors;
mod limits;
mod opinions;
mod problems;
mod retries;
mod support;
mod threads;
mod writing;
