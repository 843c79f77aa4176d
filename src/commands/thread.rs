//! `postil thread`: the threads of a site: look at them, close them, move and join them.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

use clap::{Args, Subcommand};
use postil::domain::id::{JoinId, ThreadId};
use postil::domain::time::Time;
use postil::domain::word::ThreadState;
use postil::error::Error;
use postil::service::caller::Caller;
use postil::service::thread_list::{self, Shown, Wanted};
use postil::service::threads::{self as acts, Change, Directions, Page};
use postil::service::{joins, sites};
use postil::store::jobs::Job;
use postil::store::joins::Join;
use postil::store::sites::Site;
use postil::store::threads::Thread as Row;
use postil::store::{Store, comments, threads};

use super::progress::drive;
use super::site::unknown;
use super::{Failure, Outcome, first_line, table};

/// What to do with threads.
#[derive(Subcommand)]
pub enum Thread {
    /// List a site's threads, the newest first
    List {
        /// The site
        #[arg(long, value_name = "SLUG")]
        site: String,
        /// Only those whose title or address contains this
        #[arg(long, value_name = "WORDS")]
        q: Option<String>,
    },
    /// Show one
    Show {
        /// Its id
        thread: ThreadId,
    },
    /// Take no more comments
    Close {
        /// Its id
        thread: ThreadId,
    },
    /// Take comments again
    Open {
        /// Its id
        thread: ThreadId,
    },
    /// Join one into another: all that was written in it goes over, and its id and address lead there
    Join {
        /// The id of the one that is joined
        from: ThreadId,
        /// The id of the one that has all
        into: ThreadId,
    },
    /// Undo a join, within 30 days
    Unjoin {
        /// The join's id, which joining told
        join: JoinId,
    },
    /// Move threads to where their pages are now
    Move(Move),
}

/// Where to move threads.
#[derive(Args)]
pub struct Move {
    /// The site
    #[arg(long, value_name = "SLUG")]
    site: String,
    /// The page's address, which may be on an origin that the site has no more
    #[arg(
        required_unless_present = "map",
        conflicts_with = "map",
        requires = "to"
    )]
    from: Option<String>,
    /// The address where it is now
    #[arg(conflicts_with = "map")]
    to: Option<String>,
    /// A file of lines `FROM TO`, where both may end in `*` for all that begins so; `#` begins a comment. A line without `*` goes
    /// before one with, and a longer one before a shorter
    #[arg(long, value_name = "FILE")]
    map: Option<PathBuf>,
    /// Say what would move, and move nothing
    #[arg(long)]
    dry_run: bool,
    /// Join those whose new page has a thread in which something was written, instead of leaving them
    #[arg(long)]
    join: bool,
}

/// How many threads are read at a time.
const PAGE: usize = 500;

/// How long a map may be.
const MOST_LINES: usize = 100_000;

impl Thread {
    pub(super) async fn run(self, store: &Store) -> Outcome {
        match self {
            Self::List { site, q } => list(store, &site, q).await,
            Self::Show { thread } => show(store, thread).await,
            Self::Close { thread } => set(store, thread, ThreadState::Closed).await,
            Self::Open { thread } => set(store, thread, ThreadState::Open).await,
            Self::Join { from, into } => {
                let begun =
                    joins::join(store, &Caller::operator(), from, into, Time::now()).await?;
                let join = finished(store, begun).await?;
                Ok(format!(
                    "{} comments went over. `postil thread unjoin {}` undoes it until {}.\n",
                    join.comments, join.id, join.undo_until
                ))
            }
            Self::Unjoin { join } => {
                let begun = joins::undo(store, &Caller::operator(), join, Time::now()).await?;
                finished(store, begun).await?;
                Ok("What went over is back.\n".into())
            }
            Self::Move(what) => what.run(store).await,
        }
    }
}

/// A join once it is whole: a job goes on with a large one.
async fn finished(store: &Store, (join, job): (Join, Option<Job>)) -> Result<Join, Failure> {
    let Some(job) = job else {
        return Ok(join);
    };
    drive(store, job.id).await?;
    let id = join.id;
    let read = store.read(move |conn| postil::store::joins::by_id(conn, id));
    Ok(read.await?.unwrap_or(join))
}

async fn list(store: &Store, slug: &str, words: Option<String>) -> Outcome {
    let site = sites::get(store, slug)
        .await
        .map_err(|error| unknown(error, slug))?;
    let wanted = Wanted {
        words,
        limit: PAGE,
        ..Wanted::default()
    };
    let read = store.read(move |conn| {
        thread_list::page(conn, &Caller::operator(), &site, &wanted, Time::now())
    });
    let page = read.await?;
    let rows = page.items.iter().map(|thread| {
        [
            thread.id.to_string(),
            standing(thread).to_owned(),
            thread.comment_count.to_string(),
            thread.waiting_count.to_string(),
            first_line(&thread.url, 80),
            first_line(thread.title.as_deref().unwrap_or_default(), 40),
        ]
    });
    let headings = ["THREAD", "STATE", "COMMENTS", "WAIT", "PAGE", "TITLE"];
    let mut text = table(headings, rows.collect());
    if page.next.is_some() {
        text += &format!("There are more; these are the first {PAGE}.\n");
    }
    Ok(text)
}

fn standing(thread: &Shown) -> &'static str {
    match (thread.hidden, thread.state) {
        (true, _) => "hidden",
        (false, ThreadState::Open) => "open",
        (false, ThreadState::Closed) => "closed",
    }
}

async fn show(store: &Store, id: ThreadId) -> Outcome {
    let read = store.read(move |conn| {
        let row = threads::current(conn, id)?.ok_or(Error::Unwritten)?;
        let site = postil::store::sites::by_id(conn, row.site_id)?.ok_or(Error::NotFound)?;
        let shown = thread_list::shown(conn, &site, vec![row], Time::now())?.pop();
        shown.ok_or(Error::NotFound)
    });
    let thread = read.await?;
    let mut text = format!(
        "{}\nsite      {}\npage      {}\ntitle     {}\nstate     {}\ncomments  {}, and {} wait\n",
        thread.id,
        thread.site,
        first_line(&thread.url, 2000),
        first_line(thread.title.as_deref().unwrap_or("-"), 200),
        standing(&thread),
        thread.comment_count,
        thread.waiting_count,
    );
    for key in &thread.keys {
        text += &format!("key       {}\n", first_line(key, 2000));
    }
    Ok(text)
}

async fn set(store: &Store, id: ThreadId, state: ThreadState) -> Outcome {
    let change = Change {
        directions: Directions {
            state: Some(state),
            ..Directions::default()
        },
        ..Change::default()
    };
    acts::change(store, &Caller::operator(), id, change, Time::now()).await?;
    show(store, id).await
}

/// Where pages went.
#[derive(Default)]
struct Map {
    exact: HashMap<String, Target>,
    /// The longest first.
    prefixes: Vec<(String, Target)>,
}

struct Target {
    to: String,
    line: usize,
}

impl Map {
    /// Reads a map, and tells every line that will not do.
    fn read(site: &Site, text: &str) -> Result<Self, Failure> {
        let (mut map, mut wrong) = (Self::default(), Vec::new());
        if text.lines().count() > MOST_LINES {
            return Err(Failure::new(format!(
                "a map has at most {MOST_LINES} lines"
            )));
        }
        for (at, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if let Err(why) = map.add(site, line, at + 1) {
                wrong.push(format!("line {}: {why}", at + 1));
            }
        }
        if !wrong.is_empty() {
            return Err(Failure::new(wrong.join("\n")));
        }
        map.prefixes
            .sort_by_key(|(from, _)| std::cmp::Reverse(from.len()));
        Ok(map)
    }

    fn add(&mut self, site: &Site, text: &str, line: usize) -> Result<(), String> {
        let mut parts = text.split_whitespace();
        let (Some(from), Some(to), None) = (parts.next(), parts.next(), parts.next()) else {
            return Err("takes two addresses, FROM TO".into());
        };
        let (beginning, new_beginning) = (from.strip_suffix('*'), to.strip_suffix('*'));
        let bare = beginning.unwrap_or(from);
        let url = site
            .address_rules()
            .canonical(bare)
            .map_err(|bad| bad.detail)?;
        let target = new_beginning.unwrap_or(to);
        let page = Page::parse(site, target, None).map_err(|(_, bad)| bad.detail)?;
        match (beginning, new_beginning) {
            (None, None) => {
                let to = page.url.to_string();
                let before = self.exact.insert(url.to_string(), Target { to, line });
                match before {
                    Some(before) => Err(format!("line {} has this address too", before.line)),
                    None => Ok(()),
                }
            }
            (Some(from), Some(to)) if to.starts_with(from) => {
                Err("what was moved would be moved again the next time".into())
            }
            (Some(from), Some(to)) => {
                let to = to.to_owned();
                self.prefixes.push((from.to_owned(), Target { to, line }));
                Ok(())
            }
            _ => Err("`*` stands at the end of both, or of neither".into()),
        }
    }

    /// Where a page is now, and the line that says so.
    fn find(&self, url: &str) -> Option<(String, usize)> {
        if let Some(target) = self.exact.get(url) {
            return Some((target.to.clone(), target.line));
        }
        self.prefixes.iter().find_map(|(from, target)| {
            let rest = url.strip_prefix(from.as_str())?;
            Some((format!("{}{rest}", target.to), target.line))
        })
    }

    fn lines(&self) -> impl Iterator<Item = usize> {
        let exact = self.exact.values().map(|target| target.line);
        exact.chain(self.prefixes.iter().map(|(_, target)| target.line))
    }
}

impl Move {
    async fn run(self, store: &Store) -> Outcome {
        let site = sites::get(store, &self.site)
            .await
            .map_err(|error| unknown(error, &self.site))?;
        let text = match (&self.map, &self.from, &self.to) {
            (Some(file), ..) => std::fs::read_to_string(file)?,
            (None, Some(from), Some(to)) => format!("{from} {to}"),
            _ => return Err(Failure::new("says neither FROM and TO nor a map")),
        };
        let map = Map::read(&site, &text)?;
        let (mut told, mut used) = (Vec::new(), HashSet::new());
        let mut last = None;
        loop {
            let (id, after) = (site.id, last);
            let read = store.read(move |conn| {
                let which = threads::Filter {
                    site: id,
                    words: None,
                    standing: None,
                };
                threads::page(conn, &which, after, PAGE as i64)
            });
            let rows = read.await?;
            last = rows.last().map(|row| postil::domain::cursor::Cursor {
                key: row.created_at.micros(),
                id: row.id.bytes(),
            });
            for row in &rows {
                if let Some((to, line)) = map.find(&row.url) {
                    used.insert(line);
                    told.push(self.one(store, &site, row, &to, line).await?);
                }
            }
            if rows.len() < PAGE {
                break;
            }
        }
        let mut unused: Vec<usize> = map.lines().filter(|line| !used.contains(line)).collect();
        unused.sort_unstable();
        told.extend(unused.iter().map(|line| format!("line {line}: no thread")));
        Ok(told.join("\n") + "\n")
    }

    /// Moves one thread, and says what became of it.
    async fn one(
        &self,
        store: &Store,
        site: &Site,
        row: &Row,
        to: &str,
        line: usize,
    ) -> Result<String, Failure> {
        let from = first_line(&row.url, 2000);
        // A thread that is known by a key of its page's own keeps it.
        let key = (row.key != row.url).then_some(row.key.as_str());
        let page = match Page::parse(site, to, key) {
            Ok(page) => page,
            Err((_, bad)) => return Ok(format!("line {line}: {from}: {}", bad.detail)),
        };
        if page.url.as_str() == row.url {
            return Ok(format!("line {line}: {from} is there"));
        }
        let told = format!("{from} -> {}", first_line(page.url.as_str(), 2000));
        if self.dry_run {
            let (site, key, id) = (site.id, page.key.as_str().to_owned(), row.id);
            let read = store.read(move |conn| {
                let (_, there) = threads::by_key(conn, site, &key)?;
                match there.filter(|there| there.id != id) {
                    Some(there) => comments::are_in(conn, there.id),
                    None => Ok(false),
                }
            });
            return Ok(match (read.await?, self.join) {
                (false, _) => told,
                (true, true) => format!("{told} (joins what is there)"),
                (true, false) => format!("line {line}: {told}: something was written there"),
            });
        }
        let change = Change {
            to: Some(page),
            ..Change::default()
        };
        let caller = Caller::operator();
        match acts::change(store, &caller, row.id, change, Time::now()).await {
            Ok(_) => Ok(told),
            Err(Error::Occupied(there)) if self.join => {
                match joins::join(store, &caller, row.id, there, Time::now()).await {
                    Ok(begun) => {
                        let join = finished(store, begun).await?;
                        Ok(format!("{told} (joined: {})", join.id))
                    }
                    Err(Error::Conflict(why)) => Ok(format!("line {line}: {told}: {why}")),
                    Err(error) => Err(error.into()),
                }
            }
            Err(Error::Occupied(there)) => Ok(format!(
                "line {line}: {told}: something was written there, in {there}"
            )),
            Err(error) => Err(error.into()),
        }
    }
}
