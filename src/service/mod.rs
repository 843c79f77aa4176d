//! The rules: what may be done by whom, and what follows from it.

pub mod audit;
pub mod bans;
pub mod caller;
pub mod comments;
pub mod consent;
pub mod demo;
pub mod history;
pub mod housekeeping;
pub mod idempotency;
pub mod identity;
pub mod leaving;
pub mod moderation;
pub mod people;
pub mod publishing;
pub mod queue;
pub mod reactions;
pub mod reading;
pub mod reports;
pub mod sign_in;
pub mod signing;
pub mod sites;
pub mod staff;
pub mod subscriptions;
pub mod threads;
pub mod tokens;
pub mod votes;
