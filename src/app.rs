//! Puts the house together: settings, store, pages, streams, mail, server; and takes it down in order.

use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpServer;
use actix_web::middleware::from_fn;
use actix_web::web::Data;
use tokio::sync::{Semaphore, watch};
use tokio::task::{JoinHandle, JoinSet};

use crate::config::{self, Config, SettingError};
use crate::domain::page::Origin;
use crate::domain::service_url::ServiceUrl;
use crate::domain::time::Time;
use crate::domain::token::Keys;
use crate::error::Error;
use crate::http;
use crate::http::app::App;
use crate::http::files::Files;
use crate::http::limits::{Limit, Limits};
use crate::http::observe::RequestIds;
use crate::live::answers::Answers;
use crate::live::pages::Pages;
use crate::live::streams::Streams;
use crate::mail::{self, Pace, Post, Signer, Templates, Transport};
use crate::outbound;
use crate::service::advice::Advice;
use crate::service::anchoring::Anchoring;
use crate::service::judging::Judges;
use crate::service::page_fetch::PageAsker;
use crate::service::published_keys::PublishedKeys;
use crate::service::work::Traffic;
use crate::service::{demo, housekeeping, jobs, teaching};
use crate::store::Store;
use crate::telemetry::Metrics;

/// How many moderators may follow the queue at a time.
const FOLLOWERS: usize = 64;

/// How much memory ready answers may take, in bytes: as much by what was asked for as by what they show, though most bytes
/// are shared.
const PAGES: u64 = 32 * 1024 * 1024;

/// How long requests under way, and then the workers, may take to finish when the service stops, in
/// seconds. Both together stay below the ten that Docker waits before it kills.
const GRACE: u64 = 4;

/// How often the limits forget whom they need not remember.
const TIDY: Duration = Duration::from_secs(600);

/// Why the service did not start, or ended.
#[derive(Debug)]
pub enum Failure {
    /// A setting cannot be.
    Setting(SettingError),
    /// One of our own rooms said no.
    Own(Error),
    /// The network, or the disk, said no.
    Io(std::io::Error),
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Setting(error) => error.fmt(f),
            Self::Own(error) => f.write_str(&error.for_operator()),
            Self::Io(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Failure {}

impl From<SettingError> for Failure {
    fn from(error: SettingError) -> Self {
        Self::Setting(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Own(error)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}

/// A service that is ready to answer: bound, migrated, and not yet running.
pub struct Service {
    app: Data<App>,
    listener: TcpListener,
    address: SocketAddr,
    threads: usize,
    pump: JoinHandle<()>,
    /// What works beside the server, and ends when told to.
    workers: JoinSet<&'static str>,
    stop: watch::Sender<bool>,
}

impl Service {
    /// Opens everything that the settings name.
    ///
    /// # Errors
    /// What could not be opened, and how to mend it.
    pub async fn open(config: Config) -> Result<Self, Failure> {
        config::make_data_dir(&config.data_dir)?;
        let keys = config::signing_keys(&config)?;
        let listener = TcpListener::bind(config.listen).map_err(|error| {
            SettingError::new(format!(
                "cannot listen on {} (--listen, POSTIL_LISTEN): {error}",
                config.listen
            ))
        })?;
        let address = listener.local_addr()?;
        let public = config.public_url(address)?;
        let metrics = Metrics::new();
        let (store, announced) = Store::open(
            config.database.clone(),
            config.direct_database.clone(),
            config.read_connections,
        )?;
        let outbound = outbound::Client::new(config.outbound_networks);
        let judges = Judges::new(
            Advice::new(outbound.clone(), metrics.clone()),
            config.fetch_pages,
        );
        let own = own_addresses(&public, address);
        if config.demo {
            demo::prepare(&store, &keys, &judges, &own, Time::now()).await?;
        }
        let streams = Streams::new(store.clone(), config.limits.streams);
        let (stop, stopped) = watch::channel(false);
        let pump = tokio::spawn(streams.clone().pump(announced));
        let post = post(&config.mail, &public, &keys)?;
        let pace = Pace::new(config.mail.rate, config.mail.rate_per_domain);
        let mail = mail::worker::run(store.clone(), post, pace, metrics.clone(), stopped.clone());
        let housekeeping = housekeeping::run(store.clone(), config.keep_log, stopped.clone());
        let published_keys = PublishedKeys::new(outbound.clone());
        let pages = PageAsker::new(outbound, own).run(store.clone(), stopped.clone());
        let key_sets = published_keys.clone().run(store.clone(), stopped.clone());
        let jobs = jobs::run(store.clone(), stopped.clone());
        let teaching = teaching::run(store.clone(), stopped);
        let mut workers = JoinSet::new();
        workers.spawn(async move {
            mail.await;
            "mail"
        });
        workers.spawn(async move {
            housekeeping.await;
            "housekeeping"
        });
        workers.spawn(async move {
            jobs.await;
            "jobs"
        });
        workers.spawn(async move {
            teaching.await;
            "teaching"
        });
        workers.spawn(async move {
            key_sets.await;
            "published keys"
        });
        if config.fetch_pages {
            workers.spawn(async move {
                pages.await;
                "pages"
            });
        }
        let limits = Limits {
            comments: Limit::new("comments", config.limits.comments),
            writes: Limit::new("writes", config.limits.writes),
            identity: Limit::new("identity", config.limits.identity),
            letters: Limit::new("letters", config.limits.letters),
            challenges: Limit::new("challenges", config.limits.challenges),
            texts: Limit::new("texts", config.limits.texts),
        };
        let app = Data::new(App {
            answers: Answers::new(store.clone(), PAGES),
            store,
            keys,
            published_keys,
            judges,
            traffic: Traffic::default(),
            anchoring: Anchoring::new(config.limits.text_share),
            pages: Pages::new(PAGES),
            files: Files::new(&public),
            streams,
            followers: Arc::new(Semaphore::new(FOLLOWERS)),
            limits,
            trusted_proxies: config.trusted_proxies,
            request_ids: RequestIds::new()?,
            metrics,
            service_url: public,
            demo: config.demo,
        });
        Ok(Self {
            app,
            listener,
            address,
            threads: config.workers,
            pump,
            workers,
            stop,
        })
    }

    /// What its handlers are given.
    pub fn app(&self) -> &App {
        &self.app
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A few plain lines: where the demo is, how to embed the widget, how to become a moderator.
    fn welcome(&self) -> String {
        let url = &self.app.service_url;
        let site = if self.app.demo { demo::SLUG } else { "SITE" };
        let mut text = format!("Listening on http://{}\n", self.address);
        if self.app.demo {
            text += &format!("Read and answer:    {url}/demo/\n");
        } else {
            text += "Add your site:      postil site add SITE --origin https://example.org\n";
        }
        text += &format!(
            "Embed:              <script type=\"module\" src=\"{url}/postil.js\"></script> \
             <postil-thread site=\"{site}\"></postil-thread>\n\
             Become a moderator: postil moderator add {site} \"Your name\"\n"
        );
        text
    }

    /// Serves until it is told to stop (SIGTERM, Ctrl-C, or the end of `until`); then finishes the
    /// requests under way, the mail in hand and the writes that were accepted.
    ///
    /// # Errors
    /// When the server failed, or a task that must not end did.
    pub async fn run(mut self, until: impl Future<Output = ()>) -> Result<(), Failure> {
        let app = self.app.clone();
        let server = HttpServer::new({
            let app = app.clone();
            move || {
                actix_web::App::new()
                    .app_data(app.clone())
                    .wrap(from_fn(http::observe::observe))
                    .wrap(from_fn(http::prefix::take_off))
                    .configure(http::routes)
            }
        })
        .workers(self.threads)
        .client_request_timeout(Duration::from_secs(10))
        .shutdown_timeout(GRACE)
        .disable_signals()
        .listen(self.listener)?
        .run();
        let handle = server.handle();
        let mut server = std::pin::pin!(server);
        let mut tidy = tokio::time::interval(TIDY);
        let mut until = std::pin::pin!(until);
        loop {
            tokio::select! {
                ended = &mut server => return Ok(ended?),
                () = &mut until => break,
                _ = tidy.tick() => {
                    app.limits.tidy();
                }
                _ = &mut self.pump => return Err(ended_early("live streams")),
                Some(ended) = self.workers.join_next() => {
                    return Err(ended_early(ended.unwrap_or("a worker that panicked")));
                }
            }
        }
        tracing::info!("stopping");
        app.streams.stop();
        let stopping = handle.stop(true);
        let (ended, ()) = tokio::join!(&mut server, stopping);
        ended?;
        let _ = self.stop.send(true);
        let grace = Duration::from_secs(GRACE);
        let workers = async { while self.workers.join_next().await.is_some() {} };
        if tokio::time::timeout(grace, workers).await.is_err() {
            tracing::warn!("a worker did not end in time");
        }
        self.pump.abort();
        app.store.close().await;
        Ok(())
    }
}

/// Opens the service, says how to reach it, and serves until the operator stops it.
///
/// # Errors
/// Those of [`Service::open`] and [`Service::run`].
pub async fn serve(config: Config) -> Result<(), Failure> {
    let service = Service::open(config).await?;
    // Nobody may be reading, which is no reason not to serve.
    let _ = std::io::stdout().write_all(service.welcome().as_bytes());
    service.run(signalled()).await
}

fn ended_early(task: &str) -> Failure {
    Error::Internal(format!("{task} ended before its time")).into()
}

/// Ends when the operator wants the service to stop.
pub async fn signalled() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        // Without handlers the signals end the process, which is what they are for.
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}

/// How mail goes out: to the server, or into files where there is none. A template of the operator's that is broken is named
/// in the log, and the built-in one used.
///
/// # Errors
/// What cannot be opened, and how to mend it.
pub fn post(mail: &config::Mail, public: &ServiceUrl, keys: &Keys) -> Result<Post, Failure> {
    let transport = match &mail.smtp {
        Some(server) => Transport::smtp(server),
        None => Transport::files(&mail.folder)?,
    };
    let sender = match &mail.from {
        Some(sender) => sender.clone(),
        None => "Postil <postil@localhost.invalid>"
            .parse()
            .map_err(Error::Internal)?,
    };
    let templates = match &mail.templates {
        Some(folder) => {
            let (templates, complaints) = Templates::with_folder(folder).map_err(|error| {
                let why = error.for_operator();
                SettingError::new(format!("--mail-templates (POSTIL_MAIL_TEMPLATES): {why}"))
            })?;
            for complaint in complaints {
                tracing::error!(
                    "--mail-templates: the built-in template is used, since {complaint}"
                );
            }
            templates
        }
        None => Templates::embedded()?,
    };
    let signer = mail.dkim.as_ref().map(signer).transpose()?;
    Ok(Post {
        transport,
        sender,
        service_url: public.clone(),
        keys: keys.clone(),
        templates,
        signer,
        returns: mail.returns.clone(),
        quiet: mail.quiet,
    })
}

fn signer(dkim: &config::Dkim) -> Result<Signer, SettingError> {
    let refuse = |why: String| {
        let file = dkim.key.display();
        SettingError::new(format!("--dkim-key (POSTIL_DKIM_KEY) `{file}` {why}"))
    };
    let pem = std::fs::read_to_string(&dkim.key)
        .map_err(|error| refuse(format!("cannot be read: {error}")))?;
    Signer::new(&pem, &dkim.selector, &dkim.domain)
        .map_err(|takes| refuse(format!("does not hold what it takes: {takes}.")))
}

/// The addresses at which the service is: as it is reached, and by the other names of a loopback address.
fn own_addresses(public: &ServiceUrl, address: SocketAddr) -> Vec<ServiceUrl> {
    let port = address.port();
    let mut own = vec![public.clone()];
    if address.ip().is_loopback() || address.ip().is_unspecified() {
        for host in ["localhost", "127.0.0.1", "[::1]"] {
            let other = Origin::parse(&format!("http://{host}:{port}"));
            let other = other.map(|origin| public.by(origin));
            own.extend(other.ok().filter(|other| other != public));
        }
    }
    own
}
