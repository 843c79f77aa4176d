//! What the house is about, pure: nothing here reads, writes, or knows another room.

pub mod bounce;
mod characters;
mod contact;
pub mod cursor;
pub mod id;
pub mod invalid;
pub mod judgement;
pub mod link;
pub mod mark;
pub mod markdown;
pub mod moderation;
pub mod network;
mod origin;
pub mod page;
pub mod passage;
pub mod rank;
pub mod site;
pub mod skeleton;
pub mod sso;
pub mod subscription;
mod tags;
pub mod text;
pub mod time;
pub mod token;
pub mod webhook;
pub mod word;
pub mod work;
