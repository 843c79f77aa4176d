//! The widget's parts on demand. Written by `npm run build` in `widget/`: not to be edited.

use super::files::Part;

/// All of them.
pub const PARTS: [Part; 7] = [
    Part {
        name: "ar-GXAIVCSS.js",
        script: include_bytes!("../../widget/dist/postil/ar-GXAIVCSS.js"),
        brotli: include_bytes!("../../widget/dist/postil/ar-GXAIVCSS.js.br"),
    },
    Part {
        name: "compose-EYBPI6XO.js",
        script: include_bytes!("../../widget/dist/postil/compose-EYBPI6XO.js"),
        brotli: include_bytes!("../../widget/dist/postil/compose-EYBPI6XO.js.br"),
    },
    Part {
        name: "count-GWB6OMGP.js",
        script: include_bytes!("../../widget/dist/postil/count-GWB6OMGP.js"),
        brotli: include_bytes!("../../widget/dist/postil/count-GWB6OMGP.js.br"),
    },
    Part {
        name: "de-BHAILQK7.js",
        script: include_bytes!("../../widget/dist/postil/de-BHAILQK7.js"),
        brotli: include_bytes!("../../widget/dist/postil/de-BHAILQK7.js.br"),
    },
    Part {
        name: "es-D4BCOUCJ.js",
        script: include_bytes!("../../widget/dist/postil/es-D4BCOUCJ.js"),
        brotli: include_bytes!("../../widget/dist/postil/es-D4BCOUCJ.js.br"),
    },
    Part {
        name: "fr-4OEZE4ID.js",
        script: include_bytes!("../../widget/dist/postil/fr-4OEZE4ID.js"),
        brotli: include_bytes!("../../widget/dist/postil/fr-4OEZE4ID.js.br"),
    },
    Part {
        name: "ru-6YMZ3TPF.js",
        script: include_bytes!("../../widget/dist/postil/ru-6YMZ3TPF.js"),
        brotli: include_bytes!("../../widget/dist/postil/ru-6YMZ3TPF.js.br"),
    },
];
