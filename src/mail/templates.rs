//! The texts of letters: embedded, and where the operator put a file of the same name into a folder, that one. Each is tried
//! on samples before it is used, so that a broken one is named at start, and never in a reader's mail.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Display;
use std::path::Path;
use std::sync::Arc;

use minijinja::value::{Kwargs, Serde};
use minijinja::{Environment, ErrorKind, State};
use serde::Serialize;

use super::letter::{Content, samples};
use crate::error::{Error, Result};
use crate::template;

/// Most bytes of a file of the operator's.
const MAX_BYTES: u64 = 256 * 1024;

macro_rules! embedded {
    ($folder:literal: $($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!($folder, "/", $name)))),*]
    };
}

/// Every template, by its name. What ends in `.html` is escaped; the first line of a letter's `.txt` is its subject.
const FILES: &[(&str, &str)] = embedded!("templates":
    "layout.html", "button.html", "comments.html", "comments.txt", "foot.html", "foot.txt",
    "confirm.html", "confirm.txt", "new_comment.html", "new_comment.txt", "reply.html", "reply.txt",
    "followed_author.html", "followed_author.txt", "approved.html", "approved.txt",
    "not_published.html", "not_published.txt", "notice_received.html", "notice_received.txt",
    "notice_decided.html", "notice_decided.txt", "sign_in.html", "sign_in.txt", "digest.html", "digest.txt",
    "subscriptions.html", "subscriptions.txt", "comment_waiting.html", "comment_waiting.txt",
);

/// The words of each language that letters are written in, the first for all others.
const PHRASES: &[(&str, &str)] = embedded!("phrases":
    "en.json", "de.json", "fr.json", "es.json", "ru.json", "ar.json",
);

type Phrases = HashMap<&'static str, BTreeMap<String, String>>;

/// The templates in use.
#[derive(Clone)]
pub struct Templates {
    env: Arc<Environment<'static>>,
}

/// What every template is given.
#[derive(Serialize)]
struct Context<'a, C> {
    lang: &'a str,
    dir: &'static str,
    /// The side that a line begins on.
    start: &'static str,
    site: &'a str,
    #[serde(flatten)]
    content: &'a C,
}

impl Templates {
    /// As they are embedded.
    ///
    /// # Errors
    /// When one of them is broken, which a test rules out.
    pub fn embedded() -> Result<Self> {
        let broken = |error: &dyn Display| Error::Internal(format!("embedded templates: {error}"));
        let mut env = template::environment().map_err(|error| broken(&error))?;
        let phrases = phrases().map_err(|error| broken(&error))?;
        env.add_function("say", move |state: &State, key: &str, values: Kwargs| {
            say(&phrases, state, key, &values)
        });
        for (name, text) in FILES {
            env.add_template(name, text)
                .map_err(|error| broken(&error))?;
        }
        Ok(Self { env: Arc::new(env) })
    }

    /// The embedded ones, and over them those of a folder, as far as each does on its own; with a sentence for each file that
    /// does not. Its embedded namesake stays.
    ///
    /// # Errors
    /// When the folder itself cannot be read.
    pub fn with_folder(folder: &Path) -> Result<(Self, Vec<String>)> {
        let mut templates = Self::embedded()?;
        let mut complaints = Vec::new();
        let unreadable = |error: std::io::Error| {
            Error::Internal(format!(
                "the folder of templates `{}`: {error}",
                folder.display()
            ))
        };
        let mut names = Vec::new();
        for entry in std::fs::read_dir(folder).map_err(unreadable)? {
            names.push(
                entry
                    .map_err(unreadable)?
                    .file_name()
                    .to_string_lossy()
                    .into_owned(),
            );
        }
        names.sort();
        for name in names.iter().filter(|name| !name.starts_with('.')) {
            match templates.replaced(folder, name) {
                Ok(replaced) => templates = replaced,
                Err(complaint) => complaints.push(format!("{name}: {complaint}")),
            }
        }
        Ok((templates, complaints))
    }

    fn replaced(&self, folder: &Path, name: &str) -> std::result::Result<Self, String> {
        let known = FILES.iter().find(|(known, _)| *known == name);
        let (name, _) = known.ok_or("no letter has a template of that name")?;
        let path = folder.join(name);
        let size = std::fs::metadata(&path)
            .map_err(|error| error.to_string())?
            .len();
        if size > MAX_BYTES {
            return Err(format!("larger than {MAX_BYTES} bytes"));
        }
        let text = std::fs::read_to_string(&path).map_err(|error| error.to_string())?;
        let mut env = (*self.env).clone();
        env.add_template_owned(*name, text)
            .map_err(|error| error.to_string())?;
        let replaced = Self { env: Arc::new(env) };
        for sample in samples() {
            replaced
                .fill("en", "Site", &sample)
                .map_err(|error| error.for_operator())?;
        }
        Ok(replaced)
    }

    /// A letter's subject, text and HTML, in a language or one near it.
    ///
    /// # Errors
    /// [`Error::Internal`] when a template names what it is not given.
    pub fn fill(&self, locale: &str, site: &str, content: &Content) -> Result<Filled> {
        let lang = language(locale);
        let rtl = lang == "ar";
        let context = Context {
            lang,
            dir: if rtl { "rtl" } else { "ltr" },
            start: if rtl { "right" } else { "left" },
            site,
            content,
        };
        let text = self.render(&format!("{}.txt", content.template()), &context)?;
        let html = self.render(&format!("{}.html", content.template()), &context)?;
        let (subject, text) = text.split_once('\n').unwrap_or((&text, ""));
        Ok(Filled {
            subject: subject.trim().to_owned(),
            text: tidy(text),
            html,
        })
    }

    fn render(&self, name: &str, context: &impl Serialize) -> Result<String> {
        let broken = |error: minijinja::Error| Error::Internal(format!("template {name}: {error}"));
        let template = self.env.get_template(name).map_err(broken)?;
        template.render(Serde(context)).map_err(broken)
    }
}

impl std::fmt::Debug for Templates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Templates(…)")
    }
}

/// What the templates of one letter make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filled {
    /// On one line.
    pub subject: String,
    /// The plain text.
    pub text: String,
    /// The HTML.
    pub html: String,
}

/// The language among ours that a tag asks for; English where there is none.
fn language(locale: &str) -> &'static str {
    let wanted = locale.split('-').next().unwrap_or_default();
    let named = |(file, _): &(&'static str, &str)| file.strip_suffix(".json").unwrap_or_default();
    PHRASES
        .iter()
        .map(named)
        .find(|lang| *lang == wanted)
        .unwrap_or("en")
}

fn phrases() -> serde_json::Result<Phrases> {
    PHRASES
        .iter()
        .map(|(file, text)| {
            Ok((
                language(file.trim_end_matches(".json")),
                serde_json::from_str(text)?,
            ))
        })
        .collect()
}

/// `say("key", name=…)`: the phrase of the letter's language, with its values put in. What it gives is text, and escaped like
/// any other value.
fn say(
    phrases: &Phrases,
    state: &State,
    key: &str,
    values: &Kwargs,
) -> std::result::Result<String, minijinja::Error> {
    let wrong = |what: String| minijinja::Error::new(ErrorKind::UndefinedError, what);
    let lang = state
        .lookup("lang")
        .map(|lang| lang.to_string())
        .unwrap_or_default();
    let phrase = phrases
        .get(lang.as_str())
        .and_then(|phrases| phrases.get(key))
        .ok_or_else(|| wrong(format!("there is no phrase `{key}`")))?;
    let mut text = String::new();
    let mut rest = phrase.as_str();
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after
            .split_once('}')
            .ok_or_else(|| wrong(format!("phrase `{key}`")))?;
        text.push_str(before);
        text.push_str(&values.get::<minijinja::Value>(name)?.to_string());
        rest = after;
    }
    text.push_str(rest);
    Ok(text)
}

/// No space at the ends of lines (but for the mark of a signature, RFC 3676 §4.3), never two empty lines, none at the ends.
fn tidy(text: &str) -> String {
    let mut lines: Vec<&str> = Vec::new();
    for line in text.lines() {
        let line = if line == "-- " { line } else { line.trim_end() };
        if !line.is_empty() || lines.last().is_some_and(|last| !last.is_empty()) {
            lines.push(line);
        }
    }
    let mut text = lines.join("\n");
    text.truncate(text.trim_end_matches('\n').len());
    text.push('\n');
    text
}
