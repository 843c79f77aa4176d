//! The API over real HTTP, on both databases; every answer is held against `openapi.yaml`.

mod contract;
mod support;
mod threads;
