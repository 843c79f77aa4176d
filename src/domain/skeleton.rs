//! What two names that look alike have in common, so that nobody passes for somebody else.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use super::characters::is_invisible;

/// The skeleton of a name: two names with the same skeleton can be taken for each other. It is for comparing
/// and for an index, never for showing; it is not empty unless the name is.
///
/// On top of UTS #39 §4 (confusables, by `unicode-security`, which already knows `0` as `O`, `1` as `l` and
/// `m` as `rn`) it forgets case, white space, punctuation, symbols and accents, which a hasty eye forgets too.
/// A name of symbols alone ("🔥🔥") keeps them. Skeletons depend on the Unicode tables of the build: an index of
/// them is to be written anew when those change.
///
/// Judged and left out: `cl` for `d`, `vv` for `w` and digits for letters (`4dmin`): too many honest names
/// would meet ("Cian" and "Dan").
pub fn skeleton(name: &str) -> String {
    let plain: String = name
        .nfkc()
        .filter(|&c| !is_invisible(c))
        .map(unframed)
        .collect();
    let folded = if is_mostly_latin(&plain) {
        // Strangers among Latin letters are there for their looks (a Greek ν for a v): looks come before case.
        without_case(&plain)
    } else {
        // A name in another script is written in either case, and its capitals have more look-alikes (В is a
        // B, в is not a b): all become capitals first.
        without_case(&plain.to_uppercase())
    };
    let bare = narrow(
        folded
            .nfkd()
            .filter(|&c| c.is_alphanumeric() || is_script_mark(c)),
    );
    if bare.is_empty() {
        narrow(folded.chars())
    } else {
        bare
    }
}

fn is_mostly_latin(text: &str) -> bool {
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    let latin = text.chars().filter(char::is_ascii_alphabetic).count();
    2 * latin >= letters
}

/// Confusables are mapped once for the capitals and once more for the small letters (M is no rn, m is).
fn without_case(text: &str) -> String {
    confusables(&confusables(text).to_lowercase())
}

fn confusables(text: &str) -> String {
    unicode_security::skeleton(text).collect()
}

/// `i`, `l`, `1` and `I` differ by a dot or less: UTS #39 joins all but the dotted one. `ß` is the folded form
/// of "ss", and what UTS #39 makes of a Greek beta.
fn narrow(chars: impl Iterator<Item = char>) -> String {
    let mut narrowed = String::new();
    for c in chars {
        match c {
            'i' => narrowed.push('l'),
            'ß' => narrowed.push_str("ss"),
            c => narrowed.push(c),
        }
    }
    narrowed
}

/// Vowel signs and the like are part of the spelling in their scripts and stay; accents, strokes and rings
/// that go with any letter are easily missed ("Admịn") and go.
fn is_script_mark(c: char) -> bool {
    is_combining_mark(c) && !is_accent(c)
}

/// The blocks of combining diacritical marks.
fn is_accent(c: char) -> bool {
    matches!(c, '\u{0300}'..='\u{036F}' | '\u{1AB0}'..='\u{1AFF}' | '\u{1DC0}'..='\u{1DFF}'
        | '\u{20D0}'..='\u{20FF}' | '\u{FE20}'..='\u{FE2F}')
}

/// White letters in black circles and squares (🅐, 🅰), which NFKC leaves alone.
pub(super) fn unframed(c: char) -> char {
    let letter = match c {
        '\u{1F150}'..='\u{1F169}' => c as u32 - 0x1F150,
        '\u{1F170}'..='\u{1F189}' => c as u32 - 0x1F170,
        _ => return c,
    };
    char::from(b'A' + letter as u8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn look_alikes_meet() {
        for (name, others) in [
            (
                "admin",
                &[
                    "Admin",
                    "ADMIN",
                    "Аdmin",
                    "АDМІN",
                    "a d m i n",
                    "a.d-m_i n",
                    "admin\u{200b}",
                    "ad\u{ad}min",
                    "Adrnin",
                    "Adm1n",
                    "AdmIn",
                    "Adm|n",
                    "admіn",
                    "Ａｄｍｉｎ",
                    "𝐀𝐝𝐦𝐢𝐧",
                    "ⓐⓓⓜⓘⓝ",
                    "🅐🅓🅜🅘🅝",
                    "🅰dmin",
                    "Ádmïn",
                    "Admın",
                    "Admin ✓",
                    "★admin★",
                    "a\u{336}d\u{336}min",
                    "\u{202e}admin",
                ][..],
            ),
            ("Bob", &["BOB", "Вob", "B0b", "ΒОВ", "bоb"]),
            (
                "Moderator",
                &["Rnoderator", "M0DERAT0R", "Моdеrаtоr", "mo·de·ra·tor"],
            ),
            ("Lisa", &["lisa", "Iisa", "1isa", "LISА"]),
            ("Groß", &["gross", "GROSS"]),
            ("Модератор", &["МОДЕРАТОР", "модератор", "Mодератор"]),
            ("Νίκος", &["ΝΙΚΟΣ", "νικος"]),
            ("paypal", &["раураӏ", "РАУРАL", "Pаypal"]),
            ("David", &["Daνid", "Dаvіd"]),
            ("İstanbul", &["istanbul", "ISTANBUL"]),
            ("José", &["Jose", "Jose\u{301}"]),
        ] {
            for other in others {
                assert_eq!(skeleton(name), skeleton(other), "{name} and {other}");
            }
        }
    }

    #[test]
    fn different_names_stay_apart() {
        for (one, other) in [
            ("admin", "admins"),
            ("Dan", "Cian"),
            ("Anna", "Ann"),
            ("Vera", "Wera"),
            ("अमित", "अमत"),
            ("محمد", "محمود"),
            ("山田", "山口"),
            ("Иван", "Иво"),
            ("🔥", "🔥🔥"),
            ("🔥", "✓"),
            ("김", "긴"),
            ("が", "か"),
        ] {
            assert_ne!(skeleton(one), skeleton(other), "{one} and {other}");
        }
    }

    proptest! {
        #[test]
        fn something_is_left_of_every_visible_name(name: String) {
            prop_assert_eq!(skeleton(&name).is_empty(), name.nfkc().all(is_invisible), "{:?}", name);
        }

        #[test]
        fn case_spacing_and_zero_widths_do_not_matter(name in "[a-zA-Z0-9]{1,20}", gap in "[ \u{200b}._\u{2060}-]{0,3}", at in 0..20usize) {
            let mut other = name.to_uppercase();
            other.insert_str(at.min(other.len()), &gap);
            prop_assert_eq!(skeleton(&other), skeleton(&name));
        }
    }
}
