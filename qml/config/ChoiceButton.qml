import QtQuick
import QtQuick.Templates as T
import dev.ostler.app

// One of two or three forms of the same thing.
T.RadioButton {
    id: root

    implicitWidth: label.implicitWidth + Metrics.px(24)
    implicitHeight: Metrics.control
    focusPolicy: Qt.TabFocus
    hoverEnabled: true

    Accessible.role: Accessible.RadioButton
    Accessible.name: root.text
    Accessible.checkable: true
    Accessible.checked: root.checked
    Accessible.onPressAction: root.clicked()
    Accessible.onToggleAction: root.clicked()

    Keys.onReturnPressed: root.clicked()
    Keys.onEnterPressed: root.clicked()

    contentItem: Item {
        PlainText {
            id: label

            anchors.centerIn: parent
            text: root.text
            font: root.checked ? Metrics.strong : Metrics.body
            color: root.checked ? Theme.text : Theme.text2
            Accessible.ignored: true
        }
    }

    background: Rectangle {
        radius: Metrics.radius
        color: root.checked ? Theme.select : root.down ? Theme.press : root.hovered ? Theme.hover : "transparent"
        border.width: Metrics.lineWidth
        border.color: root.checked ? Theme.accent : Theme.edge
    }

    FocusRing {
        visible: root.visualFocus
    }
}
