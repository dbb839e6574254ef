import QtQuick
import QtQuick.Templates as T
import dev.ostler.app

// The name of a service to choose.
T.AbstractButton {
    id: root

    required property string modelData
    property bool isChosen: false

    implicitHeight: Metrics.px(32)
    focusPolicy: Qt.TabFocus
    hoverEnabled: true
    text: root.modelData

    Accessible.role: Accessible.Button
    Accessible.name: root.text
    Accessible.selected: root.isChosen
    Accessible.onPressAction: root.clicked()

    Keys.onReturnPressed: root.clicked()
    Keys.onEnterPressed: root.clicked()

    contentItem: PlainText {
        leftPadding: Metrics.inset
        rightPadding: Metrics.gap
        text: root.text
        font: root.isChosen ? Metrics.strong : Metrics.body
        Accessible.ignored: true
    }

    background: Rectangle {
        color: root.isChosen ? Theme.select : root.down ? Theme.press : root.hovered ? Theme.hover : "transparent"

        Rectangle {
            anchors.left: parent.left
            width: Metrics.px(3)
            height: parent.height
            visible: root.isChosen
            color: Theme.accent
        }
    }

    FocusRing {
        visible: root.visualFocus
        isInside: true
    }
}
