import QtQuick
import QtQuick.Templates as T
import dev.ostler.app

// A button: text, a glyph or both. Keyboard, focus ring and accessibility are built in here, once.
T.Button {
    id: root

    property url glyph: ""
    property color glyphColor: root.ink
    property bool isSmall: false
    property bool isFlat: false
    property bool opensMenu: false
    property string hint: ""
    readonly property color ink: !root.enabled ? Theme.text3 : Theme.text

    implicitWidth: Math.max(implicitHeight, contentItem.implicitWidth + leftPadding + rightPadding)
    implicitHeight: root.isSmall ? Metrics.smallControl : Metrics.control
    leftPadding: root.text === "" ? 0 : root.isSmall ? Metrics.px(8) : Metrics.px(12)
    rightPadding: leftPadding
    font: root.isSmall ? Metrics.smallName : Metrics.name
    focusPolicy: Qt.TabFocus
    hoverEnabled: true

    Accessible.role: root.opensMenu ? Accessible.ButtonMenu : Accessible.Button
    Accessible.name: root.text !== "" ? root.text : root.hint
    Accessible.description: root.text !== "" ? root.hint : ""
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

            anchors.centerIn: parent
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
        color: root.down ? Theme.press : root.hovered && root.enabled ? Theme.hover : root.isFlat || !root.enabled ? "transparent" : Theme.raised
        border.width: root.isFlat ? 0 : Metrics.lineWidth
        border.color: root.enabled ? Theme.edge : Theme.line
    }

    FocusRing {
        visible: root.visualFocus
    }

    Hint {
        text: root.hint
        isWanted: root.hovered || root.visualFocus
    }
}
