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
use tokio::time::{interval, timeout};

use crate::domain::id::ThreadId;
use crate::domain::time::Time;
use crate::error::{Error, Result};
use crate::store::{Store, threads};
use crate::view::change::{self, Change};

/// How often an idle stream says that it is still there.
const HEARTBEAT: Duration = Duration::from_secs(20);

/// How often versions are looked up besides what this process announces itself: other instances and
/// the command line write too.
const POLL: Duration = Duration::from_secs(2);

/// How many events a slow reader may fall behind; then its stream ends, to be resumed by id.
const BEHIND: usize = 256;

/// How many events are read from the log at once.
const CHUNK: i64 = 100;

/// How many versions are looked up in one query.
const LOOKUP: usize = 500;

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
    stopped: bool,
}

struct Channel {
    /// The version up to which events were handed out.
    version: i64,
    sender: broadcast::Sender<Frame>,
}

/// An event as it goes over the wire.
#[derive(Debug, Clone)]
struct Frame {
    version: i64,
    bytes: Bytes,
}

impl Frame {
    fn of(change: &Change) -> Result<Self> {
        let data = serde_json::to_string(change)
            .map_err(|error| Error::Internal(format!("rendering a change: {error}")))?;
        let text = format!(
            "id: {}\nevent: {}\ndata: {data}\n\n",
            change.version, change.kind
        );
        Ok(Self {
            version: change.version,
            bytes: Bytes::from(text),
        })
    }
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
    ) -> Result<impl Stream<Item = Result<Bytes>> + use<>> {
        let place = Place::take(self)?;
        let present = self.version(thread).await?;
        // Listening begins before the past is read, so that nothing falls between.
        let receiver = self.listen(thread, present)?;
        let (first, sent) = match since {
            Some(since) => (self.past(thread, since).await?, since),
            None => (vec![greeting(present)], present),
        };
        let sent = first.last().map_or(sent, |frame| frame.version);
        // The server sends its head with the first bytes of the body, and a browser that hears
        // nothing takes the stream for broken: so there always is something at once.
        let mut waiting = vec![Bytes::from_static(b": following\n\n")];
        waiting.extend(first.into_iter().map(|frame| frame.bytes));
        let follower = Follower {
            waiting: waiting.into_iter(),
            receiver,
            sent,
            _place: place,
        };
        Ok(stream::unfold(follower, Follower::next))
    }

    async fn version(&self, thread: ThreadId) -> Result<i64> {
        self.store
            .read(move |conn| Ok(threads::by_id(conn, thread)?.map_or(0, |row| row.version)))
            .await
    }

    fn listen(&self, thread: ThreadId, present: i64) -> Result<broadcast::Receiver<Frame>> {
        let mut watched = self.watched();
        if watched.stopped {
            return Err(Error::Busy);
        }
        let channel = watched.threads.entry(thread).or_insert_with(|| Channel {
            version: present,
            sender: broadcast::channel(BEHIND).0,
        });
        Ok(channel.sender.subscribe())
    }

    /// The events after `since`, as far as the log goes now.
    async fn past(&self, thread: ThreadId, since: i64) -> Result<Vec<Frame>> {
        let mut frames = Vec::new();
        let mut from = since;
        loop {
            let changes = self.changes(thread, from).await?;
            for change in &changes.items {
                frames.push(Frame::of(change)?);
                from = change.version;
            }
            if changes.next.is_none() {
                return Ok(frames);
            }
            // Whoever is further behind reads the thread anew: it is less work for both.
            if frames.len() >= BEHIND {
                return Err(Error::Resync);
            }
        }
    }

    async fn changes(&self, thread: ThreadId, since: i64) -> Result<change::Changes> {
        self.store
            .read(move |conn| change::since(conn, thread, since, CHUNK, Time::now()))
            .await
    }

    /// Hands out what is new: for each announced thread at once, for all watched ones now and then.
    /// Ends when nothing can be announced any more.
    pub async fn pump(self: Arc<Self>, mut announced: mpsc::UnboundedReceiver<ThreadId>) {
        let mut poll = interval(POLL);
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
                _ = poll.tick() => {
                    let mut watched = self.watched();
                    watched.threads.retain(|_, channel| channel.sender.receiver_count() > 0);
                    ids.extend(watched.threads.keys().copied());
                }
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
        for (thread, version) in versions {
            let Some(sent) = self
                .watched()
                .threads
                .get(&thread)
                .map(|channel| channel.version)
            else {
                continue;
            };
            if version <= sent {
                continue;
            }
            match self.past(thread, sent).await {
                Ok(frames) => {
                    let mut watched = self.watched();
                    if let Some(channel) = watched.threads.get_mut(&thread) {
                        for frame in frames {
                            channel.version = frame.version;
                            // Fails only when nobody listens any more.
                            let _ = channel.sender.send(frame);
                        }
                    }
                }
                // Dropping the channel ends its streams; they come back and are told to resync.
                Err(Error::Resync) => {
                    self.watched().threads.remove(&thread);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

fn greeting(version: i64) -> Frame {
    let text = format!("id: {version}\nevent: ready\ndata: {{\"version\":{version}}}\n\n");
    Frame {
        version,
        bytes: Bytes::from(text),
    }
}

/// One of the streams there is room for; given back when dropped.
struct Place(Arc<Streams>);

impl Place {
    fn take(streams: &Arc<Streams>) -> Result<Self> {
        let mut watched = streams.watched();
        if watched.stopped || watched.open >= streams.most {
            return Err(Error::Busy);
        }
        watched.open += 1;
        drop(watched);
        Ok(Self(streams.clone()))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.watched().open -= 1;
    }
}

/// One reader's place in a stream.
struct Follower {
    waiting: std::vec::IntoIter<Bytes>,
    receiver: broadcast::Receiver<Frame>,
    sent: i64,
    _place: Place,
}

impl Follower {
    async fn next(mut self) -> Option<(Result<Bytes>, Self)> {
        if let Some(bytes) = self.waiting.next() {
            return Some((Ok(bytes), self));
        }
        loop {
            match timeout(HEARTBEAT, self.receiver.recv()).await {
                Err(_) => return Some((Ok(Bytes::from_static(b": still here\n\n")), self)),
                Ok(Ok(frame)) if frame.version > self.sent => {
                    self.sent = frame.version;
                    return Some((Ok(frame.bytes), self));
                }
                Ok(Ok(_)) => {}
                // Too slow, or the service stops: the reader comes back with the last id it saw.
                Ok(Err(RecvError::Lagged(_) | RecvError::Closed)) => return None,
            }
        }
    }
}
