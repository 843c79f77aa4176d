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
        name: "ar-7YUL4QWX.js",
        script: include_bytes!("../../widget/dist/postil/ar-7YUL4QWX.js"),
        brotli: include_bytes!("../../widget/dist/postil/ar-7YUL4QWX.js.br"),
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
        name: "de-C32DF5NZ.js",
        script: include_bytes!("../../widget/dist/postil/de-C32DF5NZ.js"),
        brotli: include_bytes!("../../widget/dist/postil/de-C32DF5NZ.js.br"),
    },
    Part {
        name: "es-DJ2OXURG.js",
        script: include_bytes!("../../widget/dist/postil/es-DJ2OXURG.js"),
        brotli: include_bytes!("../../widget/dist/postil/es-DJ2OXURG.js.br"),
    },
    Part {
        name: "fr-3SX6WFE6.js",
        script: include_bytes!("../../widget/dist/postil/fr-3SX6WFE6.js"),
        brotli: include_bytes!("../../widget/dist/postil/fr-3SX6WFE6.js.br"),
    },
    Part {
        name: "inline-DCMZNTSO.js",
        script: include_bytes!("../../widget/dist/postil/inline-DCMZNTSO.js"),
        brotli: include_bytes!("../../widget/dist/postil/inline-DCMZNTSO.js.br"),
    },
    Part {
        name: "live-2ZRFQFM2.js",
        script: include_bytes!("../../widget/dist/postil/live-2ZRFQFM2.js"),
        brotli: include_bytes!("../../widget/dist/postil/live-2ZRFQFM2.js.br"),
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
        name: "remark-VASFGRSW.js",
        script: include_bytes!("../../widget/dist/postil/remark-VASFGRSW.js"),
        brotli: include_bytes!("../../widget/dist/postil/remark-VASFGRSW.js.br"),
    },
    Part {
        name: "remove-QKMC4FTJ.js",
        script: include_bytes!("../../widget/dist/postil/remove-QKMC4FTJ.js"),
        brotli: include_bytes!("../../widget/dist/postil/remove-QKMC4FTJ.js.br"),
    },
    Part {
        name: "ru-43FFEPME.js",
        script: include_bytes!("../../widget/dist/postil/ru-43FFEPME.js"),
        brotli: include_bytes!("../../widget/dist/postil/ru-43FFEPME.js.br"),
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
