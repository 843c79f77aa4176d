//! Kinds of words: what people who advertise ask for, offer and name, in a few languages. Only the kinds are given; what
//! each says about spam is learnt.

/// A kind of word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// Asks the reader to do something.
    Ask,
    /// Speaks of the writer.
    Self_,
    /// A place on the net.
    Place,
    /// Money, and what costs none.
    Money,
    /// Addresses everybody, and pleads.
    Plea,
    /// What somebody made.
    Work,
    /// Business.
    Trade,
    /// How readers show what they think.
    Reaction,
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Ask => "<asking>",
            Self::Self_ => "<self>",
            Self::Place => "<place>",
            Self::Money => "<money>",
            Self::Plea => "<plea>",
            Self::Work => "<work>",
            Self::Trade => "<trade>",
            Self::Reaction => "<reaction>",
        }
    }
}

/// The kind of a word in small letters, if it has one.
pub(super) fn kind(word: &str) -> Option<Kind> {
    Some(match word.trim_matches('\'') {
        "check"
        | "checkout"
        | "visit"
        | "subscribe"
        | "sub"
        | "subs"
        | "subscribing"
        | "follow"
        | "watch"
        | "click"
        | "clicking"
        | "share"
        | "vote"
        | "join"
        | "download"
        | "add"
        | "look"
        | "search"
        | "support"
        | "sign"
        | "signup"
        | "register"
        | "buy"
        | "order"
        | "try"
        | "call"
        | "contact"
        | "message"
        | "dm"
        | "email"
        | "donate"
        | "type"
        | "see"
        | "listen"
        | "view"
        | "get"
        | "make"
        | "read"
        | "give"
        | "besucht"
        | "klick"
        | "klickt"
        | "abonniert"
        | "abonnieren"
        | "folgt"
        | "visita"
        | "visiten"
        | "suscribete"
        | "suscríbete"
        | "haz"
        | "abonnez"
        | "cliquez"
        | "visitez"
        | "inscreva"
        | "acesse"
        | "iscriviti"
        | "подпишись"
        | "подписывайтесь"
        | "заходите" => Kind::Ask,
        "my" | "our" | "mine" | "me" | "us" | "im" | "i'm" | "we" | "i" | "mein" | "meine"
        | "meinen" | "unser" | "mi" | "mis" | "mon" | "ma" | "mes" | "meu" | "minha" | "mio"
        | "mia" | "мой" | "моя" | "мою" => Kind::Self_,
        "channel" | "channels" | "page" | "site" | "website" | "blog" | "profile" | "account"
        | "playlist" | "link" | "links" | "group" | "store" | "shop" | "app" | "twitter"
        | "facebook" | "fb" | "instagram" | "insta" | "snapchat" | "tiktok" | "telegram"
        | "whatsapp" | "discord" | "patreon" | "soundcloud" | "google" | "ebay" | "amazon"
        | "paypal" | "itunes" | "skype" | "network" | "<link>" | "kanal" | "seite" | "webseite"
        | "canal" | "página" | "pagina" | "chaîne" | "sito" | "канал" | "сайт" => {
            Kind::Place
        }
        "money" | "free" | "cash" | "earn" | "earned" | "earning" | "income" | "profit"
        | "rich" | "dollar" | "dollars" | "bitcoin" | "crypto" | "invest" | "investment"
        | "loan" | "loans" | "casino" | "bet" | "betting" | "prize" | "win" | "gift" | "gifts"
        | "giveaway" | "discount" | "cheap" | "price" | "deal" | "deals" | "sale" | "offer"
        | "bonus" | "card" | "cards" | "pay" | "paid" | "rewards" | "donation" | "fund"
        | "sponsor" | "geld" | "gratis" | "kostenlos" | "kredit" | "dinero" | "argent"
        | "gratuit" | "dinheiro" | "grátis" | "soldi" | "деньги" | "бесплатно" | "заработок" => {
            Kind::Money
        }
        "please" | "pls" | "plz" | "plzz" | "help" | "guys" | "hey" | "hi" | "hello"
        | "everyone" | "everybody" | "chance" | "appreciate" | "promise" | "thanks" | "thank"
        | "bitte" | "hallo" | "leute" | "hola" | "por" | "favor" | "bonjour" | "merci" | "ciao"
        | "привет" => Kind::Plea,
        "video" | "videos" | "song" | "songs" | "cover" | "covers" | "music" | "album"
        | "track" | "rap" | "remix" | "vids" | "vid" | "post" | "posts" | "article" | "review"
        | "reviews" | "book" | "project" | "mixtape" | "beats" => Kind::Work,
        "work" | "job" | "business" | "online" | "home" | "marketing" | "traffic" | "leads"
        | "weight" | "pills" | "seo" | "service" | "services" | "dating" | "company"
        | "product" | "products" | "month" | "week" | "daily" | "weekly" => Kind::Trade,
        "thumb" | "thumbs" | "likes" | "like" | "liked" | "upvote" | "comment" | "comments"
        | "reply" | "replies" | "views" | "subscribers" | "fans" | "followers" | "follower"
        | "viewers" => Kind::Reaction,
        _ => return None,
    })
}
