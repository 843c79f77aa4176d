//! What every handler is given.

use std::sync::Arc;

use ipnet::IpNet;
use tokio::sync::Semaphore;

use super::files::Files;
use super::limits::Limits;
use super::observe::RequestIds;
use crate::domain::service_url::ServiceUrl;
use crate::domain::token::Keys;
use crate::live::answers::Answers;
use crate::live::pages::Pages;
use crate::live::streams::Streams;
use crate::service::anchoring::Anchoring;
use crate::service::judging::Judges;
use crate::service::published_keys::PublishedKeys;
use crate::service::work::Traffic;
use crate::store::Store;
use crate::telemetry::Metrics;

/// The house, as seen from the door.
pub struct App {
    /// The data.
    pub store: Store,
    /// The keys that tokens are signed with.
    pub keys: Keys,
    /// The keys that sites publish.
    pub published_keys: PublishedKeys,
    /// What judges comments.
    pub judges: Judges,
    /// How much has come lately.
    pub traffic: Traffic,
    /// Where passages are in the texts that readers have before them.
    pub anchoring: Anchoring,
    /// Answers at hand, by what was asked for.
    pub answers: Answers,
    /// Ready answers, by what they show.
    pub pages: Pages,
    /// The files that the program carries.
    pub files: Files,
    /// Live streams.
    pub streams: Arc<Streams>,
    /// Room for moderators who follow the queue.
    pub followers: Arc<Semaphore>,
    /// How often one may call.
    pub limits: Limits,
    /// Whose word about a client's address counts.
    pub trusted_proxies: Vec<IpNet>,
    /// Ids for requests.
    pub request_ids: RequestIds,
    /// What is counted.
    pub metrics: Metrics,
    /// How browsers reach the service.
    pub service_url: ServiceUrl,
    /// Whether there is a demo.
    pub demo: bool,
}
