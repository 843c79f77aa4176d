//! The widget's parts on demand. Written by `npm run build` in `widget/`: not to be edited.

use super::files::Part;

/// All of them.
pub const PARTS: [Part; 10] = [
    Part {
        name: "aids-3FPTSJ2G.js",
        script: include_bytes!("../../widget/dist/postil/aids-3FPTSJ2G.js"),
        brotli: include_bytes!("../../widget/dist/postil/aids-3FPTSJ2G.js.br"),
    },
    Part {
        name: "ar-ZBLRL7JL.js",
        script: include_bytes!("../../widget/dist/postil/ar-ZBLRL7JL.js"),
        brotli: include_bytes!("../../widget/dist/postil/ar-ZBLRL7JL.js.br"),
    },
    Part {
        name: "compose-FHH6V7AD.js",
        script: include_bytes!("../../widget/dist/postil/compose-FHH6V7AD.js"),
        brotli: include_bytes!("../../widget/dist/postil/compose-FHH6V7AD.js.br"),
    },
    Part {
        name: "count-RVDG3Y4L.js",
        script: include_bytes!("../../widget/dist/postil/count-RVDG3Y4L.js"),
        brotli: include_bytes!("../../widget/dist/postil/count-RVDG3Y4L.js.br"),
    },
    Part {
        name: "de-OH3OGBWH.js",
        script: include_bytes!("../../widget/dist/postil/de-OH3OGBWH.js"),
        brotli: include_bytes!("../../widget/dist/postil/de-OH3OGBWH.js.br"),
    },
    Part {
        name: "es-HRAXFY4W.js",
        script: include_bytes!("../../widget/dist/postil/es-HRAXFY4W.js"),
        brotli: include_bytes!("../../widget/dist/postil/es-HRAXFY4W.js.br"),
    },
    Part {
        name: "fr-LM6KV446.js",
        script: include_bytes!("../../widget/dist/postil/fr-LM6KV446.js"),
        brotli: include_bytes!("../../widget/dist/postil/fr-LM6KV446.js.br"),
    },
    Part {
        name: "live-5XQRXRZQ.js",
        script: include_bytes!("../../widget/dist/postil/live-5XQRXRZQ.js"),
        brotli: include_bytes!("../../widget/dist/postil/live-5XQRXRZQ.js.br"),
    },
    Part {
        name: "remove-QKMC4FTJ.js",
        script: include_bytes!("../../widget/dist/postil/remove-QKMC4FTJ.js"),
        brotli: include_bytes!("../../widget/dist/postil/remove-QKMC4FTJ.js.br"),
    },
    Part {
        name: "ru-XMN3EJM3.js",
        script: include_bytes!("../../widget/dist/postil/ru-XMN3EJM3.js"),
        brotli: include_bytes!("../../widget/dist/postil/ru-XMN3EJM3.js.br"),
    },
];
