//! What a character is to a reader: a letter of a script that is written without spaces, or a mark that ends a sentence.
//!
//! Sources: the Unicode Standard's blocks; the CJK-friendly amendments to CommonMark
//! (<https://github.com/tats-u/markdown-cjk-friendly>), which say how emphasis is read beside such letters.

/// A letter of Chinese, Japanese or Korean.
pub(super) fn is_cjk(c: char) -> bool {
    matches!(c, '\u{1100}'..='\u{11FF}' | '\u{2E80}'..='\u{2FDF}' | '\u{3005}'..='\u{3007}' | '\u{3021}'..='\u{3029}'
        | '\u{3041}'..='\u{309F}' | '\u{30A1}'..='\u{30FA}' | '\u{30FC}'..='\u{318F}' | '\u{31A0}'..='\u{31BF}'
        | '\u{31F0}'..='\u{31FF}' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{A960}'..='\u{A97F}'
        | '\u{AC00}'..='\u{D7FF}' | '\u{F900}'..='\u{FAFF}' | '\u{FF66}'..='\u{FFDC}' | '\u{20000}'..='\u{3FFFD}')
}

/// A letter that may stand beside a word of another script with no space between: of Chinese, Japanese, Korean (whose
/// particles do), Thai, Lao, Burmese or Khmer.
pub(super) fn is_unspaced(c: char) -> bool {
    is_cjk(c)
        || matches!(c, '\u{0E01}'..='\u{0E2E}' | '\u{0E30}'..='\u{0E4E}' | '\u{0E81}'..='\u{0ECE}' | '\u{1000}'..='\u{1049}'
            | '\u{1780}'..='\u{17D3}')
}

/// Punctuation of Chinese, Japanese and Korean texts, quotation marks and dashes included. Each is punctuation to CommonMark.
pub(super) fn is_cjk_punctuation(c: char) -> bool {
    is_wide_punctuation(c)
        || matches!(c, '\u{00A1}' | '\u{00A7}' | '\u{00AB}' | '\u{00B6}' | '\u{00B7}' | '\u{00BB}' | '\u{00BF}'
            | '\u{2010}'..='\u{2027}' | '\u{2030}'..='\u{205E}')
}

/// Punctuation that only Chinese, Japanese and Korean texts have.
pub(super) fn is_wide_punctuation(c: char) -> bool {
    matches!(c, '\u{3001}'..='\u{3003}' | '\u{3008}'..='\u{3011}'
        | '\u{3014}'..='\u{301F}' | '\u{3030}' | '\u{303D}' | '\u{30A0}' | '\u{30FB}' | '\u{FE10}'..='\u{FE19}'
        | '\u{FE30}'..='\u{FE52}' | '\u{FE54}'..='\u{FE66}' | '\u{FE68}' | '\u{FE6A}' | '\u{FE6B}'
        | '\u{FF01}'..='\u{FF0F}' | '\u{FF1A}'..='\u{FF20}' | '\u{FF3B}'..='\u{FF40}' | '\u{FF5B}'..='\u{FF65}')
}

/// A mark that is never part of an address, in any language: what follows it is a quotation's end, or another sentence.
pub(super) fn ends_an_address(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c, '<' | '>' | '"'
            // Quotation marks, but for the one that is an apostrophe as well; ellipsis, dashes of sentences, bullet.
            | '\u{00AB}' | '\u{00BB}' | '\u{2018}' | '\u{201A}'..='\u{201F}' | '\u{2039}' | '\u{203A}'
            | '\u{2014}' | '\u{2015}' | '\u{2022}' | '\u{2026}' | '\u{2E3A}' | '\u{2E3B}' | '\u{2E42}'
            // Armenian, Devanagari, Tibetan, Burmese, Ethiopic, Khmer.
            | '\u{0589}' | '\u{0964}' | '\u{0965}' | '\u{0F0D}'..='\u{0F11}' | '\u{104A}' | '\u{104B}'
            | '\u{1361}'..='\u{1368}' | '\u{17D4}'..='\u{17D6}'
            // Ideographic, vertical, small, fullwidth and halfwidth forms.
            | '\u{3001}'..='\u{3003}' | '\u{3008}'..='\u{3011}' | '\u{3014}'..='\u{301B}' | '\u{301D}'..='\u{301F}'
            | '\u{FE10}'..='\u{FE19}' | '\u{FE30}' | '\u{FE35}'..='\u{FE48}' | '\u{FE50}'..='\u{FE52}'
            | '\u{FE54}'..='\u{FE5E}' | '\u{FF01}' | '\u{FF02}' | '\u{FF07}'..='\u{FF09}' | '\u{FF0C}' | '\u{FF0E}'
            | '\u{FF1A}'..='\u{FF1C}' | '\u{FF1E}' | '\u{FF1F}' | '\u{FF3B}' | '\u{FF3D}' | '\u{FF5B}'..='\u{FF5D}'
            | '\u{FF5F}'..='\u{FF64}'
            // Emoji: browsers copy those of an address encoded.
            | '\u{1F000}'..='\u{1FAFF}'
            // What is not seen: fillers and blanks, and what places text or lets a line break.
            | '\u{00AD}' | '\u{115F}' | '\u{1160}' | '\u{180E}' | '\u{2800}' | '\u{3164}' | '\u{FFA0}'
            | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{061C}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
}

/// Arabic comma, semicolon, question mark and full stop. Titles of articles hold them; a sentence's stand after other letters.
pub(super) fn is_arabic_stop(c: char) -> bool {
    matches!(c, '\u{060C}' | '\u{061B}' | '\u{061F}' | '\u{06D4}')
}

/// An arrow, star, heart or the like. Titles of articles have them among their letters (`らき☆すた`).
pub(super) fn is_symbol(c: char) -> bool {
    matches!(c, '\u{2190}'..='\u{2BFF}' | '\u{FE0F}')
}

/// What may stand within an address, but belongs to the sentence when nothing of the address follows.
pub(super) fn trails(c: char) -> bool {
    is_arabic_stop(c)
        || is_symbol(c)
        || matches!(
            c,
            '?' | '!'
                | '.'
                | ','
                | ':'
                | '\''
                | '\u{00B7}'
                | '\u{037E}'
                | '\u{0387}'
                | '\u{05BE}'
                | '\u{05C3}'
                | '\u{05F3}'
                | '\u{05F4}'
                | '\u{200C}'
                | '\u{200D}'
                | '\u{1802}'
                | '\u{1803}'
                | '\u{2010}'..='\u{2013}' | '\u{2019}' | '\u{203C}' | '\u{2047}'..='\u{2049}' | '\u{2E2E}'
                | '\u{301C}' | '\u{30FB}' | '\u{FF5E}' | '\u{FF65}'
        )
}
