pragma Singleton
import QtQuick

// Colours by role. Each role has one value for light, dark and high contrast.
// The window sets which; a singleton that imports its own module would depend on itself.
QtObject {
    id: root

    property bool isLightWanted: false
    property bool isDarkWanted: false
    property bool isContrast: false

    readonly property SystemPalette systemPalette: SystemPalette {
    }
    readonly property bool isSystemDark: systemPalette.window.hslLightness < 0.5
    readonly property bool isDark: isContrast || isDarkWanted || (!isLightWanted && isSystemDark)

    readonly property color text: pick("#1A1B1E", "#E8E9EB", "#FFFFFF")
    readonly property color text2: pick("#4E5157", "#B1B4BA", "#FFFFFF")
    readonly property color text3: pick("#64676E", "#969AA1", "#D9D9D9")
    readonly property color accent: pick("#2B52C7", "#8CADFF", "#FFE14D")
    readonly property color accentFill: pick("#2B52C7", "#3A62D6", "#FFE14D")
    readonly property color accentInk: pick("#FFFFFF", "#FFFFFF", "#000000")

    readonly property color ok: pick("#1B7740", "#62C98D", "#6CFF9E")
    readonly property color busy: pick("#2B52C7", "#8CADFF", "#8FD8FF")
    readonly property color warn: pick("#8A5600", "#E5B04C", "#FFE14D")
    readonly property color fail: pick("#BD2230", "#FF8078", "#FF9A94")
    readonly property color idle: pick("#64676E", "#969AA1", "#D9D9D9")

    readonly property color border: pick("#7F8086", "#7D8189", "#FFFFFF")
    readonly property color edge: pick("#CDCDC9", "#43464C", "#FFFFFF")
    readonly property color line: pick("#E5E4E1", "#2B2D31", "#8C8C8C")
    readonly property color base: pick("#FFFFFF", "#151618", "#000000")
    readonly property color chrome: pick("#F3F3F1", "#1D1F22", "#000000")
    readonly property color raised: pick("#FFFFFF", "#25272B", "#000000")
    readonly property color sunken: pick("#F8F8F6", "#1A1B1E", "#000000")
    readonly property color hover: pick("#F1F1EF", "#1F2124", "#262626")
    readonly property color press: pick("#E7E7E4", "#2A2C30", "#333333")
    readonly property color select: pick("#E3E9FB", "#22304F", "#3D3D3D")

    readonly property color okTint: pick("#EDF6F0", "#17241C", "#000000")
    readonly property color busyTint: pick("#EDF1FC", "#1A2136", "#000000")
    readonly property color warnTint: pick("#FBF3E2", "#2A2212", "#000000")
    readonly property color failTint: pick("#FDF1F0", "#2A191A", "#000000")

    readonly property color find: pick("#FFE58A", "#5C4A12", "#4D4400")
    readonly property color findCurrent: pick("#F5B93A", "#B8860B", "#FFE14D")
    readonly property color findInk: "#1A1B1E"
    readonly property color scrim: pick("#61141518", "#8C000000", "#CC000000")

    readonly property color codeTable: pick("#7A3E9D", "#C9A2F2", "#E0B8FF")
    readonly property color codeKey: pick("#1F4E8C", "#8FB8F5", "#8FD8FF")
    readonly property color codeString: pick("#1B6B3A", "#8FCF9F", "#6CFF9E")
    readonly property color codeNumber: pick("#8A5600", "#E5B04C", "#FFE14D")
    readonly property color codeComment: pick("#64676E", "#969AA1", "#D9D9D9")
    readonly property color codeVariable: pick("#9A2D6B", "#F29BC4", "#FFB0DA")

    function pick(light: string, dark: string, contrast: string): string {
        return root.isContrast ? contrast : root.isDark ? dark : light;
    }

    // By ServicesModel.State
    readonly property list<color> states: [fail, warn, warn, busy, busy, ok, ok, idle, idle, idle]
    // By Detail.Tone
    readonly property list<color> tones: [base, busyTint, warnTint, failTint]
    // By Supervisor.Mood
    readonly property list<color> moods: [ok, busy, warn, fail, idle, idle]
    // By LogModel.Kind
    readonly property list<color> logNotes: [text2, busy, idle, fail, warn, warn, text2]
    // By App.Link
    readonly property list<color> links: [busy, ok, busy, idle]
    // By Supervisor.BannerKind
    readonly property list<color> banners: [text2, idle, warn, busy, text2, warn]
    readonly property list<color> bannerTints: [base, sunken, warnTint, busyTint, busyTint, warnTint]
}
