pragma Singleton
import QtQuick

// Sizes in logical pixels. All follow the system's font size, so that text at 200 % loses nothing.
Item {
    id: root

    property bool isMotionReduced: false
    property bool isContrast: false
    property string fixedFamily: "monospace"

    readonly property real scaling: Math.max(0.75, probe.fontInfo.pixelSize / 13)
    readonly property real lineWidth: isContrast ? 2 : 1
    readonly property int motion: isMotionReduced || isContrast ? 0 : 120

    readonly property font emptyTitle: role(20, Font.DemiBold)
    readonly property font dialogTitle: role(16, Font.DemiBold)
    readonly property font entry: role(15, Font.Normal)
    readonly property font mono: fixed(12)
    readonly property font editor: fixed(13)
    readonly property font title: role(18, Font.DemiBold)
    readonly property font headline: role(14, Font.DemiBold)
    readonly property font body: role(13, Font.Normal)
    readonly property font name: role(13, Font.Medium)
    readonly property font strong: role(13, Font.DemiBold)
    readonly property font small: role(12, Font.Normal)
    readonly property font smallName: role(12, Font.Medium)
    readonly property font caption: role(11, Font.Normal)

    readonly property real headerHeight: px(56)
    readonly property real bannerHeight: px(36)
    readonly property real toolbarHeight: px(44)
    readonly property real footerHeight: px(32)
    readonly property real headHeight: px(28)
    readonly property real groupHeight: px(32)
    readonly property real rowHeight: px(36)
    readonly property real whyHeight: px(18)
    readonly property real logLine: px(20)
    readonly property real control: px(28)
    readonly property real smallControl: Math.max(24, px(24))
    readonly property real largeControl: px(32)
    readonly property real tabHeight: px(36)
    readonly property real glyph: px(16)
    readonly property real inset: px(16)
    readonly property real gap: px(8)
    readonly property real radius: 6
    readonly property real smallRadius: 5
    readonly property real tagRadius: 4
    readonly property real popupRadius: 8

    readonly property real stateWidth: px(112)
    readonly property real serviceWidth: px(244)
    readonly property real addressWidth: px(184)
    readonly property real uptimeWidth: px(108)
    readonly property real restartsWidth: px(60)
    readonly property real numberWidth: px(84)
    readonly property real sparkColumn: px(88)
    readonly property real sparkWidth: px(72)
    readonly property real sparkHeight: px(20)

    function px(size: real): real {
        return Math.round(size * root.scaling);
    }

    function role(size: real, weight: int): font {
        return Qt.font({
                "family": probe.font.family,
                "pixelSize": Math.max(9, Math.round(size * root.scaling)),
                "weight": weight
            });
    }

    function fixed(size: real): font {
        return Qt.font({
                "family": root.fixedFamily,
                "styleHint": Font.Monospace,
                "pixelSize": Math.max(9, Math.round(size * root.scaling))
            });
    }

    Text {
        id: probe
    }
}
