//! Live streams: one task reads what is new in the threads that somebody watches, renders it once,
//! and hands the same bytes to every stream.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use actix_web::web::Bytes;
use futures_util::Stream;
use futures_util::stream;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, mpsc};
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::domain::id::ThreadId;
use crate::domain::network::Network;
use crate::domain::time::Time;
use crate::error::{Error, Result};
use crate::store::{Store, threads};
use crate::view::change;

/// How often an idle stream says that it is still there.
const HEARTBEAT: Duration = Duration::from_secs(20);

/// How often versions are looked up besides what this process announces itself: other instances and
/// the command line write too.
const POLL: Duration = Duration::from_secs(2);

/// How many batches of events a slow reader may fall behind; then its stream ends, to be resumed by
/// id.
const BEHIND: usize = 32;

/// How many events are read from the log and rendered at once. What a stream holds in memory for a
/// reader who does not read is this much, or [`BEHIND`] batches that all share.
const CHUNK: i64 = 16;

/// How many versions are looked up in one query.
const LOOKUP: usize = 500;

/// One network may hold this part of all the streams there is room for...
const SHARE: usize = 10;

/// ... and this many at least.
const LEAST_SHARE: usize = 64;

/// The streams that are open.
pub struct Streams {
    store: Store,
    most: usize,
    watched: Mutex<Watched>,
}

#[derive(Default)]
struct Watched {
    threads: HashMap<ThreadId, Channel>,
    open: usize,
    open_of: HashMap<Network, usize>,
    stopped: bool,
}

struct Channel {
    /// The version up to which events were handed out.
    version: i64,
    sender: broadcast::Sender<Frames>,
}

/// Events as they go over the wire.
#[derive(Debug, Clone)]
struct Frames {
    /// The version of the first.
    first: i64,
    /// The version of the last.
    last: i64,
    bytes: Bytes,
}

impl Streams {
    /// Room for `most` streams.
    pub fn new(store: Store, most: usize) -> Arc<Self> {
        Arc::new(Self {
            store,
            most,
            watched: Mutex::default(),
        })
    }

    /// How many streams are open.
    pub fn open(&self) -> usize {
        self.watched().open
    }

    /// Whether the service stops.
    pub fn are_stopped(&self) -> bool {
        self.watched().stopped
    }

    /// Ends every stream, and takes no more.
    pub fn stop(&self) {
        let mut watched = self.watched();
        watched.stopped = true;
        watched.threads.clear();
    }

    fn watched(&self) -> MutexGuard<'_, Watched> {
        // Every change of the map is one step, so a panic elsewhere left nothing half done.
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens a stream of what happens in a thread after `since`, or from now on.
    ///
    /// # Errors
    /// [`Error::Busy`] when there is no room, [`Error::Resync`] when the log does not reach back.
    pub async fn follow(
        self: &Arc<Self>,
        thread: ThreadId,
        since: Option<i64>,
        network: Network,
    ) -> Result<impl Stream<Item = Result<Bytes>> + use<>> {
        let thread = self
            .store
            .read(move |conn| threads::current_id(conn, thread))
            .await?;
        let place = Place::take(self, thread, network)?;
        // The server sends its head with the first bytes of the body, and a browser that hears
        // nothing takes the stream for broken: so there always is something at once.
        let (sent, greeting) = match since {
            Some(since) => {
                self.check(thread, since).await?;
                (since, ": following\n\n".to_owned())
            }
            None => {
                let now = self.version(thread).await?;
                let greeting = format!("id: {now}\nevent: ready\ndata: {{\"version\":{now}}}\n\n");
                (now, greeting)
            }
        };
        let follower = Follower {
            greeting: Some(Bytes::from(greeting)),
            live: None,
            caught_up: false,
            sent,
            place,
        };
        Ok(stream::unfold(follower, Follower::next))
    }

    async fn version(&self, thread: ThreadId) -> Result<i64> {
        let read = self
            .store
            .read(move |conn| Ok(threads::by_id(conn, thread)?.map_or(0, |row| row.version)));
        read.await
    }

    /// Whether the log tells all that came after `since`.
    async fn check(&self, thread: ThreadId, since: i64) -> Result<()> {
        let read = self
            .store
            .read(move |conn| change::since(conn, thread, since, 0, Time::now()));
        read.await.map(|_| ())
    }

    /// The next events after `since`, if there are any.
    async fn past(&self, thread: ThreadId, since: i64) -> Result<Option<Frames>> {
        let read = self.store.read(move |conn| {
            let changes = change::since(conn, thread, since, CHUNK, Time::now())?;
            let (Some(first), Some(last)) = (changes.items.first(), changes.items.last()) else {
                return Ok(None);
            };
            let mut text = String::new();
            for change in &changes.items {
                let data = serde_json::to_string(change)
                    .map_err(|error| Error::Internal(format!("rendering a change: {error}")))?;
                text += &format!(
                    "id: {}\nevent: {}\ndata: {data}\n\n",
                    change.version, change.kind
                );
            }
            let bytes = Bytes::from(text);
            Ok(Some(Frames {
                first: first.version,
                last: last.version,
                bytes,
            }))
        });
        read.await
    }

    /// Listens to a thread; `sent` is how far the listener has come.
    fn listen(&self, thread: ThreadId, sent: i64) -> Option<broadcast::Receiver<Frames>> {
        let mut watched = self.watched();
        if watched.stopped {
            return None;
        }
        let channel = watched.threads.entry(thread).or_insert_with(|| Channel {
            version: sent,
            sender: broadcast::channel(BEHIND).0,
        });
        Some(channel.sender.subscribe())
    }

    /// Hands out what is new: for each announced thread at once, for all watched ones now and then.
    /// Ends when nothing can be announced any more.
    pub async fn pump(self: Arc<Self>, mut announced: mpsc::UnboundedReceiver<ThreadId>) {
        let mut poll = interval(POLL);
        // After an outage, one look is enough.
        poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let mut ids = Vec::new();
            tokio::select! {
                first = announced.recv() => match first {
                    None => return,
                    Some(first) => {
                        ids.push(first);
                        while let Ok(more) = announced.try_recv() {
                            ids.push(more);
                        }
                        ids.sort_unstable();
                        ids.dedup();
                        let watched = self.watched();
                        ids.retain(|id| watched.threads.contains_key(id));
                    }
                },
                _ = poll.tick() => ids.extend(self.watched().threads.keys().copied()),
            }
            for chunk in ids.chunks(LOOKUP) {
                if let Err(error) = self.hand_out(chunk.to_vec()).await {
                    // The next poll looks again.
                    tracing::warn!(code = error.code(), "live streams could not be read");
                }
            }
        }
    }

    async fn hand_out(&self, ids: Vec<ThreadId>) -> Result<()> {
        if ids.is_empty() {
            return Ok(());
        }
        let versions = self
            .store
            .read(move |conn| threads::versions(conn, &ids))
            .await?;
        for (thread, version, leads) in versions {
            while let Some(sent) = self.handed_out(thread).filter(|sent| *sent < version) {
                match self.past(thread, sent).await {
                    Ok(None) => break,
                    Ok(Some(frames)) => {
                        if let Some(channel) = self.watched().threads.get_mut(&thread) {
                            channel.version = frames.last;
                            // Fails only when nobody listens any more.
                            let _ = channel.sender.send(frames);
                        }
                    }
                    // Dropping the channel ends its streams; they come back and are told to resync.
                    Err(Error::Resync) => {
                        self.watched().threads.remove(&thread);
                    }
                    Err(error) if error.is_outage() => return Err(error),
                    // One thread that cannot be read keeps nothing from the others.
                    Err(error) => {
                        tracing::warn!(code = error.code(), "a thread's events could not be read");
                        break;
                    }
                }
            }
            if leads.is_some() && self.handed_out(thread) >= Some(version) {
                // It was joined into another, and said that it is to be read anew. Whoever comes back follows the other.
                self.watched().threads.remove(&thread);
            }
        }
        Ok(())
    }

    fn handed_out(&self, thread: ThreadId) -> Option<i64> {
        self.watched()
            .threads
            .get(&thread)
            .map(|channel| channel.version)
    }
}

/// One of the streams there is room for; given back when dropped.
struct Place {
    streams: Arc<Streams>,
    thread: ThreadId,
    network: Network,
}

impl Place {
    fn take(streams: &Arc<Streams>, thread: ThreadId, network: Network) -> Result<Self> {
        let mut watched = streams.watched();
        let share = (streams.most / SHARE).max(LEAST_SHARE);
        let own = watched.open_of.get(&network).copied().unwrap_or_default();
        if watched.stopped || watched.open >= streams.most || own >= share {
            return Err(Error::Busy);
        }
        watched.open += 1;
        watched.open_of.insert(network, own + 1);
        drop(watched);
        Ok(Self {
            streams: streams.clone(),
            thread,
            network,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut watched = self.streams.watched();
        watched.open -= 1;
        if let Some(own) = watched.open_of.get_mut(&self.network) {
            *own -= 1;
            if *own == 0 {
                watched.open_of.remove(&self.network);
            }
        }
        let channel = watched.threads.get(&self.thread);
        if channel.is_some_and(|channel| channel.sender.receiver_count() == 0) {
            watched.threads.remove(&self.thread);
        }
    }
}

/// One reader's place in a stream. Fields are dropped in this order: the receiver goes before the
/// place, which looks whether it was the last one.
struct Follower {
    greeting: Option<Bytes>,
    live: Option<broadcast::Receiver<Frames>>,
    /// Whether the log was read to its end after listening began.
    caught_up: bool,
    sent: i64,
    place: Place,
}

impl Follower {
    async fn next(mut self) -> Option<(Result<Bytes>, Self)> {
        if let Some(greeting) = self.greeting.take() {
            return Some((Ok(greeting), self));
        }
        // The past is read as fast as the reader takes it, a little at a time.
        while !self.caught_up {
            let listened = self.live.is_some();
            match self.place.streams.past(self.place.thread, self.sent).await {
                Ok(Some(frames)) => {
                    self.sent = frames.last;
                    return Some((Ok(frames.bytes), self));
                }
                // Nothing happened since listening began, so nothing fell between.
                Ok(None) if listened => self.caught_up = true,
                Ok(None) => {
                    self.live = Some(self.place.streams.listen(self.place.thread, self.sent)?);
                }
                // The reader comes back with the last id it saw.
                Err(_) => return None,
            }
        }
        loop {
            match timeout(HEARTBEAT, self.live.as_mut()?.recv()).await {
                Err(_) => return Some((Ok(Bytes::from_static(b": still here\n\n")), self)),
                Ok(Ok(frames)) if frames.first > self.sent => {
                    self.sent = frames.last;
                    return Some((Ok(frames.bytes), self));
                }
                Ok(Ok(frames)) if frames.last > self.sent => {
                    // Some of it was read from the log already: the rest is, too.
                    self.caught_up = false;
                    return Some((Ok(Bytes::from_static(b": catching up\n\n")), self));
                }
                Ok(Ok(_)) => {}
                // Too slow, or the service stops: the reader comes back with the last id it saw.
                Ok(Err(RecvError::Lagged(_) | RecvError::Closed)) => return None,
            }
        }
    }
}
