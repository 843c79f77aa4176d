//! What a feed says of its own, in every language of the widget. Names and titles stand in their language's quotation marks, but
//! for English, which says where one ends.

/// One language's words.
pub(super) struct FeedWords {
    /// The language (BCP 47).
    pub lang: &'static str,
    /// The feed: `{page}` is what it is about.
    feed: &'static str,
    /// A comment on `{page}` by `{name}`.
    comment: &'static str,
    /// An answer to another, on `{page}` by `{name}`.
    reply: &'static str,
    /// Somebody without a name.
    pub guest: &'static str,
}

impl FeedWords {
    /// The words of a site's language, or English ones.
    pub fn of(locale: &str) -> &'static Self {
        let language = locale.split('-').next().unwrap_or_default();
        let found = ALL
            .iter()
            .find(|words| words.lang.eq_ignore_ascii_case(language));
        found.unwrap_or(&ALL[0])
    }

    /// What the feed is called.
    pub fn feed(&self, page: &str) -> String {
        filled(self.feed, page, "")
    }

    /// What an entry is called.
    pub fn entry(&self, name: &str, page: &str, is_reply: bool) -> String {
        let pattern = if is_reply { self.reply } else { self.comment };
        filled(pattern, page, name)
    }
}

/// In one pass, since a name may be `{page}`.
fn filled(pattern: &str, page: &str, name: &str) -> String {
    let mut parts = pattern.split('{');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (value, rest) = match part.split_once('}') {
            Some(("page", rest)) => (page, rest),
            Some((_, rest)) => (name, rest),
            None => ("", part),
        };
        text.push_str(value);
        text.push_str(rest);
    }
    text
}

static ALL: [FeedWords; 6] = [
    FeedWords {
        lang: "en",
        feed: "Comments on {page}",
        comment: "Comment by {name} on {page}",
        reply: "Reply by {name} on {page}",
        guest: "Guest",
    },
    FeedWords {
        lang: "de",
        feed: "Kommentare zu „{page}“",
        comment: "Kommentar von {name} zu „{page}“",
        reply: "Antwort von {name} zu „{page}“",
        guest: "Gast",
    },
    FeedWords {
        lang: "fr",
        feed: "Commentaires sur «\u{a0}{page}\u{a0}»",
        comment: "Commentaire de {name} sur «\u{a0}{page}\u{a0}»",
        reply: "Réponse de {name} sur «\u{a0}{page}\u{a0}»",
        guest: "Invité",
    },
    FeedWords {
        lang: "es",
        feed: "Comentarios sobre «{page}»",
        comment: "Comentario de {name} sobre «{page}»",
        reply: "Respuesta de {name} sobre «{page}»",
        guest: "Invitado",
    },
    FeedWords {
        lang: "ru",
        feed: "Комментарии к странице «{page}»",
        comment: "{name}: комментарий к странице «{page}»",
        reply: "{name}: ответ на странице «{page}»",
        guest: "Гость",
    },
    FeedWords {
        lang: "ar",
        feed: "التعليقات على «{page}»",
        comment: "تعليق من {name} على «{page}»",
        reply: "رد من {name} على «{page}»",
        guest: "زائر",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_names_page_and_author() {
        for words in &ALL {
            assert!(words.feed("P").contains('P'), "{}", words.lang);
            for is_reply in [false, true] {
                let title = words.entry("N", "P", is_reply);
                assert!(title.contains('N') && title.contains('P'), "{title}");
            }
        }
        assert_eq!(FeedWords::of("de-AT").lang, "de");
        assert_eq!(FeedWords::of("ja").lang, "en");
    }

    #[test]
    fn a_name_fills_in_nothing() {
        let title = FeedWords::of("en").entry("{page}", "{name}", false);
        assert_eq!(title, "Comment by {page} on {name}");
    }
}
