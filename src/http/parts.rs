//! The widget's parts on demand. Written by `npm run build` in `widget/`: not to be edited.

use super::files::Part;

/// All of them.
pub const PARTS: [Part; 19] = [
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
        name: "ar-PYU5AP32.js",
        script: include_bytes!("../../widget/dist/postil/ar-PYU5AP32.js"),
        brotli: include_bytes!("../../widget/dist/postil/ar-PYU5AP32.js.br"),
    },
    Part {
        name: "compose-RTKY5CJC.js",
        script: include_bytes!("../../widget/dist/postil/compose-RTKY5CJC.js"),
        brotli: include_bytes!("../../widget/dist/postil/compose-RTKY5CJC.js.br"),
    },
    Part {
        name: "count-RVDG3Y4L.js",
        script: include_bytes!("../../widget/dist/postil/count-RVDG3Y4L.js"),
        brotli: include_bytes!("../../widget/dist/postil/count-RVDG3Y4L.js.br"),
    },
    Part {
        name: "de-2JEJ43LD.js",
        script: include_bytes!("../../widget/dist/postil/de-2JEJ43LD.js"),
        brotli: include_bytes!("../../widget/dist/postil/de-2JEJ43LD.js.br"),
    },
    Part {
        name: "es-B24E2GOQ.js",
        script: include_bytes!("../../widget/dist/postil/es-B24E2GOQ.js"),
        brotli: include_bytes!("../../widget/dist/postil/es-B24E2GOQ.js.br"),
    },
    Part {
        name: "fr-FMVYYBI3.js",
        script: include_bytes!("../../widget/dist/postil/fr-FMVYYBI3.js"),
        brotli: include_bytes!("../../widget/dist/postil/fr-FMVYYBI3.js.br"),
    },
    Part {
        name: "inline-LD5JQTUI.js",
        script: include_bytes!("../../widget/dist/postil/inline-LD5JQTUI.js"),
        brotli: include_bytes!("../../widget/dist/postil/inline-LD5JQTUI.js.br"),
    },
    Part {
        name: "live-VJBI4BWX.js",
        script: include_bytes!("../../widget/dist/postil/live-VJBI4BWX.js"),
        brotli: include_bytes!("../../widget/dist/postil/live-VJBI4BWX.js.br"),
    },
    Part {
        name: "mail-6DY3DRCC.js",
        script: include_bytes!("../../widget/dist/postil/mail-6DY3DRCC.js"),
        brotli: include_bytes!("../../widget/dist/postil/mail-6DY3DRCC.js.br"),
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
        name: "ru-OX7SZXU7.js",
        script: include_bytes!("../../widget/dist/postil/ru-OX7SZXU7.js"),
        brotli: include_bytes!("../../widget/dist/postil/ru-OX7SZXU7.js.br"),
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
