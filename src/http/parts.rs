//! The widget's parts on demand. Written by `npm run build` in `widget/`: not to be edited.

use super::files::Part;

/// All of them.
pub const PARTS: [Part; 6] = [
    Part {
        name: "ar-6R45YIUT.js",
        script: include_bytes!("../../widget/dist/postil/ar-6R45YIUT.js"),
        brotli: include_bytes!("../../widget/dist/postil/ar-6R45YIUT.js.br"),
    },
    Part {
        name: "count-GWB6OMGP.js",
        script: include_bytes!("../../widget/dist/postil/count-GWB6OMGP.js"),
        brotli: include_bytes!("../../widget/dist/postil/count-GWB6OMGP.js.br"),
    },
    Part {
        name: "de-DFWYWB4J.js",
        script: include_bytes!("../../widget/dist/postil/de-DFWYWB4J.js"),
        brotli: include_bytes!("../../widget/dist/postil/de-DFWYWB4J.js.br"),
    },
    Part {
        name: "es-FLJ25ZT7.js",
        script: include_bytes!("../../widget/dist/postil/es-FLJ25ZT7.js"),
        brotli: include_bytes!("../../widget/dist/postil/es-FLJ25ZT7.js.br"),
    },
    Part {
        name: "fr-ZJQYTLAA.js",
        script: include_bytes!("../../widget/dist/postil/fr-ZJQYTLAA.js"),
        brotli: include_bytes!("../../widget/dist/postil/fr-ZJQYTLAA.js.br"),
    },
    Part {
        name: "ru-37DWEOEA.js",
        script: include_bytes!("../../widget/dist/postil/ru-37DWEOEA.js"),
        brotli: include_bytes!("../../widget/dist/postil/ru-37DWEOEA.js.br"),
    },
];
