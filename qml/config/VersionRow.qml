import QtQuick
import QtQuick.Templates as T
import dev.ostler.app

// A kept version: when, by whom.
T.AbstractButton {
    id: root

    required property int version
    required property string at
    required property string actor
    required property string file
    required property bool isPresent
    required property bool isMain
    property bool isChosen: false

    signal chosen

    implicitHeight: Metrics.px(48)
    enabled: root.isMain && !root.isPresent
    focusPolicy: Qt.TabFocus
    hoverEnabled: true
    text: root.at

    Accessible.role: Accessible.Button
    Accessible.name: qsTr("Version of %1, %2").arg(root.at).arg(root.actor)
    Accessible.description: note.text
    Accessible.onPressAction: if (root.enabled)
        root.clicked()

    Keys.onReturnPressed: root.clicked()
    Keys.onEnterPressed: root.clicked()

    onClicked: root.chosen()

    contentItem: Item {
        PlainText {
            x: Metrics.inset
            y: Metrics.px(5)
            width: parent.width - 2 * x
            text: root.at
            font: Metrics.name
            Accessible.ignored: true
        }

        PlainText {
            id: note

            x: Metrics.inset
            y: Metrics.px(25)
            width: parent.width - 2 * x
            text: root.isPresent ? qsTr("%1, the present text").arg(root.actor) : root.isMain ? root.actor : qsTr("%1, of %2").arg(root.actor).arg(root.file)
            font: Metrics.small
            color: Theme.text2
            Accessible.ignored: true
        }
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
