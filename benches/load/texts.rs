//! Comments as readers write them, the same in every run: a few languages, lengths with a long tail, some Markdown. Words come
//! by Zipf's law, so that the texts compress about as real ones do.

const ENGLISH: &str = "the of and to a in that is it was for on as with I be at by this had not are but from or have an they which \
    one you were her all she there would their we him been has when who will more no if out so said what up its about into than them can \
    only other new some could time these two may then do first any my now such like our over man me even most made after also did many \
    before must through back years where much your way well down should because each just those people how too little state good very make \
    world still own see men work long get here between both life being under never day same another know while last might us great old year \
    off come since against go came right used take three harbour tide table pilot water ship captain chart margin note reader author chapter \
    sentence question answer argument evidence wrong agree doubt source figure century village winter morning letter";
const GERMAN: &str = "der die und in den von zu das mit sich des auf für ist im dem nicht ein eine als auch es an werden aus er hat dass \
    sie nach wird bei einer um am sind noch wie einem über einen so zum haben nur oder aber vor zur bis mehr durch man sein wurde sei Hafen \
    Gezeiten Frage Antwort Abschnitt Verfasser Leser Beweis Zweifel Zahl Winter Brief Wasser Lotse Karte Rand";
const SPANISH: &str = "de la que el en y a los se del las un por con no una su para es al lo como más o pero sus le ha me si sin sobre este \
    ya entre cuando todo esta ser son dos también fue había era muy años hasta desde está puerto marea pregunta respuesta autor lector prueba \
    duda invierno carta agua piloto margen";
const RUSSIAN: &str = "и в не на я быть он с что а по это она этот к но они мы весь который из у то за свой ещё человек о один бы такой \
    только себя какой когда уже для вот кто да говорить год знать мой до или если время рука нет самый ни стать большой даже другой порт \
    прилив вопрос ответ автор читатель";
const JAPANESE: &str = "これは それは 私は とても 思います 読みました 記事 質問 答え 港 潮 水先案内人 冬 手紙 余白 著者 読者 証拠 ありがとう \
    ございます 本当に 面白い けれど たぶん 違う です ます";

const LANGUAGES: [&str; 8] = [
    ENGLISH, ENGLISH, ENGLISH, ENGLISH, GERMAN, SPANISH, RUSSIAN, JAPANESE,
];

const NAMES: [&str; 16] = [
    "Ada",
    "Grace",
    "Ben Okri",
    "Marie-Luise",
    "José",
    "Иван",
    "山田",
    "T. Hardy",
    "reader_77",
    "Anneke",
    "Olu",
    "Søren",
    "Lena",
    "Yusuf",
    "Mo",
    "a passer-by",
];

/// Makes texts, one after another.
pub struct Texts(u64);

impl Texts {
    /// The texts of that seed.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// A number below `end` (xorshift64*, Vigna 2016).
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % end
    }

    /// From 0 up to 1.
    pub fn share(&mut self) -> f64 {
        self.below(1 << 30) as f64 / f64::from(1 << 30)
    }

    /// A name to sign with.
    pub fn name(&mut self) -> &'static str {
        NAMES[self.below(NAMES.len() as u64) as usize]
    }

    /// A comment: half have fewer than 25 words, one in a hundred more than 250.
    pub fn comment(&mut self) -> String {
        let words: Vec<&str> = LANGUAGES[self.below(LANGUAGES.len() as u64) as usize]
            .split_whitespace()
            .collect();
        let length =
            (4.0 + 21.0 / (1.0 - self.share() * 0.995).powf(0.75) - 10.0).max(4.0) as usize;
        let mut text = String::new();
        for index in 0..length.min(600) {
            // The first word is as frequent as the second and third together, and so on.
            let place = (words.len() as f64).powf(self.share()) as usize - 1;
            let word = words[place.min(words.len() - 1)];
            match self.below(60) {
                0 => text += &format!("*{word}* "),
                1 => text += &format!("[{word}](https://example.org/{index}) "),
                2..6 => text += &format!("{word}. "),
                6 if length > 40 => text += &format!("{word}.\n\n"),
                _ => text += &format!("{word} "),
            }
        }
        text.trim().to_owned()
    }
}
