use proptest::prelude::*;

use super::*;

fn claims(name: &str) -> bool {
    claims_role(name, std::iter::empty())
}

/// Those that a text names, set apart by two spaces or a line's end.
fn listed(names: &str) -> impl Iterator<Item = &str> {
    names
        .lines()
        .flat_map(|line| line.split("  "))
        .map(str::trim)
}

/// What each language's badges say, and a few forms of it.
const SAID: &str = "Author  Moderator  Admin  Authors  authoress  Moderators  Administrators  mod  Mods
Autor:in  Moderation  Autorin  Autorinnen  Moderatorin  Moderator*innen  Administratorin  AdministratorInnen
Auteur·rice  Modération  Autrice  auteure  Modératrice  modérateurs  Administratrice  moderateur
Autoría  Moderación  Autora  Moderadora  moderadores  Administradora  Administración
Автор  Модератор  Админ  Авторы  Модераторша  администраторы  Администрация  админы  модераторам  авторка
الكاتب  الإشراف  الإدارة  المشرفة  مشرف  مُشرف  الاداره  المؤلفون  المشرفون  الأدمن  ادمن  مدير";

/// The same, glued and drawn in other ways.
const DISGUISED: &str = "MonaAdmin  AdminMona  ADMINmona  monaADMIN  monaAdmin99  MonaMod  xXAdminXx  aDmIn  mOdErAtOr
МонаАдмин  MonaАдмин  Monaадмин  منىAdmin
a d m i n  A.D.M.I.N  a-d-m-i-n Mona  Mona a d m i n  I a d m i n  m o d  ad-min  ad.min  Ad Min  Mona (ad min)
mode rator  Mona (mode-rator)  а д м и н  м о д е р а т о р
Аdmin  аdмin  Adm1n  adm|n  4dmin  @dmin  @dm!n  M0derator  m0d3r4t0r  Rnoderator  aυthor  αdmin  mоdеrаtоr
aдмин  Mодератор  АBTOP  Ａｄｍｉｎ  ⓐⓓⓜⓘⓝ  🅐🅓🅜🅘🅝  🅰🅳🅼🅸🅽  𝓐𝓭𝓶𝓲𝓷  ᴀᴅᴍɪɴ  🇦🇩🇲🇮🇳  ⒜⒟⒨⒤⒩  ᵃᵈᵐⁱⁿ  ꓮꓓꓟꓲꓠ
Ádmïn  a\u{336}d\u{336}m\u{336}i\u{336}n\u{336}  ad\u{200c}min  Mona\u{2800}admin  ad\u{3164}min  Mona\u{a0}admin
admin’s  Co-Admin  ★Admin★  Mona 🛡admin🛡  الـمـشـرف  منى المشرف  كاتب  منى (كاتبة)";

const HONEST: &str = "Padmini  Padmin  Badminton fan  badminton  BadmintonFan  Autumn  Authora  Authorson  Admir  Admiral
Admire  Modest  Modesta  Modi  Modern Times  Moderate  Moderna  Thor  Arthur  Arthur Dent  Autore  Autobahn  Hauteur
Minister  Ada M. Lovelace  A. D. Miller  M. Odell  J. M. O. Denton  Ann  Anna Dmin  Ada Minton  Mo Derby  Commodore
Comodo  Mody  Modica  model  Amin  Ad  Min  Jasmin  Yasmin Ada  Isadmina  Vladmin  Sadmin  R2D2  Ann2  1
Тамара  Авторханов  Модест  Адмирал  Мадина  Автоном  Модестов  كاتب ياسين  الكاتبي  مشرفي أحمد  شريف  إدريس  山田  🔥";

#[test]
fn a_role_is_found_in_every_language_wherever_it_stands() {
    for word in listed(SAID) {
        for name in [
            word.to_owned(),
            format!("Mona ({word})"),
            format!("[{word}] Mona"),
            format!("{word} Mona"),
            format!("Mona, {word}"),
            format!("Mona · {word} ✓"),
            format!("منى «{word}»"),
            format!("Мона | {word}"),
            format!("{word}1"),
            format!("2{word}"),
            format!("The_{word}_of_the_page"),
            word.to_uppercase(),
            word.to_lowercase(),
        ] {
            assert!(claims(&name), "{name}");
        }
    }
}

#[test]
fn a_role_is_found_under_other_looks() {
    for name in listed(DISGUISED) {
        assert!(claims(name), "{name}");
    }
}

#[test]
fn honest_names_pass() {
    for name in listed(HONEST) {
        assert!(!claims(name), "{name}");
    }
}

#[test]
fn what_the_sites_own_badges_say_is_a_role_as_well() {
    let own = || ["Redaktion", "Team Blog"].into_iter();
    for name in listed("Redaktion  Mona (redaktion)  Team Blog  TEAM-BLOG  Mona (team blog)") {
        assert!(claims_role(name, own()), "{name}");
    }
    for name in listed("Redakteur  Team  Blog  A team and a blog") {
        assert!(!claims_role(name, own()), "{name}");
    }
    assert!(!claims_role("Ann", ["", "…"].into_iter()));
}

#[test]
fn what_the_widget_says_of_a_role_nobody_says_of_themselves() {
    for (language, phrases) in [
        ("en", include_str!("../../../widget/phrases.js")),
        ("de", include_str!("../../../widget/locales/de.js")),
        ("fr", include_str!("../../../widget/locales/fr.js")),
        ("es", include_str!("../../../widget/locales/es.js")),
        ("ru", include_str!("../../../widget/locales/ru.js")),
        ("ar", include_str!("../../../widget/locales/ar.js")),
    ] {
        for role in ["author", "moderator", "admin"] {
            let line = phrases
                .lines()
                .find_map(|line| line.trim().strip_prefix(&format!("{role}: '")));
            let badge = line.and_then(|line| line.split('\'').next());
            let badge = badge.unwrap_or_else(|| panic!("{language} has no {role}"));
            assert!(claims(badge) && claims(&format!("Mona {badge}")), "{badge}");
        }
    }
}

proptest! {
    #[test]
    fn a_word_is_found_in_any_company(
        at in 0_usize..1000,
        company in "[A-Z][a-z]{0,8}",
        sign in "[ ()._/|,:*~-]{1,3}",
        is_first: bool,
    ) {
        let said: Vec<&str> = listed(SAID).collect();
        let word = said[at % said.len()];
        let name = match is_first {
            true => format!("{word}{sign}{company}"),
            false => format!("{company}{sign}{word}"),
        };
        prop_assert!(claims(&name), "{}", name);
    }

    #[test]
    fn spelled_out_it_is_the_same_word(gap in "[ ._-]{1,2}", word in "admin|moderator|autorin|админ") {
        let letters: Vec<String> = word.chars().map(String::from).collect();
        prop_assert!(claims(&letters.join(&gap)));
    }

    #[test]
    fn within_other_letters_it_is_none(
        before in "[bcdfghjkpqrvxz]{1,4}",
        after in "[bcdfghjkpqvxz]{1,4}",
        word in "admin|moderator|author",
    ) {
        let name = format!("{before}{word}{after}");
        prop_assert!(!claims(&name), "{}", name);
    }

    #[test]
    fn whatever_it_is_it_has_an_answer(name in "\\PC{0,60}") {
        claims(&name);
    }
}
