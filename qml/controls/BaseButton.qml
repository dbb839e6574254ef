import QtQuick
import QtQuick.Templates as T
import dev.ostler.app

// A button: text, a glyph or both. Keyboard, focus ring and accessibility are built in here, once.
T.Button {
    id: root

    property url glyph: ""
    property color glyphColor: root.ink
    property bool isSmall: false
    property bool isLarge: false
    property bool isFlat: false
    property bool isPrimary: false
    // The glyph stands at the beginning, not in the middle.
    property bool isLeading: false
    property bool opensMenu: false
    property string hint: ""
    // Qt 6.4 does not tell readers that a control is off.
    //: Said by a screen reader of a button that cannot be pressed now
    readonly property string off: qsTr("not available")
    readonly property bool isFilled: root.isPrimary && root.enabled
    readonly property color ink: !root.enabled ? Theme.text3 : root.isFilled ? Theme.accentInk : Theme.text

    implicitWidth: Math.max(implicitHeight, contentItem.implicitWidth + leftPadding + rightPadding)
    implicitHeight: root.isSmall ? Metrics.smallControl : root.isLarge ? Metrics.largeControl : Metrics.control
    leftPadding: root.text === "" ? 0 : root.isSmall ? Metrics.px(8) : Metrics.px(12)
    rightPadding: leftPadding
    font: root.isSmall ? Metrics.smallName : Metrics.name
    focusPolicy: Qt.TabFocus
    hoverEnabled: true

    Accessible.role: root.opensMenu ? Accessible.ButtonMenu : Accessible.Button
    Accessible.name: root.text !== "" ? root.text : root.hint
    Accessible.description: [root.enabled ? "" : root.off, root.text !== "" ? root.hint : ""].filter(word => word !== "").join(", ")
    Accessible.ignored: !root.visible
    Accessible.onPressAction: if (root.enabled)
        root.clicked()

    Keys.onReturnPressed: root.clicked()
    Keys.onEnterPressed: root.clicked()

    contentItem: Item {
        implicitWidth: row.implicitWidth
        implicitHeight: row.implicitHeight

        Row {
            id: row

            anchors.verticalCenter: parent.verticalCenter
            anchors.horizontalCenter: root.isLeading ? undefined : parent.horizontalCenter
            x: root.isLeading ? Metrics.px(9) : 0
            spacing: Metrics.gap

            Glyph {
                anchors.verticalCenter: parent.verticalCenter
                visible: root.glyph.toString() !== ""
                source: root.glyph
                color: root.glyphColor
                size: root.isSmall ? Metrics.px(14) : Metrics.glyph
            }

            PlainText {
                anchors.verticalCenter: parent.verticalCenter
                visible: root.text !== ""
                text: root.text
                font: root.font
                color: root.ink
                Accessible.ignored: true
            }

            Glyph {
                anchors.verticalCenter: parent.verticalCenter
                visible: root.opensMenu && root.text !== ""
                source: Glyphs.action("chevron-down")
                color: root.ink
            }
        }
    }

    background: Rectangle {
        radius: root.isSmall ? Metrics.smallRadius : Metrics.radius
        color: root.isFilled ? Theme.accentFill : root.down ? Theme.press : root.hovered && root.enabled ? Theme.hover : root.isFlat || !root.enabled ? "transparent" : Theme.raised
        border.width: root.isFlat || root.isFilled ? 0 : Metrics.lineWidth
        border.color: root.enabled ? Theme.edge : Theme.line

        // The accent keeps its contrast, so what it says about the pointer is said by an inner line.
        Rectangle {
            anchors.fill: parent
            anchors.margins: 2
            visible: root.isFilled && (root.hovered || root.down)
            radius: parent.radius - 2
            color: "transparent"
            border.width: root.down ? 2 : 1
            border.color: Theme.accentInk
            opacity: 0.6
        }
    }

    FocusRing {
        visible: root.visualFocus
    }

    Hint {
        text: root.hint
        isWanted: root.hovered || root.visualFocus
    }
}
