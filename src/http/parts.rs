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
        name: "ar-QF7PMT7V.js",
        script: include_bytes!("../../widget/dist/postil/ar-QF7PMT7V.js"),
        brotli: include_bytes!("../../widget/dist/postil/ar-QF7PMT7V.js.br"),
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
        name: "de-6TALPSB5.js",
        script: include_bytes!("../../widget/dist/postil/de-6TALPSB5.js"),
        brotli: include_bytes!("../../widget/dist/postil/de-6TALPSB5.js.br"),
    },
    Part {
        name: "es-3XL3MW6P.js",
        script: include_bytes!("../../widget/dist/postil/es-3XL3MW6P.js"),
        brotli: include_bytes!("../../widget/dist/postil/es-3XL3MW6P.js.br"),
    },
    Part {
        name: "fr-FG7QJCP6.js",
        script: include_bytes!("../../widget/dist/postil/fr-FG7QJCP6.js"),
        brotli: include_bytes!("../../widget/dist/postil/fr-FG7QJCP6.js.br"),
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
        name: "mail-HY3LMSH2.js",
        script: include_bytes!("../../widget/dist/postil/mail-HY3LMSH2.js"),
        brotli: include_bytes!("../../widget/dist/postil/mail-HY3LMSH2.js.br"),
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
        name: "ru-4DP54PCO.js",
        script: include_bytes!("../../widget/dist/postil/ru-4DP54PCO.js"),
        brotli: include_bytes!("../../widget/dist/postil/ru-4DP54PCO.js.br"),
    },
    Part {
        name: "seek-OBRVUOBF.js",
        script: include_bytes!("../../widget/dist/postil/seek-OBRVUOBF.js"),
        brotli: include_bytes!("../../widget/dist/postil/seek-OBRVUOBF.js.br"),
    },
    Part {
        name: "work-BNUP64G6.js",
        script: include_bytes!("../../widget/dist/postil/work-BNUP64G6.js"),
        brotli: include_bytes!("../../widget/dist/postil/work-BNUP64G6.js.br"),
    },
];
