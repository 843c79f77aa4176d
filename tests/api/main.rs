//! The API over real HTTP, on both databases; every answer is held against `openapi.yaml`.

#![allow(clippy::unwrap_used)]

mod advisers;
mod anchors;
mod annotations;
mod authors;
mod bad_input;
mod bans;
mod consent;
mod contract;
mod cors;
mod cursors;
mod drafts;
mod earlier;
mod feeds;
mod foreign_links;
mod letters;
mod limits;
mod log;
mod mailed_decision;
mod moderation;
mod operation;
mod opinions;
mod pages;
mod passages;
mod people;
mod plans;
mod problems;
mod queue;
mod reading;
mod record;
mod repetition;
mod reports;
mod retries;
mod roles;
mod rules;
mod sign_in;
mod sign_on;
mod sites;
mod spam;
mod support;
mod threads;
mod tokens;
mod work;
mod writing;
