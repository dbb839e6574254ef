import QtQuick
import QtQuick.Templates as T
import dev.ostler.app

// A line of a menu.
T.MenuItem {
    id: root

    property string keys: ""

    implicitWidth: label.implicitWidth + keyLabel.implicitWidth + leftPadding + rightPadding + Metrics.px(24)
    implicitHeight: visible ? Metrics.control : 0
    leftPadding: root.checkable ? Metrics.px(28) : Metrics.px(12)
    rightPadding: Metrics.px(12)
    font: Metrics.body
    hoverEnabled: true

    Accessible.role: Accessible.MenuItem
    Accessible.name: root.text
    Accessible.checkable: root.checkable
    Accessible.checked: root.checked
    Accessible.onPressAction: if (root.enabled)
        root.triggered()

    contentItem: Item {
        PlainText {
            id: label

            anchors.verticalCenter: parent.verticalCenter
            text: root.text
            font: root.font
            color: root.enabled ? Theme.text : Theme.text3
            Accessible.ignored: true
        }

        PlainText {
            id: keyLabel

            anchors.verticalCenter: parent.verticalCenter
            anchors.right: parent.right
            text: root.keys
            font: Metrics.small
            color: Theme.text3
            Accessible.ignored: true
        }
    }

    indicator: Glyph {
        x: Metrics.px(8)
        anchors.verticalCenter: parent.verticalCenter
        visible: root.checkable && root.checked
        source: Glyphs.named("state-completed")
        color: Theme.text
    }

    background: Rectangle {
        radius: Metrics.smallRadius
        color: root.highlighted && root.enabled ? Theme.select : "transparent"
    }
}
