//! The widget's parts on demand. Written by `npm run build` in `widget/`: not to be edited.

use super::files::Part;

/// All of them.
pub const PARTS: [Part; 7] = [
    Part {
        name: "ar-ROEXURCS.js",
        script: include_bytes!("../../widget/dist/postil/ar-ROEXURCS.js"),
        brotli: include_bytes!("../../widget/dist/postil/ar-ROEXURCS.js.br"),
    },
    Part {
        name: "compose-6HNST77O.js",
        script: include_bytes!("../../widget/dist/postil/compose-6HNST77O.js"),
        brotli: include_bytes!("../../widget/dist/postil/compose-6HNST77O.js.br"),
    },
    Part {
        name: "count-RVDG3Y4L.js",
        script: include_bytes!("../../widget/dist/postil/count-RVDG3Y4L.js"),
        brotli: include_bytes!("../../widget/dist/postil/count-RVDG3Y4L.js.br"),
    },
    Part {
        name: "de-PCMXBJ5S.js",
        script: include_bytes!("../../widget/dist/postil/de-PCMXBJ5S.js"),
        brotli: include_bytes!("../../widget/dist/postil/de-PCMXBJ5S.js.br"),
    },
    Part {
        name: "es-4FBYM6LC.js",
        script: include_bytes!("../../widget/dist/postil/es-4FBYM6LC.js"),
        brotli: include_bytes!("../../widget/dist/postil/es-4FBYM6LC.js.br"),
    },
    Part {
        name: "fr-6N5DYADE.js",
        script: include_bytes!("../../widget/dist/postil/fr-6N5DYADE.js"),
        brotli: include_bytes!("../../widget/dist/postil/fr-6N5DYADE.js.br"),
    },
    Part {
        name: "ru-P2SLA2GF.js",
        script: include_bytes!("../../widget/dist/postil/ru-P2SLA2GF.js"),
        brotli: include_bytes!("../../widget/dist/postil/ru-P2SLA2GF.js.br"),
    },
];
