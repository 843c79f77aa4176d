//! The widget's parts on demand. Written by `npm run build` in `widget/`: not to be edited.

use super::files::Part;

/// All of them.
pub const PARTS: [Part; 13] = [
    Part {
        name: "aids-3FPTSJ2G.js",
        script: include_bytes!("../../widget/dist/postil/aids-3FPTSJ2G.js"),
        brotli: include_bytes!("../../widget/dist/postil/aids-3FPTSJ2G.js.br"),
    },
    Part {
        name: "ar-V2ZCOAGO.js",
        script: include_bytes!("../../widget/dist/postil/ar-V2ZCOAGO.js"),
        brotli: include_bytes!("../../widget/dist/postil/ar-V2ZCOAGO.js.br"),
    },
    Part {
        name: "compose-Y2OVJJOI.js",
        script: include_bytes!("../../widget/dist/postil/compose-Y2OVJJOI.js"),
        brotli: include_bytes!("../../widget/dist/postil/compose-Y2OVJJOI.js.br"),
    },
    Part {
        name: "count-RVDG3Y4L.js",
        script: include_bytes!("../../widget/dist/postil/count-RVDG3Y4L.js"),
        brotli: include_bytes!("../../widget/dist/postil/count-RVDG3Y4L.js.br"),
    },
    Part {
        name: "de-K4ZIB6U4.js",
        script: include_bytes!("../../widget/dist/postil/de-K4ZIB6U4.js"),
        brotli: include_bytes!("../../widget/dist/postil/de-K4ZIB6U4.js.br"),
    },
    Part {
        name: "es-TGEAXV57.js",
        script: include_bytes!("../../widget/dist/postil/es-TGEAXV57.js"),
        brotli: include_bytes!("../../widget/dist/postil/es-TGEAXV57.js.br"),
    },
    Part {
        name: "fr-SKFQ2HTR.js",
        script: include_bytes!("../../widget/dist/postil/fr-SKFQ2HTR.js"),
        brotli: include_bytes!("../../widget/dist/postil/fr-SKFQ2HTR.js.br"),
    },
    Part {
        name: "inline-PIXCIJKL.js",
        script: include_bytes!("../../widget/dist/postil/inline-PIXCIJKL.js"),
        brotli: include_bytes!("../../widget/dist/postil/inline-PIXCIJKL.js.br"),
    },
    Part {
        name: "live-PXOD2OOD.js",
        script: include_bytes!("../../widget/dist/postil/live-PXOD2OOD.js"),
        brotli: include_bytes!("../../widget/dist/postil/live-PXOD2OOD.js.br"),
    },
    Part {
        name: "opinion-ENMJL646.js",
        script: include_bytes!("../../widget/dist/postil/opinion-ENMJL646.js"),
        brotli: include_bytes!("../../widget/dist/postil/opinion-ENMJL646.js.br"),
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
        name: "ru-HSLOANYO.js",
        script: include_bytes!("../../widget/dist/postil/ru-HSLOANYO.js"),
        brotli: include_bytes!("../../widget/dist/postil/ru-HSLOANYO.js.br"),
    },
];
