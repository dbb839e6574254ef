import QtQuick
import QtQuick.Templates as T
import dev.ostler.app

// One of several choices, with the number it would show.
T.RadioButton {
    id: root

    property url glyph: ""
    property color glyphColor: Theme.text
    property int number: 0

    implicitWidth: row.implicitWidth + Metrics.px(20)
    implicitHeight: Metrics.control
    focusPolicy: Qt.TabFocus
    hoverEnabled: true

    Accessible.role: Accessible.CheckBox
    Accessible.name: Words.ofChip(root.text, root.number)
    Accessible.ignored: !root.visible
    Accessible.checked: root.checked
    Accessible.onPressAction: root.clicked()
    Accessible.onToggleAction: root.clicked()

    Keys.onReturnPressed: root.clicked()
    Keys.onEnterPressed: root.clicked()

    contentItem: Item {
        Row {
            id: row

            anchors.centerIn: parent
            spacing: Metrics.px(6)

            Glyph {
                anchors.verticalCenter: parent.verticalCenter
                visible: root.glyph.toString() !== ""
                source: root.glyph
                color: root.glyphColor
            }

            PlainText {
                anchors.verticalCenter: parent.verticalCenter
                text: root.text
                font: root.checked ? Metrics.name : Metrics.body
                color: root.checked ? Theme.text : Theme.text2
                Accessible.ignored: true
            }

            PlainText {
                anchors.verticalCenter: parent.verticalCenter
                text: root.number
                color: Theme.text3
                Accessible.ignored: true
            }
        }
    }

    background: Rectangle {
        radius: Metrics.radius
        color: root.checked ? Theme.select : root.down ? Theme.press : root.hovered ? Theme.hover : "transparent"
        border.width: root.checked ? Metrics.lineWidth : 0
        border.color: Theme.accent
    }

    FocusRing {
        visible: root.visualFocus
    }
}
