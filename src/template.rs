//! The texts that are filled in: the plain page of a thread, feeds, and letters (`mail/templates.rs`). Strict about missing
//! names, and every inserted value escaped for where it stands.

use std::fmt::Display;
use std::sync::LazyLock;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, ErrorKind, Output, State, UndefinedBehavior, Value};
use serde::Serialize;

use crate::error::{Error, Result};

/// The templates of `http`, by name. What ends in `.html` or `.xml` is escaped, what ends in `.txt` is not.
const FILES: &[(&str, &str)] = &[
    ("thread.html", include_str!("http/templates/thread.html")),
    ("mailbox.html", include_str!("http/templates/mailbox.html")),
    ("feed.xml", include_str!("http/templates/feed.xml")),
];

static TEMPLATES: LazyLock<Result<Environment<'static>, minijinja::Error>> = LazyLock::new(|| {
    let mut templates = environment()?;
    for (name, text) in FILES {
        templates.add_template(name, text)?;
    }
    Ok(templates)
});

/// A place for templates, with the house's rules and no template yet.
pub(crate) fn environment() -> Result<Environment<'static>, minijinja::Error> {
    let mut templates = Environment::new();
    templates.set_undefined_behavior(UndefinedBehavior::Strict);
    templates.set_formatter(escape);
    let mut syntax = SyntaxConfig::builder();
    syntax
        .trim_blocks(true)
        .lstrip_blocks(true)
        .keep_trailing_newline(true);
    templates.set_syntax(syntax.build()?);
    Ok(templates)
}

/// Fills a template in.
///
/// # Errors
/// [`Error::Internal`] when it is broken, or names what `context` has not.
pub fn render(name: &str, context: &impl Serialize) -> Result<String> {
    let broken = |error: &dyn Display| Error::Internal(format!("template {name}: {error}"));
    let templates = TEMPLATES.as_ref().map_err(|error| broken(error))?;
    let template = templates
        .get_template(name)
        .map_err(|error| broken(&error))?;
    template
        .render(Serde(context))
        .map_err(|error| broken(&error))
}

/// Escapes for HTML and XML, and leaves out what XML 1.0 (§2.2) has no characters for. The engine's own
/// way would write each `/` of an address as `&#x2f;`, which filters of mail take for a disguise. In
/// plain text, a value stays on its line.
/// What is not there is not written as `none`.
fn escape(out: &mut Output, state: &mut State, value: &Value) -> Result<(), minijinja::Error> {
    if value.is_none() {
        let missing = "a value that is not there was to be written";
        return Err(minijinja::Error::new(ErrorKind::UndefinedError, missing));
    }
    let is_marked_up = matches!(state.auto_escape(), AutoEscape::Html);
    let Some(text) = value.as_str().filter(|_| !value.is_safe()) else {
        return minijinja::escape_formatter(out, state, value);
    };
    for c in text.chars() {
        match c {
            '&' if is_marked_up => out.write_str("&amp;")?,
            '<' if is_marked_up => out.write_str("&lt;")?,
            '>' if is_marked_up => out.write_str("&gt;")?,
            '"' if is_marked_up => out.write_str("&quot;")?,
            '\'' if is_marked_up => out.write_str("&#39;")?,
            '\t' | '\n' | '\r' if is_marked_up => out.write_str(c.encode_utf8(&mut [0; 4]))?,
            '\u{fffe}' | '\u{ffff}' => out.write_str("\u{fffd}")?,
            c if c.is_control() && is_marked_up => out.write_str("\u{fffd}")?,
            c if c.is_control() => out.write_str(" ")?,
            c => out.write_str(c.encode_utf8(&mut [0; 4]))?,
        }
    }
    Ok(())
}
