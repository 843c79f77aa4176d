//! Where addresses that stand in a text begin and end, as readers of many languages write them.

use super::{assert_safe, render};

/// The addresses of the links in a text as they are shown, in order.
fn shown(source: &str) -> Vec<String> {
    let html = render(source).into_string();
    assert_safe(source);
    let links = html.split("<a href=\"").skip(1).map(|rest| {
        let (_, rest) = rest.split_once('>').expect("the tag ends");
        let (text, _) = rest.split_once("</a>").expect("the link ends");
        text.replace("&amp;", "&")
    });
    links.collect()
}

/// Each row: a text in which `⟦` and `⟧` stand around each address.
fn assert_marked(rows: &[&str]) {
    let mut wrong = Vec::new();
    for row in rows {
        let source = row.replace(['⟦', '⟧'], "");
        let want: Vec<String> = row
            .split('⟦')
            .skip(1)
            .map(|rest| rest.split('⟧').next().unwrap_or_default().to_owned())
            .collect();
        let got = shown(&source);
        if got != want {
            wrong.push(format!("{source}\n  want {want:?}\n  got  {got:?}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// An address, ASCII or not, with and without a path.
const ADDRESSES: &[&str] = &[
    "https://example.com",
    "https://example.com/",
    "https://example.com/a",
    "https://example.com:8080/a/b.html",
    "https://example.com/a?b=c&d=e#f",
    "http://sub.example.co.uk/x_y-z~w",
    "https://例え.jp/",
    "https://例え.jp/パス",
    "https://президент.рф",
    "https://de.wikipedia.org/wiki/Käse",
    "https://ja.wikipedia.org/wiki/日本語",
    "https://ru.wikipedia.org/wiki/Москва",
    "https://en.wikipedia.org/wiki/Rust_(programming_language)",
    "https://ar.wikipedia.org/wiki/القاهرة",
    "https://he.wikipedia.org/wiki/ירושלים",
    "https://hi.wikipedia.org/wiki/दिल्ली",
    "https://उदाहरण.भारत/",
    "https://ko.wikipedia.org/wiki/서울",
    "https://e.org/*star*",
    "www.example.org",
    "www.example.org/a_(b)",
];

#[test]
fn an_address_ends_at_the_marks_of_every_language() {
    // `@` stands for the address.
    let frames = [
        "@",
        "@.",
        "@,",
        "@;",
        "@:",
        "@!",
        "@?",
        "@...",
        "@?!",
        "(@)",
        "(@).",
        "(see @)",
        "[@]",
        "{@}",
        "\"@\"",
        "\"@\".",
        "'@'",
        "'@',",
        "<b>@</b>",
        "看 @，谢谢",
        "看 @。谢谢",
        "看 @、 好",
        "看 @；好",
        "看 @：好",
        "看 @！好",
        "看 @？好",
        "（@）好",
        "「@」という",
        "『@』が",
        "【@】",
        "《@》",
        "〈@〉",
        "〔@〕",
        "“@”说",
        "‘@’说",
        "@…",
        "@……",
        "@——好",
        "｛@｝",
        "［@］",
        "＜@＞",
        "｢@｣",
        "＂@＂",
        "@．次",
        "@｡次",
        "@､次",
        "@\u{3000}次",
        "„@“",
        "„@“.",
        "‚@‘",
        "«@»",
        "« @ »",
        "»@«",
        "‹@›",
        "“@”",
        "“@.”",
        "‘@’",
        "‘@’.",
        "”@”",
        "’@’",
        "Смотри @.",
        "«@».",
        "Смотри @, там",
        "@ — там",
        "@—там",
        "انظر @، ثم",
        "انظر @؛ ثم",
        "هل رأيت @؟",
        "«@»،",
        "دیکھو @۔ پھر",
        "ראו @, שם",
        "ראו „@”",
        "(@) שם",
        "देखो @। फिर",
        "@॥",
        "Տես @։",
        "@།",
        "@၊",
        "@។",
        "@\u{200b}x",
        "@\u{200f} ש",
        "@\u{200e}",
        "@•",
        "* @",
        "> @",
        "# @",
        "| @ |",
        "*@*",
        "**@**",
        "~~@~~",
        "**@**。",
        "**「@」**",
    ];
    let mut rows = Vec::new();
    for address in ADDRESSES {
        for frame in frames {
            rows.push(frame.replace('@', &format!("⟦{address}⟧")));
        }
    }
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    assert!(rows.len() > 1500);
    assert_marked(&rows);
}

#[test]
fn an_address_begins_beside_letters_that_know_no_spaces() {
    let mut rows = Vec::new();
    for address in ADDRESSES {
        for before in [
            "请看",
            "見て：",
            "링크는",
            "ดู",
            "（",
            "「",
            "：",
            "—",
            "“",
            "网址",
            "〜",
            "¡",
        ] {
            rows.push(format!("{before}⟦{address}⟧"));
        }
    }
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    assert_marked(&rows);
}

#[test]
fn what_the_issue_names_and_its_neighbours() {
    assert_marked(&[
        "请看⟦https://example.com/a⟧，谢谢",
        "„⟦https://example.com/d⟧“",
        "«⟦https://example.com/c⟧»",
        "（⟦https://example.com/a⟧）好",
        "⟦https://ja.example.org/w/日本語⟧。次の文",
        "⟦https://example.com⟧谢谢",
        "⟦https://example.com⟧です。",
        "⟦https://example.com⟧에서 봤다",
        "请看⟦www.example.com⟧谢谢",
        "⟦www.example.com⟧を見て",
        "⟦https://example.com/a⟧,谢谢",
        "⟦https://example.com/a⟧.谢谢",
        "⟦https://example.com/a⟧!谢谢",
        "(⟦https://example.com/a⟧)好",
        "[⟦https://example.com/a⟧]好",
        "⟦https://example.com/a⟧(需要登录)",
        "⟦https://example.com/a⟧（需要登录）",
        "⟦https://ja.wikipedia.org/wiki/涼宮ハルヒの憂鬱_(アニメ)⟧",
        "⟦https://ja.wikipedia.org/wiki/スティーブ・ジョブズ⟧",
        "⟦https://ar.wikipedia.org/wiki/باريس،_تكساس⟧",
        "⟦https://fr.wikipedia.org/wiki/L’Équipe⟧",
        "⟦https://fr.wikipedia.org/wiki/L'Équipe⟧",
        "⟦https://en.wikipedia.org/wiki/Michelson–Morley_experiment⟧",
        "⟦https://he.wikipedia.org/wiki/צה״ל⟧",
        "⟦https://fa.wikipedia.org/wiki/می\u{200c}خواهم⟧",
        "⟦https://zh.wikipedia.org/wiki/Category:日本⟧",
        "⟦https://example.com/search?q=日本&p=1⟧",
        "⟦https://example.com/a,b;c:d!e⟧",
        "⟦https://a.b/((c))⟧)",
        "⟦https://e.org/[a]⟧]",
        "⟦https://e.org/*star*⟧.",
        "⟦https://e.org/**bold**⟧ and more",
        "⟦https://e.org/_under_⟧",
        "⟦https://e.org/~tilde~⟧",
        "*see ⟦https://e.org/a⟧* and b",
        "⟦https://e.org/a⟧* and b",
        "وانظر⟦https://example.com/a⟧،ثم",
        "⟦https://e.org/a⟧\u{2068}b\u{2069}",
        "xhttp://a.b éhttps://a.b 1http://a.b",
        "https://a https:// www. www.。",
    ]);
}

#[test]
fn a_host_is_followed_by_a_port_a_path_or_the_sentence() {
    assert_marked(&[
        "⟦https://example.org⟧👍",
        "⟦https://example.org⟧→next",
        "⟦https://example.org⟧.👍",
        "⟦https://example.org⟧,next",
        "⟦https://example.org⟧:next",
        "⟦https://example.org⟧@example.com",
        "⟦https://e.org:8080⟧です",
        "⟦https://e.org:8080⟧👍",
        "⟦https://e.org⟧:80801/",
        "⟦https://e.org:8080/a⟧.",
        "⟦https://e.org:8080?a⟧",
        "⟦https://e.org:8080#a⟧",
        "⟦https://e.org:/a⟧",
        "⟦https://e.org?a=b⟧",
        "⟦https://e.org#a⟧",
        "⟦www.example.org⟧👍",
        "⟦https://例え.jp/⟧👍",
        "⟦https://müller.de⟧→",
        "⟦https://müller.de/a⟧",
    ]);
}

#[test]
fn letters_without_spaces_go_on_after_a_path() {
    assert_marked(&[
        "⟦https://example.org/a⟧를 보세요",
        "⟦https://example.org/page⟧에서",
        "⟦https://example.org/a⟧ครับ",
        "⟦https://example.org/a⟧です",
        "⟦https://example.org/?q=1⟧です",
        "⟦https://example.org/a#b⟧です",
        "⟦https://example.org/日本/a⟧です",
        "⟦https://example.org/日本a語⟧",
        "⟦https://example.org/%E6%97%A5a語⟧",
        "⟦https://ja.wikipedia.org/wiki/日本語⟧",
        "⟦https://ko.wikipedia.org/wiki/한국어⟧",
        "⟦https://example.org/?q=日本語⟧",
        "⟦https://ja.example.org/wiki/Rust_(言語)⟧",
    ]);
}

#[test]
fn what_is_blank_or_a_picture_ends_an_address() {
    let rows = "\u{ad}\u{3164}\u{180e}\u{2800}\u{115f}\u{1160}\u{ffa0}👍🎉🇩→★❤"
        .chars()
        .map(|c| format!("⟦https://e.org/a⟧{c}b ⟦https://e.org/b⟧{c}"));
    let after =
        "\u{301c}\u{ff5e}\u{5be}\u{37e}\u{203c}\u{2047}\u{2048}\u{2049}\u{2e2e}\u{1802}\u{1803}"
            .chars()
            .map(|c| format!("⟦https://e.org/a⟧{c} ⟦https://e.org/b{c}c⟧"));
    let rows: Vec<String> = rows.chain(after).collect();
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    assert_marked(&rows);
    assert_marked(&[
        "⟦https://e.org/a⟧〜です",
        "⟦https://e.org/a⟧❤\u{fe0f}",
        "⟦https://e.org/日本⟧👍🏽",
        "⟦https://e.org/日本⟧❤\u{fe0f}",
        "⟦https://ja.wikipedia.org/wiki/らき☆すた⟧",
    ]);
}

#[test]
fn a_handle_is_no_mail_address() {
    assert_marked(&[
        "@user@example.social",
        "Hello @user@example.social, how are you",
        "（@user@example.social）",
        "多谢@user@example.social",
        "＠user and ⟦a@b.example⟧",
        "⟦user@example.social⟧",
        "联系⟦a@example.com⟧，谢谢",
        "联系⟦a@example.com⟧谢谢",
        "（⟦a@example.com⟧）",
        "メールは⟦a@example.com⟧まで",
        "«⟦a@example.com⟧»",
        "müller@example.de",
        "a@example.comé",
        "⟦https://mastodon.social/@user@example.org⟧",
        "@@a@b.example",
    ]);
}

#[test]
fn a_link_to_a_bare_host_leads_there() {
    for (source, href) in [
        ("[w](www.example.org)", "http://www.example.org"),
        ("[w](WWW.example.org/a?b)", "http://WWW.example.org/a?b"),
        ("[w][1]\n\n[1]: www.example.org", "http://www.example.org"),
        (
            "![w](www.example.org/a.png)",
            "http://www.example.org/a.png",
        ),
    ] {
        let html = render(source).into_string();
        assert!(html.contains(&format!("<a href=\"{href}\"")), "{html}");
        assert_safe(source);
    }
    for source in [
        "[w](www.)",
        "[w](www.:javascript)",
        "[w](wwwx.example.org)",
        "[w](javascript:www.example.org)",
    ] {
        assert!(!render(source).as_str().contains("<a"), "{source}");
    }
}
