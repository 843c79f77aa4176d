//! The widget's parts on demand. Written by `npm run build` in `widget/`: not to be edited.

use super::files::Part;

/// All of them.
pub const PARTS: [Part; 20] = [
    Part {
        name: "aids-3FPTSJ2G.js",
        script: include_bytes!("../../widget/dist/postil/aids-3FPTSJ2G.js"),
        brotli: include_bytes!("../../widget/dist/postil/aids-3FPTSJ2G.js.br"),
    },
    Part {
        name: "anchors-A4IBML3K.js",
        script: include_bytes!("../../widget/dist/postil/anchors-A4IBML3K.js"),
        brotli: include_bytes!("../../widget/dist/postil/anchors-A4IBML3K.js.br"),
    },
    Part {
        name: "ar-EPUQ4FC2.js",
        script: include_bytes!("../../widget/dist/postil/ar-EPUQ4FC2.js"),
        brotli: include_bytes!("../../widget/dist/postil/ar-EPUQ4FC2.js.br"),
    },
    Part {
        name: "compose-6FZCWGNE.js",
        script: include_bytes!("../../widget/dist/postil/compose-6FZCWGNE.js"),
        brotli: include_bytes!("../../widget/dist/postil/compose-6FZCWGNE.js.br"),
    },
    Part {
        name: "count-RVDG3Y4L.js",
        script: include_bytes!("../../widget/dist/postil/count-RVDG3Y4L.js"),
        brotli: include_bytes!("../../widget/dist/postil/count-RVDG3Y4L.js.br"),
    },
    Part {
        name: "de-2PYSEMHZ.js",
        script: include_bytes!("../../widget/dist/postil/de-2PYSEMHZ.js"),
        brotli: include_bytes!("../../widget/dist/postil/de-2PYSEMHZ.js.br"),
    },
    Part {
        name: "es-KXOZEGZO.js",
        script: include_bytes!("../../widget/dist/postil/es-KXOZEGZO.js"),
        brotli: include_bytes!("../../widget/dist/postil/es-KXOZEGZO.js.br"),
    },
    Part {
        name: "fr-2C5ND3X7.js",
        script: include_bytes!("../../widget/dist/postil/fr-2C5ND3X7.js"),
        brotli: include_bytes!("../../widget/dist/postil/fr-2C5ND3X7.js.br"),
    },
    Part {
        name: "inline-3UGTEGSV.js",
        script: include_bytes!("../../widget/dist/postil/inline-3UGTEGSV.js"),
        brotli: include_bytes!("../../widget/dist/postil/inline-3UGTEGSV.js.br"),
    },
    Part {
        name: "live-VJBI4BWX.js",
        script: include_bytes!("../../widget/dist/postil/live-VJBI4BWX.js"),
        brotli: include_bytes!("../../widget/dist/postil/live-VJBI4BWX.js.br"),
    },
    Part {
        name: "mail-B2WAQ5VY.js",
        script: include_bytes!("../../widget/dist/postil/mail-B2WAQ5VY.js"),
        brotli: include_bytes!("../../widget/dist/postil/mail-B2WAQ5VY.js.br"),
    },
    Part {
        name: "moderate-43VXWUB4.js",
        script: include_bytes!("../../widget/dist/postil/moderate-43VXWUB4.js"),
        brotli: include_bytes!("../../widget/dist/postil/moderate-43VXWUB4.js.br"),
    },
    Part {
        name: "notify-LFUMHKYY.js",
        script: include_bytes!("../../widget/dist/postil/notify-LFUMHKYY.js"),
        brotli: include_bytes!("../../widget/dist/postil/notify-LFUMHKYY.js.br"),
    },
    Part {
        name: "opinion-LDBJABK3.js",
        script: include_bytes!("../../widget/dist/postil/opinion-LDBJABK3.js"),
        brotli: include_bytes!("../../widget/dist/postil/opinion-LDBJABK3.js.br"),
    },
    Part {
        name: "refuse-JZ4ELVE7.js",
        script: include_bytes!("../../widget/dist/postil/refuse-JZ4ELVE7.js"),
        brotli: include_bytes!("../../widget/dist/postil/refuse-JZ4ELVE7.js.br"),
    },
    Part {
        name: "remark-7NEA6REA.js",
        script: include_bytes!("../../widget/dist/postil/remark-7NEA6REA.js"),
        brotli: include_bytes!("../../widget/dist/postil/remark-7NEA6REA.js.br"),
    },
    Part {
        name: "remove-QKMC4FTJ.js",
        script: include_bytes!("../../widget/dist/postil/remove-QKMC4FTJ.js"),
        brotli: include_bytes!("../../widget/dist/postil/remove-QKMC4FTJ.js.br"),
    },
    Part {
        name: "ru-6HHLOPWJ.js",
        script: include_bytes!("../../widget/dist/postil/ru-6HHLOPWJ.js"),
        brotli: include_bytes!("../../widget/dist/postil/ru-6HHLOPWJ.js.br"),
    },
    Part {
        name: "seek-5XUVPXDP.js",
        script: include_bytes!("../../widget/dist/postil/seek-5XUVPXDP.js"),
        brotli: include_bytes!("../../widget/dist/postil/seek-5XUVPXDP.js.br"),
    },
    Part {
        name: "work-BNUP64G6.js",
        script: include_bytes!("../../widget/dist/postil/work-BNUP64G6.js"),
        brotli: include_bytes!("../../widget/dist/postil/work-BNUP64G6.js.br"),
    },
];
