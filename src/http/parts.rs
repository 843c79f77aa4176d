//! The widget's parts on demand. Written by `npm run build` in `widget/`: not to be edited.

use super::files::Part;

/// All of them.
pub const PARTS: [Part; 9] = [
    Part {
        name: "aids-YCWMXXDJ.js",
        script: include_bytes!("../../widget/dist/postil/aids-YCWMXXDJ.js"),
        brotli: include_bytes!("../../widget/dist/postil/aids-YCWMXXDJ.js.br"),
    },
    Part {
        name: "ar-DVWLI2R4.js",
        script: include_bytes!("../../widget/dist/postil/ar-DVWLI2R4.js"),
        brotli: include_bytes!("../../widget/dist/postil/ar-DVWLI2R4.js.br"),
    },
    Part {
        name: "compose-STQHN5SL.js",
        script: include_bytes!("../../widget/dist/postil/compose-STQHN5SL.js"),
        brotli: include_bytes!("../../widget/dist/postil/compose-STQHN5SL.js.br"),
    },
    Part {
        name: "count-RVDG3Y4L.js",
        script: include_bytes!("../../widget/dist/postil/count-RVDG3Y4L.js"),
        brotli: include_bytes!("../../widget/dist/postil/count-RVDG3Y4L.js.br"),
    },
    Part {
        name: "de-736CBER4.js",
        script: include_bytes!("../../widget/dist/postil/de-736CBER4.js"),
        brotli: include_bytes!("../../widget/dist/postil/de-736CBER4.js.br"),
    },
    Part {
        name: "es-C3SZKGC2.js",
        script: include_bytes!("../../widget/dist/postil/es-C3SZKGC2.js"),
        brotli: include_bytes!("../../widget/dist/postil/es-C3SZKGC2.js.br"),
    },
    Part {
        name: "fr-76NIY3NL.js",
        script: include_bytes!("../../widget/dist/postil/fr-76NIY3NL.js"),
        brotli: include_bytes!("../../widget/dist/postil/fr-76NIY3NL.js.br"),
    },
    Part {
        name: "remove-QKMC4FTJ.js",
        script: include_bytes!("../../widget/dist/postil/remove-QKMC4FTJ.js"),
        brotli: include_bytes!("../../widget/dist/postil/remove-QKMC4FTJ.js.br"),
    },
    Part {
        name: "ru-ATONC7GO.js",
        script: include_bytes!("../../widget/dist/postil/ru-ATONC7GO.js"),
        brotli: include_bytes!("../../widget/dist/postil/ru-ATONC7GO.js.br"),
    },
];
