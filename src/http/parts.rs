//! The widget's parts on demand. Written by `npm run build` in `widget/`: not to be edited.

use super::files::Part;

/// All of them.
pub const PARTS: [Part; 5] = [
    Part {
        name: "ar-W6ORFNBK.js",
        script: include_bytes!("../../widget/dist/postil/ar-W6ORFNBK.js"),
        brotli: include_bytes!("../../widget/dist/postil/ar-W6ORFNBK.js.br"),
    },
    Part {
        name: "de-ZCGHF4KY.js",
        script: include_bytes!("../../widget/dist/postil/de-ZCGHF4KY.js"),
        brotli: include_bytes!("../../widget/dist/postil/de-ZCGHF4KY.js.br"),
    },
    Part {
        name: "es-27KQFMEM.js",
        script: include_bytes!("../../widget/dist/postil/es-27KQFMEM.js"),
        brotli: include_bytes!("../../widget/dist/postil/es-27KQFMEM.js.br"),
    },
    Part {
        name: "fr-NXHPI27P.js",
        script: include_bytes!("../../widget/dist/postil/fr-NXHPI27P.js"),
        brotli: include_bytes!("../../widget/dist/postil/fr-NXHPI27P.js.br"),
    },
    Part {
        name: "ru-OTGMOCXN.js",
        script: include_bytes!("../../widget/dist/postil/ru-OTGMOCXN.js"),
        brotli: include_bytes!("../../widget/dist/postil/ru-OTGMOCXN.js.br"),
    },
];
